"""What a change of a rotation's layers changes: the form, the API and the test ask here.

Computed by `final_schedule`, which is what pages.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from msgspec import Struct

from tocsin.core.schedules import Handoff, Rotation, final_schedule, next_handoffs
from tocsin.core.wallclock import Window, this_minute

LOOKED_AHEAD = timedelta(weeks=8)
HANDOFFS = 6


class Moved(Struct, frozen=True):
    """In [start, end) `before` were on call, and `after` will be; () is nobody."""

    start: datetime
    end: datetime
    before: tuple[str, ...]
    after: tuple[str, ...]


class RotaEffect(Struct, frozen=True):
    """The next handoffs once it is saved, and every hour of eight weeks that changes."""

    handoffs: tuple[Handoff, ...]
    moved: tuple[Moved, ...]
    gaps: tuple[Window, ...]
    # Whose hours change.
    told: tuple[str, ...]


def effect(before: Rotation | None, after: Rotation, *, now: datetime) -> RotaEffect:
    """What `after` instead of `before` changes from now on."""
    start = this_minute(now)
    window = Window(start, start + LOOKED_AHEAD)
    moved = tuple(_moved(before, after, window))
    told = {who for one in moved for who in {*one.before} ^ {*one.after}}
    return RotaEffect(
        handoffs=next_handoffs(after, now=now, count=HANDOFFS),
        moved=moved,
        gaps=final_schedule(after, window).gaps,
        told=tuple(sorted(told)),
    )


def _moved(before: Rotation | None, after: Rotation, window: Window) -> Iterator[Moved]:
    """Pieces in which other people are on call, neighbours of the same kind joined."""
    old, new = _timeline(before, window), _timeline(after, window)
    edges = sorted({*old, *new, window.end})
    last: Moved | None = None
    was: tuple[str, ...] = ()
    will: tuple[str, ...] = ()
    for at, following in pairwise(edges):
        was, will = old.get(at, was), new.get(at, will)
        if was == will:
            continue
        if last and last.end == at and (last.before, last.after) == (was, will):
            last = Moved(last.start, following, was, will)
            continue
        if last is not None:
            yield last
        last = Moved(at, following, was, will)
    if last is not None:
        yield last


def _timeline(
    rotation: Rotation | None, window: Window
) -> dict[datetime, tuple[str, ...]]:
    """Who is on call from each edge on, until the next."""
    if rotation is None:
        return {window.start: ()}
    shifts = final_schedule(rotation, window).shifts
    edges = {window.start, *(e for one in shifts for e in (one.start, one.end))}
    return {
        at: tuple(sorted({one.user for one in shifts if one.start <= at < one.end}))
        for at in sorted(edges)
        if at < window.end
    }
