"""What `start: Mon 9am` and `length: 1 week` mean: a short rotation as one layer.

The words of configuration as code (domain 1.1, last paragraph). Knows no file format:
the values arrive as strings.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tocsin.core.layers import MIDNIGHT, Layer, Turn, Unit
from tocsin.core.schedules import Rotation

WEEKDAYS = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
EARLIEST, LATEST = 1900, 2200

_START = re.compile(
    r"(?:(?P<day>[a-z]+)\s+)?"
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?\s*(?P<half>am|pm)?",
)
_LENGTH = re.compile(r"(?:(?P<count>\d{1,4})\s*)?(?P<unit>[a-z]+)")
_UNITS = {
    word: unit
    for unit, words in {
        Unit.HOUR: "h hr hrs hour hours hourly",
        Unit.DAY: "d day days daily",
        Unit.WEEK: "w week weeks weekly",
        Unit.MONTH: "month months monthly",
    }.items()
    for word in words.split()
}


class BadRotation(ValueError):
    """A short rotation cannot be read; the text says what was expected."""


def rotation_from_seed(
    name: str,
    users: Sequence[str],
    start: str | None,
    length: str | None,
    zone: ZoneInfo,
    effective: date,
) -> Rotation:
    """The rotation a short entry stands for (domain 1.1). Raises BadRotation.

    Turn 0 is the first user's and begins at the first `start` on or after the
    effective date. Until then the last user holds the turn before it, so that a
    rotation applied on a Wednesday has somebody on call before Monday.
    """
    if not users:
        raise BadRotation(_expected("users", "at least one person", users))
    layer = Layer(
        id="L1",
        participants=tuple(users),
        anchor=anchor_from_words(start, effective),
        turn=turn_from_words(length),
        zone=zone,
        start=datetime.combine(effective, MIDNIGHT),
    )
    return Rotation(name=name, layers=(layer,))


def anchor_from_words(start: str | None, effective: date) -> datetime:
    """The local first handoff: "Mon 9am", "Friday 17:30", "9am", "2024-03-04T09:00".

    None is the effective date, 00:00 (domain 1.1). Raises BadRotation.
    """
    if start is None:
        return datetime.combine(effective, MIDNIGHT)
    words = " ".join(start.lower().replace(",", " ").split())
    if re.match(r"\d{4}-", words):
        return _iso_local(start.strip())
    read = _START.fullmatch(words)
    if read is None:
        raise BadRotation(_not_a_start(start))
    at = _time_of_day(start, read["hour"], read["minute"], read["half"])
    if read["day"] is None:
        return datetime.combine(effective, at)
    ahead = (_weekday(start, read["day"]) - effective.weekday()) % 7
    return datetime.combine(effective + timedelta(days=ahead), at)


def turn_from_words(length: str | None) -> Turn:
    """How long a turn is: "1 week", "12h", "2 days", "monthly" (domain 1.1).

    None is one week. Raises BadRotation.
    """
    if length is None:
        return Turn(Unit.WEEK)
    read = _LENGTH.fullmatch(length.strip().lower())
    unit = _UNITS.get(read["unit"]) if read is not None else None
    if read is None or unit is None or int(read["count"] or 1) < 1:
        forms = "hours, days, weeks or months, such as '1 week' or '12h'"
        raise BadRotation(_expected("length", forms, length))
    return Turn(unit, int(read["count"] or 1))


def _iso_local(start: str) -> datetime:
    """An anchor given as a date and time; it has no zone, the schedule has."""
    try:
        local = datetime.fromisoformat(start)
    except ValueError as error:
        raise BadRotation(_not_a_start(start)) from error
    if local.tzinfo is not None:
        without = "a local time without an offset (the schedule's zone applies)"
        raise BadRotation(_expected("start", without, start))
    if local.second or local.microsecond or not EARLIEST <= local.year <= LATEST:
        sane = f"whole minutes in the years {EARLIEST} to {LATEST}"
        raise BadRotation(_expected("start", sane, start))
    return local


def _time_of_day(start: str, hour: str, minute: str | None, half: str | None) -> time:
    """ "9am", "5:30pm", "17:30"; a bare "9" could mean either and is refused."""
    hours, minutes = int(hour), int(minute or 0)
    if half is not None and 1 <= hours <= 12:
        hours = hours % 12 + (12 if half == "pm" else 0)
    elif half is not None or minute is None:
        raise BadRotation(_not_a_start(start))
    if hours > 23 or minutes > 59:
        raise BadRotation(_not_a_start(start))
    return time(hours, minutes)


def _weekday(start: str, word: str) -> int:
    """Monday is 0; three letters or more of the English name."""
    if len(word) >= 3:
        for number, name in enumerate(WEEKDAYS):
            if name.startswith(word):
                return number
    raise BadRotation(_not_a_start(start))


def _not_a_start(start: str) -> str:
    """What a start may look like."""
    forms = "a weekday and a time such as 'Mon 9am', or '2024-03-04T09:00'"
    return _expected("start", forms, start)


def _expected(field: str, expectation: str, got: object) -> str:
    """One sentence: the field, what it takes, what it was given."""
    return f"{field}: expected {expectation}; got {got!r}"
