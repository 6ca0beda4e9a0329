"""One row per shift that was, for pay or time off in lieu (domain 1.9). No leaderboard."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from tocsin.core.directory import Directory
from tocsin.core.oncall.oncall_load import Load, load_of
from tocsin.core.oncall.own_shifts import OwnShift, people_of, shifts_of_all
from tocsin.core.oncall.shift_pages import Paged, pages_by_shift
from tocsin.core.wallclock import Window


class ShiftRecord(Struct, frozen=True):
    """A shift of `person`, cut to the period, and what it asked of them."""

    person: str
    shift: OwnShift
    load: Load


def records(
    directory: Directory,
    schedule: str,
    window: Window,
    paged: Mapping[str, Sequence[Paged]],
    *,
    only: str = "",
) -> Iterator[ShiftRecord]:
    """Every shift of a schedule in the window, by person and start; or of one person."""
    known = directory.schedules[schedule]
    names = {who for rotation in known.ever for who in people_of(rotation)}
    # Who left has a record as well, as long as the schedule knows them.
    people = [one for one in sorted(names) if only in ("", one)]
    alone = Directory(schedules={schedule: known})
    for who, shifts in shifts_of_all(alone, people, window).items():
        parts = [_cut(one, window) for one in shifts]
        pages = pages_by_shift(directory, paged.get(who, ()), parts)
        for cut, own in zip(parts, pages, strict=True):
            hours = Window(cut.start, cut.end)
            if hours.start < hours.end:
                load = load_of(directory, who, hours, own, shifts=[cut])
                yield ShiftRecord(who, cut, load)


def _cut(one: OwnShift, window: Window) -> OwnShift:
    start, end = max(one.start, window.start), min(one.end, window.end)
    return OwnShift(one.schedule, one.rotation, start, end)
