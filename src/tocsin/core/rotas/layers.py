"""What one layer of a rotation claims: turns, restrictions and leave (domain 1.1-1.3).

Knows no other layer and no override; `schedules` puts those together.
"""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from tocsin.core.rotas.restrictions import DAY, WEEK, Daily, Weekly, open_windows
from tocsin.core.wallclock import Window, first_instant, wall_time

MIDNIGHT = time(0)


class Unit(StrEnum):
    """What a turn is counted in."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


LENGTHS = {Unit.HOUR: timedelta(hours=1), Unit.DAY: DAY, Unit.WEEK: WEEK}


class TurnClock(StrEnum):
    """Whether turns follow the clock on the wall or elapsed time (domain 1.2)."""

    WALL = "wall"
    ABSOLUTE = "absolute"


class OnUnavailable(StrEnum):
    """What a layer does when whose turn it is is on leave (domain 1.3)."""

    FLAG = "flag"
    GAP = "gap"
    NEXT = "next"


@dataclass(frozen=True, slots=True)
class Turn:
    """How long each participant holds the layer (domain 1.1)."""

    unit: Unit
    count: int = 1

    def __post_init__(self) -> None:
        assert self.count >= 1


@dataclass(frozen=True, slots=True)
class Leave:
    """`user` cannot be on call in [start, end), UTC (domain 1.3)."""

    user: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Shift:
    """`user` is on call in [start, end), UTC, because of `source` (domain 1.1).

    The source is `layer:ID`, `override:ID` or `ical:ID`.
    """

    start: datetime
    end: datetime
    user: str
    source: str


@dataclass(frozen=True, slots=True)
class Layer:
    """Participants taking turns from a local anchor (domain 1.1). None is nobody.

    `anchor` is the local start of turn 0; turns before it count backwards. `start` and
    `until` bound what the layer claims: a naive time is local, an aware one an instant.
    Without `start` the layer begins at its anchor.
    """

    id: str
    participants: tuple[str | None, ...]
    anchor: datetime
    turn: Turn
    zone: ZoneInfo
    priority: int = 0
    clock: TurnClock = TurnClock.WALL
    start: datetime | None = None
    until: datetime | None = None
    restrictions: tuple[Daily | Weekly, ...] = ()
    on_unavailable: OnUnavailable = OnUnavailable.FLAG

    def __post_init__(self) -> None:
        assert self.participants
        assert self.anchor.tzinfo is None
        # A month has no elapsed length.
        assert self.clock is TurnClock.WALL or self.turn.unit is not Unit.MONTH


def claims(layer: Layer, window: Window, leave: Sequence[Leave] = ()) -> list[Shift]:
    """Who holds `layer` when, in order and within `window` (domain 1.5, steps 1-2)."""
    begin, until = effective(layer)
    start = max(window.start, begin)
    end = window.end if until is None else min(window.end, until)
    if start >= end:
        return []
    span = Window(start, end)
    source = f"layer:{layer.id}"
    away = [a for a in leave if a.start < end and a.end > start]
    return [
        Shift(held_from, held_to, user, source)
        for turn_start, turn_end, k in _open_turns(layer, span)
        for held_from, held_to, user in _holders(layer, k, turn_start, turn_end, away)
    ]


def effective(layer: Layer) -> tuple[datetime, datetime | None]:
    """The instants between which `layer` counts (domain 1.1); None is for ever."""
    start = layer.anchor if layer.start is None else layer.start
    until = None if layer.until is None else _instant(layer.until, layer.zone)
    return _instant(start, layer.zone), until


def handoff(layer: Layer, k: int) -> datetime:
    """The instant at which turn `k` begins: M(H_k), or elapsed time (domain 1.2)."""
    unit, count = layer.turn.unit, layer.turn.count
    if unit is Unit.MONTH:
        nominal = _months_after(layer.anchor, k * count)
    elif layer.clock is TurnClock.ABSOLUTE:
        return first_instant(layer.anchor, layer.zone) + k * count * LENGTHS[unit]
    else:
        nominal = layer.anchor + k * count * LENGTHS[unit]
    return first_instant(nominal, layer.zone)


def turn_at(layer: Layer, instant: datetime) -> int:
    """The last turn to have begun by `instant` (domain 1.1), found by arithmetic."""
    unit, count = layer.turn.unit, layer.turn.count
    if layer.clock is TurnClock.ABSOLUTE:
        elapsed = instant - first_instant(layer.anchor, layer.zone)
        return elapsed // (count * LENGTHS[unit])
    local, anchor = wall_time(instant, layer.zone), layer.anchor
    if unit is Unit.MONTH:
        months = (local.year - anchor.year) * 12 + local.month - anchor.month
        k = months // count
    else:
        k = (local - anchor) // (count * LENGTHS[unit])
    # The wall clock is an estimate only: after a step back it reads less than has
    # already happened, and a clamped month may begin later than its number says.
    while handoff(layer, k) > instant:
        k -= 1
    while handoff(layer, k + 1) <= instant:
        k += 1
    return k


def days_of_leave(user: str, first: date, last: date, zone: ZoneInfo) -> Leave:
    """Whole days of leave, both included, on the user's own calendar (domain 1.3)."""
    assert first <= last
    return Leave(
        user,
        first_instant(datetime.combine(first, MIDNIGHT), zone),
        first_instant(datetime.combine(last + DAY, MIDNIGHT), zone),
    )


def _open_turns(layer: Layer, span: Window) -> Iterator[tuple[datetime, datetime, int]]:
    """The turns within `span`, cut down to the restriction windows, in order."""
    turns = _turns(layer, span)
    if not layer.restrictions:
        yield from turns
        return
    windows = open_windows(layer.restrictions, layer.zone, span)
    first = 0
    for start, end, k in turns:
        while first < len(windows) and windows[first].end <= start:
            first += 1
        # Not advanced past a window that reaches into the next turn.
        for window in windows[first:]:
            if window.start >= end:
                break
            yield max(start, window.start), min(end, window.end), k


def _turns(layer: Layer, span: Window) -> Iterator[tuple[datetime, datetime, int]]:
    """The turns within `span`; those a skipped hour left without length drop out."""
    k = turn_at(layer, span.start)
    start = span.start
    while start < span.end:
        end = min(handoff(layer, k + 1), span.end)
        if start < end:
            yield start, end, k
        start, k = end, k + 1


def _holders(
    layer: Layer, k: int, start: datetime, end: datetime, away: Sequence[Leave]
) -> Iterator[tuple[datetime, datetime, str]]:
    """Who holds turn `k` in [start, end) once leave is taken into account."""
    holder = layer.participants[k % len(layer.participants)]
    if holder is None:
        return
    if layer.on_unavailable is OnUnavailable.FLAG or not away:
        yield start, end, holder
        return
    edges = {edge for a in away for edge in (a.start, a.end) if start < edge < end}
    cuts = [start, *sorted(edges), end]
    for held_from, held_to in pairwise(cuts):
        absent = {a.user for a in away if a.start <= held_from < a.end}
        user = _stand_in(layer, k, absent) if holder in absent else holder
        if user is not None:
            yield held_from, held_to, user


def _stand_in(layer: Layer, k: int, absent: set[str]) -> str | None:
    """The first available participant after turn `k`; the order does not shift."""
    if layer.on_unavailable is OnUnavailable.GAP:
        return None
    n = len(layer.participants)
    following = (layer.participants[(k + step) % n] for step in range(1, n))
    return next((u for u in following if u is not None and u not in absent), None)


def _months_after(anchor: datetime, months: int) -> datetime:
    """`anchor` moved by whole months and clamped to the last day of its month."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    day = min(anchor.day, monthrange(year, month + 1)[1])
    return anchor.replace(year=year, month=month + 1, day=day)


def _instant(boundary: datetime, zone: ZoneInfo) -> datetime:
    """An effective boundary as an instant."""
    return first_instant(boundary, zone) if boundary.tzinfo is None else boundary
