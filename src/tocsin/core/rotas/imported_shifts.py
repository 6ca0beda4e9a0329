"""Events of somebody else's calendar as shifts or days of leave. Pure.

What has been stays as it was: only what is ahead is taken from the newest copy.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.forms import Plain
from tocsin.core.people.people import Person
from tocsin.core.wallclock import first_instant, minute_text, this_minute, wall_time

# So far ahead events are taken, so many of them, and so long the past is kept.
AHEAD, MOST, KEPT = timedelta(days=400), 2000, timedelta(days=400)
# Of events with hours, those as long take the day.
LEAVE_FROM = timedelta(hours=8)
# How the names of a calendar's shifts begin (domain 1.2).
CALENDAR = "ical:"
_DAY = timedelta(days=1)
_WORD = re.compile(r"[^\W_]+(?:[.'@_+-][^\W_]+)*")


class Entry(Struct, frozen=True):
    """One occurrence of an event. Whole days are `days`, both included, in no zone.

    `floating` is what the clock says at both ends where the calendar names no zone: it is
    meant wherever it is read (RFC 5545, 3.3.5).
    """

    summary: str
    start: datetime
    end: datetime
    attendees: tuple[str, ...] = ()
    days: tuple[date, date] | None = None
    uid: str = ""
    # Whoever has it in their calendar is not busy by it (TRANSP:TRANSPARENT).
    free: bool = False
    floating: tuple[datetime, datetime] | None = None

    def hours(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """From when to when, whole days and floating times by the clock of `zone`."""
        if self.floating is not None:
            start, end = self.floating
            return first_instant(start, zone), first_instant(end, zone)
        if self.days is None:
            return self.start, self.end
        first, last = (datetime.combine(day, time(0)) for day in self.days)
        return first_instant(first, zone), first_instant(last + _DAY, zone)


class Imported(Struct, frozen=True):
    """`user` is on call in [start, end), UTC, as the event `uid` of a calendar says."""

    start: datetime
    end: datetime
    user: str
    uid: str = ""
    # They have been deleted since; it has been all the same.
    gone: bool = False

    @property
    def id(self) -> str:
        """A name that stays, whatever else the calendar holds."""
        # An event without a UID is told apart from others by whom it means.
        parts = (self.uid or self.user, f"{self.start:%Y%m%dT%H%M%SZ}")
        return f"{CALENDAR}{sha256(chr(10).join(parts).encode()).hexdigest()[:12]}"


class Read(Struct, frozen=True):
    """What a calendar holds for us, and the summaries that name nobody here."""

    shifts: tuple[Imported, ...]
    unknown: tuple[str, ...]


def read_shifts(
    entries: Iterable[Entry], people: Mapping[str, Person], zone: ZoneInfo
) -> Read:
    """Every event that names one person of ours, by start."""
    found, unknown = [], dict[str, None]()
    for one in sorted(entries, key=lambda e: (e.start, e.end, e.summary))[:MOST]:
        who = person_of(one, people)
        start, end = map(this_minute, one.hours(zone))
        if not who:
            unknown[one.summary[:100]] = None
        elif start < end:
            found.append(Imported(start, end, who, one.uid))
    return Read(tuple(_joined(found)), tuple(unknown)[:20])


def person_of(entry: Entry, people: Mapping[str, Person]) -> str:
    """Whom an event means: by an attendee's address, or by the one name in its title."""
    active = [one for one in people.values() if one.active]
    mails = {one.casefold().removeprefix("mailto:") for one in entry.attendees}
    invited = [one.name for one in active if one.email.casefold() in mails]
    if len(invited) == 1:
        return invited[0]
    text = " ".join(_WORD.findall(entry.summary.casefold()))
    padded = f" {text} "
    named = {
        one.name
        for one in active
        for word in (one.name, one.full_name, one.email)
        if word and f" {' '.join(_WORD.findall(word.casefold()))} " in padded
    }
    return named.pop() if len(named) == 1 else ""


def merged(
    held: Sequence[Imported], fresh: Sequence[Imported], *, now: datetime
) -> list[Imported]:
    """What has been, as it was; from this minute on what the calendar says now."""
    since = this_minute(now)
    past = [
        replace(one, end=min(one.end, since))
        for one in held
        if since - KEPT < one.start < since
    ]
    ahead = [
        replace(one, start=max(one.start, since))
        for one in fresh
        if one.end > since and one.start < since + AHEAD
    ]
    return _joined([*past, *ahead])


def kept(held: Plain, rotation: Plain, *, now: datetime) -> list[Plain]:
    """A calendar's shifts once a document says them anew: only what is ahead changes."""
    before: list[Plain] = held.get("imported", [])
    given: list[Plain] = rotation.get("imported", before)
    if given == before:
        return before
    try:
        return written(merged(unwritten(before), unwritten(given), now=now))
    except (ValueError, KeyError, TypeError, AttributeError):
        return given  # what is wrong with it is told elsewhere


def with_shifts(
    held: Plain, rotation: str, shifts: Sequence[Imported], *, now: datetime
) -> Plain:
    """The schedule's document once `rotation` has been read anew."""
    rotations = []
    for one in held.get("rotations", []):
        if one.get("name") == rotation:
            before = unwritten(one.get("imported", ()))
            kept = merged(before, shifts, now=now)
            one = {**one, "imported": written(kept)}
        rotations.append(one)
    return {**held, "rotations": rotations}


def is_leave(one: Entry) -> bool:
    """Whether an event takes its days: a whole day, or most of one, that makes busy.

    A meeting does not take its owner off call for the day.
    """
    is_long = one.days is not None or one.end - one.start >= LEAVE_FROM
    return is_long and not one.free


def leave_days(entries: Iterable[Entry], zone: ZoneInfo) -> list[tuple[date, date]]:
    """Whole days away, both included, where somebody lives."""
    found = set()
    for one in filter(is_leave, entries):
        start, end = one.hours(zone)
        last = max(start, end - timedelta(seconds=1))
        days = (wall_time(start, zone).date(), wall_time(last, zone).date())
        found.add(one.days or days)
    return sorted(found)


def written(shifts: Iterable[Imported]) -> list[dict[str, str]]:
    """As a schedule's document holds them."""
    return [
        {"start": minute_text(one.start), "end": minute_text(one.end), "user": one.user}
        | ({"uid": one.uid} if one.uid else {})
        | ({"gone": "yes"} if one.gone else {})
        for one in shifts
    ]


def unwritten(given: Iterable[Mapping[str, str]]) -> list[Imported]:
    """From a document. Raises ValueError, KeyError where somebody wrote nonsense."""
    return [
        Imported(
            _instant(one["start"]),
            _instant(one["end"]),
            str(one["user"]),
            str(one.get("uid", "")),
            bool(one.get("gone")),
        )
        for one in given
    ]


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        message = "a time without its offset from UTC"
        raise ValueError(message)
    return at.astimezone(UTC)


def _joined(shifts: Iterable[Imported]) -> list[Imported]:
    """Of one person and event, abutting or overlapping ones are one; others may overlap."""
    found: dict[tuple[str, str], list[Imported]] = {}
    for one in sorted(shifts, key=lambda s: (s.start, s.end)):
        own = found.setdefault((one.user, one.uid), [])
        if own and one.start <= own[-1].end:
            own[-1] = replace(own[-1], end=max(own[-1].end, one.end))
        else:
            own.append(one)
    every = [one for own in found.values() for one in own]
    return sorted(every, key=lambda s: (s.start, s.end, s.user, s.uid))
