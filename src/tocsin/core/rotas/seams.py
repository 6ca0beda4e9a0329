"""Where time zones of one schedule change their clocks apart (domain 1.7, W20).

Hand-overs between such zones then meet an hour early or late. Computed by
`final_schedule`, which is what pages.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from tocsin.core.rotas.layers import Shift, effective
from tocsin.core.rotas.schedules import HORIZON, Rotation, final_schedule
from tocsin.core.wallclock import MINUTE, Window, this_minute, wall_time

# In spring and in autumn.
MOST = 2
LONGEST = timedelta(weeks=1)
# Who is on call is shown for the first of it; the rest of the week repeats it.
SHOWN = timedelta(days=2)
# No two places that change their clocks do so further apart and yet in one season.
_AROUND = timedelta(weeks=5)
_DAY = timedelta(days=1)


class Crossing(Struct, frozen=True):
    """One rotation in a seam: who is on call as it begins, gaps, and two at once."""

    rotation: str
    shifts: tuple[Shift, ...]
    gaps: tuple[Window, ...]
    overlaps: tuple[Window, ...]


class Seam(Struct, frozen=True):
    """From `start` on clocks are apart from what they are now, for a week at most.

    `changed` are the zones that change theirs then; () where it has begun before.
    """

    start: datetime
    end: datetime
    changed: tuple[str, ...]
    crossings: tuple[Crossing, ...]


def seams(rotations: Sequence[Rotation], *, now: datetime) -> tuple[Seam, ...]:
    """The next seams of the rotations of one schedule; () where zones agree."""
    start = this_minute(now)
    ahead = Window(start, start + HORIZON)
    zones = _zones(rotations, ahead)
    if len(zones) < 2:
        return ()
    return tuple(
        Seam(
            span.start,
            span.end,
            changed,
            tuple(_crossing(one, span) for one in rotations),
        )
        for span, changed in list(_apart(zones, ahead))[:MOST]
    )


def _zones(rotations: Sequence[Rotation], window: Window) -> list[ZoneInfo]:
    found = {}
    for rotation in rotations:
        for layer in rotation.layers:
            begins, until = effective(layer)
            if begins < window.end and (until is None or until > window.start):
                found[layer.zone.key] = layer.zone
    return [found[key] for key in sorted(found)]


def _apart(
    zones: Sequence[ZoneInfo], window: Window
) -> Iterator[tuple[Window, tuple[str, ...]]]:
    """Each time from a change of clocks until they are as far apart as before."""
    usual = _usual(zones, window.start)
    opened: tuple[datetime, tuple[str, ...]] | None = None
    if _distances(zones, window.start) != usual:
        opened = (window.start, ())
    day = window.start
    while day < window.end:
        following = day + _DAY
        for at, changed in _changes(zones, day, following):
            if opened is not None:
                yield _seam(*opened, until=at)
            is_apart = _distances(zones, at) != usual
            opened = (at, changed) if is_apart else None
        day = following
    if opened is not None:
        yield _seam(*opened, until=window.end)


def _usual(zones: Sequence[ZoneInfo], now: datetime) -> list[timedelta]:
    """How far apart clocks are now; where that is a seam, around it."""
    before, after = (_distances(zones, now + sign * _AROUND) for sign in (-1, 1))
    return before if before == after else _distances(zones, now)


def _seam(
    start: datetime, changed: tuple[str, ...], *, until: datetime
) -> tuple[Window, tuple[str, ...]]:
    return Window(start, min(until, start + LONGEST)), changed


def _changes(
    zones: Sequence[ZoneInfo], start: datetime, end: datetime
) -> list[tuple[datetime, tuple[str, ...]]]:
    """The instants within a day at which the distance of clocks changes."""
    found: dict[datetime, list[str]] = {}
    for zone in zones:
        if _offset(zone, start) != _offset(zone, end):
            found.setdefault(_change(zone, start, end), []).append(zone.key)
    return [
        (at, tuple(found[at]))
        for at in sorted(found)
        if _distances(zones, at) != _distances(zones, at - MINUTE)
    ]


def _change(zone: ZoneInfo, start: datetime, end: datetime) -> datetime:
    """The minute at which the clock of a zone changes; it does in (start, end]."""
    before, after = start, end
    while after - before > MINUTE:
        middle = before + (after - before) // MINUTE // 2 * MINUTE
        if _offset(zone, middle) == _offset(zone, start):
            before = middle
        else:
            after = middle
    return after


def _distances(zones: Sequence[ZoneInfo], at: datetime) -> list[timedelta]:
    first = _offset(zones[0], at)
    return [_offset(one, at) - first for one in zones]


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return wall_time(at, zone) - at.replace(tzinfo=None)


def _crossing(rotation: Rotation, span: Window) -> Crossing:
    found = final_schedule(rotation, span)
    first = Window(span.start, min(span.end, span.start + SHOWN))
    return Crossing(
        rotation.name,
        final_schedule(rotation, first).shifts,
        found.gaps,
        tuple(_overlaps(found.shifts)),
    )


def _overlaps(shifts: Sequence[Shift]) -> Iterator[Window]:
    """When two people are on call at once."""
    until: datetime | None = None
    for one in shifts:
        if until is not None and one.start < until:
            yield Window(one.start, min(one.end, until))
        until = one.end if until is None else max(until, one.end)
