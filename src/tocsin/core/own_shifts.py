"""When one person is on call, over all schedules. Knows no page."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from tocsin.core.directory import Directory
from tocsin.core.layers import Shift
from tocsin.core.schedules import Rotation, final_schedule
from tocsin.core.wallclock import Window


class OwnShift(Struct, frozen=True):
    """One stretch that somebody is on call for."""

    schedule: str
    rotation: str
    start: datetime
    end: datetime


def shifts_of(directory: Directory, person: str, window: Window) -> list[OwnShift]:
    """When a person is on call in `window`, joined where turns abut, by start."""
    found: list[OwnShift] = []
    for schedule in directory.schedules.values():
        for rotation in schedule.rotations:
            # Most rotations are not theirs; those need not be worked out.
            if person not in people_of(rotation):
                continue
            shifts = final_schedule(rotation, window).shifts
            for start, end in _joined(shifts, person):
                found.append(OwnShift(schedule.name, rotation.name, start, end))
    return sorted(found, key=_start)


def people_of(rotation: Rotation) -> frozenset[str]:
    """Whoever can ever be on call in a rotation."""
    named = [who for layer in rotation.layers for who in layer.participants]
    named += [one.user for one in rotation.overrides]
    return frozenset(who for who in named if who)


def _joined(shifts: Sequence[Shift], person: str) -> list[tuple[datetime, datetime]]:
    found: list[tuple[datetime, datetime]] = []
    for shift in shifts:
        if shift.user != person:
            continue
        if found and shift.start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], shift.end))
        else:
            found.append((shift.start, shift.end))
    return found


def _start(shift: OwnShift) -> datetime:
    return shift.start
