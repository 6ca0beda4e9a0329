"""Times as people write them in prose: `2:45 PM PST`, `14:45 CET`.

`wallclock.py` takes no abbreviation for a zone, since EST or IST are many places. Here
the zone is known, and an abbreviation is only held against it: it is right if clocks
there are called so at some time of the year (domain 5.4).
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from msgspec import Struct

_TIME = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[ \t]*([AaPp])\.?[Mm]\.?)?"
    r"(?:[ \t]+([A-Za-z]{2,6}|[+-]\d{2,4}))?\Z"
)
EXPECTED = "a time such as '2:45 PM PST' or '14:45 CET'"


class Read(Struct, frozen=True):
    """The instants that a text can mean, earliest first, and how it was written."""

    instants: tuple[datetime, ...]
    hours: int
    abbreviation: str


def clock_time(instant: datetime, zone: ZoneInfo, *, hours: int) -> str:
    """`2:45 PM PST` (`hours` 12) or `14:45 PST` (24)."""
    local = instant.astimezone(zone)
    if hours == 24:
        return f"{local:%H:%M} {local.tzname()}"
    half = "AM" if local.hour < 12 else "PM"
    return f"{local.hour % 12 or 12}:{local:%M} {half} {local.tzname()}"


def abbreviations_of(zone: ZoneInfo, year: int) -> tuple[str, ...]:
    """What clocks in `zone` are called in that year: (`PST`, `PDT`)."""
    # Twice a month, since the time of Ramadan in Morocco is that short.
    found = (
        datetime(year, month, day, tzinfo=zone).tzname() or ""
        for month in range(1, 13)
        for day in (1, 15)
    )
    return tuple(dict.fromkeys(found))


def wall_of(text: str) -> tuple[time, int, str]:
    """The time, 12 or 24, and the abbreviation or ''. Raises ValueError."""
    found = _TIME.match(text.strip())
    if found is None:
        raise ValueError(EXPECTED)
    hour, minute, second, half, name = found.groups()
    number = int(hour)
    if half:
        if not 1 <= number <= 12:
            raise ValueError(EXPECTED)
        number = number % 12 + (12 if half in "Pp" else 0)
    if number > 23 or int(minute) > 59 or int(second or 0) > 59:
        raise ValueError(EXPECTED)
    return (
        time(number, int(minute), int(second or 0)),
        12 if half else 24,
        name or "",
    )


def instants_of(
    text: str, zone: ZoneInfo, *, days: Iterable[date], zone_needed: bool
) -> Read:
    """The instants of `days` at which `zone` shows this time. Raises ValueError.

    Of a repeated hour the abbreviation says which one is meant; without it the first
    comes first.
    """
    at, hours, name = wall_of(text)
    found: list[datetime] = []
    known: dict[str, None] = {}
    for day in days:
        known |= dict.fromkeys(abbreviations_of(zone, day.year))
        shown = _shown(datetime.combine(day, at), zone)
        meant = [instant for instant, called in shown if called == name.upper()]
        # `PST` in July is what people write who mean the time on their wall.
        found += meant or [instant for instant, _ in shown]
    if name and name.upper() not in known:
        listed = " or ".join(known)
        raise ValueError(f"a time in {zone.key}, where clocks say {listed}")
    if zone_needed and not name:
        raise ValueError(EXPECTED)
    return Read(tuple(sorted(found)), hours, name)


def _shown(local: datetime, zone: ZoneInfo) -> list[tuple[datetime, str]]:
    """When `zone` shows `local`, once or twice; a skipped time is moved forward."""
    result: list[tuple[datetime, str]] = []
    for fold in (0, 1):
        aware = local.replace(tzinfo=zone, fold=fold)
        instant = aware.astimezone(UTC)
        if instant not in [one for one, _ in result]:
            result.append((instant, aware.tzname() or ""))
    first = result[0][0].astimezone(zone).replace(tzinfo=None, fold=0)
    if first != local:
        # Skipped: fold 1 lies before the change, fold 0 as far behind it.
        return result[:1]
    return result
