"""The hours in which a layer counts: daily and weekly windows (domain 1.3).

Their ends are wall times, never durations; each goes through M(h). Knows no turn:
a restriction masks and never moves a handoff.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tocsin.core.wallclock import Window, first_instant, wall_time

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
EVERY_DAY = frozenset(range(1, 8))


@dataclass(frozen=True, slots=True)
class Daily:
    """Open on each listed ISO weekday from `start` to the next `end` (domain 1.3).

    A window that crosses midnight belongs to the day it opened; equal ends are 24 h.
    """

    start: time
    end: time
    days: frozenset[int] = EVERY_DAY


@dataclass(frozen=True, slots=True)
class Weekly:
    """Open once a week; may wrap the week; equal ends are all of it (domain 1.3)."""

    start_day: int
    start: time
    end_day: int
    end: time


def open_windows(
    restrictions: Sequence[Daily | Weekly], zone: ZoneInfo, span: Window
) -> list[Window]:
    """When any restriction is open within `span`, merged and in order (domain 1.3)."""
    opened: list[Window] = []
    for restriction in restrictions:
        for opens, closes in _local_windows(restriction, zone, span):
            start = max(first_instant(opens, zone), span.start)
            end = min(first_instant(closes, zone), span.end)
            if start < end:
                opened.append(Window(start, end))
    opened.sort(key=lambda window: window.start)
    merged: list[Window] = []
    for window in opened:
        if merged and window.start <= merged[-1].end:
            end = max(merged[-1].end, window.end)
            merged[-1] = Window(merged[-1].start, end)
        else:
            merged.append(window)
    return merged


def _local_windows(
    restriction: Daily | Weekly, zone: ZoneInfo, span: Window
) -> Iterator[tuple[datetime, datetime]]:
    """Local [opens, closes) of every window that may touch `span`."""
    if isinstance(restriction, Daily):
        days, opens_at = restriction.days, restriction.start
        length = _until_next(restriction.start, restriction.end, DAY)
    else:
        days, opens_at = frozenset({restriction.start_day}), restriction.start
        shift = (restriction.end_day - restriction.start_day) * DAY
        length = _until_next(restriction.start, restriction.end, WEEK, shift)
    # A window may have opened its whole length before, and a clock set back repeats
    # local time: one more day on either side covers the largest step there has been.
    day = (wall_time(span.start, zone) - length).date() - DAY
    last = wall_time(span.end, zone).date() + DAY
    while day <= last:
        if day.isoweekday() in days:
            opens = datetime.combine(day, opens_at)
            yield opens, opens + length
        day += DAY


def _until_next(
    start: time, end: time, period: timedelta, shift: timedelta = timedelta(0)
) -> timedelta:
    """Wall time from `start` to the next `end`; a whole period when they are equal."""
    day = date.min
    between = datetime.combine(day, end) - datetime.combine(day, start) + shift
    return between % period or period
