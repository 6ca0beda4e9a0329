"""Shifts as events of a calendar: names that stay, and what changed since last time.

RFC 5545: an event keeps its UID for ever, SEQUENCE grows with each change of it (3.8.7.4),
and what vanished is published as cancelled (3.8.1.11), else it stays in people's calendars.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace as with_
from datetime import datetime, timedelta
from hashlib import sha256

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.directory import NamedSchedule
from tocsin.core.rotas.layers import Shift, Turn, TurnClock, Unit, effective
from tocsin.core.rotas.schedules import Rotation, final_schedule
from tocsin.core.wallclock import Window

# What is over is dropped from calendars after a while.
KEPT = timedelta(days=31)
_LOOKED_BACK = timedelta(days=31)
_YEAR = Turn(Unit.MONTH, 12)
_MONTHS_BEHIND, _MONTHS_AHEAD = 1, 14


class CalendarEvent(Struct, frozen=True):
    """One shift as published. `changed_at` is when its newest form was first seen."""

    uid: str
    schedule: str
    rotation: str
    person: str
    start: datetime
    end: datetime
    sequence: int
    changed_at: datetime
    cancelled: bool = False


def published_window(now: datetime) -> Window:
    """From a month back to 13 months ahead, in whole months.

    Its edges stand still within a month: a shift without an end would else change each
    time that somebody looks.
    """
    months = now.year * 12 + now.month - 1
    first, last = months - _MONTHS_BEHIND, months + _MONTHS_AHEAD
    return Window(_month(now, first), _month(now, last))


def events_of(schedule: NamedSchedule, *, now: datetime) -> list[CalendarEvent]:
    """Every shift of the final timeline, as it would be published for the first time."""
    window = published_window(now)
    return [
        CalendarEvent(
            uid=_uid(schedule.name, rotation.name, one.source, one.user, start),
            schedule=schedule.name,
            rotation=rotation.name,
            person=one.user,
            start=start,
            end=one.end,
            sequence=0,
            changed_at=now,
        )
        for rotation in schedule.ever
        for one in final_schedule(rotation, window).shifts
        # The window's edge moves each month, and would rename what goes across it.
        for start in [one.start if one.start > window.start else _begin(rotation, one)]
    ]


def reconciled(
    known: Mapping[str, CalendarEvent],
    current: Sequence[CalendarEvent],
    *,
    now: datetime,
) -> list[CalendarEvent]:
    """What has to be written so that `known` says what is so now."""
    changed = []
    for one in current:
        before = known.get(one.uid)
        if before is None:
            changed.append(one)
        elif before.cancelled or before.end != one.end:
            changed.append(replace(one, sequence=before.sequence + 1))
    there = {one.uid for one in current}
    changed += [
        replace(one, cancelled=True, sequence=one.sequence + 1, changed_at=now)
        for one in known.values()
        # What has been stays as it was.
        if one.uid not in there and not one.cancelled and one.end > now
    ]
    return changed


def withdrawn(events: Iterable[CalendarEvent], *, now: datetime) -> list[CalendarEvent]:
    """The same for a calendar that holds them no more: what is ahead is cancelled there."""
    return [
        one
        if one.cancelled or one.end <= now
        else replace(one, cancelled=True, sequence=one.sequence + 1)
        for one in events
    ]


def _begin(rotation: Rotation, cut: Shift) -> datetime:
    """When a shift that the window cuts began: looked for further and further back."""
    earliest = min(
        [
            *(effective(one)[0] for one in rotation.layers),
            *(one.start for one in rotation.overrides),
        ]
    )
    # Where one person has every turn, years of hours are as well turns of a year.
    layers = tuple(
        with_(one, participants=one.participants[:1], turn=_YEAR, clock=TurnClock.WALL)
        if len(set(one.participants)) == 1
        else one
        for one in rotation.layers
    )
    rotation = with_(rotation, layers=layers)
    begin, back = cut.start, _LOOKED_BACK
    while begin > earliest:
        piece = Window(max(earliest, begin - back), begin)
        before = [
            one.start
            for one in final_schedule(rotation, piece).shifts
            if (one.user, one.source, one.end) == (cut.user, cut.source, begin)
        ]
        if not before:
            break
        begin = before[0]
        if begin > piece.start:
            break
        back *= 2
    return begin


def _uid(
    schedule: str, rotation: str, source: str, person: str, start: datetime
) -> str:
    """Domain 1.2: of rotation, source, person and start to the second."""
    parts = (schedule, rotation, source, person, f"{start:%Y%m%dT%H%M%SZ}")
    return f"{sha256(chr(10).join(parts).encode()).hexdigest()[:32]}@tocsin"


def _month(now: datetime, months: int) -> datetime:
    year, month = divmod(months, 12)
    return now.replace(
        year=year, month=month + 1, day=1, hour=0, minute=0, second=0, microsecond=0
    )
