"""Times as a verb takes and shows them: on the clock of whose token it is."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click

from tocsin.cli.client import Server
from tocsin.cli.printing import stop
from tocsin.core.typed_times import (
    TIMES,
    BadTime,
    day_typed,
    instant_typed,
    skipped,
)
from tocsin.core.wallclock import wall_time

__all__ = ["TIMES", "Clock"]


_DAYS_FROM_NOW = ("now", "today", "tomorrow")


class Clock:
    """The reader's zone and this machine's time."""

    def __init__(self, server: Server) -> None:
        from tocsin.offline import time_here

        me = server.get("/api/v1/me")
        self.person: str = me["person"]
        self.zone: str = me["time_zone"]
        self._place = ZoneInfo(self.zone)
        self._now = time_here()

    def shown(self, text: str, *, seconds: bool = False) -> str:
        """An instant of the API on this clock, the year where it is another."""
        at = datetime.fromisoformat(text).astimezone(self._place)
        is_this_year = at.year == self._now.astimezone(self._place).year
        day = f"{at:%a %-d %b}" if is_this_year else f"{at:%-d %b %Y}"
        return f"{day} {at:%H:%M:%S}" if seconds else f"{day} {at:%H:%M}"

    def instant(self, option: str, text: str, *, after: str = "") -> str:
        """What was typed, in UTC; ends the program where it is no time.

        `fri 9:00` is the first of that name, after the instant `after` where one is given;
        `tomorrow` is tomorrow.
        """
        start = datetime.fromisoformat(after) if after else self._now
        try:
            at = instant_typed(text, self._place, now=self._now)
            if at <= start and text.split()[0].casefold() not in _DAYS_FROM_NOW:
                at = instant_typed(text, self._place, now=start)
        except BadTime as bad:
            stop([f"{option}: {bad}"])
        missing = skipped(text, at, self._place, now=start)
        if missing:
            said = f"clocks go from before it to {wall_time(at, self._place):%H:%M}"
            click.echo(f"{option}: there is no {missing} that day, {said}.", err=True)
        return at.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def day(self, argument: str, text: str) -> str:
        """A day that was typed; ends the program where it is none."""
        try:
            return str(day_typed(text, self._place, now=self._now))
        except BadTime as bad:
            stop([f"{argument}: {bad}"])
