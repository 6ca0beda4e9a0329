"""Is Tocsin itself well? For /readyz, /metrics and `tocsin doctor`."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from shutil import disk_usage

from tocsin.engine import watch
from tocsin.engine.audit import Auditor
from tocsin.engine.watch import Health
from tocsin.interfaces import Pager
from tocsin.store import alert_lists, migrate, nodes, resealing, sqlite
from tocsin.store import directory as stored_directory
from tocsin.store import figures as stored_figures
from tocsin.store.database import Database, StoreError

STUCK_AFTER = timedelta(seconds=60)
_LOW_DISK = 512 * 1024 * 1024

Check = tuple[str, bool, str]


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


def of_installation(
    url: str,
    *,
    opened: Callable[[], Database],
    channels: Mapping[str, Pager],
    ballast_mib: int,
    auditor: Auditor,
    now: datetime,
) -> list[Check]:
    """Every check of `tocsin doctor`."""
    try:
        database = opened()
    except StoreError as error:
        return [("database", False, str(error))]
    checks: list[Check] = [("database", True, _shown(url))]
    try:
        checks.append(
            ("schema", migrate.is_current(database), migrate.version(database))
        )
        checks += _durability(database, url, ballast_mib)
        checks.append(_secrets(database))
        checks += _paging(database, channels, now)
        broken = auditor.broken(database)
        checks.append(("audit log", not broken, broken or "its chain is whole"))
    finally:
        database.close()
    return checks


def _secrets(database: Database) -> Check:
    readable, lost = resealing.unsealed(database)
    problems = []
    if readable:
        problems.append(f"{readable} stand readable in the database; start the server")
    if lost:
        problems.append(f"{lost} cannot be opened with this key; enter them again")
    says = "; ".join(problems) or "every credential is sealed and the key opens it"
    return ("secrets", not problems, says)


def _durability(database: Database, url: str, ballast_mib: int) -> list[Check]:
    if database.dialect == "postgresql":
        from tocsin.store.postgres import settings_problems

        found = settings_problems(database)
        return [("durability", not found, "; ".join(found) or "commits are durable")]
    found = sqlite.settings_problems(database)
    bug = sqlite.has_wal_reset_bug()
    says = sqlite.library()
    if bug:
        says += ": may lose commits at a checkpoint (WAL-reset bug); install pysqlite3"
    free = disk_usage(Path(url.removeprefix("sqlite:///")).parent).free
    return [
        ("durability", not found, "; ".join(found) or "WAL, synchronous=FULL"),
        ("SQLite", not bug, says),
        (
            "disk",
            free > _LOW_DISK,
            f"{free // 2**20} MiB free, ballast {ballast_mib} MiB",
        ),
    ]


def _paging(
    database: Database, channels: Mapping[str, Pager], now: datetime
) -> list[Check]:
    directory = database.read(stored_directory.load)
    missing = {
        contact
        for person in directory.people.values()
        for contact in [*(c.channel for c in person.contacts)]
        + (["email"] if person.email else [])
        if contact not in channels
    }
    says = ", ".join(sorted(set(channels) - {"canary"}))
    if missing:
        says = (
            f"people are reached by {', '.join(sorted(missing))}, which is not set up"
        )
        if "email" in missing:
            says += " (TOCSIN_SMTP_URL)"
    alive = database.read(nodes.nodes)
    late = database.read(lambda tx: watch.audit(tx, now=now))
    return [
        ("people", bool(directory.people), f"{len(directory.people)} configured"),
        ("channels", not missing, says),
        ("engines", bool(alive), f"{len(alive)} known"),
        ("punctuality", not late, "; ".join(late) or "nothing is late"),
    ]


def _shown(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
