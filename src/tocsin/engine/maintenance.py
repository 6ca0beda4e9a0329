"""Maintenance windows reach open alerts when they begin, and leave them after a hold-off."""

from datetime import datetime

from msgspec.structs import replace

from tocsin.core.alerts import maintenance
from tocsin.core.alerts.maintenance import Maintenance
from tocsin.core.directory import Directory
from tocsin.core.timeline import Fact, FactKind
from tocsin.engine import suppression
from tocsin.engine.audit import Actor, Auditor
from tocsin.store import alert_lists, timeline
from tocsin.store import maintenance as stored
from tocsin.store.database import Tx


def sweep(tx: Tx, *, directory: Directory, now: datetime) -> None:
    """Apply what has begun, lift what is over."""
    for window in stored.beginning(tx, now=now):
        if maintenance.state(window, now=now) == "expired":
            stored.mark(tx, window.id, applied=2)
            continue
        for alert in alert_lists.open_alerts(tx):
            name = _name(window)
            if alert.service in window.services and name not in alert.suppressed_by:
                suppression.put_on(tx, alert, name, directory=directory, now=now)
        stored.mark(tx, window.id, applied=1)
    for window in stored.ending(tx, now=now):
        _lift(tx, window, directory=directory, now=now)


def _lift(tx: Tx, window: Maintenance, *, directory: Directory, now: datetime) -> None:
    """What still fires pages again; what came and went is told once."""
    name = _name(window)
    passed = stored.passed(tx, name)
    still = suppression.take_off(tx, name, directory=directory, now=now)
    summary = maintenance.told(passed, still=still)
    stored.mark(tx, window.id, applied=2, summary=summary)
    fact = Fact(
        at=now,
        kind=FactKind.SYSTEM,
        text=f"Came and went during maintenance ({window.reason}); nobody was paged.",
        reason="maintenance",
        data={"maintenance": window.id},
    )
    timeline.append(tx, ((one.number, fact) for one in passed))


def keep(
    tx: Tx,
    window: Maintenance,
    *,
    directory: Directory,
    actor: Actor,
    auditor: Auditor,
    now: datetime,
) -> None:
    """A new window; the sweep puts it on."""
    stored.save(tx, window, now=now)
    _record(tx, "create", window, directory, actor, auditor, now=now)


def end(
    tx: Tx,
    window: Maintenance,
    *,
    directory: Directory,
    actor: Actor,
    auditor: Auditor,
    now: datetime,
) -> None:
    """End a window before its time; alerts page again after the hold-off."""
    if maintenance.state(window, now=now) == "expired":
        return
    over = replace(window, ends_at=now, starts_at=min(window.starts_at, now))
    stored.save(tx, over, now=now)
    _record(tx, "end", over, directory, actor, auditor, now=now)


def _record(
    tx: Tx,
    action: str,
    window: Maintenance,
    directory: Directory,
    actor: Actor,
    auditor: Auditor,
    *,
    now: datetime,
) -> None:
    """One entry; where one team owns all that is worked on, it is that team's."""
    teams = {directory.team_of(service) for service in window.services}
    told = {
        "services": list(window.services),
        "from": window.starts_at.isoformat(),
        "to": window.ends_at.isoformat(),
        "reason": window.reason,
        "ticket": window.ticket,
        "public_text": window.public_text,
    }
    auditor.write(
        tx, actor, action, "maintenance", window.id, after=told,
        team=teams.pop() if len(teams) == 1 else "", now=now,
    )  # fmt: skip


def _name(window: Maintenance) -> str:
    return f"maintenance:{window.id}"
