"""When a level of a policy applies: support hours, weekdays, holidays, local nights.

Asked at the moment a level is due, never ahead: a level that is not for now is passed
over as one that has nobody (domain 2.1). Knows no level, no schedule and no person.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from tocsin.core.public_holidays import is_holiday
from tocsin.core.wallclock import first_instant, wall_time

# Night is 22-06 on the wall of whoever is meant (domain 1.8).
NIGHT_FROM, NIGHT_TO = time(22), time(6)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)
# Days; whoever gives no support for so long gives none.
_LOOK_AHEAD = 60


class SupportHours(Struct, frozen=True):
    """From `start` to `end` on some days (0 is Monday); may cross midnight.

    The hours belong to the day on which they begin. Public holidays have none.
    """

    start: time
    end: time
    days: tuple[int, ...] = (0, 1, 2, 3, 4)

    def __str__(self) -> str:
        return f"{day_words(self.days)} {self.start:%H:%M}-{self.end:%H:%M}"


class SupportClock(Struct, frozen=True):
    """The hours of a team where it keeps them."""

    hours: SupportHours
    zone: str
    region: str = ""

    def runs(self, *, now: datetime) -> bool:
        """Whether it is inside of the hours."""
        return in_support_hours(self.hours, ZoneInfo(self.zone), self.region, now=now)


class LevelTimes(Struct, frozen=True):
    """What must hold for a level to page; None and () stand for "does not matter".

    `night` is about each person in their own zone, so it is asked of targets.
    """

    zone: str
    region: str = ""
    hours: SupportHours | None = None
    in_hours: bool | None = None
    days: tuple[int, ...] = ()
    holiday: bool | None = None
    night: bool | None = None


def apply_now(times: LevelTimes, *, now: datetime) -> bool:
    """Whether all that is not about persons holds at `now`."""
    zone = ZoneInfo(times.zone)
    today = wall_time(now, zone).date()
    if times.days and today.weekday() not in times.days:
        return False
    if times.holiday is not None and times.holiday != is_holiday(times.region, today):
        return False
    if times.in_hours is None or times.hours is None:
        return True
    held = in_support_hours(times.hours, zone, times.region, now=now)
    return held is times.in_hours


def in_support_hours(
    hours: SupportHours, zone: ZoneInfo, region: str, *, now: datetime
) -> bool:
    """Whether `now` is inside the hours."""
    today = wall_time(now, zone).date()
    return any(
        start <= now < end
        for day in (today - _DAY, today, today + _DAY)
        for start, end in _span(hours, zone, region, day)
    )


def after_support_time(
    clock: SupportClock, *, since: datetime, length: timedelta
) -> datetime:
    """When the hours have run for `length` from `since` on; all hours if they never do."""
    zone = ZoneInfo(clock.zone)
    left, day = length, wall_time(since, zone).date() - _DAY
    for _ in range(_LOOK_AHEAD):
        for start, end in _span(clock.hours, zone, clock.region, day):
            begin = max(start, since)
            if begin < end and left <= end - begin:
                return begin + left
            left -= max(end - begin, timedelta(0))
        day += _DAY
    return since + length


def _span(
    hours: SupportHours, zone: ZoneInfo, region: str, day: date
) -> Iterator[tuple[datetime, datetime]]:
    """The hours that begin on `day`, if it has any; edges by M (domain 1.2)."""
    if day.weekday() in hours.days and not is_holiday(region, day):
        end = day + _DAY if hours.end <= hours.start else day
        yield (
            first_instant(datetime.combine(day, hours.start), zone),
            first_instant(datetime.combine(end, hours.end), zone),
        )


def is_night(at: datetime, zone: ZoneInfo) -> bool:
    """Whether it is between 22 and 06 there."""
    clock = wall_time(at, zone).time()
    return clock >= NIGHT_FROM or clock < NIGHT_TO


def sentence(times: LevelTimes) -> str:
    """Such as "in support hours (Mon-Fri 09:00-17:00) and not on public holidays"."""
    said = []
    if times.in_hours is not None and times.hours is not None:
        where = "in" if times.in_hours else "outside of"
        said.append(f"{where} support hours ({times.hours}, {times.zone})")
    if times.days:
        said.append(f"on {day_words(times.days)}")
    if times.holiday is not None:
        said.append(f"{'' if times.holiday else 'not '}on public holidays")
    if times.night is not None:
        kind = "is" if times.night else "is not"
        said.append(f"for whom it {kind} night where they are")
    return " and ".join(said)


def day_numbers(named: Sequence[str]) -> tuple[int, ...]:
    """Weekdays such as "mon" by number, 0 for Monday."""
    return tuple(sorted({DAYS.index(day) for day in named}))


def days_typed(text: str) -> list[str]:
    """What was typed as days of the week, as a document names them."""
    return [day[:3] for day in re.split(r"[\s,;]+", text.casefold()) if day]


def day_words(days: tuple[int, ...]) -> str:
    """Such as "Mon-Fri" or "Mon, Wed"."""
    named = [DAYS[one].capitalize() for one in sorted(set(days))]
    run = len(named) > 2 and max(days) - min(days) == len(named) - 1
    return f"{named[0]}-{named[-1]}" if run else ", ".join(named)
