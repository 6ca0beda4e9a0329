"""Requests for cover."""

from datetime import datetime

from tocsin.core.rotas.cover_requests import CoverRequest, State
from tocsin.store.database import Row, Tx
from tocsin.store.instants import (
    from_micros,
    from_micros_or_none,
    to_micros,
    to_micros_or_none,
)

_SELECT = (
    "select id, schedule, rotation, person, start_at, end_at, made_at, why, state, "
    "taker, override_id, ended_at, of_person, back_start_at, back_end_at "
    "from cover_requests "
)


def put(tx: Tx, one: CoverRequest) -> None:
    """A new request, or what has become of it."""
    tx.run(
        "insert into cover_requests (id, schedule, rotation, person, start_at, end_at, "
        "made_at, why, state, taker, override_id, ended_at, of_person, back_start_at, "
        "back_end_at) values (:id, :schedule, :rotation, :person, :start, :end, "
        ":made_at, :why, :state, :taker, :override, :ended_at, :of, :back_start, "
        ":back_end) on conflict (id) do update set state = excluded.state, "
        "taker = excluded.taker, override_id = excluded.override_id, "
        "ended_at = excluded.ended_at",
        id=one.id,
        schedule=one.schedule,
        rotation=one.rotation,
        person=one.person,
        start=to_micros(one.start),
        end=to_micros(one.end),
        made_at=to_micros(one.made_at),
        why=one.why,
        state=one.state.value,
        taker=one.taker,
        override=one.override,
        ended_at=to_micros_or_none(one.ended_at),
        of=one.of,
        back_start=to_micros(one.back[0]) if one.back else 0,
        back_end=to_micros(one.back[1]) if one.back else 0,
    )


def rename(tx: Tx, schedule: str, old: str, new: str) -> None:
    """What is open is about the rotation under its new name."""
    tx.run(
        "update cover_requests set rotation = :new where schedule = :schedule "
        "and rotation = :old and state = 'open'",
        schedule=schedule,
        old=old,
        new=new,
    )


def get(tx: Tx, request: str) -> CoverRequest | None:
    """One request."""
    row = tx.one(_SELECT + "where id = :id", id=request)
    return _read(row) if row is not None else None


def open_ones(tx: Tx, schedule: str = "") -> list[CoverRequest]:
    """What is open (of a schedule), soonest first."""
    which = "and schedule = :schedule " if schedule else ""
    rows = tx.all(
        _SELECT + f"where state = 'open' {which}order by start_at, id",
        **({"schedule": schedule} if schedule else {}),
    )
    return [_read(row) for row in rows]


def over(tx: Tx, *, now: datetime) -> list[CoverRequest]:
    """Open ones whose hours have begun."""
    rows = tx.all(
        _SELECT + "where state = 'open' and (start_at <= :now "
        "or (of_person <> '' and back_start_at <= :now))",
        now=to_micros(now),
    )
    return [_read(row) for row in rows]


def _read(row: Row) -> CoverRequest:
    return CoverRequest(
        id=row[0],
        schedule=row[1],
        rotation=row[2],
        person=row[3],
        start=from_micros(row[4]),
        end=from_micros(row[5]),
        made_at=from_micros(row[6]),
        why=row[7],
        state=State(row[8]),
        taker=row[9],
        override=row[10],
        ended_at=from_micros_or_none(row[11]),
        of=row[12],
        back=(from_micros(row[13]), from_micros(row[14])) if row[12] else None,
    )
