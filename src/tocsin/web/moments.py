"""Times that people type: a day and a time in their own zone, or a length such as 2h."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tocsin.core.durations import BadDuration, parse
from tocsin.core.wallclock import first_instant

_FORMAT = "%Y-%m-%dT%H:%M"


class BadMoment(ValueError):
    """The text is no time; says what was expected."""


def instant_of(text: str, zone: str) -> datetime:
    """What a field of the type datetime-local holds. Raises BadMoment."""
    try:
        local = datetime.strptime(text[:16], _FORMAT)  # noqa: DTZ007 - a wall clock's
    except ValueError:
        raise BadMoment("Expected a day and a time such as 2026-01-31T18:00.") from None
    if not 1980 <= local.year < 2200:
        raise BadMoment("Expected a time between 1980 and 2200.")
    return first_instant(local, ZoneInfo(zone))


def length_of(text: str) -> timedelta:
    """Such as 2h or 30 minutes. Raises BadMoment."""
    try:
        return parse(text)
    except BadDuration as error:
        raise BadMoment(f"{error}.".replace(f"{text!r}: ", "").capitalize()) from None


def typed_as(at: datetime, zone: str) -> str:
    """The instant as such a field holds it."""
    return at.astimezone(UTC).astimezone(ZoneInfo(zone)).strftime(_FORMAT)
