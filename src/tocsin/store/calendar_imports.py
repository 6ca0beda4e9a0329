"""Calendars of others that are read, and how that went. Their addresses are sealed."""

from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.store.database import Row, Tx
from tocsin.store.instants import from_micros, from_micros_or_none, to_micros
from tocsin.store.sealing import CALENDAR, opened

_SELECT = (
    "select place, url, added_by, tried_at, good_at, error, found, unknown "
    "from calendar_imports "
)


class CalendarImport(Struct, frozen=True):
    """`place` is schedule/rotation, or person:NAME for somebody's leave.

    `found` counts what the last good copy held, `unknown` are titles that name nobody.
    """

    place: str
    url: str
    added_by: str
    tried_at: datetime
    good_at: datetime | None = None
    error: str = ""
    found: int = 0
    unknown: tuple[str, ...] = ()


def put(tx: Tx, one: CalendarImport) -> None:
    """A new one, or how the last reading went."""
    tx.run(
        "insert into calendar_imports "
        "(place, url, added_by, tried_at, good_at, error, found, unknown) values "
        "(:place, :url, :by, :tried, :good, :error, :found, :unknown) "
        "on conflict (place) do update set url = excluded.url, "
        "added_by = excluded.added_by, tried_at = excluded.tried_at, "
        "good_at = excluded.good_at, error = excluded.error, found = excluded.found, "
        "unknown = excluded.unknown",
        place=one.place,
        url=tx.sealer.seal(one.url, purpose=CALENDAR),
        by=one.added_by,
        tried=to_micros(one.tried_at),
        good=to_micros(one.good_at) if one.good_at is not None else None,
        error=one.error,
        found=one.found,
        unknown="\n".join(one.unknown),
    )


def get(tx: Tx, place: str, *, lock: bool = False) -> CalendarImport | None:
    """That of one place; `lock`: to be changed in this transaction."""
    locked = tx.for_update if lock else ""
    row = tx.one(f"{_SELECT}where place = :place{locked}", place=place)
    return _read(tx, row) if row is not None else None


def due(tx: Tx, *, now: datetime, every: timedelta, limit: int) -> list[CalendarImport]:
    """Those that were not read for long, oldest first; marked, so one node reads each."""
    rows = tx.all(
        f"{_SELECT}where tried_at <= :before order by tried_at, place "
        f"limit {limit:d}{tx.skip_locked}",
        before=to_micros(now - every),
    )
    found = [_read(tx, row) for row in rows]
    for one in found:
        tx.run(
            "update calendar_imports set tried_at = :now where place = :place",
            now=to_micros(now),
            place=one.place,
        )
    return found


def rename(tx: Tx, old: str, new: str) -> None:
    """Another place for the same calendar."""
    tx.run(
        "update calendar_imports set place = :new where place = :old", old=old, new=new
    )


def drop(tx: Tx, place: str) -> None:
    """It is read no more."""
    tx.run("delete from calendar_imports where place = :place", place=place)


def _read(tx: Tx, row: Row) -> CalendarImport:
    return CalendarImport(
        place=row[0],
        url=opened(tx.sealer, row[1], CALENDAR),
        added_by=row[2],
        tried_at=from_micros(row[3]),
        good_at=from_micros_or_none(row[4]),
        error=row[5],
        found=row[6],
        unknown=tuple(row[7].split("\n")) if row[7] else (),
    )
