"""What each component of a status page was, and what customers were told."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from tocsin.core.alerts.maintenance import Maintenance
from tocsin.core.status.status_pages import Interval, Told
from tocsin.store import maintenance, nodes
from tocsin.store.database import Row, Tx
from tocsin.store.instants import (
    from_micros,
    from_micros_or_none,
    to_micros,
    to_micros_or_none,
)

_components = msgspec.json.Decoder(dict[str, str]).decode
_services = msgspec.json.Decoder(tuple[str, ...]).decode


class Spoken(Struct, frozen=True):
    """One update of an incident that customers were told."""

    incident: int
    told: Told
    components: dict[str, str]
    services: tuple[str, ...]
    severity: int
    is_private: bool
    resolved_at: datetime | None


def intervals(tx: Tx, page: str, *, since: datetime) -> list[Interval]:
    """What its components were, of what was not over before `since`."""
    rows = tx.all(
        "select component, state, since, until, incident, id from component_states "
        "where page = :page and (until is null or until > :since) order by since, id",
        page=page,
        since=to_micros(since),
    )
    return [_interval(row) for row in rows]


def open_intervals(
    tx: Tx, *, incident: int, page: str = ""
) -> list[tuple[str, Interval]]:
    """(page, interval) of what an incident still does to components."""
    narrowed = " and page = :page" if page else ""
    rows = tx.all(
        "select page, component, state, since, until, incident, id "
        "from component_states where incident = :incident and until is null"
        f"{narrowed} order by id",
        incident=incident,
        page=page,
    )
    return [(row[0], _interval(row[1:])) for row in rows]


def begin(tx: Tx, page: str, one: Interval) -> None:
    """A component is in a state from now on."""
    tx.run(
        "insert into component_states (page, component, state, since, until, incident) "
        "values (:page, :component, :state, :since, :until, :incident)",
        page=page,
        component=one.component,
        state=one.state,
        since=to_micros(one.since),
        until=to_micros_or_none(one.until),
        incident=one.incident,
    )


def end(tx: Tx, one: Interval, *, now: datetime) -> None:
    """It is over."""
    tx.run(
        "update component_states set until = :now where id = :id",
        now=to_micros(now),
        id=one.id,
    )


def spoken(tx: Tx, *, since: datetime) -> list[Spoken]:
    """What customers were told since, the newest first."""
    rows = tx.all(
        "select u.incident, u.id, u.stage, u.body, u.published_at, u.next_at, "
        "u.components, i.services, i.severity, i.private, i.times from updates u "
        "join incidents i on i.number = u.incident where u.audience = 'external' "
        "and u.state = 'published' and u.published_at >= :since and i.drill = 0 "
        "order by u.published_at desc, u.id desc",
        since=to_micros(since),
    )
    return [_spoken(row) for row in rows]


def planned(tx: Tx, *, now: datetime) -> list[Maintenance]:
    """Windows that are not over and that customers may know of, the next one first."""
    found = [
        one for one in maintenance.listing(tx) if one.public_text and one.ends_at > now
    ]
    return sorted(found, key=lambda one: one.starts_at)


def known_since(tx: Tx, page: str) -> datetime | None:
    """When a page was first there; days before are no data."""
    text = nodes.note(tx, f"status_page:{page}")
    return datetime.fromisoformat(text) if text else None


def know(tx: Tx, page: str, *, now: datetime) -> None:
    """It is there from now on."""
    nodes.put_note(tx, f"status_page:{page}", now.isoformat())


def forget_written(tx: Tx, *, before: datetime) -> None:
    """Messages of pages that were written long ago."""
    tx.run(
        "delete from outbox where lane = 'status' and state in ('accepted', 'cancelled') "
        "and ended_at < :before",
        before=to_micros(before),
    )


def _interval(row: Sequence[object]) -> Interval:
    component, state, since, until, incident, number = row
    assert isinstance(since, int)
    assert until is None or isinstance(until, int)
    return Interval(
        str(component), str(state), from_micros(since), from_micros_or_none(until),
        int(str(incident)), int(str(number)),
    )  # fmt: skip


def _spoken(row: Row) -> Spoken:
    times = msgspec.json.decode(row[10], type=dict[str, int])
    told = Told(
        row[1], row[2], row[3], from_micros(row[4]), from_micros_or_none(row[5])
    )
    over = times.get("resolved")
    return Spoken(
        incident=row[0],
        told=told,
        components=_components(row[6]),
        services=_services(row[7]),
        severity=row[8],
        is_private=bool(row[9]),
        resolved_at=from_micros(over) if over is not None else None,
    )
