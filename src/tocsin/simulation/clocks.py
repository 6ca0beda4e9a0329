"""Clocks of simulated machines: wrong, stepping, and steadied like the real one."""

from collections.abc import Callable
from datetime import datetime, timedelta

_STEP = timedelta(seconds=2)


class NodeClock:
    """One machine's clock over the world's time.

    `wall_offset` is how wrong its wall clock is. `now` follows a step forward and
    never one back, as system.SteadyClock does.
    """

    def __init__(
        self, world_now: Callable[[], datetime], *, monotonic_base: float
    ) -> None:
        self._world_now = world_now
        self._born = world_now()
        self._base = monotonic_base
        self.wall_offset = timedelta(0)
        self.obeys_steps_back = False
        self._last: datetime | None = None
        self._last_true = self._born

    def restart(self) -> None:
        """A new process: it believes the wall clock that it finds."""
        self._last = None

    def now(self) -> datetime:
        """Aware UTC as this machine believes it."""
        true = self._world_now()
        wall = true + self.wall_offset
        if self._last is None or self.obeys_steps_back:
            result = wall
        else:
            steady = self._last + (true - self._last_true)
            result = steady if wall < steady - _STEP else max(wall, self._last)
        self._last, self._last_true = result, true
        return result

    def monotonic(self) -> float:
        """Seconds that only grow."""
        return self._base + (self._world_now() - self._born).total_seconds()
