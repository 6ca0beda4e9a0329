"""Hand-over notes: one for each time that a rotation goes from some to others."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tocsin.core.oncall.handoffs import Handoff, State
from tocsin.store.database import Row, Tx
from tocsin.store.instants import (
    from_micros,
    from_micros_or_none,
    to_micros,
    to_micros_or_none,
)

_COLUMNS = (
    "id, schedule, rotation, at, state, outgoing, incoming, since, note, noted_by, "
    "noted_at, accepted_by, accepted_at, facts"
)
_SELECT = f"select {_COLUMNS} from handoffs "


def put(tx: Tx, one: Handoff) -> None:
    """A new one, or what has become of it."""
    values = _values(one)
    sets = ", ".join(f"{name} = excluded.{name}" for name in values if name != "id")
    tx.run(
        f"insert into handoffs ({_COLUMNS}) "
        f"values ({', '.join(f':{name}' for name in values)}) "
        f"on conflict (id) do update set {sets}",
        **values,
    )


def get(tx: Tx, handoff: str, *, lock: bool = False) -> Handoff | None:
    """One; `lock`: to be changed in this transaction."""
    locked = tx.for_update if lock else ""
    row = tx.one(f"{_SELECT}where id = :id{locked}", id=handoff)
    return _read(row) if row is not None else None


def coming(
    tx: Tx, schedule: str, rotation: str, *, lock: bool = False
) -> Handoff | None:
    """What somebody wrote for the next hand-over of a rotation."""
    locked = tx.for_update if lock else ""
    row = tx.one(
        f"{_SELECT}where schedule = :schedule and rotation = :rotation "
        f"and state = 'draft' order by at desc limit 1{locked}",
        schedule=schedule,
        rotation=rotation,
    )
    return _read(row) if row is not None else None


def rename(tx: Tx, schedule: str, old: str, new: str) -> None:
    """What is written for the next hand-over is for the rotation under its new name."""
    tx.run(
        "update handoffs set rotation = :new where schedule = :schedule "
        "and rotation = :old and state = 'draft'",
        schedule=schedule,
        old=old,
        new=new,
    )


def of_schedule(tx: Tx, schedule: str, *, limit: int) -> list[Handoff]:
    """Those that happened, newest first."""
    rows = tx.all(
        f"{_SELECT}where schedule = :schedule and state <> 'draft' "
        f"order by at desc, id limit {limit:d}",
        schedule=schedule,
    )
    return [_read(row) for row in rows]


def waiting(tx: Tx, *, before: datetime, limit: int) -> list[Handoff]:
    """Those that happened before and that nobody has accepted."""
    rows = tx.all(
        f"{_SELECT}where state = 'made' and at <= :before order by at limit {limit:d}",
        before=to_micros(before),
    )
    return [_read(row) for row in rows]


def _values(one: Handoff) -> Mapping[str, Any]:
    return {
        "id": one.id,
        "schedule": one.schedule,
        "rotation": one.rotation,
        "at": to_micros(one.at),
        "state": one.state.value,
        "outgoing": ",".join(one.outgoing),
        "incoming": ",".join(one.incoming),
        "since": to_micros(one.since),
        "note": one.note,
        "noted_by": one.noted_by,
        "noted_at": to_micros_or_none(one.noted_at),
        "accepted_by": one.accepted_by,
        "accepted_at": to_micros_or_none(one.accepted_at),
        "facts": one.facts,
    }


def _read(row: Row) -> Handoff:
    return Handoff(
        id=row[0],
        schedule=row[1],
        rotation=row[2],
        at=from_micros(row[3]),
        state=State(row[4]),
        outgoing=_names(row[5]),
        incoming=_names(row[6]),
        since=from_micros(row[7]),
        note=row[8],
        noted_by=row[9],
        noted_at=from_micros_or_none(row[10]),
        accepted_by=row[11],
        accepted_at=from_micros_or_none(row[12]),
        facts=row[13],
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()
