"""Times and days as people type them in a line: `tomorrow 18:00`, `fri 9:00`, `2026-12-24`.

What names no zone is on the clock of who types. Knows no form: those hold whole dates.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tocsin.core.wallclock import SECOND, first_instant, this_minute, wall_time

TIMES = "a time such as 18:00, tomorrow 18:00, fri 9:00 or 2026-12-24T18:00"
DAYS = "a day such as 2026-12-24, tomorrow or fri"
_DAY = timedelta(days=1)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NAMES = (
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
)  # fmt: skip
_CLOCK = re.compile(r"(\d{1,2})(?::(\d\d))?\s*(am|pm)?")
_EARLIEST, _LATEST = 1980, 2200


class BadTime(ValueError):
    """The text is no time, or no day; says what was expected."""


def instant_typed(text: str, zone: ZoneInfo, *, now: datetime) -> datetime:
    """The instant that is meant, UTC. Raises BadTime."""
    word = " ".join(text.casefold().split())
    if word == "now":
        return this_minute(now)
    written = _written(word, zone)
    if written is not None:
        return written
    head, _, tail = word.partition(" ")
    here = wall_time(now, zone)
    if not tail:
        # A time alone is the next one on the clock.
        at = first_instant(datetime.combine(here, _clock(word, text)), zone)
        return at if at > now else _at(here.date() + _DAY, _clock(word, text), zone)
    day = _day_named(head, here.date())
    if day is None:
        raise BadTime(f"{text!r}: expected {TIMES}")
    at = _at(day, _clock(tail, text), zone)
    if at <= now and head not in ("today", "tomorrow"):
        at = _at(day + 7 * _DAY, _clock(tail, text), zone)
    return at


def skipped(text: str, at: datetime, zone: ZoneInfo, *, now: datetime) -> str:
    """The clock time that `text` asks for where a clock change jumps over it, else "".

    `at` is what it was taken for: the jump itself.
    """
    shown = wall_time(at, zone)
    gap = shown - wall_time(at - SECOND, zone) - SECOND
    asked = instant_typed(
        text, ZoneInfo("UTC"), now=wall_time(now, zone).replace(tzinfo=UTC)
    )
    is_over = timedelta(0) < shown - asked.replace(tzinfo=None) <= gap
    return f"{asked:%H:%M}" if is_over else ""


def day_typed(text: str, zone: ZoneInfo, *, now: datetime) -> date:
    """The day that is meant; a weekday is the next of its name. Raises BadTime."""
    word = text.casefold().strip()
    found = _day_named(word, wall_time(now, zone).date())
    if found is not None:
        return found
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise BadTime(f"{text!r}: expected {DAYS}") from None


def _written(word: str, zone: ZoneInfo) -> datetime | None:
    """A whole date with a time, or without: then the day's beginning."""
    try:
        at = datetime.fromisoformat(word.upper())
    except ValueError:
        return None
    if not _EARLIEST <= at.year < _LATEST:
        raise BadTime(f"{word!r}: expected a time between 1980 and 2200")
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    return first_instant(at, zone)


def _day_named(word: str, today: date) -> date | None:
    """`today`, `tomorrow`, or the next day called so; today is one of them."""
    ahead = {"today": 0, "tomorrow": 1}.get(word)
    if ahead is not None:
        return today + ahead * _DAY
    for names in (_WEEKDAYS, _NAMES):
        if word in names:
            return today + (names.index(word) - today.weekday()) % 7 * _DAY
    return None


def _clock(word: str, text: str) -> time:
    found = _CLOCK.fullmatch(word)
    if found is None:
        raise BadTime(f"{text!r}: expected {TIMES}")
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3]:
        is_on_dial = 1 <= hour <= 12
        hour = hour % 12 + (12 if found[3] == "pm" else 0) if is_on_dial else 24
    if hour > 23 or minute > 59:
        raise BadTime(f"{text!r}: expected {TIMES}")
    return time(hour, minute)


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return first_instant(datetime.combine(day, clock), zone)
