"""Steps of runbooks that were ticked off in an incident."""

from datetime import datetime

from tocsin.core.runbook_steps import Tick
from tocsin.store.database import Tx
from tocsin.store.instants import from_micros, to_micros


def ticks_of(tx: Tx, incident: int) -> dict[str, Tick]:
    """What became of each step, by its id."""
    rows = tx.all(
        "select step, by, at, result from ticks where incident = :incident",
        incident=incident,
    )
    return {row[0]: Tick(row[1], from_micros(row[2]), row[3]) for row in rows}


def tick(
    tx: Tx, incident: int, step: str, *, by: str, result: str, now: datetime
) -> None:
    """What became of a step; said again, the last word counts."""
    tx.run(
        "insert into ticks (incident, step, by, at, result) values "
        "(:incident, :step, :by, :at, :result) on conflict (incident, step) do update "
        "set by = excluded.by, at = excluded.at, result = excluded.result",
        incident=incident,
        step=step,
        by=by,
        at=to_micros(now),
        result=result,
    )


def untick(tx: Tx, incident: int, step: str) -> None:
    """A step is open again."""
    tx.run(
        "delete from ticks where incident = :incident and step = :step",
        incident=incident,
        step=step,
    )
