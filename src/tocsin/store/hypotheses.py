"""The hypothesis board of an incident."""

from tocsin.core.incidents.hypotheses import Hypothesis
from tocsin.store.database import Row, Tx
from tocsin.store.instants import (
    from_micros,
    from_micros_or_none,
    to_micros,
    to_micros_or_none,
)

_COLUMNS = (
    "id, statement, prediction, test, owner, state, finding, fix, due_at, made_by, "
    "made_at, changed_at, change"
)


def of_incident(tx: Tx, incident: int) -> list[Hypothesis]:
    """All cards, in the order they were made."""
    rows = tx.all(
        f"select {_COLUMNS} from hypotheses where incident = :incident order by id",
        incident=incident,
    )
    return [_card(row) for row in rows]


def insert(tx: Tx, incident: int, card: Hypothesis) -> int:
    """A new card; returns its id."""
    row = tx.one(
        "insert into hypotheses (incident, statement, prediction, test, owner, state, "
        "finding, fix, due_at, made_by, made_at, changed_at, change) values "
        "(:incident, :statement, :prediction, :test, :owner, :state, :finding, :fix, "
        ":due_at, :made_by, :made_at, :changed_at, :change) returning id",
        incident=incident,
        statement=card.statement,
        prediction=card.prediction,
        test=card.test,
        owner=card.owner,
        state=card.state,
        finding=card.finding,
        fix=card.fix,
        due_at=to_micros_or_none(card.due_at),
        made_by=card.made_by,
        made_at=to_micros(card.made_at),
        changed_at=to_micros(card.changed_at),
        change=card.change,
    )
    assert row is not None
    return int(row[0])


def save(tx: Tx, card: Hypothesis) -> None:
    """Its state and what was found."""
    tx.run(
        "update hypotheses set state = :state, finding = :finding, fix = :fix, "
        "owner = :owner, changed_at = :changed_at where id = :id",
        id=card.id,
        state=card.state,
        finding=card.finding,
        fix=card.fix,
        owner=card.owner,
        changed_at=to_micros(card.changed_at),
    )


def _card(row: Row) -> Hypothesis:
    return Hypothesis(
        id=row[0],
        statement=row[1],
        prediction=row[2],
        test=row[3],
        owner=row[4],
        state=row[5],
        finding=row[6],
        fix=row[7],
        due_at=from_micros_or_none(row[8]),
        made_by=row[9],
        made_at=from_micros(row[10]),
        changed_at=from_micros(row[11]),
        change=row[12],
    )
