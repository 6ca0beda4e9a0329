"""Whose hours on call a change moves: what every edit of a schedule is told by.

Computed by `final_schedule`, which is what pages.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.directory import Directory
from tocsin.core.rotas.overrides import Override
from tocsin.core.rotas.schedules import (
    FinalSchedule,
    Rotation,
    final_schedule,
    spans_of,
)
from tocsin.core.wallclock import Window, this_minute, without

# Whoever's hours change so far ahead is told (ux 5.29); an override may lie later.
LOOKED_AHEAD = timedelta(weeks=8)
_FARTHEST = timedelta(days=400)


class Change(Struct, frozen=True):
    """`person` starts (or stops) being on call in [start, end)."""

    person: str
    start: datetime
    end: datetime
    starts: bool


class Moved(Struct, frozen=True):
    """What changes in one rotation; a change that ends at `until` may go on after it."""

    schedule: str
    rotation: str
    changes: tuple[Change, ...]
    until: datetime


def moves(before: Directory, after: Directory, *, now: datetime) -> list[Moved]:
    """Every rotation in which the hours ahead change from `before` to `after`."""
    found = []
    for name in sorted({*before.schedules, *after.schedules}):
        old = _rotations(before, name)
        new = _rotations(after, name)
        for same in _under_another_name(old, new, now):
            del old[same[0]], new[same[1]]
        for rotation in sorted({*old, *new}):
            was, will = old.get(rotation), new.get(rotation)
            if was == will:
                continue
            window = _ahead(was, will, now)
            changed = tuple(changes(_final(was, window), _final(will, window)))
            if changed:
                found.append(Moved(name, rotation, changed, window.end))
    return found


def changes(before: FinalSchedule, after: FinalSchedule) -> Iterator[Change]:
    """Who starts and who stops, by person and time, joined where turns abut."""
    for starts, here, there in ((True, after, before), (False, before, after)):
        for who in sorted({shift.user for shift in here.shifts}):
            for start, end in without(
                spans_of(here.shifts, who), spans_of(there.shifts, who)
            ):
                yield Change(who, start, end, starts)


def _rotations(directory: Directory, schedule: str) -> dict[str, Rotation]:
    known = directory.schedules.get(schedule)
    return {one.name: one for one in known.rotations} if known is not None else {}


def _under_another_name(
    old: dict[str, Rotation], new: dict[str, Rotation], now: datetime
) -> list[tuple[str, str]]:
    """Rotations that only changed their names: nobody's hours move by that."""
    found = []
    fresh = sorted(new.keys() - old.keys())
    for gone in sorted(old.keys() - new.keys()):
        for name in fresh:
            window = _ahead(old[gone], new[name], now)
            was, will = _final(old[gone], window), _final(new[name], window)
            if not any(changes(was, will)):
                found.append((gone, name))
                fresh.remove(name)
                break
    return found


def _ahead(was: Rotation | None, will: Rotation | None, now: datetime) -> Window:
    """Eight weeks, and as far as the overrides that differ reach."""
    old, new = _by_hand(was), _by_hand(will)
    start = this_minute(now)
    end = max([start + LOOKED_AHEAD, *(one.end for one in old ^ new)])
    return Window(start, min(end, start + _FARTHEST))


def _by_hand(rotation: Rotation | None) -> set[Override]:
    """Overrides of people: a calendar that reaches a day farther is no news."""
    held = rotation.overrides if rotation is not None else ()
    return {one for one in held if not one.is_of_calendar}


def _final(rotation: Rotation | None, window: Window) -> FinalSchedule:
    if rotation is None:
        return FinalSchedule((), (window,))
    return final_schedule(rotation, window)
