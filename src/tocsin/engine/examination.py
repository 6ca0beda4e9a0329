"""Is Tocsin itself well? For /readyz and /metrics; preflight.py has the whole list."""

from datetime import datetime, timedelta

from tocsin.engine import watch
from tocsin.engine.watch import Health
from tocsin.store import alert_lists, migrate
from tocsin.store import figures as stored_figures
from tocsin.store.database import Database, StoreError

STUCK_AFTER = timedelta(seconds=60)


def of_running(
    database: Database,
    *,
    stepped_at: datetime | None,
    started_at: datetime,
    pages_here: bool,
    health: Health | None,
    now: datetime,
) -> list[str]:
    """What keeps a running process from doing its work."""
    problems = []
    try:
        if not migrate.is_current(database):
            problems.append("the database's schema is not this release's")
        late = database.read(lambda tx: watch.audit(tx, now=now))
        problems += list(late)
    except StoreError as error:
        return [f"the database does not answer: {error}"]
    if pages_here and now - (stepped_at or started_at) > STUCK_AFTER:
        problems.append("the engine has not stepped for a minute")
    if health is not None:
        problems += [one for one in health.problems if one not in problems]
    return problems


def figures(
    database: Database, *, clock_steps: int, now: datetime
) -> dict[str, tuple[str, float]]:
    """Name to (about, value)."""
    counts = database.read(alert_lists.counts)
    found = {
        "alerts_open": ("Alerts that are not resolved", float(sum(counts.values()))),
        "clock_steps": ("Times the wall clock was stepped", float(clock_steps)),
    }
    measured = database.read(lambda tx: stored_figures.measured(tx, now=now))
    return {**found, **measured}
