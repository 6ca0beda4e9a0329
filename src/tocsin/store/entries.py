"""The log of an incident: entries in the order they were written, never changed.

Each also leaves a mark in the timeline, under the incident's number below zero: that is
what the live stream of the pages follows.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from tocsin.core.incidents.entries import Entry, EntryKind
from tocsin.core.timeline import Fact, FactKind
from tocsin.store import timeline
from tocsin.store.database import Row, Tx
from tocsin.store.instants import from_micros, to_micros

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_COLUMNS = (
    "id, occurred_at, recorded_at, kind, author, source, visibility, text, data, "
    "supersedes, key"
)


def append(tx: Tx, incident: int, entries: Iterable[Entry]) -> list[int]:
    """Add entries; returns the ids of those that were not there already."""
    made = []
    for one in entries:
        row = tx.one(
            "insert into entries (incident, occurred_at, recorded_at, kind, author, "
            "source, visibility, text, data, supersedes, key) values (:incident, "
            ":occurred_at, :recorded_at, :kind, :author, :source, :visibility, :text, "
            ":data, :supersedes, :key) on conflict (incident, key) do nothing "
            "returning id",
            incident=incident,
            occurred_at=to_micros(one.occurred_at),
            recorded_at=to_micros(one.recorded_at),
            kind=one.kind.value,
            author=one.author,
            source=one.source,
            visibility=one.visibility,
            text=one.text,
            data=_encode(one.data).decode(),
            supersedes=one.supersedes,
            key=one.key or None,
        )
        if row is not None:
            made.append(int(row[0]))
            mark(tx, incident, now=one.recorded_at)
    return made


def mark(tx: Tx, incident: int, *, now: datetime) -> None:
    """Tell who looks at the room that something has changed."""
    timeline.append(tx, [(-incident, Fact(now, FactKind.SYSTEM, "", "engine"))])


def of_incident(
    tx: Tx, incident: int, *, after: int = 0, limit: int = 5000
) -> list[Entry]:
    """Entries with an id above `after`, in the order they were written."""
    rows = tx.all(
        f"select {_COLUMNS} from entries where incident = :incident and id > :after "
        "order by id limit :limit",
        incident=incident,
        after=after,
        limit=limit,
    )
    return [_entry(row) for row in rows]


def get(tx: Tx, incident: int, entry_id: int) -> Entry | None:
    """One entry of an incident."""
    row = tx.one(
        f"select {_COLUMNS} from entries where incident = :incident and id = :id",
        incident=incident,
        id=entry_id,
    )
    return _entry(row) if row else None


def last_spoken(tx: Tx, incident: int, kinds: Iterable[EntryKind]) -> datetime | None:
    """When the newest entry of some kinds was written."""
    names = sorted(one.value for one in kinds)
    places = ", ".join(f":k{n}" for n, _ in enumerate(names))
    row = tx.one(
        "select max(recorded_at) from entries where incident = :incident "
        f"and kind in ({places})",
        incident=incident,
        **{f"k{n}": name for n, name in enumerate(names)},
    )
    return from_micros(row[0]) if row and row[0] is not None else None


def _entry(row: Row) -> Entry:
    return Entry(
        id=row[0],
        occurred_at=from_micros(row[1]),
        recorded_at=from_micros(row[2]),
        kind=EntryKind(row[3]),
        author=row[4],
        source=row[5],
        visibility=row[6],
        text=row[7],
        data=_decode(row[8]),
        supersedes=row[9],
        key=row[10] or "",
    )
