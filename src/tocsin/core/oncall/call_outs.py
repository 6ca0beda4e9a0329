"""Who is on call soon and counts as not reachable: said a week, a day, an hour before."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.directory import Directory
from tocsin.core.oncall.own_shifts import everybody, shifts_of_all
from tocsin.core.oncall.reachability import unreachable
from tocsin.core.wallclock import MINUTE, Window, this_minute

# Nearest first: of several that have come only the nearest is said.
STAGES = (timedelta(hours=1), timedelta(days=1), timedelta(days=7))
_NAMES = {STAGES[0]: "1 h", STAGES[1]: "24 h", STAGES[2]: "7 days"}


class CallOut(Struct, frozen=True):
    """`person` begins a shift at `start` and cannot be reached, because of `why`."""

    person: str
    schedule: str
    rotation: str
    start: datetime
    stage: str
    why: str
    leads: tuple[str, ...]


def call_outs(
    directory: Directory, channels: Collection[str], *, now: datetime
) -> Iterator[CallOut]:
    """What is to be said now, soonest shift first; said twice it is the same.

    A shift that began before `now` is none of it: findings say what is wrong there.
    """
    start = this_minute(now)
    why = {
        who: unreachable(directory.people[who], channels)
        for who in everybody(directory)
    }
    lost = [who for who, reason in why.items() if reason]
    window = Window(start, start + STAGES[-1] + MINUTE)
    found = []
    for who, shifts in shifts_of_all(directory, lost, window).items():
        for one in shifts:
            if one.start <= start:
                continue
            ahead = one.start - start
            stage = next((one for one in STAGES if ahead <= one), STAGES[-1])
            found.append(
                CallOut(
                    who, one.schedule, one.rotation, one.start, _NAMES[stage],
                    why[who], directory.leads_of(one.schedule),
                )
            )  # fmt: skip
    yield from sorted(found, key=lambda one: (one.start, one.person, one.rotation))
