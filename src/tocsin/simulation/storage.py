"""The real database behind a connection that can fail at every dangerous moment.

All nodes of an outage share one in-memory SQLite (or one PostgreSQL); each has its own
Database, so its own memory. Knows no alert and no page.
"""

import tempfile
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from tocsin.simulation.faults import Crash, Fault
from tocsin.store.database import Connection, Row, StoreError
from tocsin.store.migrate import migrate
from tocsin.store.sqlite import SqliteConnection


class Victim(Protocol):
    """Whose connection it is: asked before each step whether it fails there."""

    def check_database(self) -> None:
        """Raises StoreError while the database is down, Crash when already dead."""
        ...

    def roll(self, when: str) -> tuple[Fault, str] | None: ...
    def committed(self, *, changed: bool, posted: bool) -> None: ...


class FaultyConnection:
    """A Connection that dies, or says it failed, where its victim's dice choose."""

    def __init__(self, inner: Connection, victim: Victim) -> None:
        self.dialect = inner.dialect
        self.skip_locked = inner.skip_locked
        self.for_update = inner.for_update
        self.sealer = inner.sealer
        self.overlay: dict[Any, Any] = {}
        self.after_commit: list[Callable[[], None]] = []
        self.all = inner.all
        self.one = inner.one
        self._inner = inner
        self._victim = victim
        self._changed = self._posted = False

    def begin(self) -> None:
        self._victim.check_database()
        self._strike("before the transaction")
        self._changed = self._posted = False
        self._inner.begin()

    def commit(self) -> None:
        self._strike("before the commit")
        self._inner.commit()
        self._victim.committed(changed=self._changed, posted=self._posted)
        self._strike("after the commit")

    def rollback(self) -> None:
        self._inner.rollback()

    def close(self) -> None:
        """The world keeps the database itself."""

    def run(self, sql: str, **params: object) -> int:
        count = self._inner.run(sql, **params)
        if count:
            self._notice(sql)
        return count

    def many(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        self._inner.many(sql, rows)
        if rows:
            self._notice(sql)

    def _notice(self, sql: str) -> None:
        self._changed = self._changed or _can_be_due(sql)
        self._posted = self._posted or " outbox" in sql

    def _strike(self, when: str) -> None:
        hit = self._victim.roll(when)
        if hit is None:
            return
        fault, point = hit
        if fault is Fault.CRASH:
            raise Crash(point)
        raise StoreError(f"{fault.value} ({when})")


@lru_cache(maxsize=1024)
def _can_be_due(sql: str) -> bool:
    """Whether a statement can give another engine something to do."""
    return " runs" in sql or " pages" in sql or " incidents" in sql


class Reads(Protocol):
    """What the oracles may ask of the database when all is over."""

    def all(self, sql: str, **params: object) -> list[Row]: ...


def open_memory() -> SqliteConnection:
    """An empty in-memory database with the schema of this release."""
    connection = SqliteConnection(":memory:")
    for statement in _schema():
        connection.run(statement)
    return connection


def emptied_memory() -> SqliteConnection:
    """The in-memory database of this process, emptied: one outage after another.

    What one outage had SQLite prepare, the next need not; that is a fifth of its cost.
    """
    connection, tables = _memory()
    connection.rollback()
    connection.begin()
    for table in tables:
        connection.run(f"delete from {table}")
    connection.commit()
    return connection


@lru_cache(maxsize=1)
def _memory() -> tuple[SqliteConnection, tuple[str, ...]]:
    connection = open_memory()
    rows = connection.all(
        "select name from sqlite_master where type = 'table' "
        "and name not like 'sqlite_%'"
    )
    return connection, tuple(name for (name,) in rows)


@lru_cache(maxsize=1)
def _schema() -> tuple[str, ...]:
    """What the migrations make, once per process: they cost a second, a copy 1 ms."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "schema.db"
        migrate(f"sqlite:///{path}")
        template = SqliteConnection(str(path))
        rows = template.all(
            "select sql from sqlite_master where sql is not null "
            "and name not like 'sqlite_%' order by type desc, name"
        )
        template.close()
    return tuple(row[0] for row in rows)
