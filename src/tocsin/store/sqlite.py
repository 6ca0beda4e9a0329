"""SQLite as the default database: durable, one writer, its own checkpointer.

The settings here are not negotiable (docs/operations/durability.md): WAL with
synchronous=FULL survives a power cut; wal_autocheckpoint=0, because a checkpoint that
fails inside a commit makes that commit look failed although it happened.

What the engine asks in every turn has its limit in the text, never as a parameter: the
planner looks at the value of such a parameter, so the statement would be prepared anew
each time it runs (40 us instead of 4).
"""

import re
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from tocsin.interfaces.machine import Sealer
from tocsin.store.database import (
    Conflict,
    Database,
    Row,
    StoreError,
    StoreFull,
    Unsealed,
)

try:
    import pysqlite3 as sqlite3
except ImportError:  # no wheel for this platform: the interpreter's own, see `doctor`
    import sqlite3  # type: ignore[no-redef,unused-ignore]

# Below this, SQLite may lose committed rows when a checkpoint meets a writer
# (sqlite.org/wal.html, "the WAL-reset bug"); then the writer itself checkpoints.
WAL_RESET_FIXED = (3, 51, 3)

_PRAGMAS = (
    "pragma journal_mode=wal",
    "pragma synchronous=full",
    "pragma wal_autocheckpoint=0",
    "pragma foreign_keys=on",
    "pragma busy_timeout=5000",
    "pragma cache_size=-65536",
    "pragma temp_store=memory",
    # What is deleted is overwritten where that costs no write of its own.
    "pragma secure_delete=fast",
)


# The interpreter gives up its lock at each step of a statement and may wait for it as
# long as a whole request takes; so one statement inserts as many rows as it can.
_SIZES = (128, 64, 32, 16)
_VALUES = re.compile(r"(?<=values )\(\?(?:, \?)*\)")


class SqliteConnection:
    """A Connection on one SQLite file or on memory."""

    dialect = "sqlite"
    skip_locked = ""
    for_update = ""

    def __init__(self, path: str, *, read_only: bool = False) -> None:
        self.sealer: Sealer = Unsealed()
        self.overlay: dict[Any, Any] = {}
        self.after_commit: list[Callable[[], None]] = []
        self._read_only = read_only
        try:
            self._db = sqlite3.connect(
                path,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=512,
            )
            for pragma in _PRAGMAS:
                self._db.execute(pragma)
            if read_only:
                self._db.execute("pragma query_only=on")
        except sqlite3.Error as error:
            raise _named(error) from error

    def begin(self) -> None:
        self.run("begin" if self._read_only else "begin immediate")

    def commit(self) -> None:
        try:
            self._db.execute("commit")
        except sqlite3.Error as error:
            raise _named(error) from error

    def rollback(self) -> None:
        if self._db.in_transaction:
            self._db.execute("rollback")

    def close(self) -> None:
        self._db.close()

    def all(self, sql: str, **params: object) -> list[Row]:
        try:
            return self._db.execute(sql, params).fetchall()  # type: ignore[no-any-return,unused-ignore]
        except sqlite3.Error as error:
            raise _named(error) from error

    def one(self, sql: str, **params: object) -> Row | None:
        rows = self.all(sql, **params)
        return rows[0] if rows else None

    def run(self, sql: str, **params: object) -> int:
        try:
            return self._db.execute(sql, params).rowcount  # type: ignore[no-any-return,unused-ignore]
        except sqlite3.Error as error:
            raise _named(error) from error

    def many(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        try:
            if "values (" not in sql:
                self._db.executemany(sql, rows)
                return
            first = 0
            for size in _sizes(len(rows)):
                some = rows[first : first + size]
                self._db.execute(_of_rows(sql, size), list(chain.from_iterable(some)))
                first += size
        except sqlite3.Error as error:
            raise _named(error) from error


@lru_cache(maxsize=256)
def _of_rows(sql: str, count: int) -> str:
    """An insert of one row as an insert of `count` rows."""
    return _VALUES.sub(lambda found: ", ".join([found[0]] * count), sql, count=1)


@lru_cache(maxsize=4096)
def _sizes(count: int) -> tuple[int, ...]:
    """`count` as a sum of a few sizes out of a few, so that statements are reused."""
    sizes: list[int] = []
    for size in _SIZES:
        sizes += [size] * (count // size)
        count %= size
    return (*sizes, count) if count else tuple(sizes)


def open_sqlite(
    path: str,
    *,
    threaded: bool = True,
    exclusive: bool = False,
    sealer: Sealer | None = None,
) -> Database:
    """The database at `path` (":memory:" only without threads).

    Raises StoreError when the file cannot be opened.
    """
    if path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    return Database(
        lambda read_only: SqliteConnection(path, read_only=read_only),
        dialect="sqlite",
        threaded=threaded,
        exclusive=exclusive,
        sealer=sealer,
    )


def rewrite(path: str) -> None:
    """Copy the file onto itself without what was deleted. Raises StoreError."""
    connection = SqliteConnection(path)
    try:
        connection.all("vacuum")
        connection.all("pragma wal_checkpoint(truncate)")
    finally:
        connection.close()


def has_wal_reset_bug() -> bool:
    """Whether the linked SQLite may lose rows to a concurrent checkpoint."""
    return tuple(sqlite3.sqlite_version_info) < WAL_RESET_FIXED


def library() -> str:
    """Which SQLite is in use, for `doctor`."""
    bundled = "pysqlite3" in sys.modules and sqlite3.__name__.startswith("pysqlite3")
    return f"SQLite {sqlite3.sqlite_version} ({'bundled' if bundled else 'system'})"


def settings_problems(database: Database) -> list[str]:
    """Each durability setting that is not in force, with what was expected."""
    expected = {
        "journal_mode": ("wal",),
        "synchronous": (2, 3),
        "wal_autocheckpoint": (0,),
    }
    problems = []
    for pragma, allowed in expected.items():
        row = database.write(lambda tx, pragma=pragma: tx.one(f"pragma {pragma}"))  # type: ignore[misc]
        value = row[0] if row else None
        if value not in allowed:
            problems.append(f"SQLite {pragma} is {value!r}, expected {allowed[0]!r}")
    return problems


class Checkpointer:
    """Moves the write-ahead log into the database file, outside of any commit."""

    def __init__(self, database: Database, path: str) -> None:
        self._database = database
        self._path = path
        self._connection: SqliteConnection | None = None

    def checkpoint(self, *, truncate: bool = False) -> None:
        """One passive checkpoint (or a truncating one when nothing is going on)."""
        sql = f"pragma wal_checkpoint({'truncate' if truncate else 'passive'})"
        if self._connection is None:
            self._connection = SqliteConnection(self._path)
        try:
            self._connection.all(sql)
        except StoreError:
            # The next one tries again; commits do not depend on it.
            self._connection.close()
            self._connection = None

    def wal_bytes(self) -> int:
        """How long the log is now."""
        wal = Path(self._path + "-wal")
        return wal.stat().st_size if wal.exists() else 0

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _named(error: Exception) -> StoreError:
    text = str(error)
    if isinstance(error, sqlite3.IntegrityError):
        return Conflict(text)
    if "full" in text or "disk I/O" in text:
        return StoreFull(text)
    return StoreError(text)
