"""Which hours `cover me` means, as people type them in a chat. Knows no schedule."""

import re
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from tocsin.core.chat.command_words import BadCommand, Words, written
from tocsin.core.wallclock import Window, first_instant, this_minute, wall_time

_EXPECTED = "a time such as 18:00 or 2026-12-24T18:00"
# What is meant as a time, well written or not; any other word begins the reason.
_SHAPE = re.compile(r"\d{4}-\d|\d{1,2}:\d")
_DAY = timedelta(days=1)


class Cover(Struct, frozen=True):
    """Ask who could take hours of one's own; without `start` and `end` the next shift.

    Both are as they were typed: the clock of whoever wrote it says which instants.
    """

    start: str = ""
    end: str = ""
    why: str = ""


def read(words: Words) -> Cover:
    """What follows `cover`. Raises BadCommand."""
    who = words.word()
    if who.lower() != "me":
        raise BadCommand(
            f"expected me, as everybody asks for themselves, not {who[:40]!r}"
        )
    start = words.shaped(_SHAPE)
    if not start:
        return Cover(why=words.rest())
    end = words.shaped(_SHAPE)
    if not end:
        raise BadCommand(f"expected the end behind {start[:40]}, {_EXPECTED}")
    for typed in (start, end):
        _read(typed)
    return Cover(start, end, words.rest())


def shown(cover: Cover) -> tuple[str, ...]:
    """The words that `read` reads back as this."""
    is_time = _SHAPE.match(cover.why) is not None
    return "cover", "me", cover.start, cover.end, written(cover.why, quoted=is_time)


def hours(cover: Cover, zone: ZoneInfo, *, now: datetime) -> Window | None:
    """The instants on the clock of `zone`; None where the next shift is meant.

    A time without a day is the next one: from `now`, and for the end from the start.
    Raises BadCommand when the end does not come after the start.
    """
    if not cover.start:
        return None
    start = _instant(_read(cover.start), this_minute(now), zone)
    # An end that has no day lies after the start, so a minute is the least.
    end = _instant(_read(cover.end), start + timedelta(minutes=1), zone)
    if end <= start:
        raise BadCommand(f"expected an end after {cover.start}, not {cover.end}")
    return Window(start, end)


def _read(typed: str) -> datetime | time:
    try:
        return datetime.strptime(typed, "%H:%M").time()  # noqa: DTZ007 - a wall clock's
    except ValueError:
        pass
    try:
        found = datetime.strptime(typed, "%Y-%m-%dT%H:%M")  # noqa: DTZ007
    except ValueError:
        found = datetime.min  # noqa: DTZ901
    if not 1980 <= found.year < 2200:
        raise BadCommand(f"expected {_EXPECTED}, not {typed[:40]!r}")
    return found


def _instant(given: datetime | time, earliest: datetime, zone: ZoneInfo) -> datetime:
    if isinstance(given, datetime):
        return first_instant(given, zone)
    today = datetime.combine(wall_time(earliest, zone), given)
    found = first_instant(today, zone)
    return found if found >= earliest else first_instant(today + _DAY, zone)
