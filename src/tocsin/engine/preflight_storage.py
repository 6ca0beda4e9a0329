"""Preflight of what keeps the data: schema, durability, the disk and its ballast."""

from pathlib import Path
from shutil import disk_usage

from tocsin.engine.checks import BAD, OK, WARN, Check
from tocsin.store import migrate, sqlite
from tocsin.store.ballast import Ballast
from tocsin.store.database import Database

_LOW_DISK = 512 * 1024 * 1024


def storage(database: Database, url: str, ballast_mib: int) -> list[Check]:
    """Every check of the database and its disk. Raises StoreError."""
    scheme, _, rest = url.partition("://")
    current = migrate.is_current(database)
    checks = [
        Check("database", OK, f"{scheme}://{rest.rpartition('@')[2]}"),
        Check(
            "schema",
            OK if current else BAD,
            migrate.version(database) or "none",
            "" if current else "Run: tocsin migrate",
        ),
    ]
    if database.dialect == "postgresql":
        from tocsin.store.postgres import settings_problems

        found = settings_problems(database)
        says = "; ".join(found) or "commits are durable"
        return [*checks, _durability(found, says)]
    found = sqlite.settings_problems(database)
    says = "; ".join(found) or "WAL, synchronous=FULL"
    bug = sqlite.has_wal_reset_bug()
    library = sqlite.library()
    if bug:
        library += ": may lose commits at a checkpoint (WAL-reset bug)"
    todo = "Install pysqlite3." if bug else ""
    checks += [
        _durability(found, says),
        Check("SQLite", BAD if bug else OK, library, todo),
    ]
    return [*checks, *_disk(url.removeprefix("sqlite:///"), ballast_mib)]


def _durability(found: list[str], says: str) -> Check:
    todo = "Set them as docs/operations/durability.md says." if found else ""
    return Check("durability", BAD if found else OK, says, todo)


def _disk(path: str, ballast_mib: int) -> list[Check]:
    free = disk_usage(Path(path).parent).free
    low = free <= _LOW_DISK
    todo = "Make room: alerts are refused when nothing fits." if low else ""
    checks = [Check("disk", BAD if low else OK, f"{free // 2**20} MiB free", todo)]
    if not ballast_mib:
        todo = "Set TOCSIN_BALLAST_MIB, so that a full disk can be survived."
        return [*checks, Check("ballast", WARN, "none is kept back", todo)]
    if Ballast(path, size_mib=ballast_mib).is_whole():
        return [*checks, Check("ballast", OK, f"{ballast_mib} MiB are kept back")]
    says = f"the {ballast_mib} MiB are not there (the server lays them within seconds)"
    todo = "Was the disk full? Make room and start the server."
    return [*checks, Check("ballast", WARN, says, todo)]
