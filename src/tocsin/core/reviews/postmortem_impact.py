"""The lines of a review's impact, read back as figures (domain 7).

- Users affected: 10,000
- Duration: 45 minutes
- Revenue impact: $X
"""

import re
from datetime import timedelta

from msgspec import Struct

from tocsin.core.durations import BadDuration, spelled
from tocsin.core.durations import parse as parse_duration

_LINE = re.compile(r"[-*] ([A-Za-z][A-Za-z ]*?): +(\S.*?)\s*\Z")
_COUNT = re.compile(r"(?:~|about |ca\. ?)?(\d{1,3}(?:[, ]\d{3})+|\d+)(?: users?)?\Z")


class StatedImpact(Struct, frozen=True):
    """What the lines say. The texts are as written; the figures None if they are words."""

    users_text: str = ""
    duration_text: str = ""
    revenue: str = ""
    users: int | None = None
    duration: timedelta | None = None
    # Other lines of the same form, such as (`Regions`, `EU`).
    others: tuple[tuple[str, str], ...] = ()


def parse(text: str) -> StatedImpact:
    """The impact that a section states; lines of another form are left to readers."""
    said: dict[str, str] = {}
    others = []
    for line in text.split("\n"):
        found = _LINE.match(line)
        if found is None:
            continue
        key = found.group(1).lower()
        if key in ("users affected", "duration", "revenue impact") and key not in said:
            said[key] = found.group(2)
        else:
            others.append((found.group(1), found.group(2)))
    users, duration = said.get("users affected", ""), said.get("duration", "")
    return StatedImpact(
        users_text=users,
        duration_text=duration,
        revenue=said.get("revenue impact", ""),
        users=_count(users),
        duration=_lasted(duration),
        others=tuple(others),
    )


def render(
    *,
    users: str = "",
    duration: timedelta | None = None,
    revenue: str = "",
    others: tuple[tuple[str, str], ...] = (),
) -> str:
    """The section; a line whose figure nobody knows is left out."""
    pairs = (
        ("Users affected", users),
        ("Duration", "" if duration is None else spelled(_in_minutes(duration))),
        ("Revenue impact", revenue),
        *others,
    )
    return "\n".join(
        f"- {key}: {' '.join(value.split())}" for key, value in pairs if value.strip()
    )


def _count(text: str) -> int | None:
    found = _COUNT.match(text)
    return int(re.sub(r"[, ]", "", found.group(1))) if found else None


def _lasted(text: str) -> timedelta | None:
    try:
        return parse_duration(text)
    except BadDuration:
        return None


def _in_minutes(duration: timedelta) -> timedelta:
    """Whole minutes, once it is longer than one: nobody knows it better than that."""
    minute = timedelta(minutes=1)
    return duration if duration < minute else round(duration / minute) * minute
