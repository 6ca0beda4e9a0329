"""From when to when, as the forms of silences and maintenance windows ask for it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from tocsin.web.moments import BadMoment, instant_of, length_of

FIELDS = ("starts", "lasts", "ends")
# A start that was "now" when the form was drawn is now when it is sent.
_JUST_NOW = timedelta(minutes=2)


def span_of(
    values: Mapping[str, str], zone: str, *, now: datetime
) -> tuple[datetime, datetime, dict[str, str]]:
    """(start, end, what is wrong by field). An end that is given counts, not a length."""
    problems: dict[str, str] = {}
    start, end = now, now + timedelta(hours=2)
    try:
        if values.get("starts"):
            given = instant_of(values["starts"], zone)
            start = now if now - _JUST_NOW <= given <= now else given
    except BadMoment as error:
        problems["starts"] = str(error)
    try:
        if values.get("ends"):
            end = instant_of(values["ends"], zone)
        elif values.get("lasts"):
            end = start + length_of(values["lasts"])
        else:
            problems["lasts"] = "Expected how long, such as 2h, or an end."
    except BadMoment as error:
        problems["ends" if values.get("ends") else "lasts"] = str(error)
    return start, end, problems
