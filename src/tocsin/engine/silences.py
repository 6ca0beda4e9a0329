"""Silences reach open alerts when they begin and leave them when they end.

New alerts are judged as they come in (engine/batch.py).
"""

from datetime import datetime

from msgspec.structs import replace

from tocsin.core.alerts import silences
from tocsin.core.alerts.silences import Silence
from tocsin.core.directory import Directory
from tocsin.engine import suppression
from tocsin.engine.audit import Actor, Auditor
from tocsin.store import alert_lists
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
                suppression.put_on(
                    tx, alert, _name(silence), directory=directory, now=now
                )
        stored.mark(tx, silence.id, applied=1)
    for silence in stored.ending(tx, now=now):
        lift(tx, silence, directory=directory, now=now)


def lift(tx: Tx, silence: Silence, *, directory: Directory, now: datetime) -> None:
    """Take `silence` off every alert it is on."""
    suppression.take_off(tx, _name(silence), directory=directory, now=now)
    stored.mark(tx, silence.id, applied=2)


def end(tx: Tx, silence: Silence, *, directory: Directory, now: datetime) -> None:
    """End a silence before its time."""
    if silences.state(silence, now=now) == "expired":
        return
    over = replace(silence, ends_at=now, starts_at=min(silence.starts_at, now))
    stored.save(tx, over, now=now)
    lift(tx, over, directory=directory, now=now)


def keep(
    tx: Tx,
    silence: Silence,
    *,
    team: str,
    actor: Actor,
    auditor: Auditor,
    now: datetime,
) -> None:
    """A new silence, or new times and words for a known one; the sweep puts it on."""
    known = stored.get(tx, silence.id)
    stored.save(tx, silence, now=now)
    record(
        tx,
        "update" if known is not None else "create",
        silence,
        known=known,
        team=team,
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
    team: str,
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
        team=team,
        now=now,
    )


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
        "ticket": silence.ticket,
    }


def _name(silence: Silence) -> str:
    return f"silence:{silence.id}"
