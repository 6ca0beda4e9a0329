"""Calendars of others: shifts of a rotation, somebody's leave. The last good copy stays.

What a calendar holds is written into the document of the schedule or the person, checked
and recorded as any other change; so a calendar that cannot be read changes nothing.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from urllib.parse import quote

import structlog
from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.directory import Directory
from tocsin.core.forms import Plain
from tocsin.core.people.permissions import ADMIN, LEAD, Grant
from tocsin.core.rotas.imported_shifts import (
    AHEAD,
    Entry,
    is_leave,
    leave_days,
    read_shifts,
    with_shifts,
)
from tocsin.core.wallclock import wall_time, zone_named
from tocsin.engine.audit import Actor, Auditor
from tocsin.engine.directories import Directories
from tocsin.engine.editing import Change, Edited, edit
from tocsin.engine.nudging import nudge
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.interfaces.machine import CalendarReader, CalendarUnreadable, Clock
from tocsin.store import calendar_imports as stored
from tocsin.store import directory as documents
from tocsin.store import outbox
from tocsin.store.calendar_imports import CalendarImport
from tocsin.store.database import Database, StoreError, Tx

log = structlog.get_logger()

EVERY = timedelta(minutes=10)
# So long a calendar may fail before who subscribed hears of it.
_SAID_AFTER = timedelta(hours=6)
_PERSON = "person:"
_AT_ONCE = 20
_MOST_LEAVE = 200
_MOST_SHOWN = 20
_SCHEMES = ("https://", "http://", "webcal://")
_BAD_ADDRESS = "Expected an address that begins with https:// or webcal://."
_READER = "a subscribed calendar"
_ANY = Viewer("", Grant(ADMIN))


class Subscribed(Struct, frozen=True):
    """How it stands, or why nothing was done."""

    one: CalendarImport | None = None
    refused: str = ""
    forbidden: bool = False
    # Whether the address itself is what cannot be used.
    bad_address: bool = False


class LeaveShown(Struct, frozen=True):
    """The days that somebody's calendar would take, or why it cannot be read.

    `left_out` are the titles of events that are too short, or make nobody busy.
    """

    days: tuple[tuple[date, date], ...] = ()
    left_out: tuple[str, ...] = ()
    refused: str = ""
    forbidden: bool = False
    bad_address: bool = False


class CalendarImports:
    """For pages, the API and the upkeep. Fetching happens outside of transactions."""

    def __init__(
        self,
        database: Database,
        directories: Directories,
        clock: Clock,
        auditor: Auditor,
        read: CalendarReader,
        *,
        new_key: Callable[[], str],
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._directories = directories
        self._clock = clock
        self._auditor = auditor
        self._read = read
        self._new_key = new_key
        self._wake = wake

    def of(self, place: str) -> CalendarImport | None:
        """The subscription of one place."""
        return self._database.read(lambda tx: stored.get(tx, place))

    def subscribe(self, viewer: Viewer, place: str, url: str) -> Subscribed:
        """Read it now, and from now on every ten minutes."""
        refused = self._refusal(viewer, place)
        if refused:
            return refused
        if not url.startswith(_SCHEMES):
            return Subscribed(refused=_BAD_ADDRESS, bad_address=True)
        new = CalendarImport(place, url, viewer.person, self._clock.now())
        try:
            entries = self._entries(url)
        except CalendarUnreadable as error:
            return Subscribed(refused=f"It cannot be read: {error}.")
        return self._kept(new, entries)

    def show_leave(self, viewer: Viewer, url: str) -> LeaveShown:
        """What subscribing one's own leave would take. Nothing is written."""
        not_own = self._refusal(viewer, leave_of(viewer.person))
        if not_own:
            return LeaveShown(refused=not_own.refused, forbidden=True)
        if not url.startswith(_SCHEMES):
            return LeaveShown(refused=_BAD_ADDRESS, bad_address=True)
        try:
            entries = self._entries(url)
        except CalendarUnreadable as error:
            return LeaveShown(refused=f"It cannot be read: {error}.")
        directory = self._database.read(self._directories.current)
        days = _days(directory, viewer.person, entries, self._clock.now())
        left_out = sorted({one.summary for one in entries if not is_leave(one)})
        return LeaveShown(tuple(days), tuple(left_out[:_MOST_SHOWN]))

    def drop(self, viewer: Viewer, place: str) -> Subscribed:
        """Read it no more; what has been stays, what was to come is gone."""
        refused = self._refusal(viewer, place)
        if refused:
            return refused

        def work(tx: Tx) -> Edited:
            stored.drop(tx, place)
            return self._write(tx, place, [])[0]

        edited = self._database.write(work)
        self._after()
        problems = "; ".join(map(str, edited.problems))
        return Subscribed(refused=problems)

    def refresh(self) -> None:
        """Read what was not read for long. Run by the upkeep. Raises StoreError."""
        now = self._clock.now()
        due = self._database.write(
            lambda tx: stored.due(tx, now=now, every=EVERY, limit=_AT_ONCE)
        )
        for one in due:
            try:
                self._kept(one, self._entries(one.url), again=True)
            except CalendarUnreadable as error:
                self._failed(one, str(error))
            except StoreError:
                raise
            except Exception as error:
                log.exception("calendar_not_read", place=one.place)
                self._failed(one, type(error).__name__)

    def _entries(self, url: str) -> Sequence[Entry]:
        now = self._clock.now()
        return self._read(url, now - timedelta(days=1), now + AHEAD)

    def _kept(
        self, one: CalendarImport, entries: Sequence[Entry], *, again: bool = False
    ) -> Subscribed:
        """Write what was read; `again`: unless it was ended or replaced meanwhile."""
        now = self._clock.now()

        def work(tx: Tx) -> Subscribed:
            if again and not _is_still(tx, one):
                return Subscribed()
            edited, found, unknown = self._write(tx, one.place, entries)
            if edited.missing:
                stored.drop(tx, one.place)
                return Subscribed(refused=f"There is no {edited.missing} any more.")
            if not edited.done:
                said = "; ".join(map(str, edited.problems)) or edited.refused
                if one.good_at is not None:
                    stored.put(tx, replace(one, tried_at=now, error=said[:300]))
                return Subscribed(refused=said)
            kept = replace(
                one, tried_at=now, good_at=now, error="", found=found, unknown=unknown
            )
            stored.put(tx, kept)
            return Subscribed(kept)

        answer = self._database.write(work)
        self._after()
        return answer

    def _failed(self, one: CalendarImport, why: str) -> None:
        now = self._clock.now()

        def work(tx: Tx) -> None:
            if not _is_still(tx, one):
                return
            stored.put(tx, replace(one, tried_at=now, error=why[:300]))
            good = one.good_at
            if good is not None and now - good >= _SAID_AFTER:
                word = nudge(
                    one.added_by,
                    key=f"calendar:{one.place}:{good.isoformat()}",
                    subject=f"The calendar of {one.place} cannot be read",
                    text=f"{why}. What it said last still holds.",
                    url=_page(one.place),
                )
                outbox.put(tx, [word], now=now)

        self._database.write(work)

    def _write(
        self, tx: Tx, place: str, entries: Sequence[Entry]
    ) -> tuple[Edited, int, tuple[str, ...]]:
        directory = self._directories.current(tx)
        now = self._clock.now()
        if place.startswith(_PERSON):
            name = place.removeprefix(_PERSON)
            held = documents.documents(tx)["people"].get(name)
            if held is None:
                return Edited(missing=name), 0, ()
            days = _days(directory, name, entries, now)
            change = Change("people", name, _with_leave(held, days))
            return self._edit(tx, change), len(days), ()
        schedule, _, rotation = place.partition("/")
        held = documents.documents(tx)["schedules"].get(schedule)
        if held is None:
            return Edited(missing=schedule), 0, ()
        zone = zone_named(directory.schedules[schedule].zone)
        read = read_shifts(entries, directory.people, zone)
        changed = with_shifts(held, rotation, read.shifts, now=now)
        change = Change("schedules", schedule, changed)
        return self._edit(tx, change), len(read.shifts), read.unknown

    def _edit(self, tx: Tx, change: Change) -> Edited:
        """As an admin would: who may subscribe was asked then."""
        return edit(
            tx, change,
            viewer=_ANY, actor=Actor(_READER, "calendar"), auditor=self._auditor,
            new_key=self._new_key, now=self._clock.now(),
        )  # fmt: skip

    def _refusal(self, viewer: Viewer, place: str) -> Subscribed | None:
        directory = self._database.read(self._directories.current)
        if place.startswith(_PERSON):
            own = place == f"{_PERSON}{viewer.person}" and viewer.keeps_own
            return (
                None if own else Subscribed(refused="It is not yours.", forbidden=True)
            )
        schedule = directory.schedules.get(place.partition("/")[0])
        if schedule is None or directory.rotation(place) is None:
            return Subscribed(refused="There is no such rotation.")
        if not viewer.may(LEAD, schedule.team):
            return Subscribed(refused="This needs the role lead.", forbidden=True)
        return None

    def _after(self) -> None:
        self._database.read(self._directories.current)
        self._wake()


def _is_still(tx: Tx, one: CalendarImport) -> bool:
    held = stored.get(tx, one.place, lock=True)
    return held is not None and held.url == one.url


def leave_of(person: str) -> str:
    """The place of somebody's leave."""
    return f"{_PERSON}{person}"


def _page(place: str) -> str:
    if place.startswith(_PERSON):
        return "/me#away"
    return f"/schedules/{quote(place.partition('/')[0], safe='')}/calendar"


def _days(
    directory: Directory, person: str, entries: Sequence[Entry], now: datetime
) -> list[tuple[date, date]]:
    zone = zone_named(directory.people[person].zone)
    today = wall_time(now, zone).date()
    found = leave_days(entries, zone)
    return [one for one in found if one[1] >= today][:_MOST_LEAVE]


def _with_leave(held: Plain, days: Sequence[tuple[date, date]]) -> Plain:
    rest = {key: value for key, value in held.items() if key != "leave_imported"}
    if not days:
        return rest
    given = [{"from": str(first), "to": str(last)} for first, last in days]
    return {**rest, "leave_imported": given}
