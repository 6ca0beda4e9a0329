"""Durations as people write them: `30s`, `15 minutes`, `1h30m`, `1 week`."""

import re
from datetime import timedelta

_UNITS = {
    "s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1,
    "m": 60, "min": 60, "mins": 60, "minute": 60, "minutes": 60,
    "h": 3600, "hr": 3600, "hrs": 3600, "hour": 3600, "hours": 3600,
    "d": 86400, "day": 86400, "days": 86400,
    "w": 604800, "week": 604800, "weeks": 604800,
}  # fmt: skip
_PART = re.compile(r"\s*(\d{1,7})\s*([a-z]+)\s*(?:,|and)?", re.IGNORECASE)
LONGEST = timedelta(days=366)


class BadDuration(ValueError):
    """The text is not a duration; says what was expected."""


def parse(text: str) -> timedelta:
    """The duration that `text` names. Raises BadDuration."""
    expected = "expected a duration such as 30s, 15m, 15 minutes, 1h30m, 2d or 1 week"
    position, total = 0, 0
    if text.strip() == "0":
        return timedelta(0)
    while position < len(text):
        part = _PART.match(text, position)
        seconds = _UNITS.get(part.group(2).lower()) if part else None
        if part is None or seconds is None:
            raise BadDuration(f"{text!r}: {expected}")
        total += int(part.group(1)) * seconds
        position = part.end()
    if not text.strip():
        raise BadDuration(f"{text!r}: {expected}")
    if timedelta(seconds=total) > LONGEST:
        raise BadDuration(f"{text!r}: longer than a year")
    return timedelta(seconds=total)


def words(duration: timedelta) -> str:
    """For people: `15 min`, `2 h 30 min`, `1 d`."""
    seconds = int(duration.total_seconds())
    parts = []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def spelled(duration: timedelta) -> str:
    """In full: `30 minutes`, `1 hour 30 minutes`; `parse` gives the same back."""
    seconds = int(duration.total_seconds())
    parts = []
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}{'' if count == 1 else 's'}")
    return " ".join(parts) or "0 minutes"


def compact(duration: timedelta) -> str:
    """For files: `15m`, `1h30m`; `parse` gives the same back."""
    seconds = int(duration.total_seconds())
    parts = []
    for size, unit in ((604800, "w"), (86400, "d"), (3600, "h"), (60, "m"), (1, "s")):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0m"
