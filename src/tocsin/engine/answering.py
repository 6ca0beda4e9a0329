"""What people do about an alert: one function per act, whoever's door it came through.

The page link, the web, the API, the CLI and (later) chat and phone all end here. Each
act is one transaction given by the caller; a refusal is a value, not an error, and
says why in a sentence a person can use.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from tocsin.core.alerts import alerts as rules
from tocsin.core.alerts.alerts import Alert, Refused
from tocsin.core.directory import Directory
from tocsin.core.pages import escalation as runs
from tocsin.core.pages.escalation import Decision, Reason, Target
from tocsin.core.timeline import Fact, FactKind
from tocsin.engine import escalation
from tocsin.engine.awaited import is_awaited
from tocsin.store import alerts as stored_alerts
from tocsin.store import timeline
from tocsin.store.database import Tx

# An undone acknowledgement resumes at the same step only this soon (ux.md: 10 s on
# the screen, and the way there and back).
UNDO_WITHIN = timedelta(seconds=20)
LONGEST_SNOOZE = timedelta(hours=24)


class Via(StrEnum):
    """Which door an act came through."""

    PAGE_LINK = "page link"
    WEB = "web"
    API = "API"
    CLI = "CLI"
    CHAT = "chat"
    SMS = "text message"
    CALL = "call"
    BUTTON = "button"


# Doors that nobody is signed in at: the trail names them.
_FROM_AFAR = (Via.SMS, Via.CALL, Via.BUTTON)


class Acted(Struct, frozen=True):
    """The alert afterwards and, when nothing was done, why."""

    alert: Alert | None
    refused: str = ""
    # Refused because of who asks, not because of the alert's state.
    forbidden: bool = False

    @property
    def done(self) -> bool:
        """Whether the act was carried out."""
        return not self.refused


_UNKNOWN = Acted(None, "There is no alert with this number.")


def acknowledge(
    tx: Tx, number: int, *, by: str, via: Via, directory: Directory, now: datetime
) -> Acted:
    """`by` has it: nobody else is paged until the acknowledgement times out."""
    alert = stored_alerts.get(tx, number)
    if alert is None:
        return _UNKNOWN
    joins = is_awaited(tx, alert, by)
    acked = rules.acknowledge(alert, by=by, now=now, joins=joins)
    return _save(
        tx, acked, runs.Acked(by, via.value if via in _FROM_AFAR else ""), alert,
        by=by, via=via, directory=directory, now=now,
    )  # fmt: skip


def undo(
    tx: Tx, number: int, *, by: str, via: Via, directory: Directory, now: datetime
) -> Acted:
    """Take back one's own acknowledgement; escalation goes on at the same step."""
    alert = stored_alerts.get(tx, number)
    if alert is None:
        return _UNKNOWN
    if alert.acked_by != by or alert.acked_at is None:
        return Acted(alert, "Only your own acknowledgement can be undone.")
    event: runs.Event = runs.AckUndone(by)
    if now - alert.acked_at > UNDO_WITHIN:
        event = runs.Unacked(by)
    unacked = rules.unacknowledge(alert)
    return _save(
        tx, unacked, event, alert, by=by, via=via, directory=directory, now=now
    )


def resolve(
    tx: Tx, number: int, *, by: str, via: Via, directory: Directory, now: datetime
) -> Acted:
    """`by` says it is over."""
    alert = stored_alerts.get(tx, number)
    if alert is None:
        return _UNKNOWN
    resolved = rules.resolve(alert, by_reason=f"resolved by {by}", now=now)
    return _save(
        tx, resolved, runs.Resolved(by), alert,
        by=by, via=via, directory=directory, now=now,
    )  # fmt: skip


def snooze(
    tx: Tx,
    number: int,
    *,
    until: datetime,
    by: str,
    via: Via,
    directory: Directory,
    now: datetime,
) -> Acted:
    """Quiet until `until` (at most 24 h away); then a new loop starts."""
    alert = stored_alerts.get(tx, number)
    if alert is None:
        return _UNKNOWN
    if not now < until <= now + LONGEST_SNOOZE:
        return Acted(alert, "Snooze until a time in the next 24 hours.")
    snoozed = rules.snooze(alert, until=until, now=now)
    return _save(
        tx, snoozed, runs.Snoozed(until, by), alert,
        by=by, via=via, directory=directory, now=now,
    )  # fmt: skip


def escalate(
    tx: Tx, number: int, *, by: str, via: Via, directory: Directory, now: datetime
) -> Acted:
    """Page the next level now."""
    alert = stored_alerts.get(tx, number)
    if alert is None:
        return _UNKNOWN
    return _save(
        tx, _reopened(alert), runs.Escalated(by), alert,
        by=by, via=via, directory=directory, now=now,
    )  # fmt: skip


def pass_on(
    tx: Tx,
    number: int,
    *,
    to: Target,
    by: str,
    via: Via,
    directory: Directory,
    now: datetime,
) -> Acted:
    """Hand the alert to somebody else, who is paged now."""
    alert = stored_alerts.get(tx, number)
    if alert is None:
        return _UNKNOWN
    if not directory.resolve(to, now=now):
        return Acted(alert, f"{to.name} is nobody who can be paged now.")
    return _save(
        tx, _reopened(alert), runs.Reassigned(to, by), alert,
        by=by, via=via, directory=directory, now=now,
    )  # fmt: skip


def note(tx: Tx, number: int, *, text: str, by: str, via: Via, now: datetime) -> Acted:
    """A line of a person's own in the timeline."""
    alert = stored_alerts.get(tx, number)
    if alert is None:
        return _UNKNOWN
    if not text.strip():
        return Acted(alert, "A note needs a text.")
    fact = Fact(now, FactKind.NOTE, text.strip()[:4000], by, data={"via": via.value})
    timeline.append(tx, [(number, fact)])
    return Acted(alert)


def _reopened(alert: Alert) -> Alert | Refused:
    unacked = rules.unacknowledge(alert)
    return alert if isinstance(unacked, Refused) else unacked


def _save(
    tx: Tx,
    after: Alert | Refused,
    event: runs.Event,
    before: Alert,
    *,
    by: str,
    via: Via,
    directory: Directory,
    now: datetime,
) -> Acted:
    if isinstance(after, Refused):
        return Acted(before, after.reason)
    decision = escalation.apply(tx, before, event, directory=directory, now=now)
    if decision is not None and decision.reason is Reason.REFUSED:
        return Acted(before, _why(decision))
    stored_alerts.save(tx, after)
    fact = Fact(
        now, FactKind.STATE, f"by {by}, {via.value}", by, data={"via": via.value}
    )
    if decision is None:
        timeline.append(tx, [(before.number, fact)])
    return Acted(after)


def _why(decision: Decision) -> str:
    return decision.facts[0].text if decision.facts else "This cannot be done now."
