"""What was ticked on checklists before first shifts."""

from tocsin.core.oncall.growing import Mark
from tocsin.store.database import Tx
from tocsin.store.instants import from_micros, to_micros


def of_schedule(tx: Tx, schedule: str) -> list[Mark]:
    """Everything that was ticked for a schedule."""
    rows = tx.all(
        "select person, item, by_person, at from readiness_marks "
        "where schedule = :schedule order by at, person, item",
        schedule=schedule,
    )
    return [Mark(row[0], row[1], row[2], from_micros(row[3])) for row in rows]


def put(tx: Tx, schedule: str, mark: Mark) -> None:
    """Ticked; who ticked first stands."""
    tx.run(
        "insert into readiness_marks (schedule, person, item, by_person, at) "
        "values (:schedule, :person, :item, :by, :at) "
        "on conflict (schedule, person, item) do nothing",
        schedule=schedule,
        person=mark.person,
        item=mark.item,
        by=mark.by,
        at=to_micros(mark.at),
    )


def drop(tx: Tx, schedule: str, person: str, item: str) -> None:
    """Not ticked after all."""
    tx.run(
        "delete from readiness_marks where schedule = :schedule "
        "and person = :person and item = :item",
        schedule=schedule,
        person=person,
        item=item,
    )
