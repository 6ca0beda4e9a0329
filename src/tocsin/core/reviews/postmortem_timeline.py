"""Timeline lines of a review: `- 10:15 Incident declared`, read and written (domain 7).

    line = "- " [ YYYY-MM-DD " " ] HH:MM [ ":" SS ] [ " " AM|PM ] [ " " zone ] " " text

The date is the incident's, and the next day when the clock goes back by more than an
hour; the zone is the incident's.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from tocsin.core.wall_abbreviations import abbreviations_of, instants_of
from tocsin.core.wallclock import wall_time

_LINE = re.compile(
    r"[-*] (?:(?P<date>\d{4}-\d{2}-\d{2}) )?(?P<time>\d{1,2}:\d{2}(?::\d{2})?"
    r"(?: [AaPp][Mm])?) (?P<text>.*\S)\s*\Z"
)
_BACK = timedelta(hours=1)
_DAY = timedelta(days=1)


class Moment(Struct, frozen=True):
    """One line: when, and what was seen, decided or done."""

    at: datetime
    text: str


class Unread(Struct, frozen=True):
    """A line that is no moment, kept as it is."""

    line: str


def parse(text: str, *, day: date, zone: ZoneInfo) -> tuple[Moment | Unread, ...]:
    """The lines of a timeline section; `day` is the incident's, in `zone`."""
    found: list[Moment | Unread] = []
    last: datetime | None = None
    for line in text.split("\n"):
        moment = _read(line, day, zone, last)
        found.append(moment or Unread(line))
        if moment is not None:
            # The wall's day, since a line after midnight belongs to the next one.
            last = moment.at
            day = wall_time(moment.at, zone).date()
    return tuple(found)


def render(moments: Sequence[Moment], *, day: date, zone: ZoneInfo) -> str:
    """The section, oldest first: a date where the day changes, zones where they do."""
    ordered = sorted(moments, key=lambda one: one.at)
    named = {one.at.astimezone(zone).tzname() for one in ordered}
    lines = []
    for one in ordered:
        local = one.at.astimezone(zone)
        dated = f"{local:%Y-%m-%d} " if local.date() != day else ""
        # Around a change of the clock, an hour without its zone could be either.
        zoned = f" {local.tzname()}" if len(named) > 1 else ""
        lines.append(f"- {dated}{local:%H:%M}{zoned} {' '.join(one.text.split())}")
        day = local.date()
    return "\n".join(lines)


def moments(lines: Iterable[Moment | Unread]) -> tuple[Moment, ...]:
    """Only what was read."""
    return tuple(one for one in lines if isinstance(one, Moment))


def _read(line: str, day: date, zone: ZoneInfo, last: datetime | None) -> Moment | None:
    found = _LINE.match(line)
    if found is None:
        return None
    written, text = found["time"], found["text"]
    try:
        own_day = date.fromisoformat(found["date"]) if found["date"] else None
        name, _, rest = text.partition(" ")
        known = ("UTC", *abbreviations_of(zone, (own_day or day).year))
        if rest and name in known:
            written, text = f"{written} {name}", rest
        at = _instant(written, own_day or day, zone)
        if own_day is None and last is not None and last - at > _BACK:
            at = _instant(written, day + _DAY, zone)
    except ValueError:
        return None
    return Moment(at, text.strip())


def _instant(written: str, day: date, zone: ZoneInfo) -> datetime:
    # Exports are often in UTC, whatever the zone of the incident is.
    place = ZoneInfo("UTC") if written.endswith("UTC") else zone
    found = instants_of(written, place, days=[day], zone_needed=False)
    return found.instants[0].astimezone(UTC)
