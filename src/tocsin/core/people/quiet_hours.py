"""When a person wants to be left alone by what can wait (domain 2.4).

Knows no page and no alert; paging.py asks it and only for low urgency. Edges follow M
of wallclock.py, so that a clock change can neither lengthen nor lose the quiet.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from tocsin.core.wallclock import first_instant, wall_time

_DAY = timedelta(days=1)


class QuietHours(Struct, frozen=True):
    """Every day from `start` to `end` on the person's wall; may cross midnight."""

    start: time
    end: time


def quiet_until(hours: QuietHours, zone: ZoneInfo, *, now: datetime) -> datetime | None:
    """The end of the quiet hours that hold `now`; None outside of them."""
    today = wall_time(now, zone).date()
    crosses = hours.end <= hours.start
    # Yesterday's may still go on; a skipped time can move today's start by a day's end.
    for day in (today - _DAY, today, today + _DAY):
        last = day + _DAY if crosses else day
        start = first_instant(datetime.combine(day, hours.start), zone)
        end = first_instant(datetime.combine(last, hours.end), zone)
        if start <= now < end:
            return end
    return None
