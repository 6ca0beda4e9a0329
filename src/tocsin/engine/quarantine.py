"""What cannot be processed is set aside and still paged, as plain text.

A damaged run must neither stop the others nor be silent: its alert is paged to the
fallback of its service's policy, and again every half hour while it lasts.
"""

from datetime import datetime, timedelta

from tocsin.core.alerts.alerts import Alert, Status
from tocsin.core.directory import Directory
from tocsin.core.pages import paging as rules
from tocsin.core.pages.escalation import Paging, Reason
from tocsin.core.severity import Severity, Urgency
from tocsin.core.timeline import Fact, FactKind
from tocsin.store import alerts as stored_alerts
from tocsin.store import escalation as stored_runs
from tocsin.store import nodes, timeline
from tocsin.store import paging as stored_pages
from tocsin.store.database import Tx

# An acknowledgement of a damaged alert cannot time out by its run; it holds this long.
_ACK_HOLDS = timedelta(minutes=30)
# Above every number that a healthy run gives to its own acts of paging.
_FIRST_PAGING = 1_000_000
# A poison run is looked at once a minute.
_LOOKS_BETWEEN_PAGES = 30


def set_aside(
    tx: Tx, number: int, error: str, *, directory: Directory, now: datetime
) -> None:
    """Record that the run of alert `number` is poison and page people about it."""
    stored = stored_runs.get(tx, number)
    faults = stored.faults if stored is not None else 0
    if faults % _LOOKS_BETWEEN_PAGES != 1:
        return
    alert = stored_alerts.get_many(tx, [number]).get(number)
    if alert is not None and _is_taken_care_of(alert, now=now):
        return
    nodes.quarantine(tx, what="run", subject=number, error=error, now=now)
    title = alert.title if alert is not None else f"alert {number}"
    service = alert.service if alert is not None else ""
    episode = alert.episode if alert is not None else 1
    why = (
        f"The escalation of this alert is damaged ({error[:80]}); you are its fallback."
    )
    people = {
        name
        for target in directory.policy_of(service).fallback
        for name in directory.resolve(target, now=now)
    }
    rows = []
    for name in sorted(people):
        page = Paging(name, _FIRST_PAGING + faults, -1, 0, Reason.NOBODY_ANYWHERE, why)
        person = directory.person(name)
        plans = (
            rules.plan(person, page, urgency=Urgency.HIGH, now=now) if person else ()
        )
        rows += [(number, episode, Severity.SEV2, page, plan) for plan in plans]
    stored_pages.insert(tx, rows, now=now)
    fact = Fact(
        now, FactKind.SYSTEM, f"Set aside: {title}. {why}", reason="quarantined"
    )
    timeline.append(tx, [(number, fact)])


def _is_taken_care_of(alert: Alert, *, now: datetime) -> bool:
    if alert.status is Status.RESOLVED:
        return True
    return alert.acked_at is not None and now - alert.acked_at < _ACK_HOLDS
