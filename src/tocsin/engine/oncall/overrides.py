"""Overrides of a schedule by people: what one would change, and saving or ending it.

The schedule's document is changed as by any other edit, checked and audited; whoever's
hours change is told by a message that is written with it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.directory import Directory
from tocsin.core.forms import Plain, Problem
from tocsin.core.oncall.override_effect import Effect, effect_of
from tocsin.core.pages.paging import methods
from tocsin.core.rotas import override_documents as documents
from tocsin.core.rotas import overrides as rules
from tocsin.core.rotas.overrides import (
    Override,
    OverrideKind,
    OverrideProblem,
    Standing,
)
from tocsin.core.rotas.schedules import Rotation
from tocsin.engine.editing import Change, Edited, edit
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import directory as stored
from tocsin.store.database import Tx

LONGEST = timedelta(days=92)
# Which field a problem is about, and what was expected there.
_SAID: Mapping[OverrideProblem, tuple[str, str]] = {
    OverrideProblem.WRONG_PEOPLE: ("person", "somebody else than who is replaced"),
    OverrideProblem.NOT_WHOLE_MINUTES: ("start", "whole minutes"),
    OverrideProblem.ENDS_BEFORE_IT_STARTS: ("end", "a time after the start"),
    OverrideProblem.OVER_ALREADY: ("end", "a time ahead; what has been stays"),
    OverrideProblem.CHANGES_THE_PAST: ("start", "now or later; what has been stays"),
    OverrideProblem.UNKNOWN_USER: ("person", "somebody who is known and active"),
    OverrideProblem.UNREACHABLE_USER: ("person", "somebody whom a contact reaches"),
}


_OF_CALENDAR = (
    "an override of somebody; this is a shift of a calendar, "
    "change it in the calendar that it comes from"
)


class Wish(Struct, frozen=True):
    """`person` instead of `leaving` in [start, end); one of them may be empty.

    Without `leaving` the person is the only one on call, also in a gap; without
    `person` the other is taken off. `also`: the person beside whoever is on call.
    """

    schedule: str
    rotation: str
    start: datetime
    end: datetime
    person: str = ""
    leaving: str = ""
    also: bool = False


class Plan(Struct, frozen=True):
    """What a wish would change, or what is wrong with it. Nothing is written."""

    override: Override | None = None
    effect: Effect | None = None
    problems: tuple[Problem, ...] = ()
    missing: str = ""


class Placed(Struct, frozen=True):
    """What became of a wish."""

    plan: Plan
    edited: Edited = Edited()

    @property
    def done(self) -> bool:
        """Whether it was written."""
        return not (self.plan.problems or self.plan.missing) and self.edited.done


class Overrides:
    """All acts on overrides, for pages and the API."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk = desk

    def plan(self, wish: Wish) -> Plan:
        """The effect of a wish, by the functions that page."""
        desk = self._desk
        return plan(desk.directory(), wish, new_id="new", now=desk.clock.now())

    def place(self, wish: Wish, viewer: Viewer) -> Placed:
        """Save it; who takes over themselves needs to be a responder, others a lead."""
        now, new_id = self._desk.clock.now(), self._desk.new_id()

        return self._written(
            self._desk.database.write(
                lambda tx: self.place_in(tx, wish, viewer, new_id=new_id, now=now)
            )
        )

    def place_in(
        self, tx: Tx, wish: Wish, viewer: Viewer, *, new_id: str, now: datetime
    ) -> Placed:
        """The same within a transaction of the caller's."""
        directory = self._desk.directories.current(tx)
        asked = plan(directory, wish, new_id=new_id, now=now)
        if asked.override is None:
            return Placed(asked)
        held = stored.documents(tx)["schedules"][wish.schedule]
        document = documents.placed(held, wish.rotation, asked.override)
        return Placed(asked, self._edit(tx, wish.schedule, document, viewer, now))

    def end(
        self, schedule: str, rotation: str, override_id: str, viewer: Viewer
    ) -> Placed:
        """Take an override back; what of it has happened stays."""
        now = self._desk.clock.now()

        def work(tx: Tx) -> Placed:
            directory = self._desk.directories.current(tx)
            found = directory.rotation(f"{schedule}/{rotation}")
            known = [o for o in found.overrides if o.id == override_id] if found else []
            if found is None or not known:
                return Placed(Plan(missing="There is no such override any more."))
            if known[0].is_of_calendar:
                theirs = Problem("override", override_id, _OF_CALENDAR)
                return Placed(Plan(problems=(theirs,)))
            if known[0].end <= now:
                over = Problem(
                    "override",
                    override_id,
                    "an override that is not over; what has been stays",
                )
                return Placed(Plan(problems=(over,)))
            held = stored.documents(tx)["schedules"][schedule]
            document = documents.ended(held, found, override_id, now=now)
            return Placed(Plan(), self._edit(tx, schedule, document, viewer, now))

        return self._written(self._desk.database.write(work))

    def _written(self, placed: Placed) -> Placed:
        if placed.done:
            self._desk.directory()
            self._desk.wake()
        return placed

    def _edit(
        self,
        tx: Tx,
        schedule: str,
        document: Plain,
        viewer: Viewer,
        now: datetime,
    ) -> Edited:
        return edit(
            tx,
            Change("schedules", schedule, document),
            viewer=viewer,
            actor=viewer.actor,
            auditor=self._desk.audit,
            new_key=self._desk.new_key,
            now=now,
        )


# long because: every refusal in the order in which it is checked.
def plan(directory: Directory, wish: Wish, *, new_id: str, now: datetime) -> Plan:
    """The override of a wish and its effect, or what is wrong with it."""
    schedule = directory.schedules.get(wish.schedule)
    rotation = directory.rotation(f"{wish.schedule}/{wish.rotation}")
    if schedule is None:
        return Plan(missing=f"There is no schedule {wish.schedule!r}.")
    if rotation is None:
        names = ", ".join(one.name for one in schedule.rotations)
        expected = f"a rotation of {schedule.name}: {names}"
        return Plan(problems=(Problem("rotation", wish.rotation, expected),))
    override = _override(wish, rotation, new_id)
    standing = Standing(
        people=[name for name in directory.people if directory.person(name)],
        reachable=_reachable(directory),
    )
    found = [
        _problem(one, wish)
        for one in rules.problems(override, standing, now=now)
        if one in _SAID
    ]
    if override.end - override.start > LONGEST:
        expected = f"at most {LONGEST.days} days after the start; then edit the turns"
        found.append(Problem("end", wish.end.isoformat(), expected))
    if found:
        return Plan(problems=tuple(found))
    return Plan(override, effect_of(directory, schedule, rotation, override))


def _override(wish: Wish, rotation: Rotation, new_id: str) -> Override:
    kind = OverrideKind.COVER
    if wish.also:
        kind = OverrideKind.ADD
    elif wish.leaving:
        kind = OverrideKind.REPLACE if wish.person else OverrideKind.REMOVE
    return Override(
        id=new_id,
        seq=documents.next_seq(rotation),
        kind=kind,
        start=wish.start,
        end=wish.end,
        user=wish.person or None,
        for_user=(wish.leaving or None) if not wish.also else None,
    )


def _problem(found: OverrideProblem, wish: Wish) -> Problem:
    field, expected = _SAID[found]
    given = {
        "person": wish.person or wish.leaving,
        "start": wish.start.isoformat(),
        "end": wish.end.isoformat(),
    }
    if found is OverrideProblem.UNKNOWN_USER and wish.leaving and not wish.person:
        field = "leaving"
    return Problem(field, given.get(field, wish.leaving), expected)


def _reachable(directory: Directory) -> frozenset[str]:
    found = (directory.person(name) for name in directory.people)
    return frozenset(one.name for one in found if one is not None and methods(one))
