"""Days away, entered by whoever is away or by a lead of theirs; whom it moves is told.

The document is changed as by any other edit; the messages are written with it, in one
transaction.
"""

from collections.abc import Callable
from datetime import date, datetime
from hashlib import sha256

from msgspec.structs import replace

from tocsin.core.forms import Plain, Problem
from tocsin.core.oncall import leave_documents as documents
from tocsin.engine.editing import Change, Edited, edit
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.nudging import nudge
from tocsin.engine.own import STRANGER
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import directory as stored
from tocsin.store import outbox
from tocsin.store.database import Tx


class DaysAway:
    """Of any person: one's own by oneself, those of a team by its leads."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk = desk

    def add(
        self, viewer: Viewer, person: str, first: str, last: str, *, rather_not: bool
    ) -> Edited:
        """More days away, both included; only the first needs to be given."""
        wrong = _wrong(first, last)
        if wrong:
            return Edited(problems=wrong)
        edited = self._change(
            viewer,
            person,
            lambda held: documents.added(held, first, last, rather_not=rather_not),
            "entered days away for you",
            _days(first, last),
        )
        return replace(edited, problems=tuple(map(_at_field, edited.problems)))

    def take_back(self, viewer: Viewer, person: str, first: str, last: str) -> Edited:
        """Not away then after all; missing where nothing was entered for just these days."""
        return self._change(
            viewer,
            person,
            lambda held: documents.removed(held, first, last),
            "took back days away of yours",
            _days(first, last),
        )

    def _change(
        self,
        viewer: Viewer,
        person: str,
        changed: Callable[[Plain], Plain],
        did: str,
        days: str,
    ) -> Edited:
        desk, now = self._desk, self._desk.clock.now()

        def work(tx: Tx) -> Edited:
            held = stored.documents(tx).get("people", {}).get(person)
            if person == viewer.person and (held is None or not viewer.keeps_own):
                return Edited(refused=STRANGER)
            if held is None:
                return Edited(missing=f"There is nobody with the handle {person!r}.")
            wanted = changed(held)
            if wanted == held:
                return Edited(missing=f"There are no days away {days} to take back.")
            done = edit(
                tx,
                Change("people", person, wanted),
                viewer=viewer,
                actor=viewer.actor,
                auditor=desk.audit,
                new_key=desk.new_key,
                now=now,
            )
            if done.done and person != viewer.person:
                self._tell(tx, viewer, person, did, days, now)
            return done

        edited = desk.database.write(work)
        if edited.done:
            desk.directory()
            desk.wake()
        return edited

    def _tell(
        self, tx: Tx, viewer: Viewer, person: str, did: str, days: str, now: datetime
    ) -> None:
        """Nobody's days change behind their back."""
        known = self._desk.directories.current(tx).people.get(viewer.person)
        by = (known.full_name if known is not None else "") or viewer.person
        text = f"{by} {did}: {days}."
        told = f"{now.isoformat()}:{sha256(text.encode()).hexdigest()[:8]}"
        message = nudge(
            person,
            key=f"leave:{person}:{told}",
            subject=f"{by} {did}",
            text=f"{text} Your own page shows all of them.",
            url="/me#away",
        )
        outbox.put(tx, [message], now=now)


def _days(first: str, last: str) -> str:
    return first if last in ("", first) else f"{first} to {last}"


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
