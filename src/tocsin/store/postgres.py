"""PostgreSQL by URL, for installations that outgrow one file.

A commit counts only if it came back without a notice: a synchronous commit that was
cancelled while it waited for its standby "succeeds" with a mere warning, and the row
is gone after a failover.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import errors

from tocsin.core.credentials import HIDDEN
from tocsin.interfaces.machine import Sealer
from tocsin.store.database import (
    Conflict,
    Database,
    Row,
    StoreError,
    StoreFull,
    Unsealed,
)

_NAMED = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")
_PASSWORD = re.compile(r"://[^:/@]*:([^@]+)@")
_UNSAFE_COMMIT = ("off", "local")


class PostgresConnection:
    """A Connection on one PostgreSQL session."""

    dialect = "postgresql"
    skip_locked = " for update skip locked"
    for_update = " for update"

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        self.sealer: Sealer = Unsealed()
        self.overlay: dict[Any, Any] = {}
        self.after_commit: list[Callable[[], None]] = []
        self._notices: list[str] = []
        self._read_only = read_only
        try:
            self._db = psycopg.connect(
                url, autocommit=True, connect_timeout=5, prepare_threshold=2
            )
        except psycopg.Error as error:
            # libpq repeats an address that it cannot read, password and all.
            reason = str(error)
            for secret in (url, *_PASSWORD.findall(url)):
                reason = reason.replace(secret, HIDDEN)
            raise StoreError(f"cannot connect to PostgreSQL: {reason}") from None
        self._db.add_notice_handler(self._noticed)
        self._cursor = self._db.cursor()

    def begin(self) -> None:
        self._notices.clear()
        mode = "repeatable read read only" if self._read_only else "read committed"
        self.run(f"begin isolation level {mode}")

    def commit(self) -> None:
        self.run("commit")
        if self._notices:
            raise StoreError(f"the commit is in doubt: {self._notices[0]}")

    def rollback(self) -> None:
        if self._db.closed:
            return
        try:
            self._cursor.execute("rollback")
        except psycopg.Error:
            self._db.close()

    def close(self) -> None:
        self._db.close()

    def all(self, sql: str, **params: object) -> list[Row]:
        try:
            return self._cursor.execute(_pyformat(sql), params).fetchall()
        except psycopg.Error as error:
            raise _named(error) from error

    def one(self, sql: str, **params: object) -> Row | None:
        rows = self.all(sql, **params)
        return rows[0] if rows else None

    def run(self, sql: str, **params: object) -> int:
        try:
            return self._cursor.execute(_pyformat(sql), params or None).rowcount
        except psycopg.Error as error:
            raise _named(error) from error

    def many(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        try:
            self._cursor.executemany(sql.replace("?", "%s"), rows)
        except psycopg.Error as error:
            raise _named(error) from error

    def _noticed(self, notice: errors.Diagnostic) -> None:
        # 01000 "canceling wait for synchronous replication due to user request".
        if notice.severity_nonlocalized == "WARNING":
            self._notices.append(notice.message_primary or "warning")


def open_postgres(
    url: str, *, threaded: bool = True, sealer: Sealer | None = None
) -> Database:
    """The database at `url` (`postgresql://…`)."""
    return Database(
        lambda read_only: PostgresConnection(url, read_only=read_only),
        dialect="postgresql",
        threaded=threaded,
        sealer=sealer,
    )


def settings_problems(database: Database) -> list[str]:
    """Each durability setting that is not in force, with what was expected."""
    problems = []

    def value(name: str) -> str:
        row = database.read(lambda tx: tx.one(f"show {name}"))
        return str(row[0]) if row else ""

    if value("fsync") != "on":
        problems.append("PostgreSQL fsync is off, expected on")
    if value("full_page_writes") != "on":
        problems.append("PostgreSQL full_page_writes is off, expected on")
    if value("synchronous_commit") in _UNSAFE_COMMIT:
        problems.append(
            f"PostgreSQL synchronous_commit is {value('synchronous_commit')!r}, "
            "expected 'on' (or stronger)"
        )
    if value("transaction_read_only") == "on" or value("in_hot_standby") == "on":
        problems.append("this PostgreSQL is a read-only replica, expected the primary")
    if int(value("server_version_num")) < 150000:
        problems.append(
            f"PostgreSQL is {value('server_version')}, expected 15 or newer"
        )
    return problems


@lru_cache(maxsize=1024)
def _pyformat(sql: str) -> str:
    return _NAMED.sub(r"%(\1)s", sql.replace("%", "%%"))


def _named(error: psycopg.Error) -> StoreError:
    text = str(error).strip()
    conflicts = (
        errors.UniqueViolation,
        errors.SerializationFailure,
        errors.DeadlockDetected,
    )
    if isinstance(error, conflicts):
        return Conflict(text)
    if isinstance(error, errors.DiskFull):
        return StoreFull(text)
    return StoreError(text)
