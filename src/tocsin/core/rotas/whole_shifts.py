"""Shifts and gaps with the ends that they really have, beyond the days that are looked at.

`final_schedule` cuts at its window; who reads a list, or hands a shift over, needs the
hours at which it begins and ends. Knows no page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from tocsin.core.rotas.layers import Shift
from tocsin.core.rotas.schedules import HORIZON, Rotation, final_schedule
from tocsin.core.wallclock import Window

# Most turns are of a week or two: look a little further first, then much.
_REACHES = (timedelta(weeks=1), timedelta(weeks=4), timedelta(weeks=16), HORIZON)


class _Stretch(Protocol):
    @property
    def start(self) -> datetime: ...
    @property
    def end(self) -> datetime: ...


Row = TypeVar("Row", bound=_Stretch)


@dataclass(frozen=True, slots=True)
class WholeSchedule:
    """What meets a window. Where a row touches an end of `seen` nobody knows that end."""

    shifts: tuple[Shift, ...]
    gaps: tuple[Window, ...]
    seen: Window


def whole_schedule(rotation: Rotation, window: Window) -> WholeSchedule:
    """The shifts and gaps of `rotation` that meet `window`, whole."""

    def rows(wide: Window) -> list[Shift | Window]:
        final = final_schedule(rotation, wide)
        return [*final.shifts, *final.gaps]

    found, seen = look_further(window, rows)
    return WholeSchedule(
        tuple(one for one in found if isinstance(one, Shift)),
        tuple(one for one in found if isinstance(one, Window)),
        seen,
    )


def look_further(
    window: Window, rows: Callable[[Window], Sequence[Row]]
) -> tuple[list[Row], Window]:
    """What of `rows` meets `window`, asked of wider windows until none of it is cut.

    At most 400 days further at either side; also gives the widest window asked.
    """
    seen = window
    for reach in (timedelta(0), *_REACHES):
        found = [
            one
            for one in rows(seen)
            if one.start < window.end and one.end > window.start
        ]
        early = any(one.start == seen.start for one in found)
        late = any(one.end == seen.end for one in found)
        if not (early or late) or reach == _REACHES[-1]:
            break
        further = next(one for one in _REACHES if one > reach)
        seen = Window(
            window.start - further if early else seen.start,
            window.end + further if late else seen.end,
        )
    return found, seen
