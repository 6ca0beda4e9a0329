"""Calendars to subscribe to: secret addresses that people make, turn and end.

What a calendar holds is worked out when it is fetched, from the same final timeline that
pages, and compared with what was published before.
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from tocsin.core.directory import Directory
from tocsin.core.oncall.calendar_events import (
    KEPT,
    CalendarEvent,
    events_of,
    reconciled,
    withdrawn,
)
from tocsin.core.oncall.own_shifts import people_of
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer, digest
from tocsin.store import calendars as stored
from tocsin.store.calendars import Calendar
from tocsin.store.database import Tx

PERSON, SCHEDULE, TEAM = "person", "schedule", "team"
KINDS = (PERSON, SCHEDULE, TEAM)
_MOST = 50


class Made(Struct, frozen=True):
    """An address with its secret, or what is wrong."""

    calendar: Calendar | None = None
    secret: str = ""
    problem: str = ""


class Fetched(Struct, frozen=True):
    """What a program that subscribed gets."""

    calendar: Calendar
    directory: Directory
    events: Sequence[CalendarEvent]


class Calendars:
    """All acts on calendars, for pages and the API."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk = desk

    def mine(self, viewer: Viewer) -> list[Calendar]:
        """The viewer's own."""
        return self._desk.database.read(lambda tx: stored.of_owner(tx, viewer.person))

    def make(self, viewer: Viewer, kind: str, name: str) -> Made:
        """A new address; its secret is told this once."""
        directory, now = self._desk.directory(), self._desk.clock.now()
        known = {
            PERSON: {viewer.person} if viewer.person else set(),
            SCHEDULE: set(directory.schedules),
            TEAM: set(directory.teams),
        }
        name = viewer.person if kind == PERSON else name
        if name not in known.get(kind, set()):
            kinds = ", ".join(KINDS)
            return Made(problem=f"Expected one of {kinds} that is known, not {name!r}.")
        secret = self._desk.new_key()
        calendar = Calendar(self._desk.new_id(), viewer.person, kind, name, now)

        def work(tx: Tx) -> bool:
            if len(stored.of_owner(tx, viewer.person)) >= _MOST:
                return False
            stored.add(tx, calendar, digest(secret))
            self._record(tx, viewer, "create", calendar, now)
            return True

        if not self._desk.database.write(work):
            return Made(problem=f"You have {_MOST} calendars; end one first.")
        return Made(calendar, secret)

    def turn(self, viewer: Viewer, calendar_id: str) -> Made | None:
        """Another secret for one of the viewer's own; None when it is not theirs."""
        secret, now = self._desk.new_key(), self._desk.clock.now()

        def work(tx: Tx) -> Calendar | None:
            found = _own(tx, viewer, calendar_id)
            if found is not None:
                stored.turn(tx, found.id, digest(secret))
                self._record(tx, viewer, "update", found, now)
            return found

        found = self._desk.database.write(work)
        return Made(found, secret) if found is not None else None

    def end(self, viewer: Viewer, calendar_id: str) -> bool:
        """One of the viewer's own leads nowhere any more."""
        now = self._desk.clock.now()

        def work(tx: Tx) -> bool:
            found = _own(tx, viewer, calendar_id)
            if found is not None:
                stored.remove(tx, found.id)
                self._record(tx, viewer, "delete", found, now)
            return found is not None

        return self._desk.database.write(work)

    def fetch(self, secret: str) -> Fetched | None:
        """What the address with this secret holds; None where it leads nowhere."""
        now = self._desk.clock.now()

        def work(tx: Tx) -> Fetched | None:
            found = stored.by_digest(tx, digest(secret))
            directory = self._desk.directories.current(tx)
            # Who left takes their addresses along.
            if found is None or directory.person(found.owner) is None:
                return None
            names = _schedules(tx, directory, found, now=now)
            stored.read(tx, found.id, names | found.held, now=now)
            events = _events(tx, directory, found, names, now=now)
            return Fetched(found, directory, events)

        return self._desk.database.write(work)

    def _record(
        self, tx: Tx, viewer: Viewer, action: str, one: Calendar, now: datetime
    ) -> None:
        after = {"kind": one.kind, "name": one.name}
        self._desk.audit.write(
            tx, viewer.actor, action, "calendar", one.id, after=after, now=now
        )


def _own(tx: Tx, viewer: Viewer, calendar_id: str) -> Calendar | None:
    mine = stored.of_owner(tx, viewer.person)
    return next((one for one in mine if one.id == calendar_id), None)


def _events(
    tx: Tx,
    directory: Directory,
    calendar: Calendar,
    names: frozenset[str],
    *,
    now: datetime,
) -> list[CalendarEvent]:
    """What `names` hold, and what they have held that another team has now."""
    since = now - KEPT
    found: list[CalendarEvent] = []
    for name in sorted(names | calendar.held):
        known = {one.uid: one for one in stored.events(tx, schedule=name, since=since)}
        schedule = directory.schedules.get(name)
        current = events_of(schedule, now=now) if schedule is not None else []
        current = [one for one in current if one.end > since]
        stored.save(tx, reconciled(known, current, now=now))
        events = stored.events(tx, schedule=name, since=since)
        found += events if name in names else withdrawn(events, now=now)
    if calendar.kind == PERSON:
        found = [one for one in found if one.person == calendar.name]
    return sorted(found, key=lambda one: (one.start, one.uid))


def _schedules(
    tx: Tx, directory: Directory, calendar: Calendar, *, now: datetime
) -> frozenset[str]:
    """The schedules whose shifts a calendar may hold."""
    if calendar.kind == SCHEDULE:
        return frozenset({calendar.name})
    schedules = directory.schedules.values()
    if calendar.kind == TEAM:
        return frozenset(one.name for one in schedules if one.team == calendar.name)
    before = stored.events(tx, person=calendar.name, since=now - KEPT)
    return frozenset(
        one.name
        for one in schedules
        if any(calendar.name in people_of(rotation) for rotation in one.ever)
    ) | {one.schedule for one in before}
