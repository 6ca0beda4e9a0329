"""The runbooks of an incident's services as steps to tick off.

The text is a field of the service's configuration; what became of a step is kept with
the incident, and every tick is an entry of its log.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from msgspec import Struct

from tocsin.core.directory import Directory
from tocsin.core.incidents.entries import EntryKind
from tocsin.core.incidents.incidents import Incident, entry
from tocsin.core.runbook_steps import RESULTS, Step, Tick
from tocsin.core.runbooks import BadRunbook, Runbook, parse
from tocsin.engine.incidents.scene import Outcome, Scene, refused
from tocsin.store import runbooks as stored
from tocsin.store.database import Tx


class Book(Struct, frozen=True):
    """A service's runbook and what became of its steps."""

    service: str
    runbook: Runbook
    ticks: Mapping[str, Tick] = {}

    @property
    def left(self) -> int:
        """How many steps nobody has ticked off."""
        return sum(step.id not in self.ticks for step in _every(self.runbook.steps))


def books_of(
    directory: Directory,
    services: Iterable[str],
    *,
    hidden: frozenset[str] = frozenset(),
) -> list[Book]:
    """The runbooks of services; those of `hidden` ones are not there."""
    found = []
    for name in services:
        service = directory.services.get(name)
        if service is None or not service.runbook or name in hidden:
            continue
        runbook = _read(service.runbook)
        if runbook is not None:
            found.append(Book(name, runbook))
    return found


def books_in(
    tx: Tx, incident: Incident, directory: Directory, *, hidden: frozenset[str]
) -> list[Book]:
    """What a room shows: the runbooks with what became of each step there."""
    ticks = stored.ticks_of(tx, incident.number)
    return [
        Book(one.service, one.runbook, ticks)
        for one in books_of(directory, incident.services, hidden=hidden)
    ]


def tick(scene: Scene, step_id: str, result: str) -> Outcome:
    """A step is done, skipped or failed; "open" takes that back. An act of a room."""
    if result not in (*RESULTS, "open"):
        return refused(scene, f"result: expected one of {', '.join(RESULTS)} or open")
    known = next(
        (
            (book, step)
            for book in books_of(scene.directory, scene.incident.services)
            for step in _every(book.runbook.steps)
            if step.id == step_id
        ),
        None,
    )
    if known is None:
        return refused(scene, "step: expected a step of a runbook of its services")
    book, step = known
    number = scene.incident.number
    held = stored.ticks_of(scene.tx, number).get(step_id)
    if (held.result if held else "open") == result:
        return refused(scene, f"{step.number} is {result} already.")
    if result == "open":
        stored.untick(scene.tx, number, step_id)
    else:
        stored.tick(
            scene.tx, number, step_id,
            by=scene.by.person, result=result, now=scene.now,
        )  # fmt: skip
    title = book.runbook.title or f"Runbook of {book.service}"
    said = f"{title}, {step.number} {_SAYS[result]}: {step.text}"
    made = entry(
        EntryKind.RUNBOOK_STEP, said, scene.by, now=scene.now,
        data={"step": step_id, "result": result, "service": book.service},
    )  # fmt: skip
    return Outcome(scene.incident, (made,))


_SAYS = {
    "done": "done",
    "skipped": "skipped",
    "failed": "did not help",
    "open": "open again",
}


def _every(steps: Iterable[Step]) -> Iterable[Step]:
    for step in steps:
        yield step
        yield from _every(step.steps)


# A room is read every few seconds, and a runbook seldom changes.
@lru_cache(maxsize=256)
def _read(text: str) -> Runbook | None:
    try:
        return parse(text)
    except BadRunbook:
        # Refused where it is written; an older text still must not break a room.
        return None
