"""Maintenance windows and whether they have been applied to alerts.

`applied` is 0 before a window has been put on open alerts, 1 while it is on them and
2 once it has been taken off again; the sweep moves it on.
"""

from datetime import datetime

import msgspec

from tocsin.core.alerts.maintenance import HOLD_OFF, Maintenance, Passed
from tocsin.store.database import Row, Tx
from tocsin.store.instants import from_micros, to_micros

_encode = msgspec.json.Encoder().encode
_services = msgspec.json.Decoder(tuple[str, ...]).decode
_SELECT = (
    "select id, services, starts_at, ends_at, author, reason, ticket, public_text, "
    "summary, made_at from maintenance "
)


def in_force(tx: Tx, *, now: datetime) -> list[Maintenance]:
    """Windows that are active at `now`."""
    rows = tx.all(
        _SELECT + "where ends_at > :now and starts_at <= :now order by id",
        now=to_micros(now),
    )
    return [_window(row) for row in rows]


def get(tx: Tx, window_id: str) -> Maintenance | None:
    """One window."""
    row = tx.one(_SELECT + "where id = :id", id=window_id)
    return _window(row) if row else None


def listing(tx: Tx, *, limit: int = 1000) -> list[Maintenance]:
    """Windows, newest end first."""
    rows = tx.all(_SELECT + "order by ends_at desc, id limit :limit", limit=limit)
    return [_window(row) for row in rows]


def save(tx: Tx, window: Maintenance, *, now: datetime) -> None:
    """A new window, or new times for a known one."""
    tx.run(
        "insert into maintenance (id, services, starts_at, ends_at, made_at, author, "
        "reason, ticket, public_text) values (:id, :services, :starts_at, :ends_at, "
        ":now, :author, :reason, :ticket, :public_text) on conflict (id) do update "
        "set starts_at = excluded.starts_at, ends_at = excluded.ends_at",
        id=window.id,
        services=_encode(window.services).decode(),
        starts_at=to_micros(window.starts_at),
        ends_at=to_micros(window.ends_at),
        now=to_micros(now),
        author=window.author,
        reason=window.reason,
        ticket=window.ticket,
        public_text=window.public_text,
    )


def beginning(tx: Tx, *, now: datetime) -> list[Maintenance]:
    """Windows that have begun and are not on the open alerts yet."""
    rows = tx.all(
        _SELECT + "where applied = 0 and starts_at <= :now order by id"
        f"{tx.skip_locked}",
        now=to_micros(now),
    )
    return [_window(row) for row in rows]


def ending(tx: Tx, *, now: datetime) -> list[Maintenance]:
    """Windows whose hold-off is over and that are still on alerts."""
    rows = tx.all(
        _SELECT + f"where applied = 1 and ends_at <= :now order by id{tx.skip_locked}",
        now=to_micros(now - HOLD_OFF),
    )
    return [_window(row) for row in rows]


def mark(tx: Tx, window_id: str, *, applied: int, summary: str = "") -> None:
    """How far the sweep is with it."""
    tx.run(
        "update maintenance set applied = :applied, summary = :summary where id = :id",
        applied=applied,
        summary=summary,
        id=window_id,
    )


def passed(tx: Tx, name: str) -> list[Passed]:
    """Alerts that are over and were kept quiet by `name` (maintenance:ID)."""
    rows = tx.all(
        "select number, title, service, suppressed_by from alerts "
        "where suppressed_by <> '' and status = 'resolved' order by number"
    )
    return [Passed(*row[:3]) for row in rows if name in row[3].split("\n")]


def _window(row: Row) -> Maintenance:
    return Maintenance(
        id=row[0],
        services=_services(row[1]),
        starts_at=from_micros(row[2]),
        ends_at=from_micros(row[3]),
        author=row[4],
        reason=row[5],
        ticket=row[6],
        public_text=row[7],
        summary=row[8],
        made_at=from_micros(row[9]),
    )
