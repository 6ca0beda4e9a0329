"""Who begins a shift soon and hears of it: a day and an hour before (domain 1.9)."""

from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.directory import Directory
from tocsin.core.oncall.own_shifts import everybody, shifts_of_all
from tocsin.core.wallclock import MINUTE, Window, this_minute

# Nearest first: of both that have come only the nearer is said.
STAGES = (timedelta(hours=1), timedelta(hours=24))


class ShiftReminder(Struct, frozen=True):
    """`person` begins at `start`; `stage` is how long before it is said."""

    person: str
    schedule: str
    rotation: str
    start: datetime
    stage: timedelta


def reminders(directory: Directory, *, now: datetime) -> list[ShiftReminder]:
    """What is to be said now, soonest first; said twice it is the same.

    Turns that follow each other are one shift, so nobody hears of a change that is none.
    """
    start = this_minute(now)
    wanted = [n for n in everybody(directory) if directory.people[n].reminded]
    ahead = Window(start, start + STAGES[-1] + MINUTE)
    found = [
        ShiftReminder(
            who, one.schedule, one.rotation, one.start,
            next(stage for stage in STAGES if one.start - start <= stage),
        )
        for who, shifts in shifts_of_all(directory, wanted, ahead).items()
        for one in shifts
        if start < one.start <= start + STAGES[-1]
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.start, one.person, one.rotation))
