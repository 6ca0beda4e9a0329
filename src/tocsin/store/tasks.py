"""Tasks of incidents."""

from tocsin.core.incidents.tasks import Task
from tocsin.store.database import Row, Tx
from tocsin.store.instants import (
    from_micros,
    from_micros_or_none,
    to_micros,
    to_micros_or_none,
)

_COLUMNS = "id, text, assignee, state, due_at, made_by, made_at, done_at, reminded"


def of_incident(tx: Tx, incident: int) -> list[Task]:
    """All of an incident, in the order they were made."""
    rows = tx.all(
        f"select {_COLUMNS} from tasks where incident = :incident order by id",
        incident=incident,
    )
    return [_task(row) for row in rows]


def of_person(tx: Tx, person: str) -> list[tuple[int, Task]]:
    """What somebody still has to do, with the incident's number."""
    rows = tx.all(
        f"select incident, {_COLUMNS} from tasks where assignee = :person "
        "and state in ('open', 'accepted', 'blocked') order by id",
        person=person,
    )
    return [(row[0], _task(row[1:])) for row in rows]


def insert(tx: Tx, incident: int, task: Task) -> int:
    """A new task; returns its id."""
    row = tx.one(
        "insert into tasks (incident, text, assignee, state, due_at, made_by, made_at) "
        "values (:incident, :text, :assignee, :state, :due_at, :made_by, :made_at) "
        "returning id",
        incident=incident,
        text=task.text,
        assignee=task.assignee,
        state=task.state,
        due_at=to_micros_or_none(task.due_at),
        made_by=task.made_by,
        made_at=to_micros(task.made_at),
    )
    assert row is not None
    return int(row[0])


def save(tx: Tx, task: Task) -> None:
    """Its state, person and time-box."""
    tx.run(
        "update tasks set state = :state, assignee = :assignee, due_at = :due_at, "
        "done_at = :done_at, reminded = :reminded where id = :id",
        id=task.id,
        state=task.state,
        assignee=task.assignee,
        due_at=to_micros_or_none(task.due_at),
        done_at=to_micros_or_none(task.done_at),
        reminded=int(task.reminded),
    )


def _task(row: Row) -> Task:
    return Task(
        id=row[0],
        text=row[1],
        assignee=row[2],
        state=row[3],
        due_at=from_micros_or_none(row[4]),
        made_by=row[5],
        made_at=from_micros(row[6]),
        done_at=from_micros_or_none(row[7]),
        reminded=bool(row[8]),
    )
