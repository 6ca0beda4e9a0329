"""Silences and whether they have been applied to the alerts they cover.

`applied` is 0 before a silence has been put on open alerts, 1 while it is on them and
2 once it has been taken off again; the sweep moves it on.
"""

from datetime import datetime

import msgspec

from tocsin.core.alerts.silences import Matcher, Silence
from tocsin.store.database import Row, Tx
from tocsin.store.instants import from_micros, to_micros

_encode = msgspec.json.Encoder().encode
_matchers = msgspec.json.Decoder(tuple[Matcher, ...]).decode
_SELECT = (
    "select id, integration, service, matchers, starts_at, ends_at, updated_at, "
    "author, comment, ticket from silences "
)


def in_force(tx: Tx, *, now: datetime) -> list[Silence]:
    """Silences that are active at `now`."""
    rows = tx.all(
        _SELECT + "where starts_at <= :now and ends_at > :now order by id",
        now=to_micros(now),
    )
    return [_silence(row) for row in rows]


def get(tx: Tx, silence_id: str) -> Silence | None:
    """One silence."""
    row = tx.one(_SELECT + "where id = :id", id=silence_id)
    return _silence(row) if row else None


def listing(
    tx: Tx, *, integration: int | None = None, limit: int = 1000
) -> list[Silence]:
    """Silences, newest end first."""
    where = "" if integration is None else f"where integration = {int(integration)} "
    rows = tx.all(
        _SELECT + where + "order by ends_at desc, id limit :limit", limit=limit
    )
    return [_silence(row) for row in rows]


def save(tx: Tx, silence: Silence, *, now: datetime) -> None:
    """A new silence, or new times and words for a known one."""
    tx.run(
        "insert into silences (id, integration, service, matchers, starts_at, ends_at, "
        "updated_at, author, comment, ticket, applied) values (:id, :integration, "
        ":service, :matchers, :starts_at, :ends_at, :now, :author, :comment, :ticket, 0) "
        "on conflict (id) do update set starts_at = excluded.starts_at, "
        "ends_at = excluded.ends_at, updated_at = excluded.updated_at, "
        "author = excluded.author, comment = excluded.comment",
        id=silence.id,
        integration=silence.integration,
        service=silence.service,
        matchers=_encode(silence.matchers).decode(),
        starts_at=to_micros(silence.starts_at),
        ends_at=to_micros(silence.ends_at),
        now=to_micros(now),
        author=silence.author,
        comment=silence.comment,
        ticket=silence.ticket,
    )


def beginning(tx: Tx, *, now: datetime) -> list[Silence]:
    """Silences that have begun and are not on the open alerts yet."""
    rows = tx.all(
        _SELECT + "where applied = 0 and starts_at <= :now order by id"
        f"{tx.skip_locked}",
        now=to_micros(now),
    )
    return [_silence(row) for row in rows]


def ending(tx: Tx, *, now: datetime) -> list[Silence]:
    """Silences that are over and still on alerts."""
    rows = tx.all(
        _SELECT + f"where applied = 1 and ends_at <= :now order by id{tx.skip_locked}",
        now=to_micros(now),
    )
    return [_silence(row) for row in rows]


def mark(tx: Tx, silence_id: str, *, applied: int) -> None:
    """How far the sweep is with it."""
    tx.run(
        "update silences set applied = :applied where id = :id",
        applied=applied,
        id=silence_id,
    )


def _silence(row: Row) -> Silence:
    return Silence(
        id=row[0],
        integration=row[1],
        service=row[2],
        matchers=_matchers(row[3]),
        starts_at=from_micros(row[4]),
        ends_at=from_micros(row[5]),
        updated_at=from_micros(row[6]),
        author=row[7],
        comment=row[8],
        ticket=row[9],
    )
