"""How much being on call asks of each person, and how evenly it is spread (domain 1.8).

Everything is in elapsed hours and in the person's own zone. Knows no schedule's rules:
it takes spans that somebody was on call and instants at which they were paged.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from msgspec import Struct

from tocsin.core import public_holidays
from tocsin.core.directory import Directory
from tocsin.core.level_times import NIGHT_FROM, NIGHT_TO
from tocsin.core.oncall.own_shifts import OwnShift, people_of, shifts_of, shifts_of_all
from tocsin.core.oncall.shift_pages import Paged, pages_by_shift
from tocsin.core.rotas.layers import effective
from tocsin.core.rotas.schedules import Rotation
from tocsin.core.wallclock import (
    Span,
    Window,
    first_instant,
    union,
    wall_time,
    zone_named,
)

# Night is 22-06, sleep 22-08, in the zone of whoever is on call (domain 1.8).
SLEEP_TO = time(8)
# Pages this close to one another wake somebody once (domain 1.8).
SAME_WAKING = timedelta(minutes=30)
UNEVEN_GINI, UNEVEN_RATIO = 0.15, 1.5
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_NOTHING = timedelta(0)


class Load(Struct, frozen=True):
    """What one person carried; hours are elapsed ones, each counted once."""

    person: str
    hours: float
    night: float
    weekend: float
    shifts: int
    pages: int
    interruptions: int
    # Days of the period in which they could have been on call at all.
    days: float
    # Hours on public holidays where they live.
    holiday: float = 0.0

    @property
    def weighted(self) -> float:
        """Hours, with what is hard counted more (domain 1.8)."""
        hard = self.night + 0.5 * self.weekend + self.holiday
        return self.hours + hard + self.pages + 2 * self.interruptions


class Fairness(Struct, frozen=True):
    """0 and 1, 1 where all carry the same. `people` are those who are compared."""

    people: tuple[str, ...]
    gini: float
    max_to_mean: float
    pairwise: float

    @property
    def is_uneven(self) -> bool:
        """Whether a lead should look at it."""
        return self.gini > UNEVEN_GINI or self.max_to_mean > UNEVEN_RATIO


def load_of(
    directory: Directory,
    person: str,
    window: Window,
    paged: Sequence[Paged],
    *,
    schedule: str = "",
    shifts: Sequence[OwnShift] | None = None,
) -> Load:
    """What `person` carried in `window` (of one schedule).

    `shifts` are theirs in the window, where they are known already. Whoever has left
    still lived where they lived.
    """
    known = directory.people.get(person)
    zone = zone_named(known.zone if known else "UTC")
    region = known.region if known else ""
    every = shifts_of(directory, person, window) if shifts is None else shifts
    mine = [one for one in every if schedule in ("", one.schedule)]
    spans = joined(mine)
    here = [one for one in paged if window.start <= one.made < window.end]
    return Load(
        person=person,
        hours=_hours(_total(spans)),
        night=_hours(_within(spans, nights(window, zone))),
        weekend=_hours(_within(spans, _weekends(window, zone))),
        shifts=len(spans),
        pages=len(here),
        interruptions=len(interruptions(here, zone)),
        days=_days_eligible(directory, person, window, schedule),
        holiday=_hours(_within(spans, public_holidays.days(region, window, zone))),
    )


def fairness(loads: Sequence[Load]) -> Fairness:
    """How evenly the weighted load is spread over who took turns all the while.

    Whoever came or left in between is compared by their load per day.
    """
    taking = [one for one in loads if one.days > 0]
    values = [one.weighted / one.days for one in taking]
    people = tuple(one.person for one in taking)
    return Fairness(people, gini(values), _ratio(values), _pairwise(values))


def gini(values: Sequence[float]) -> float:
    """Sum |xi - xj| / (2 n sum x): 0 where all are the same."""
    total = sum(values)
    if not total:
        return 0.0
    apart = sum(abs(a - b) for a in values for b in values)
    return apart / (2 * len(values) * total)


def joined(shifts: Sequence[OwnShift]) -> list[Span]:
    """When somebody is on call in any of the rotations, by start."""
    return union((one.start, one.end) for one in shifts)


def interruptions(paged: Sequence[Paged], zone: ZoneInfo) -> list[datetime]:
    """When sleep was broken: pages of 22-08, those within 30 minutes as one."""
    found: list[datetime] = []
    last: datetime | None = None
    for at in sorted(one.at for one in paged):
        clock = wall_time(at, zone).time()
        if SLEEP_TO <= clock < NIGHT_FROM:
            continue
        if last is None or at - last > SAME_WAKING:
            found.append(at)
        last = at
    return found


def nights(window: Window, zone: ZoneInfo) -> Iterator[Span]:
    """Every 22-06 that touches the window, in order."""
    day = wall_time(window.start, zone).date() - _DAY
    while (
        start := first_instant(datetime.combine(day, NIGHT_FROM), zone)
    ) < window.end:
        day += _DAY
        yield start, first_instant(datetime.combine(day, NIGHT_TO), zone)


def _weekends(window: Window, zone: ZoneInfo) -> Iterator[Span]:
    day = wall_time(window.start, zone).date()
    day -= _DAY * day.isoweekday()  # the Sunday before
    day -= _DAY  # its Saturday
    while (start := first_instant(datetime.combine(day, time()), zone)) < window.end:
        yield start, first_instant(datetime.combine(day + 2 * _DAY, time()), zone)
        day += 7 * _DAY


def _within(spans: Sequence[Span], others: Iterator[Span]) -> timedelta:
    """How long `spans` and `others` overlap; both are in order and apart."""
    pieces = list(others)
    return sum(
        (
            min(end, to) - max(start, since)
            for start, end in spans
            for since, to in pieces
            if max(start, since) < min(end, to)
        ),
        _NOTHING,
    )


def _total(spans: Sequence[Span]) -> timedelta:
    return sum((end - start for start, end in spans), _NOTHING)


def _hours(length: timedelta) -> float:
    return length / _HOUR


def _days_eligible(
    directory: Directory, person: str, window: Window, schedule: str
) -> float:
    """How much of the window they were a participant of some layer."""
    shifts = [
        OwnShift(one.name, rotation.name, start, end)
        for one in directory.schedules.values()
        if schedule in ("", one.name)
        for rotation in one.ever
        if person in people_of(rotation)
        for start, end in _taking_turns(rotation, person, window)
    ]
    return _total(joined(shifts)) / _DAY


def _taking_turns(rotation: Rotation, person: str, window: Window) -> Iterator[Span]:
    for layer in rotation.layers:
        if person not in layer.participants:
            continue
        begin, until = effective(layer)
        start = max(begin, window.start)
        end = window.end if until is None else min(until, window.end)
        if start < end:
            yield start, end


def _ratio(values: Sequence[float]) -> float:
    total = sum(values)
    return max(values) * len(values) / total if total else 1.0


def _pairwise(values: Sequence[float]) -> float:
    """The mean of min/max over all pairs: 1 where all are the same."""
    pairs = [
        (values[i], values[j])
        for i in range(len(values))
        for j in range(i + 1, len(values))
    ]
    shares = [min(pair) / max(pair) if max(pair) else 1.0 for pair in pairs]
    return sum(shares) / len(shares) if shares else 1.0


def loads_of(
    directory: Directory,
    schedule: str,
    window: Window,
    paged: Mapping[str, Sequence[Paged]],
) -> list[Load]:
    """Everybody of a schedule with the pages of its shifts, most loaded first.

    Who has left is among them as long as the window holds something that they carried.
    """
    known = directory.schedules[schedule]
    names = {who for rotation in known.ever for who in people_of(rotation)}
    alone = Directory(schedules={schedule: known})
    shifts = shifts_of_all(alone, sorted(names), window)
    found = []
    for who, theirs in shifts.items():
        if not theirs and directory.person(who) is None:
            continue
        pages = chain(*pages_by_shift(directory, paged.get(who, ()), theirs))
        found.append(
            load_of(
                directory, who, window, list(pages), schedule=schedule, shifts=theirs
            )
        )
    return sorted(found, key=lambda one: (-one.weighted, one.person))
