"""When one person is on call, over all schedules. Knows no page."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.directory import Directory
from tocsin.core.rotas.schedules import Rotation, final_schedule, spans_of
from tocsin.core.rotas.whole_shifts import look_further
from tocsin.core.wallclock import Window


class OwnShift(Struct, frozen=True):
    """One stretch that somebody is on call for."""

    schedule: str
    rotation: str
    start: datetime
    end: datetime
    # Whether it goes on after `end`, as far as anybody looked.
    is_endless: bool = False


def shifts_of(directory: Directory, person: str, window: Window) -> list[OwnShift]:
    """When a person is on call in `window`, joined where turns abut, by start."""
    return shifts_of_all(directory, [person], window)[person]


def whole_shifts_of(
    directory: Directory, person: str, window: Window
) -> list[OwnShift]:
    """The same with the hours at which each really begins and ends."""
    found, seen = look_further(window, lambda wide: shifts_of(directory, person, wide))
    return [replace(one, is_endless=one.end == seen.end) for one in found]


def shifts_of_all(
    directory: Directory, people: Iterable[str], window: Window
) -> dict[str, list[OwnShift]]:
    """The same for several people, each rotation worked out once."""
    found: dict[str, list[OwnShift]] = {who: [] for who in people}
    for schedule in directory.schedules.values():
        for rotation in schedule.ever:
            # Most rotations are not theirs; those need not be worked out.
            here = people_of(rotation) & found.keys()
            if not here:
                continue
            shifts = final_schedule(rotation, window).shifts
            for who in here:
                found[who] += (
                    OwnShift(schedule.name, rotation.name, start, end)
                    for start, end in spans_of(shifts, who)
                )
    return {who: sorted(shifts, key=_start) for who, shifts in found.items()}


def at_once(shifts: Sequence[OwnShift]) -> Iterator[tuple[OwnShift, OwnShift]]:
    """Each two shifts of one person that overlap; `shifts` are by start."""
    running: list[OwnShift] = []
    for one in shifts:
        running = [other for other in running if other.end > one.start]
        yield from ((other, one) for other in running)
        running.append(one)


def people_of(rotation: Rotation) -> frozenset[str]:
    """Whoever can ever be on call in a rotation."""
    named = [who for layer in rotation.layers for who in layer.participants]
    named += [one.user for one in rotation.overrides]
    return frozenset(who for who in named if who)


def everybody(directory: Directory) -> tuple[str, ...]:
    """Whoever takes turns in any schedule and has not left."""
    names = {
        who
        for schedule in directory.schedules.values()
        for rotation in schedule.rotations
        for who in people_of(rotation)
    }
    return directory.active(sorted(names))


def _start(shift: OwnShift) -> datetime:
    return shift.start
