"""An alert and what each event from its source means for it (domain 3.1-3.3).

Knows no integration, silence, policy or database. What people do to an alert is here;
what its source's events do is in absorbing.py.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.severity import Severity

# Marks an end that the source's clock says nothing of: the least that is later.
JUST_AFTER = timedelta(microseconds=1)


class EventKind(StrEnum):
    """What a source can say of an alert."""

    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


class AlertEvent(Struct, frozen=True, gc=False):
    """One immutable event as a dialect read it (`integrations/*` make these).

    `key` is the dedup key, scoped to the integration. `severity` is the severity the
    rule itself names; otherwise `level` is the source's word, mapped per integration.
    `occurred_at` is the source's time, None when it gives none. `expires_at` is when
    a refreshing source wants the alert resolved unless it is sent again.
    """

    kind: EventKind
    key: str
    title: str = ""
    level: str = ""
    severity: Severity | None = None
    labels: Mapping[str, str] = {}
    details: Mapping[str, str] = {}
    occurred_at: datetime | None = None
    expires_at: datetime | None = None
    # Set when the source gives an id, or a time and so a comparable payload.
    event_id: str = ""
    link: str = ""


class Status(StrEnum):
    """The part of an alert's state that its source and people change."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Alert(Struct, frozen=True, gc=False):
    """One alert of one dedup key; `episode` counts its reopenings from 1.

    `last_trigger_at` and `last_resolve_at` are the source's times (3.3); the other
    instants are ours. `number` is 0 until the store gives one.
    """

    number: int
    integration: str
    key: str
    service: str
    status: Status
    severity: Severity
    title: str
    labels: Mapping[str, str]
    details: Mapping[str, str]
    link: str
    episode: int
    count: int
    first_at: datetime
    last_at: datetime
    last_trigger_at: datetime | None
    last_resolve_at: datetime | None
    expires_at: datetime | None = None
    resolved_at: datetime | None = None
    resolve_reason: str = ""
    acked_by: str = ""
    acked_at: datetime | None = None
    # Names of what holds it quiet: "silence:ID", "maintenance:ID"; a set kept sorted.
    suppressed_by: tuple[str, ...] = ()
    snoozed_until: datetime | None = None
    last_event_id: str = ""
    # The inbox row of the newest raw body that changed it.
    raw: int = 0


class Refused(Struct, frozen=True):
    """What was asked cannot be done; `reason` is a sentence for the person."""

    reason: str


def acknowledge(
    alert: Alert, *, by: str, now: datetime, joins: bool = False
) -> Alert | Refused:
    """`by` has it. Repeated by the same person it extends the acknowledgement.

    `joins`: they have to answer for themselves, although somebody has it.
    """
    if alert.status is Status.RESOLVED:
        return Refused(_already_over(alert))
    if alert.status is Status.ACKNOWLEDGED and alert.acked_by != by and not joins:
        return Refused(f"{alert.acked_by} has it, since {_clock(alert.acked_at)}.")
    return replace(
        alert,
        status=Status.ACKNOWLEDGED,
        acked_by=by,
        acked_at=now,
        snoozed_until=None,
    )


def unacknowledge(alert: Alert) -> Alert | Refused:
    """Nobody has it any more."""
    if alert.status is Status.RESOLVED:
        return Refused(_already_over(alert))
    if alert.status is not Status.ACKNOWLEDGED:
        return Refused("Nobody has acknowledged it.")
    return replace(alert, status=Status.TRIGGERED, acked_by="", acked_at=None)


def resolve(alert: Alert, *, by_reason: str, now: datetime) -> Alert | Refused:
    """It is over; `by_reason` is kept ("resolved by alice")."""
    if alert.status is Status.RESOLVED:
        return Refused(_already_over(alert))
    return replace(
        alert,
        status=Status.RESOLVED,
        last_resolve_at=_just_after_newest(alert, now=now),
        resolved_at=now,
        resolve_reason=by_reason,
        expires_at=None,
        snoozed_until=None,
    )


def snooze(alert: Alert, *, until: datetime, now: datetime) -> Alert | Refused:
    """Quiet until `until`."""
    if alert.status is Status.RESOLVED:
        return Refused(_already_over(alert))
    return replace(alert, snoozed_until=until)


def wake(alert: Alert) -> Alert:
    """The snooze is over."""
    return replace(alert, snoozed_until=None)


def suppress(alert: Alert, *, by: str) -> Alert:
    """`by` (silence:ID …) keeps it quiet as well."""
    return replace(alert, suppressed_by=tuple(sorted({*alert.suppressed_by, by})))


def unsuppress(alert: Alert, *, by: str) -> Alert:
    """`by` no longer keeps it quiet."""
    left = tuple(name for name in alert.suppressed_by if name != by)
    return replace(alert, suppressed_by=left)


def go_stale(alert: Alert, *, now: datetime) -> Alert | Refused:
    """Its source no longer refreshes it: resolved, unless somebody has it (3.2)."""
    if alert.status is Status.RESOLVED:
        return Refused(_already_over(alert))
    if alert.status is Status.ACKNOWLEDGED:
        return replace(alert, expires_at=None)
    return replace(
        alert,
        status=Status.RESOLVED,
        # The source's own end, so that its next trigger is not "late".
        last_resolve_at=alert.expires_at,
        resolved_at=now,
        resolve_reason="its source stopped refreshing it",
        expires_at=None,
        snoozed_until=None,
    )


def shown_state(alert: Alert, *, now: datetime) -> str:
    """The one word for people: the first of these that applies (domain 3.2)."""
    if alert.status is Status.RESOLVED:
        return "resolved"
    if alert.suppressed_by:
        return "suppressed"
    if alert.snoozed_until is not None and now < alert.snoozed_until:
        return "snoozed"
    return alert.status.value


def notifiable(alert: Alert, *, now: datetime) -> bool:
    """Whether its run may page."""
    return shown_state(alert, now=now) == "triggered"


def _just_after_newest(alert: Alert, *, now: datetime) -> datetime:
    """A person resolves what they could know of; what its source says later is news.

    In the source's own time, because its clock and ours need not agree.
    """
    newest = alert.last_trigger_at
    return now if newest is None else newest + JUST_AFTER


def _already_over(alert: Alert) -> str:
    return f"It is over since {_clock(alert.resolved_at)}: {alert.resolve_reason}."


def _clock(at: datetime | None) -> str:
    return f"{at:%H:%M} UTC" if at is not None else "an unknown time"
