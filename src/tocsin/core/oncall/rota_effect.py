"""What a change of a rotation's layers changes: the form, the API and the test ask here.

Computed by `final_schedule`, which is what pages.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace as with_

from tocsin.core.directory import Directory
from tocsin.core.oncall.hour_changes import Change
from tocsin.core.oncall.override_effect import doubles
from tocsin.core.rotas.overrides import Override
from tocsin.core.rotas.schedules import Handoff, Rotation, final_schedule, next_handoffs
from tocsin.core.rotas.seams import Seam, seams
from tocsin.core.wallclock import Span, Window, this_minute, without

LOOKED_AHEAD = timedelta(weeks=8)
HANDOFFS = 6


class Moved(Struct, frozen=True):
    """In [start, end) `before` were on call, and `after` will be; () is nobody."""

    start: datetime
    end: datetime
    before: tuple[str, ...]
    after: tuple[str, ...]


class Stranded(Struct, frozen=True):
    """A coming override that would find whom it replaces, or takes off, no more.

    `hours` is how long of it, from `start` on.
    """

    override: Override
    start: datetime
    hours: timedelta


class Clash(Struct, frozen=True):
    """`person` would be on call in another rotation too, `hours` long, first at `start`."""

    person: str
    schedule: str
    rotation: str
    start: datetime
    hours: timedelta


class RotaEffect(Struct, frozen=True):
    """The next handoffs once it is saved, and every hour of eight weeks that changes."""

    handoffs: tuple[Handoff, ...]
    moved: tuple[Moved, ...]
    gaps: tuple[Window, ...]
    # Whose hours change.
    told: tuple[str, ...]
    stranded: tuple[Stranded, ...] = ()
    clashes: tuple[Clash, ...] = ()
    seams: tuple[Seam, ...] = ()


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
        stranded=tuple(_stranded(before, after, start)) if before else (),
    )


def effect_among(
    directory: Directory,
    schedule: str,
    before: Rotation | None,
    after: Rotation,
    *,
    now: datetime,
) -> RotaEffect:
    """The same, and what it means beside other rotations; `directory` holds `after`."""
    found = effect(before, after, now=now)
    start = this_minute(now)
    window = Window(start, start + LOOKED_AHEAD)
    return with_(
        found,
        clashes=tuple(_clashes(directory, schedule, after, window)),
        seams=seams(directory.schedules[schedule].rotations, now=now),
    )


def _clashes(
    directory: Directory, schedule: str, after: Rotation, window: Window
) -> Iterator[Clash]:
    """Every double of these weeks, those of one person and rotation as one."""
    shifts = final_schedule(after, window).shifts
    hours = [Change(one.user, one.start, one.end, starts=True) for one in shifts]
    found: dict[tuple[str, str, str], Clash] = {}
    for one in doubles(directory, schedule, after.name, hours):
        key = one.person, one.schedule, one.rotation
        held = found.get(key, Clash(*key, one.start, timedelta(0)))
        found[key] = with_(held, hours=held.hours + (one.end - one.start))
    # What is of one schedule first: there the second call reaches nobody new.
    yield from sorted(
        found.values(), key=lambda one: (one.schedule != schedule, one.start)
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


def _stranded(before: Rotation, after: Rotation, now: datetime) -> Iterator[Stranded]:
    """Overrides that match for less time than they did; a minute counts once."""
    left = {one.id for one in after.overrides}
    for one in sorted(before.overrides, key=lambda override: override.start):
        if not one.for_user or one.end <= now or one.id not in left:
            continue
        window = Window(max(one.start, now), one.end)
        will = _matched(after, one, window)
        lost = list(without(_matched(before, one, window), will))
        if lost:
            hours = sum((end - start for start, end in lost), timedelta(0))
            yield Stranded(one, lost[0][0], hours)


def _matched(rotation: Rotation, override: Override, window: Window) -> list[Span]:
    """When whom an override leaves out is on call as far as earlier overrides say."""
    ordered = sorted(rotation.overrides, key=lambda one: one.seq)
    place = [one.id for one in ordered].index(override.id)
    earlier = replace(rotation, overrides=tuple(ordered[:place]))
    return [
        (one.start, one.end)
        for one in final_schedule(earlier, window).shifts
        if one.user == override.for_user
    ]


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
