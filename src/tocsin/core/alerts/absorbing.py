"""What an event from a source does to the alert of its key (domain 3.2, 3.3).

`absorb` is total: every event has one named outcome and none of them is "lost".
Equal times favour the trigger: when in doubt, somebody is paged.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.alerts.alerts import JUST_AFTER, Alert, AlertEvent, EventKind, Status
from tocsin.core.severity import Severity

REOPEN_WINDOW = timedelta(minutes=10)
_AHEAD = -timedelta(minutes=5)
_BEHIND = timedelta(hours=24)


class Outcome(StrEnum):
    """What became of an event."""

    CREATED = "created"
    REPEATED = "repeated"
    RAISED = "raised"
    REOPENED = "reopened"
    SOURCE_ACKED = "source_acked"
    RESOLVED = "resolved"
    TOMBSTONED = "tombstoned"
    LATE_RESOLVE = "late_resolve"
    LATE_TRIGGER = "late_trigger"
    DUPLICATE = "duplicate"
    NO_OP = "no_op"
    RECORDED = "recorded"


# Looked up once: in Python 3.11 reading a member of an enum costs more than the rest
# of a repeat, and repeats are most of what is absorbed.
_RESOLVE, _ACKNOWLEDGE = EventKind.RESOLVE, EventKind.ACKNOWLEDGE
_OVER = Status.RESOLVED
_REPEATED = Outcome.REPEATED


class Absorbed(Struct, frozen=True, gc=False):
    """The outcome and the alert afterwards (None: nothing is to be stored).

    `superseded` says that `alert` is a new one that takes the key over from the
    resolved alert that was known. `tombstone_at` is the source's time of a resolve
    that came before any trigger.
    """

    outcome: Outcome
    alert: Alert | None = None
    tombstone_at: datetime | None = None
    superseded: bool = False
    flags: tuple[str, ...] = ()


# long because: one branch per row of the table in domain 3.2.
def absorb(  # noqa: C901 - one branch per row of the table in domain 3.2
    known: Alert | None,
    event: AlertEvent,
    *,
    severity: Severity | None,
    tombstone_at: datetime | None,
    integration: str,
    service: str,
    received_at: datetime,
    raw: int,
) -> Absorbed:
    """Decide what `event` means for the alert `known` of its key, if there is one.

    `severity` None means that the level is below an alert ("info"): recorded only.
    """
    at, flags = _source_time(event, received_at)
    # Without a time that can be believed, a source is believed in order of arrival.
    timed = event.occurred_at is not None and not flags
    if event.kind is _RESOLVE:
        if not timed and known is not None and known.last_trigger_at:
            at = max(at, known.last_trigger_at + JUST_AFTER)
        if known is None:
            # An older resolve that comes later does not take a newer one's place.
            at = max(at, tombstone_at or at)
        return _resolve(known, at, received_at, raw, flags)
    if event.kind is _ACKNOWLEDGE:
        return _acknowledge(known, integration, received_at, raw, flags)
    if severity is None:
        return Absorbed(Outcome.RECORDED, flags=flags)
    if known is not None and event.event_id and event.event_id == known.last_event_id:
        return Absorbed(Outcome.DUPLICATE, known, flags=flags)
    if known is None:
        if timed and tombstone_at is not None and at < tombstone_at:
            return Absorbed(Outcome.LATE_TRIGGER, flags=flags)
        alert = _fresh(event, severity, integration, service, at, received_at, raw)
        return Absorbed(Outcome.CREATED, alert, flags=flags)
    if known.status is not _OVER:
        return _repeat(known, event, severity, at, received_at, raw, flags)
    resolved = known.last_resolve_at
    if timed and resolved is not None and at < resolved:
        late = replace(known, count=known.count + 1, last_event_id=event.event_id)
        return Absorbed(Outcome.LATE_TRIGGER, late, flags=flags)
    if _quiet_for(known, at, received_at) > REOPEN_WINDOW:
        alert = _fresh(event, severity, integration, service, at, received_at, raw)
        return Absorbed(Outcome.CREATED, alert, superseded=True, flags=flags)
    reopened = _reopen(known, event, severity, at, received_at, raw)
    return Absorbed(Outcome.REOPENED, reopened, flags=flags)


def _quiet_for(known: Alert, at: datetime, received_at: datetime) -> timedelta:
    """How long it was over, by the source's clock if the source ended it, else ours."""
    ended, fired = known.last_resolve_at, known.last_trigger_at
    if ended is not None and (fired is None or ended - fired > JUST_AFTER):
        return at - ended
    return received_at - (known.resolved_at or received_at)


def _source_time(
    event: AlertEvent, received_at: datetime
) -> tuple[datetime, tuple[str, ...]]:
    at = event.occurred_at
    if at is None:
        return received_at, ()
    if _AHEAD <= received_at - at <= _BEHIND:
        return at, ()
    return received_at, ("clock",)


def _fresh(
    event: AlertEvent,
    severity: Severity,
    integration: str,
    service: str,
    at: datetime,
    received_at: datetime,
    raw: int,
) -> Alert:
    return Alert(
        number=0,
        integration=integration,
        key=event.key,
        service=service,
        status=Status.TRIGGERED,
        severity=severity,
        title=event.title or event.key,
        labels=event.labels,
        details=event.details,
        link=event.link,
        episode=1,
        count=1,
        first_at=received_at,
        last_at=received_at,
        last_trigger_at=at,
        last_resolve_at=None,
        expires_at=event.expires_at,
        last_event_id=event.event_id,
        raw=raw,
    )


def _repeat(
    known: Alert,
    event: AlertEvent,
    severity: Severity,
    at: datetime,
    received_at: datetime,
    raw: int,
    flags: tuple[str, ...],
) -> Absorbed:
    last = known.last_trigger_at
    # A late copy must not shorten what a newer one promised.
    is_newest = last is None or at >= last
    newest = at if is_newest else last
    expires = event.expires_at if is_newest else known.expires_at
    raised = severity < known.severity
    again = replace(
        known,
        count=known.count + 1,
        last_at=received_at,
        last_trigger_at=newest,
        expires_at=expires,
        last_event_id=event.event_id,
    )
    if not raised:
        return Absorbed(_REPEATED, again, None, False, flags)
    worse = replace(
        again,
        severity=severity,
        title=event.title or known.title,
        details=event.details or known.details,
        raw=raw or known.raw,
    )
    return Absorbed(Outcome.RAISED, worse, flags=flags)


def _reopen(
    known: Alert,
    event: AlertEvent,
    severity: Severity,
    at: datetime,
    received_at: datetime,
    raw: int,
) -> Alert:
    return replace(
        known,
        status=Status.TRIGGERED,
        severity=severity,
        title=event.title or known.title,
        details=event.details or known.details,
        labels=event.labels or known.labels,
        link=event.link or known.link,
        episode=known.episode + 1,
        count=known.count + 1,
        last_at=received_at,
        last_trigger_at=at,
        expires_at=event.expires_at,
        resolved_at=None,
        resolve_reason="",
        acked_by="",
        acked_at=None,
        snoozed_until=None,
        last_event_id=event.event_id,
        raw=raw or known.raw,
    )


def _acknowledge(
    known: Alert | None,
    integration: str,
    received_at: datetime,
    raw: int,
    flags: tuple[str, ...],
) -> Absorbed:
    if known is None or known.status is not Status.TRIGGERED:
        return Absorbed(Outcome.NO_OP, flags=flags)
    acked = replace(
        known,
        status=Status.ACKNOWLEDGED,
        acked_by=f"source:{integration}",
        acked_at=received_at,
        raw=raw or known.raw,
    )
    return Absorbed(Outcome.SOURCE_ACKED, acked, flags=flags)


def _resolve(
    known: Alert | None,
    at: datetime,
    received_at: datetime,
    raw: int,
    flags: tuple[str, ...],
) -> Absorbed:
    if known is None:
        return Absorbed(Outcome.TOMBSTONED, tombstone_at=at, flags=flags)
    if known.status is Status.RESOLVED:
        last = known.last_resolve_at
        if last is None or at > last:
            later = replace(known, last_resolve_at=at)
            return Absorbed(Outcome.NO_OP, later, flags=flags)
        return Absorbed(Outcome.NO_OP, flags=flags)
    # At equal times the trigger wins.
    if known.last_trigger_at is not None and at <= known.last_trigger_at:
        return Absorbed(Outcome.LATE_RESOLVE, known, flags=flags)
    resolved = replace(
        known,
        status=Status.RESOLVED,
        last_resolve_at=at,
        resolved_at=received_at,
        resolve_reason="resolved by its source",
        expires_at=None,
        snoozed_until=None,
        raw=raw or known.raw,
    )
    return Absorbed(Outcome.RESOLVED, resolved, flags=flags)
