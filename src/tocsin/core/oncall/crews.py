"""Which crew of a rotation takes over from which, also across a gap (domain 1.9). Pure.

Only a change of people is a hand-over: who goes for the night and comes back in the
morning hands over to nobody.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.directory import Directory
from tocsin.core.rotas.schedules import Rotation, final_schedule
from tocsin.core.wallclock import Window, this_minute

# Over so long a gap one crew still takes over from the other.
ACROSS = timedelta(days=7)
# So far ahead a rotation with gaps is looked at: a month's turn, and some days.
_AHEAD = timedelta(days=40)


class Turnover(Struct, frozen=True):
    """`incoming` take over at `at`; `outgoing` go at `left`, earlier where a gap is.

    In a gap, `left` is when it was asked for.
    """

    at: datetime
    left: datetime
    outgoing: tuple[str, ...]
    incoming: tuple[str, ...]


def next_turnover(
    directory: Directory,
    schedule: str,
    rotation: str,
    *,
    last: tuple[str, ...] = (),
    now: datetime,
) -> Turnover | None:
    """The next hand-over; None where none is in sight.

    `last` was on call before, where nobody is now.
    """
    rows = directory.who(now=now, schedule=schedule)
    row = next((one for one in rows if one.rotation == rotation), None)
    found = directory.rotation(f"{schedule}/{rotation}")
    if row is None or found is None or row.until is None:
        return None
    outgoing = row.people or directory.active(last)
    if not outgoing:
        return None
    if row.people and set(row.then) - set(row.people):
        return Turnover(row.until, row.until, outgoing, row.then)
    start = row.until if row.people else this_minute(now)
    return _after(_crews(directory, found, start), start, outgoing)


def _after(
    crews: Iterator[tuple[datetime, tuple[str, ...]]],
    left: datetime,
    outgoing: tuple[str, ...],
) -> Turnover | None:
    is_gap = True
    for at, people in crews:
        if not people:
            # Where a shift ends, and not where the same gap is only another one.
            left = left if is_gap else at
            is_gap = True
            continue
        if is_gap and at - left > ACROSS:
            return None
        if set(people) - set(outgoing):
            return Turnover(at, left if is_gap else at, outgoing, people)
        outgoing, is_gap = people, False
    return None


def _crews(
    directory: Directory, rotation: Rotation, start: datetime
) -> Iterator[tuple[datetime, tuple[str, ...]]]:
    """Who is on call from when on, by time, from `start` on; () in a gap."""
    shifts = final_schedule(rotation, Window(start, start + _AHEAD)).shifts
    edges = {start, *(edge for one in shifts for edge in (one.start, one.end))}
    for at in sorted(edge for edge in edges if edge < start + _AHEAD):
        here = (one.user for one in shifts if one.start <= at < one.end)
        yield at, directory.active(dict.fromkeys(here))
