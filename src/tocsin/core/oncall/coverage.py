"""Hours ahead in which a rotation has nobody to answer (domain 1.7): a gap, or leave.

A gap that is meant (`gaps_allowed`) is none: the policy's next level answers then. Somebody
who is away and whose turns nobody takes over is a hole as well, though they are paged.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.directory import Directory, NamedSchedule
from tocsin.core.rotas.schedules import (
    FinalSchedule,
    Rotation,
    final_schedule,
    shifts_on_leave,
)
from tocsin.core.wallclock import Window, this_minute, without

# How far ahead holes are looked for, and how far a schedule's page lists them.
CHECKED = timedelta(days=30)
LISTED = timedelta(weeks=8)
# A hole that has begun keeps the start that it had: looked for so far back, and where
# that is not enough further; what is older still began for ever ago.
_LOOKED_BACK, _FARTHEST = timedelta(days=7), timedelta(days=400)
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


class Hole(Struct, frozen=True):
    """In [start, end) nobody is on call; or `person` is, who is on leave."""

    schedule: str
    rotation: str
    start: datetime
    end: datetime
    person: str = ""


def holes(
    directory: Directory, *, now: datetime, ahead: timedelta = CHECKED
) -> list[Hole]:
    """Of all schedules, soonest first."""
    found = [
        hole
        for schedule in directory.schedules.values()
        for hole in holes_of(directory, schedule, now=now, ahead=ahead)
    ]
    return sorted(found, key=_order)


def holes_of(
    directory: Directory,
    schedule: NamedSchedule,
    *,
    now: datetime,
    ahead: timedelta = CHECKED,
) -> list[Hole]:
    """Of one schedule, soonest first; what is over by `now` is none."""
    start = this_minute(now)
    window = Window(start - _LOOKED_BACK, start + ahead)
    found = [
        _begun(directory, schedule, rotation, one, window)
        for rotation in schedule.rotations
        for one in _holes(directory, schedule, rotation, window)
        if one.end > now
    ]
    return sorted(found, key=_order)


def answered(directory: Directory, rotation: Rotation, window: Window) -> FinalSchedule:
    """The final schedule as it can be paged: hours of whoever has left are nobody's."""
    final = final_schedule(rotation, window)
    shifts = tuple(
        one for one in final.shifts if directory.person(one.user) is not None
    )
    if len(shifts) == len(final.shifts):
        return final
    covered = sorted((one.start, one.end) for one in shifts)
    empty = without([(window.start, window.end)], covered)
    return FinalSchedule(shifts, tuple(Window(start, end) for start, end in empty))


def _begun(
    directory: Directory,
    schedule: NamedSchedule,
    rotation: Rotation,
    hole: Hole,
    window: Window,
) -> Hole:
    """The hole with the start that it really had, which no later look moves."""
    if hole.start > window.start:
        return hole
    wider = Window(window.start - _FARTHEST, window.end)
    for one in _holes(directory, schedule, rotation, wider):
        if one.person == hole.person and one.start <= hole.start < one.end:
            return replace(hole, start=one.start if one.start > wider.start else _EVER)
    return hole


def _holes(
    directory: Directory, schedule: NamedSchedule, rotation: Rotation, window: Window
) -> Iterator[Hole]:
    if rotation.name not in schedule.gaps_allowed:
        for gap in answered(directory, rotation, window).gaps:
            yield Hole(schedule.name, rotation.name, gap.start, gap.end)
    away = (
        (one.user, one.start, one.end)
        for one in shifts_on_leave(rotation, window)
        if directory.person(one.user) is not None
    )
    for person, start, end in sorted(set(away)):
        yield Hole(schedule.name, rotation.name, start, end, person)


def _order(hole: Hole) -> tuple[datetime, str, str, str]:
    return hole.start, hole.schedule, hole.rotation, hole.person
