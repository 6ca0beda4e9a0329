"""When a local time happens: zones, and the one rule for every clock change.

Knows no schedule. The rule is M(h) of domain 1.2: the first instant at which the
zone's wall clock reads h or later. It is total and monotone, so windows that abut
on the wall abut in time, and no clock change can open a gap or an overlap.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)

# The zone database keeps these for old programs; each names a fixed offset or one
# country's rule under an abbreviation that means something else elsewhere.
_ABBREVIATIONS = {
    "EST": "America/New_York",
    "EDT": "America/New_York",
    "EST5EDT": "America/New_York",
    "CST": "America/Chicago",
    "CDT": "America/Chicago",
    "CST6CDT": "America/Chicago",
    "MST": "America/Denver",
    "MDT": "America/Denver",
    "MST7MDT": "America/Denver",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
    "PST8PDT": "America/Los_Angeles",
    "HST": "Pacific/Honolulu",
    "WET": "Europe/Lisbon",
    "CET": "Europe/Berlin",
    "CEST": "Europe/Berlin",
    "MET": "Europe/Berlin",
    "EET": "Europe/Athens",
    "BST": "Europe/London",
    "IST": "Asia/Kolkata",
    "JST": "Asia/Tokyo",
    "GMT": "UTC",
    "Z": "UTC",
}
_OFFSETS = ("+", "-", "UTC+", "UTC-", "GMT+", "GMT-")
_NOT_PLACES = frozenset({"Factory", "localtime", "posixrules"})


class UnknownZone(ValueError):
    """The name is not a key of the IANA time zone database."""


@dataclass(frozen=True, slots=True)
class Window:
    """The half-open interval [start, end) of UTC instants (domain 0)."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        assert self.start.tzinfo == UTC == self.end.tzinfo, "instants are UTC"
        assert self.start < self.end, "a window has a length"


Span = tuple[datetime, datetime]


def without(spans: Iterable[Span], gone: Sequence[Span]) -> Iterator[Span]:
    """What is left of `spans`; `gone` is in order of start."""
    for start, end in spans:
        at = start
        for gone_from, gone_to in gone:
            if gone_to <= at or gone_from >= end:
                continue
            if at < gone_from:
                yield at, gone_from
            at = max(at, gone_to)
        if at < end:
            yield at, end


def union(spans: Iterable[Span]) -> list[Span]:
    """The same times, none of them twice, by start."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def zone_named(name: str) -> ZoneInfo:
    """The zone with this IANA key (domain 0). Raises UnknownZone with a suggestion."""
    if (
        name.upper() in _ABBREVIATIONS
        or name.startswith(_OFFSETS)
        or name.startswith(("posix/", "right/"))
        or name in _NOT_PLACES
    ):
        raise UnknownZone(_not_a_zone(name))
    try:
        return ZoneInfo(name)
    # A folder of the database, such as "America", is an OSError.
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownZone(_not_a_zone(name)) from error


@lru_cache(maxsize=4096)
def first_instant(local: datetime, zone: ZoneInfo) -> datetime:
    """M(h): the first UTC instant at which `zone` reads `local` or later (domain 1.2).

    A repeated time is its first occurrence; a skipped time is the transition itself.
    """
    early = local.replace(tzinfo=zone, fold=0)
    offset = early.utcoffset()
    offset_after = early.replace(fold=1).utcoffset()
    assert offset is not None
    assert offset_after is not None
    naive = local.replace(fold=0)
    if offset >= offset_after:
        # Ordinary, or repeated: fold 0 is then the first of the two (PEP 495).
        return (naive - offset).replace(tzinfo=UTC)
    return _transition(
        naive,
        zone,
        before=(naive - offset_after).replace(tzinfo=UTC),
        after=(naive - offset).replace(tzinfo=UTC),
    )


def wall_time(instant: datetime, zone: ZoneInfo) -> datetime:
    """What a clock on the wall in `zone` shows at `instant`, without the zone."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def local_words(at: datetime, zone: str) -> str:
    """An instant for somebody who lives in the named zone: `Tue 5 Mar 2024, 10:00`."""
    return f"{wall_time(at, zone_named(zone)):%a %-d %b %Y, %H:%M}"


def typed(at: datetime, zone: ZoneInfo) -> str:
    """An instant as a form's field of a local time holds it: `2024-03-05T10:00`."""
    return f"{wall_time(at, zone):%Y-%m-%dT%H:%M}"


def minute_text(at: datetime) -> str:
    """An instant as documents hold it, UTC to the minute: `2024-03-05T09:00Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def this_minute(instant: datetime) -> datetime:
    """The start of the minute that holds `instant`: schedules know no less."""
    return instant.replace(second=0, microsecond=0)


def _transition(
    local: datetime, zone: ZoneInfo, *, before: datetime, after: datetime
) -> datetime:
    """The instant in (before, after] at which the clock jumped over `local`."""
    while after - before > SECOND:
        middle = before + timedelta(seconds=(after - before) // SECOND // 2)
        if wall_time(middle, zone) >= local:
            after = middle
        else:
            before = middle
    return after


def _not_a_zone(name: str) -> str:
    """What to say about a name that is not a key of the database, or must not be."""
    expected = "expected an IANA time zone such as 'Europe/Berlin'"
    place = _ABBREVIATIONS.get(name.upper())
    if place is not None:
        return f"{expected}, but {name!r} is an abbreviation; did you mean {place!r}?"
    if name.startswith(_OFFSETS):
        return f"{expected}, but {name!r} is an offset and knows no summer time"
    by_lower = {key.lower(): key for key in available_timezones()}
    near = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.7)
    hint = f"; did you mean {by_lower[near[0]]!r}?" if near else ""
    return f"{expected}, got {name!r}{hint}"
