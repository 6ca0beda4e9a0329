"""Alerts, one row each, found by dedup key; the hot path of the store.

Where this process is the only writer (Database.exclusive) the current alert of a key
is remembered; the memory changes only after the commit that makes it true.
"""

# long because: the hot path and its row, column by column.

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from tocsin.core.alerts.alerts import Alert, Status
from tocsin.core.severity import Severity
from tocsin.store.chosen import by_number
from tocsin.store.database import Database, Row, Tx
from tocsin.store.instants import (
    from_micros,
    from_micros_or_none,
    to_micros,
    to_micros_or_none,
)

Key = tuple[int, str]

_COLUMNS = (
    "number", "integration", "key", "service", "status", "severity", "title",
    "labels", "details", "link", "episode", "count", "first_at", "last_at",
    "last_trigger_at", "last_resolve_at", "expires_at", "resolved_at",
    "resolve_reason", "acked_by", "acked_at", "suppressed_by", "snoozed_until",
    "last_event_id", "raw",
)  # fmt: skip
SELECT = "select " + ", ".join(_COLUMNS) + " from alerts "
_INSERT = (
    f"insert into alerts ({', '.join(_COLUMNS)}) "
    f"values ({', '.join('?' * len(_COLUMNS))})"
)
_UPDATE = (
    "update alerts set "
    + ", ".join(f"{column} = ?" for column in _COLUMNS[3:])
    + " where number = ?"
)
_REPEAT = (
    "with new (number, count, last_at, last_trigger_at, expires_at, event_id) as "
    "(values (?, ?, ?, ?, ?, ?)) update alerts set count = cast(new.count as bigint), "
    "last_at = cast(new.last_at as bigint), "
    "last_trigger_at = cast(new.last_trigger_at as bigint), "
    "expires_at = cast(new.expires_at as bigint), last_event_id = new.event_id "
    "from new where alerts.number = cast(new.number as bigint)"
)
_encode = msgspec.json.Encoder().encode
_labels = msgspec.json.Decoder(dict[str, str]).decode

# Remembered alerts per process; beyond it the oldest are asked of the database again.
_REMEMBERED = 200_000


def recall(tx: Tx, database: Database) -> Callable[[Key], Alert | None]:
    """What this transaction or, where that is the truth, this process remembers."""
    overlay = tx.overlay
    if not database.exclusive:
        return overlay.get
    remembered = database.cache.get

    def look(place: Key) -> Alert | None:
        return overlay.get(place) or remembered(place)

    return look


def fetch(tx: Tx, database: Database, integration: int, keys: Collection[str]) -> int:
    """Make what is stored of `keys` known to `recall`; returns how many are unknown.

    They are locked where engines share a database.
    """
    look = recall(tx, database)
    unknown = [key for key in keys if look((integration, key)) is None]
    if not unknown or (database.exclusive and database.cache_complete):
        return len(unknown)
    found = _select_keys(tx, integration, unknown)
    for alert in found:
        _remember(tx, alert)
    return len(unknown) - len(found)


def current_by_key(
    tx: Tx, database: Database, integration: int, keys: Collection[str]
) -> dict[str, Alert]:
    """The current alert of each of `keys`; locked where engines share a database."""
    fetch(tx, database, integration, keys)
    look = recall(tx, database)
    found = ((key, look((integration, key))) for key in keys)
    return {key: alert for key, alert in found if alert is not None}


def _select_keys(tx: Tx, integration: int, keys: Sequence[str]) -> list[Alert]:
    if tx.dialect == "sqlite":
        chosen, value = "(select value from json_each(:keys))", _encode(keys).decode()
        condition = f"key in {chosen}"
    else:
        condition, value = "key = any(:keys)", list(keys)  # type: ignore[assignment]
    rows = tx.all(
        f"{SELECT} where integration = :integration and current = 1 and {condition}"
        # Ordered, so that two engines that lock the same keys never wait in a ring.
        f" order by number{tx.for_update}",
        integration=integration,
        keys=value,
    )
    return [alert_of(row) for row in rows]


def newest_of(tx: Tx, integration: int, key: str) -> Alert | None:
    """The newest alert of a key, whatever has become of it; for reading only."""
    row = tx.one(
        SELECT + "where integration = :integration and key = :key and current = 1 "
        "order by number desc limit 1",
        integration=integration,
        key=key,
    )
    return alert_of(row) if row else None


def get(tx: Tx, number: int) -> Alert | None:
    """One alert by number, locked for this transaction."""
    row = tx.one(SELECT + f"where number = :number{tx.for_update}", number=number)
    return alert_of(row) if row else None


def get_many(tx: Tx, numbers: Sequence[int]) -> dict[int, Alert]:
    """Several alerts by number, not locked."""
    if not numbers:
        return {}
    chosen, listed = by_number(tx, "number", numbers)
    rows = tx.all(SELECT + f"where {chosen}", numbers=listed)
    return {row[0]: alert_of(row) for row in rows}


def next_numbers(tx: Tx, count: int) -> list[int]:
    """`count` unused alert numbers, in order."""
    if tx.dialect == "sqlite":
        # The only writer: nobody else can take the same ones before the commit.
        pending = tx.overlay.get("last_number")
        if pending is None:
            row = tx.one("select coalesce(max(number), 0) from alerts")
            pending = row[0] if row else 0
        tx.overlay["last_number"] = pending + count
        return list(range(pending + 1, pending + count + 1))
    rows = tx.all(
        "select nextval('alert_numbers') from generate_series(1, :count)", count=count
    )
    return [row[0] for row in rows]


def insert(tx: Tx, alerts: Sequence[Alert]) -> None:
    """New alerts with their numbers. Raises Conflict if a key got one meanwhile."""
    tx.many(_INSERT, [_row(alert) for alert in alerts])
    for alert in alerts:
        _remember(tx, alert)


def supersede(tx: Tx, number: int) -> None:
    """The alert is history: a new one opens for its key."""
    tx.run("update alerts set current = 0 where number = :number", number=number)


def save(tx: Tx, alert: Alert) -> None:
    """Write every column of `alert`."""
    tx.many(_UPDATE, [(*_row(alert)[3:], alert.number)])
    _remember(tx, alert)


def save_repeats(tx: Tx, alerts: Sequence[Alert]) -> None:
    """Write only what a plain repetition changes."""
    rows = []
    at, micros = None, 0
    for alert in alerts:
        if alert.last_at is not at:  # those of one batch share it
            at, micros = alert.last_at, to_micros(alert.last_at)
        _remember(tx, alert)
        rows.append(
            (
                alert.number,
                alert.count,
                micros,
                to_micros_or_none(alert.last_trigger_at),
                to_micros_or_none(alert.expires_at),
                alert.last_event_id,
            )
        )
    tx.many(_REPEAT, rows)


def expiring(tx: Tx, *, now: datetime, limit: int) -> list[Alert]:
    """Open alerts whose source wanted them refreshed before `now`."""
    rows = tx.all(
        SELECT + "where expires_at <= :now and expires_at is not null "
        f"and status <> 'resolved' order by expires_at limit {limit:d}{tx.skip_locked}",
        now=to_micros(now),
    )
    return [alert_of(row) for row in rows]


def tombstones(tx: Tx, integration: int, keys: Collection[str]) -> dict[str, datetime]:
    """Source times of resolves that came before their trigger."""
    if not tx.one(
        "select 1 from tombstones where integration = :i limit 1", i=integration
    ):
        return {}
    rows = tx.all(
        "select key, resolved_at from tombstones where integration = :integration",
        integration=integration,
    )
    return {key: from_micros(at) for key, at in rows if key in keys}


def bury(
    tx: Tx, integration: int, key: str, *, resolved_at: datetime, forget_at: datetime
) -> None:
    """Remember a resolve that no alert is there for."""
    tx.run(
        "insert into tombstones (integration, key, resolved_at, forget_at) "
        "values (:integration, :key, :resolved_at, :forget_at) "
        "on conflict (integration, key) do update set "
        "resolved_at = excluded.resolved_at, forget_at = excluded.forget_at",
        integration=integration,
        key=key,
        resolved_at=to_micros(resolved_at),
        forget_at=to_micros(forget_at),
    )


def forget_tombstones(tx: Tx, *, now: datetime) -> None:
    """Drop those whose time is over."""
    tx.run("delete from tombstones where forget_at <= :now", now=to_micros(now))


def renumbered(alert: Alert, number: int) -> Alert:
    """The alert with the number that the store gave it."""
    return replace(alert, number=number)


def _remember(tx: Tx, alert: Alert) -> None:
    tx.overlay[(int(alert.integration), alert.key)] = alert


def remember_all(tx: Tx, database: Database) -> None:
    """Load the current alert of every key, so that a new key needs no look-up."""
    rows = tx.all(
        SELECT + "where current = 1 order by number desc limit :limit",
        limit=_REMEMBERED + 1,
    )
    for row in reversed(rows[:_REMEMBERED]):
        _remember(tx, alert_of(row))

    def complete() -> None:
        database.cache_complete = len(rows) <= _REMEMBERED

    tx.after_commit.append(complete)


def trim_memory(database: Database) -> None:
    """Forget the oldest remembered alerts beyond the bound."""
    surplus = len(database.cache) - _REMEMBERED
    if surplus > 0:
        database.cache_complete = False
    for key in list(database.cache)[: max(0, surplus)]:
        del database.cache[key]


def _row(alert: Alert) -> tuple[Any, ...]:
    first_at, last_at = alert.first_at, alert.last_at
    first = to_micros(first_at)
    return (
        alert.number,
        int(alert.integration),
        alert.key,
        alert.service,
        # `value` is a slow property in Python 3.11.
        alert.status._value_,
        int(alert.severity),
        alert.title,
        _encode(alert.labels).decode(),
        _encode(alert.details).decode(),
        alert.link,
        alert.episode,
        alert.count,
        first,
        first if last_at is first_at else to_micros(last_at),
        to_micros_or_none(alert.last_trigger_at),
        to_micros_or_none(alert.last_resolve_at),
        to_micros_or_none(alert.expires_at),
        to_micros_or_none(alert.resolved_at),
        alert.resolve_reason,
        alert.acked_by,
        to_micros_or_none(alert.acked_at),
        "\n".join(alert.suppressed_by) if alert.suppressed_by else "",
        to_micros_or_none(alert.snoozed_until),
        alert.last_event_id,
        alert.raw,
    )


def alert_of(row: Row) -> Alert:
    return Alert(
        number=row[0],
        integration=str(row[1]),
        key=row[2],
        service=row[3],
        status=Status(row[4]),
        severity=Severity(row[5]),
        title=row[6],
        labels=_labels(row[7]),
        details=_labels(row[8]),
        link=row[9],
        episode=row[10],
        count=row[11],
        first_at=from_micros(row[12]),
        last_at=from_micros(row[13]),
        last_trigger_at=from_micros_or_none(row[14]),
        last_resolve_at=from_micros_or_none(row[15]),
        expires_at=from_micros_or_none(row[16]),
        resolved_at=from_micros_or_none(row[17]),
        resolve_reason=row[18],
        acked_by=row[19],
        acked_at=from_micros_or_none(row[20]),
        suppressed_by=tuple(row[21].split("\n")) if row[21] else (),
        snoozed_until=from_micros_or_none(row[22]),
        last_event_id=row[23],
        raw=row[24],
    )
