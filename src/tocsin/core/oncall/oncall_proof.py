"""What holds of a schedule for the next 13 months, or the first date on which it does not.

Each claim is checked on the whole final timeline, which is what pages; nothing is sampled.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise

from msgspec import Struct

from tocsin.core.directory import Directory, NamedSchedule
from tocsin.core.durations import words
from tocsin.core.oncall.coverage import answered
from tocsin.core.oncall.oncall_load import joined, nights
from tocsin.core.oncall.own_shifts import OwnShift, at_once, people_of, shifts_of_all
from tocsin.core.rotas.schedules import HORIZON
from tocsin.core.wallclock import Span, Window, this_minute, wall_time, zone_named

MOST_NIGHTS = 7
LEAST_REST = timedelta(hours=11)
_DAY = timedelta(days=1)
_NOTHING = timedelta(0)
# Nights in a row began before now: twice as far back as any limit may be.
_BEHIND = timedelta(days=62)
# When a claim does not hold, what is said of it, and of whom.
_Broken = tuple[datetime, str, str]


class Limits(Struct, frozen=True):
    """What is claimed: nights in a row at most, rest between two shifts at least."""

    nights: int = MOST_NIGHTS
    rest: timedelta = LEAST_REST


class Proof(Struct, frozen=True):
    """A claim; `broken_at` is None where it holds, else the first time it does not."""

    claim: str
    broken_at: datetime | None = None
    said: str = ""
    # Whom `said` is about, by whose handle it begins; "" where it is nobody.
    person: str = ""

    @property
    def holds(self) -> bool:
        """Whether there is no counter-example."""
        return self.broken_at is None


class _Scene(Struct, frozen=True):
    directory: Directory
    schedule: NamedSchedule
    window: Window
    # Everybody of the schedule, and when they are on call in any schedule, and were.
    shifts: Mapping[str, Sequence[OwnShift]]

    def people(self) -> Iterator[tuple[str, list[Span]]]:
        return ((who, joined(shifts)) for who, shifts in self.shifts.items())


def window_from(now: datetime) -> Window:
    """The 13 months that are looked at."""
    start = this_minute(now)
    return Window(start, start + HORIZON)


def proofs(
    directory: Directory, schedule: str, limits: Limits, *, now: datetime
) -> list[Proof]:
    """Every claim about a schedule, proved or with the first date that breaks it."""
    known, window = directory.schedules[schedule], window_from(now)
    names = {who for one in known.rotations for who in people_of(one)}
    people = directory.active(sorted(names))
    wide = Window(window.start - _BEHIND, window.end)
    shifts = shifts_of_all(directory, people, wide)
    scene = _Scene(directory, known, window, shifts)
    return [
        _first(_always(known), _gaps(scene)),
        _first("Nobody is on call in two rotations at once", _doubles(scene)),
        _first(
            f"Nobody has more than {limits.nights} nights in a row",
            _nights(scene, limits.nights),
        ),
        _first(
            f"At least {words(limits.rest)} of rest between two shifts",
            _rests(scene, limits.rest),
        ),
    ]


def _first(claim: str, broken: Iterator[_Broken]) -> Proof:
    found = min(broken, default=None)
    return Proof(claim) if found is None else Proof(claim, *found)


def _always(schedule: NamedSchedule) -> str:
    claim = "Somebody is always on call, in every rotation"
    return f"{claim}, but for gaps that are meant" if schedule.gaps_allowed else claim


def _gaps(scene: _Scene) -> Iterator[_Broken]:
    for rotation in scene.schedule.rotations:
        if rotation.name in scene.schedule.gaps_allowed:
            continue
        for gap in answered(scene.directory, rotation, scene.window).gaps[:1]:
            lasts = words(gap.end - gap.start)
            said = f"Nobody is on call in {rotation.name} for {lasts}."
            yield gap.start, said, ""


def _doubles(scene: _Scene) -> Iterator[_Broken]:
    """Two rotations of this schedule with one person: the second call reaches nobody new."""
    for who, shifts in scene.shifts.items():
        here = [
            one
            for one in shifts
            if one.schedule == scene.schedule.name and one.end > scene.window.start
        ]
        for one, other in at_once(here):
            said = f"{who} is on call in {one.rotation} and {other.rotation}."
            yield max(other.start, scene.window.start), said, who
            break


def _nights(scene: _Scene, most: int) -> Iterator[_Broken]:
    for who, spans in scene.people():
        known = scene.directory.person(who)
        zone = zone_named(known.zone if known else "UTC")
        run: list[datetime] = []
        before: date | None = None
        wide = Window(scene.window.start - _BEHIND, scene.window.end)
        for start, end in _touched(spans, list(nights(wide, zone))):
            day = wall_time(start, zone).date()
            run = [*run, start] if before == day - _DAY else [start]
            before = day
            if len(run) > most and end > scene.window.start:
                # Where it began may be further behind than was looked.
                which = f"night number {len(run)}"
                if run[0] <= wide.start + _DAY:
                    which = f"more than {len(run) - 1} nights"
                said = f"{who} has {which} in a row."
                yield max(start, scene.window.start), said, who
                break


def _touched(spans: Sequence[Span], others: Sequence[Span]) -> Iterator[Span]:
    """Those of `others` that overlap one of `spans`; both are in order."""
    place = 0
    for start, end in others:
        while place < len(spans) and spans[place][1] <= start:
            place += 1
        if place < len(spans) and spans[place][0] < end:
            yield start, end


def _rests(scene: _Scene, least: timedelta) -> Iterator[_Broken]:
    for who, spans in scene.people():
        for (_, ended), (begins, _) in pairwise(spans):
            if begins >= scene.window.start and _NOTHING < begins - ended < least:
                said = f"{who} rests {words(begins - ended)} and is on call again."
                yield begins, said, who
                break
