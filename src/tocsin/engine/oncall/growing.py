"""Getting ready for a first shift: ticking the checklist, signing off, shadow shifts."""

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.directory import Directory, NamedSchedule
from tocsin.core.forms import Plain
from tocsin.core.oncall.growing import (
    SIGNED_OFF,
    Mark,
    Readiness,
    learners,
    readiness,
)
from tocsin.core.oncall.own_shifts import shifts_of_all
from tocsin.core.people.permissions import LEAD
from tocsin.core.wallclock import Window, this_minute
from tocsin.engine.editing import Change, Edited, etag_of
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import directory as stored_documents
from tocsin.store import readiness as stored
from tocsin.store.database import Tx

AHEAD = timedelta(days=91)
_NEEDED = "This needs the role lead for the schedule's team."


class Learner(Struct, frozen=True):
    """One person's checklist, and when their next shift begins."""

    ready: Readiness
    next_shift: datetime | None


class Growing:
    """For the page and the API."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk = desk

    def listing(self, name: str) -> list[Learner] | None:
        """Everybody of a schedule, whoever still has to be signed off first."""
        now = self._desk.clock.now()

        def work(tx: Tx) -> tuple[Directory, list[Mark]]:
            return self._desk.directories.current(tx), stored.of_schedule(tx, name)

        directory, marks = self._desk.database.read(work)
        schedule = directory.schedules.get(name)
        if schedule is None:
            return None
        people = [one for one in learners(schedule) if one in directory.people]
        start = this_minute(now)
        shifts = shifts_of_all(directory, people, Window(start, start + AHEAD))
        found = []
        for who in people:
            ready = readiness(
                directory, schedule, who, marks, self._desk.contacts.channels(), now=now
            )
            coming = [one.start for one in shifts[who] if one.schedule == name]
            found.append(Learner(ready, coming[0] if coming else None))
        return sorted(
            found, key=lambda one: (bool(one.ready.signed_by), one.ready.person)
        )

    def tick(
        self, viewer: Viewer, name: str, person: str, item: str, *, done: bool
    ) -> str:
        """Tick a line, or take it back; why not, "" when it was done."""
        desk, now = self._desk, self._desk.clock.now()

        def work(tx: Tx) -> str:
            schedule = desk.directories.current(tx).schedules.get(name)
            if schedule is None:
                return f"There is no schedule {name!r} any more."
            if not viewer.may(LEAD, schedule.team):
                return _NEEDED
            wrong = _wrong(schedule, viewer, person, item)
            if wrong:
                return wrong
            if done:
                stored.put(tx, name, Mark(person, item, viewer.person, now))
            else:
                stored.drop(tx, name, person, item)
            action = "tick" if done else "untick"
            desk.audit.write(
                tx, viewer.actor, action, "readiness", f"{name}: {person}",
                after={"item": item}, team=schedule.team, now=now,
            )  # fmt: skip
            return ""

        return desk.database.write(work)

    def set_up(
        self, viewer: Viewer, name: str, *, contact_test: bool, items: list[str]
    ) -> Edited:
        """Whether shifts begin with a test page, and what is on the checklist."""

        def changed(held: Plain) -> Plain:
            own = {"contact_test": contact_test, "readiness": items}
            kept = {key: value for key, value in held.items() if key not in own}
            return {**kept, **{key: value for key, value in own.items() if value}}

        return self._change(viewer, name, changed)

    def shadow(
        self,
        viewer: Viewer,
        name: str,
        rotation: str,
        person: str,
        start: datetime,
        end: datetime,
    ) -> Edited:
        """Somebody follows a rotation for a while."""
        new = {
            "rotation": rotation,
            "user": person,
            "from": start.isoformat(),
            "until": end.isoformat(),
        }

        def changed(held: Plain) -> Plain:
            return {**held, "shadows": [*held.get("shadows", []), new]}

        return self._change(viewer, name, changed)

    def end_shadow(self, viewer: Viewer, name: str, index: int) -> Edited:
        """They follow it no longer; what has been still counts."""
        now = this_minute(self._desk.clock.now())

        def changed(held: Plain) -> Plain:
            kept = list(held.get("shadows", []))
            if 0 <= index < len(kept):
                one = kept[index]
                if datetime.fromisoformat(one["from"]) >= now:
                    del kept[index]
                elif datetime.fromisoformat(one["until"]) > now:
                    kept[index] = {**one, "until": now.isoformat()}
            rest = {key: value for key, value in held.items() if key != "shadows"}
            return {**rest, "shadows": kept} if kept else rest

        return self._change(viewer, name, changed)

    def _change(
        self, viewer: Viewer, name: str, changed: Callable[[Plain], Plain]
    ) -> Edited:
        held = self._desk.database.read(stored_documents.documents)
        document = held.get("schedules", {}).get(name)
        if document is None:
            return Edited(missing=f"There is no schedule {name!r} any more.")
        # Who changed it meanwhile is not overwritten.
        change = Change("schedules", name, changed(document), etag_of(document))
        return self._desk.edit(change, viewer, viewer.actor)


def _wrong(schedule: NamedSchedule, viewer: Viewer, person: str, item: str) -> str:
    if person not in learners(schedule):
        return f"{person} takes no turns here and follows nobody."
    if item not in (*schedule.readiness, SIGNED_OFF):
        return f"{item} is not on the checklist."
    if item == SIGNED_OFF and viewer.person == person:
        return "Somebody else has to sign you off."
    return ""
