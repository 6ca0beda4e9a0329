"""When a rotation's turns begin, as people write it: `Mon 9am`, `2026-11-23T09:00`.

A rotation that is configured now is in force now: `Mon 9am` means the last Monday 09:00
that has happened, so the first person named is on call until the next one
(docs/decisions/0006-rotations-start-now.md).
"""

import re
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from tocsin.core.wallclock import wall_time

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONG = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_START = re.compile(
    r"\s*([a-z]+)\s+(?:at\s+)?(\d{1,2})(?::(\d{2}))?\s*(am|pm)?\s*\Z", re.IGNORECASE
)
EXPECTED = "a day and a time such as 'Mon 9am' or 'Fri 17:30', or 2026-11-23T09:00"


class BadStart(ValueError):
    """The text is no start."""


def anchor_of(text: str, zone: ZoneInfo, *, now: datetime) -> datetime:
    """The local start of turn 0. Raises BadStart."""
    if not text:
        return datetime.combine(wall_time(now, zone).date(), time(0))
    weekly = _weekly(text)
    if weekly is None:
        return _exact(text)
    weekday, at = weekly
    local = wall_time(now, zone)
    anchor = datetime.combine(local.date(), at)
    anchor -= timedelta(days=(anchor.weekday() - weekday) % 7)
    return anchor if anchor <= local else anchor - timedelta(weeks=1)


def fits(text: str, anchor: datetime) -> bool:
    """Whether `anchor` is a start that `text` names. Raises BadStart."""
    if not text:
        return anchor.time() == time(0)
    weekly = _weekly(text)
    if weekly is None:
        return _exact(text) == anchor
    return (anchor.weekday(), anchor.time()) == weekly


def _weekly(text: str) -> tuple[int, time] | None:
    found = _START.match(text)
    if found is None:
        return None
    word, hours, minutes, half = found.groups()
    word = word.lower()
    names = [*_LONG, *_DAYS]
    if word not in names:
        raise BadStart(EXPECTED)
    hour = int(hours)
    if half:
        if not 1 <= hour <= 12:
            raise BadStart(EXPECTED)
        hour = hour % 12 + (12 if half.lower() == "pm" else 0)
    if hour > 23 or int(minutes or 0) > 59:
        raise BadStart(EXPECTED)
    return names.index(word) % 7, time(hour, int(minutes or 0))


def _exact(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadStart(EXPECTED) from None
    if at.tzinfo is not None or at.second or at.microsecond:
        raise BadStart("a local time in whole minutes, without a zone")
    return at
