"""The `[UPDATE]` block, read and written (domain 5.4).

    [UPDATE] 2:45 PM PST
    We are investigating elevated error rates on our API.
    Impact: ~15% of requests failing
    Team: Working on identifying root cause
    ETA: 30 minutes to next update

Knows no incident, no approval and no channel. A block has no date: it is read as the
moment nearest to `now` at which the incident's zone shows that time.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from tocsin.core.durations import BadDuration, spelled
from tocsin.core.durations import parse as parse_duration
from tocsin.core.wall_abbreviations import EXPECTED, clock_time, instants_of
from tocsin.core.wallclock import wall_time, zone_named

KNOWN = ("Impact", "Team", "ETA")
EXPECTED_ETA = "'30 minutes to next update' or a time such as '3:15 PM PST'"
LONGEST_ETA = timedelta(days=7)
_HEAD = re.compile(r"\[UPDATE\][ \t]+(.+?)[ \t]*\Z", re.IGNORECASE)
_FIELD = re.compile(r"([A-Z][A-Za-z][A-Za-z /-]{0,28}):[ \t]+(\S.*)\Z")
_TO_NEXT = re.compile(r"(.+?)\s+to\s+(?:the\s+)?next\s+update\.?\Z", re.IGNORECASE)
_DAY = timedelta(days=1)


class BadUpdate(ValueError):
    """The text is no update; says which part, what was given, what was expected."""


class Update(Struct, frozen=True):
    """One update. `at` is a whole minute; `eta` is a promise, as it was worded."""

    at: datetime
    zone: str
    body: str
    impact: str = ""
    team: str = ""
    eta: timedelta | datetime | None = None
    # What we do not know, in its order: (`Workaround`, `Pay by transfer`).
    others: tuple[tuple[str, str], ...] = ()
    # 12 as in the article, or 24.
    clock: int = 12

    @property
    def next_update_at(self) -> datetime | None:
        """When the next update is promised; None without an ETA."""
        return self.at + self.eta if isinstance(self.eta, timedelta) else self.eta


def parse(text: str, *, zone: str, now: datetime) -> Update:
    """The update that `text` is, in the incident's `zone`. Raises BadUpdate."""
    lines = text.replace("\r\n", "\n").strip().split("\n")
    head = _HEAD.match(lines[0])
    if head is None:
        raise BadUpdate(f"first line: {lines[0]!r}: expected [UPDATE] and {EXPECTED}")
    place = zone_named(zone)
    at, clock = _at(head.group(1), place, now=now)
    body, fields = _parted(lines[1:])
    if not body:
        raise BadUpdate("text: missing: expected what is going on, below the time")
    known = dict.fromkeys(KNOWN, "")
    others = []
    for key, value in fields:
        # A second `Impact:` is kept beside the first, so that nothing is lost.
        if known.get(key) == "":
            known[key] = value
        else:
            others.append((key, value))
    return Update(
        at=at,
        zone=zone,
        body=body,
        impact=known["Impact"],
        team=known["Team"],
        eta=eta_of(known["ETA"], place, at=at) if known["ETA"] else None,
        others=tuple(others),
        clock=clock,
    )


def render(update: Update) -> str:
    """The block, with its fields in the article's order and the unknown ones last."""
    zone = zone_named(update.zone)
    eta = ""
    if isinstance(update.eta, timedelta):
        eta = f"{spelled(update.eta)} to next update"
    elif update.eta is not None:
        eta = clock_time(update.eta, zone, hours=update.clock)
    known = zip(KNOWN, (update.impact, update.team, eta), strict=True)
    fields = [*(pair for pair in known if pair[1]), *update.others]
    head = f"[UPDATE] {clock_time(update.at, zone, hours=update.clock)}"
    return "\n".join([head, update.body, *(f"{k}: {v}" for k, v in fields)])


def eta_of(text: str, zone: ZoneInfo, *, at: datetime) -> timedelta | datetime:
    """What an ETA promises to someone who reads it at `at`. Raises BadUpdate."""
    refused = BadUpdate(f"ETA: {text!r}: expected {EXPECTED_ETA}")
    worded = _TO_NEXT.match(text)
    try:
        eta = parse_duration(worded.group(1) if worded else text)
    except BadDuration:
        if worded:
            raise refused from None
    else:
        if not timedelta(0) < eta <= LONGEST_ETA:
            raise BadUpdate(f"ETA: {text!r}: expected a time to come within 7 days")
        return eta
    try:
        found = instants_of(text, zone, days=_days(at, zone), zone_needed=False)
    except ValueError:
        raise refused from None
    return min(one for one in found.instants if one > at)


def _at(text: str, zone: ZoneInfo, *, now: datetime) -> tuple[datetime, int]:
    """The moment nearest to `now` that the first line can mean, and its clock."""
    try:
        found = instants_of(text, zone, days=_days(now, zone), zone_needed=True)
    except ValueError as error:
        raise BadUpdate(f"time: {text!r}: expected {error}") from None
    nearest = min(found.instants, key=lambda one: (abs(one - now), one))
    return nearest.replace(second=0), found.hours


def _days(near: datetime, zone: ZoneInfo) -> Iterator[date]:
    today = wall_time(near, zone).date()
    return (today + count * _DAY for count in (-1, 0, 1, 2))


def _parted(lines: list[str]) -> tuple[str, list[tuple[str, str]]]:
    """The text, and the fields: they begin at the first one that we know.

    A line of the text such as `Note: …` stays where it was written. A line below a
    field that is no field goes on with it.
    """
    body: list[str] = []
    fields: list[tuple[str, str]] = []
    for line in lines:
        found = _FIELD.match(line.rstrip())
        if found and (fields or found.group(1) in KNOWN):
            fields.append((found.group(1), found.group(2)))
        elif fields:
            key, value = fields[-1]
            fields[-1] = (key, f"{value}\n{line.rstrip()}")
        else:
            body.append(line.rstrip())
    return "\n".join(body).strip(), [(key, value.strip()) for key, value in fields]
