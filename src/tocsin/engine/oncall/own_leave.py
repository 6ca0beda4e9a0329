"""Days away that people enter themselves; whoever has their turns then is told.

The document is changed as by any other edit of one's own; the messages are written with
it, in one transaction.
"""

from collections.abc import Callable
from datetime import date

from msgspec.structs import replace

from tocsin.core.forms import Plain, Problem
from tocsin.core.oncall import leave_documents as documents
from tocsin.engine.editing import Change, Edited, edit
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.own import STRANGER
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import directory as stored
from tocsin.store.database import Tx


class OwnLeave:
    """For the page of one's own."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk = desk

    def add(self, viewer: Viewer, first: str, last: str, *, rather_not: bool) -> Edited:
        """More days away, both included; only the first needs to be given."""
        wrong = _wrong(first, last)
        if wrong:
            return Edited(problems=wrong)
        edited = self._change(
            viewer,
            lambda held: documents.added(held, first, last, rather_not=rather_not),
        )
        return replace(edited, problems=tuple(map(_at_field, edited.problems)))

    def take_back(self, viewer: Viewer, first: str, last: str) -> Edited:
        """Not away then after all."""
        return self._change(viewer, lambda held: documents.removed(held, first, last))

    def _change(self, viewer: Viewer, changed: Callable[[Plain], Plain]) -> Edited:
        desk, now = self._desk, self._desk.clock.now()

        def work(tx: Tx) -> Edited:
            held = stored.documents(tx).get("people", {}).get(viewer.person)
            if held is None or not viewer.keeps_own:
                return Edited(refused=STRANGER)
            return edit(
                tx,
                Change("people", viewer.person, changed(held)),
                viewer=viewer,
                actor=viewer.actor,
                auditor=desk.audit,
                new_key=desk.new_key,
                now=now,
            )

        edited = desk.database.write(work)
        if edited.done:
            desk.directory()
            desk.wake()
        return edited


def _at_field(problem: Problem) -> Problem:
    """A problem of the new entry belongs to what was given here: `from` or `to`."""
    part = problem.where.rpartition("].")[2]
    where = part if part in ("from", "to") else problem.where
    return Problem(where, problem.given, problem.expected)


def _wrong(first: str, last: str) -> tuple[Problem, ...]:
    """What is wrong with the days as they were typed, each at its field."""
    found = []
    for field, text in (("from", first), ("to", last)):
        if field == "to" and not text:
            continue
        try:
            date.fromisoformat(text)
        except ValueError:
            found.append(Problem(field, text, "a day such as 2026-12-24"))
    return tuple(found)
