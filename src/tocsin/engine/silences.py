"""Silences reach open alerts when they begin and leave them when they end.

New alerts are judged as they come in (engine/alerts.py). A silence pauses the run of
an alert; when the last one ends and the alert still fires, the run goes on.
"""

from datetime import datetime

from msgspec.structs import replace

from tocsin.core import alerts as rules
from tocsin.core import escalation as runs
from tocsin.core import silences
from tocsin.core.alerts import Alert
from tocsin.core.directory import Directory
from tocsin.core.silences import Silence
from tocsin.engine import escalation
from tocsin.engine.audit import Actor, Auditor
from tocsin.store import alert_lists
from tocsin.store import alerts as stored_alerts
from tocsin.store import silences as stored
from tocsin.store.database import Tx


def sweep(tx: Tx, *, directory: Directory, now: datetime) -> None:
    """Apply what has begun, lift what is over."""
    for silence in stored.beginning(tx, now=now):
        if silences.state(silence, now=now) == "expired":
            stored.mark(tx, silence.id, applied=2)
            continue
        for alert in alert_lists.open_alerts(tx):
            if silences.covers(silence, alert.labels, service=alert.service):
                _put_on(tx, alert, silence, directory=directory, now=now)
        stored.mark(tx, silence.id, applied=1)
    for silence in stored.ending(tx, now=now):
        lift(tx, silence, directory=directory, now=now)


def lift(tx: Tx, silence: Silence, *, directory: Directory, now: datetime) -> None:
    """Take `silence` off every alert it is on."""
    name = _name(silence)
    for alert in alert_lists.open_alerts(tx):
        if name not in alert.suppressed_by:
            continue
        freed = rules.unsuppress(alert, by=name)
        stored_alerts.save(tx, freed)
        if not freed.suppressed_by:
            event = runs.Resumed(name)
            escalation.apply(tx, freed, event, directory=directory, now=now)
    stored.mark(tx, silence.id, applied=2)


def end(tx: Tx, silence: Silence, *, directory: Directory, now: datetime) -> None:
    """End a silence before its time."""
    if silences.state(silence, now=now) == "expired":
        return
    over = replace(silence, ends_at=now, starts_at=min(silence.starts_at, now))
    stored.save(tx, over, now=now)
    lift(tx, over, directory=directory, now=now)


def keep(
    tx: Tx, silence: Silence, *, actor: Actor, auditor: Auditor, now: datetime
) -> None:
    """A new silence, or new times and words for a known one; the sweep puts it on."""
    known = stored.get(tx, silence.id)
    stored.save(tx, silence, now=now)
    record(
        tx,
        "update" if known is not None else "create",
        silence,
        known=known,
        actor=actor,
        auditor=auditor,
        now=now,
    )


def record(
    tx: Tx,
    action: str,
    silence: Silence,
    *,
    known: Silence | None = None,
    actor: Actor,
    auditor: Auditor,
    now: datetime,
) -> None:
    """What somebody did to a silence, for the audit log."""
    auditor.write(
        tx,
        actor,
        action,
        "silence",
        silence.id,
        before=_told(known) if known is not None else None,
        after=_told(silence),
        now=now,
    )


def next_boundary(tx: Tx) -> datetime | None:
    """When the sweep has something to do."""
    return stored.next_boundary(tx)


def _put_on(
    tx: Tx, alert: Alert, silence: Silence, *, directory: Directory, now: datetime
) -> None:
    quiet = rules.suppress(alert, by=_name(silence))
    stored_alerts.save(tx, quiet)
    if not alert.suppressed_by:
        event = runs.Paused(_name(silence))
        escalation.apply(tx, quiet, event, directory=directory, now=now)


def _told(silence: Silence) -> dict[str, object]:
    return {
        "service": silence.service,
        "matchers": [
            f"{one.name}{'=' if one.is_equal else '!'}{'~' if one.is_regex else ''}"
            f"{one.value}"
            for one in silence.matchers
        ],
        "from": silence.starts_at.isoformat(),
        "to": silence.ends_at.isoformat(),
        "comment": silence.comment,
    }


def _name(silence: Silence) -> str:
    return f"silence:{silence.id}"
