"""Who holds or held which role in an incident."""

from collections.abc import Iterable

from tocsin.core.incidents.roles import Holding, Role
from tocsin.store.database import Row, Tx
from tocsin.store.instants import (
    from_micros,
    from_micros_or_none,
    to_micros,
    to_micros_or_none,
)

_COLUMNS = "id, role, person, state, offered_by, offered_at, since, until"


def of_incident(tx: Tx, incident: int) -> list[Holding]:
    """Every holding and offer, in the order they were made."""
    rows = tx.all(
        f"select {_COLUMNS} from holdings where incident = :incident order by id",
        incident=incident,
    )
    return [_holding(row) for row in rows]


def of_person(tx: Tx, person: str) -> list[tuple[int, Holding]]:
    """What somebody is asked for or holds now, with the incident's number."""
    rows = tx.all(
        f"select incident, {_COLUMNS} from holdings where person = :person "
        "and state in ('offered', 'held') order by id desc",
        person=person,
    )
    return [(row[0], _holding(row[1:])) for row in rows]


def save(tx: Tx, incident: int, holdings: Iterable[Holding]) -> None:
    """New ones (id 0) and changed ones."""
    for one in holdings:
        values = {
            "state": one.state,
            "since": to_micros_or_none(one.since),
            "until": to_micros_or_none(one.until),
        }
        if one.id:
            tx.run(
                "update holdings set state = :state, since = :since, until = :until "
                "where id = :id",
                **values,
                id=one.id,
            )
            continue
        tx.run(
            "insert into holdings (incident, role, person, state, offered_by, "
            "offered_at, since, until) values (:incident, :role, :person, :state, "
            ":offered_by, :offered_at, :since, :until)",
            **values,
            incident=incident,
            role=one.role.value,
            person=one.person,
            offered_by=one.offered_by,
            offered_at=to_micros(one.offered_at),
        )


def _holding(row: Row) -> Holding:
    return Holding(
        id=row[0],
        role=Role(row[1]),
        person=row[2],
        state=row[3],
        offered_by=row[4],
        offered_at=from_micros(row[5]),
        since=from_micros_or_none(row[6]),
        until=from_micros_or_none(row[7]),
    )
