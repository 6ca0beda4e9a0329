"""Calendars that people subscribe to, by the digest of their secret; their events."""

from collections.abc import Collection, Iterable
from datetime import datetime

import msgspec
from msgspec import Struct

from tocsin.core.oncall.calendar_events import CalendarEvent
from tocsin.store.database import Row, Tx
from tocsin.store.instants import from_micros, from_micros_or_none, to_micros

_SELECT = "select id, owner, kind, name, made_at, read_at, held from calendars "
_EVENT = (
    "select uid, schedule, rotation, person, start_at, end_at, sequence, changed_at, "
    "cancelled from calendar_events "
)
_JSON = msgspec.json.Encoder()
_NAMES = msgspec.json.Decoder(frozenset[str])


class Calendar(Struct, frozen=True):
    """A secret address. `kind`: person, schedule or team; `name` is of which."""

    id: str
    owner: str
    kind: str
    name: str
    made_at: datetime
    read_at: datetime | None = None
    # The schedules that it has held so far, for whoever still shows their events.
    held: frozenset[str] = frozenset()


def add(tx: Tx, one: Calendar, digest: str) -> None:
    """A new address."""
    tx.run(
        "insert into calendars (id, owner, kind, name, digest, made_at) "
        "values (:id, :owner, :kind, :name, :digest, :made_at)",
        id=one.id,
        owner=one.owner,
        kind=one.kind,
        name=one.name,
        digest=digest,
        made_at=to_micros(one.made_at),
    )


def turn(tx: Tx, calendar: str, digest: str) -> None:
    """Another secret; the former one leads nowhere from now on."""
    tx.run(
        "update calendars set digest = :digest, read_at = null where id = :id",
        id=calendar,
        digest=digest,
    )


def remove(tx: Tx, calendar: str) -> None:
    """The address leads nowhere any more."""
    tx.run("delete from calendars where id = :id", id=calendar)


def of_owner(tx: Tx, owner: str) -> list[Calendar]:
    """Those of a person, oldest first."""
    rows = tx.all(_SELECT + "where owner = :owner order by made_at, id", owner=owner)
    return [_calendar(row) for row in rows]


def by_digest(tx: Tx, digest: str) -> Calendar | None:
    """The one with this secret."""
    row = tx.one(_SELECT + "where digest = :digest", digest=digest)
    return _calendar(row) if row else None


def read(tx: Tx, calendar: str, held: Collection[str], *, now: datetime) -> None:
    """Somebody's program fetched it, with the schedules in `held`."""
    tx.run(
        "update calendars set read_at = :now, held = :held where id = :id",
        id=calendar,
        held=_JSON.encode(sorted(held)).decode(),
        now=to_micros(now),
    )


def events(
    tx: Tx, *, schedule: str = "", person: str = "", since: datetime
) -> list[CalendarEvent]:
    """What was published of a schedule or a person and ends after `since`."""
    column = "schedule" if schedule else "person"
    rows = tx.all(
        _EVENT + f"where {column} = :value and end_at > :since order by start_at, uid",
        value=schedule or person,
        since=to_micros(since),
    )
    return [_event(row) for row in rows]


def save(tx: Tx, changed: Iterable[CalendarEvent]) -> None:
    """New events, and newer forms of known ones."""
    for one in changed:
        tx.run(
            "insert into calendar_events (uid, schedule, rotation, person, start_at, "
            "end_at, sequence, changed_at, cancelled) values (:uid, :schedule, "
            ":rotation, :person, :start_at, :end_at, :sequence, :changed_at, "
            ":cancelled) on conflict (uid) do update set end_at = excluded.end_at, "
            "sequence = excluded.sequence, changed_at = excluded.changed_at, "
            "cancelled = excluded.cancelled",
            uid=one.uid,
            schedule=one.schedule,
            rotation=one.rotation,
            person=one.person,
            start_at=to_micros(one.start),
            end_at=to_micros(one.end),
            sequence=one.sequence,
            changed_at=to_micros(one.changed_at),
            cancelled=int(one.cancelled),
        )


def forget(tx: Tx, *, before: datetime) -> None:
    """Events that ended long ago and are in no calendar any more."""
    tx.run(
        "delete from calendar_events where end_at < :before", before=to_micros(before)
    )


def _calendar(row: Row) -> Calendar:
    found, owner, kind, name, made_at, read_at, held = row
    made, read_last = from_micros(made_at), from_micros_or_none(read_at)
    names = _NAMES.decode(held) if held else frozenset()
    return Calendar(found, owner, kind, name, made, read_last, names)


def _event(row: Row) -> CalendarEvent:
    uid, schedule, rotation, person, start, end, sequence, changed, cancelled = row
    return CalendarEvent(
        uid, schedule, rotation, person, from_micros(start), from_micros(end),
        sequence, from_micros(changed), bool(cancelled),
    )  # fmt: skip
