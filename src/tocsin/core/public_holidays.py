"""Public holidays where a person lives: they count in the load, and take nobody off call.

From the `holidays` library, whose data are per country and region (domain 1.3).
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from tocsin.core.wallclock import Window, first_instant, wall_time

_DAY = timedelta(days=1)


def problem(region: str) -> str:
    """Why a region is none, "" when it is: `DE`, or `DE-BY` with its subdivision."""
    country, _, part = region.partition("-")
    known = _countries()
    if country not in known:
        return "a country's code such as DE, or with its region such as DE-BY"
    if part and part not in known[country]:
        some = ", ".join(sorted(known[country])[:8])
        return f"a region of {country}: {some} …" if some else f"{country} alone"
    return ""


def days(
    region: str, window: Window, zone: ZoneInfo
) -> Iterator[tuple[datetime, datetime]]:
    """Each holiday of the region in the window, from midnight to midnight there."""
    if not region:
        return
    day = wall_time(window.start, zone).date()
    last = wall_time(window.end, zone).date()
    while day <= last:
        if is_holiday(region, day):
            yield _midnight(day, zone), _midnight(day + _DAY, zone)
        day += _DAY


def is_holiday(region: str, day: date) -> bool:
    """Whether the region has a public holiday then; without a region there is none."""
    return bool(region) and day in _year(region, day.year)


@lru_cache(maxsize=1)
def _countries() -> Mapping[str, frozenset[str]]:
    found = holidays.list_supported_countries(include_aliases=False)
    return {code: frozenset(parts) for code, parts in found.items()}


@lru_cache(maxsize=500)
def _year(region: str, year: int) -> frozenset[date]:
    country, _, part = region.partition("-")
    return frozenset(
        holidays.country_holidays(country, subdiv=part or None, years=year)
    )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return first_instant(datetime.combine(day, time(0)), zone)
