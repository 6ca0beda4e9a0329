"""What goes out and pages nobody: its lanes, and what an attempt means for a message.

Pages have their own way (core/pages/paging.py) and never wait for anything of this.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.pages.paging import Attempted

_FIRST_RETRY = timedelta(seconds=2)
_LONGEST_ASKED = timedelta(hours=1)


class Lane(Struct, frozen=True):
    """A kind of messages with room of its own, so that no kind waits for another.

    `in_order`: one at a time for each target, in the order of writing. What was not
    taken `give_up_after` it was first to go has failed and is shown as such.
    """

    name: str
    at_once: int
    in_order: bool
    timeout: timedelta
    longest_wait: timedelta
    give_up_after: timedelta


def _lane(
    name: str, at_once: int, *, in_order: bool, wait: timedelta, give_up: timedelta
) -> Lane:
    return Lane(name, at_once, in_order, timedelta(seconds=15), wait, give_up)


LANES: Mapping[str, Lane] = {
    one.name: one
    for one in (
        # A reminder that comes a quarter of a day late reminds of nothing.
        _lane(
            "nudge",
            4,
            in_order=False,
            wait=timedelta(minutes=1),
            give_up=timedelta(hours=6),
        ),
        # What rings ends by itself after five minutes.
        _lane(
            "recall",
            4,
            in_order=False,
            wait=timedelta(seconds=10),
            give_up=timedelta(minutes=5),
        ),
        # A room of an incident misses nothing, however long its chat is down.
        _lane(
            "chat",
            8,
            in_order=True,
            wait=timedelta(minutes=1),
            give_up=timedelta(days=30),
        ),
        # Whoever asked has long gone on after ten minutes.
        _lane(
            "reply",
            4,
            in_order=False,
            wait=timedelta(seconds=10),
            give_up=timedelta(minutes=10),
        ),
        _lane(
            "status",
            2,
            in_order=True,
            wait=timedelta(minutes=1),
            give_up=timedelta(days=30),
        ),
        _lane(
            "mail",
            8,
            in_order=False,
            wait=timedelta(minutes=15),
            give_up=timedelta(days=2),
        ),
        _lane(
            "social",
            2,
            in_order=True,
            wait=timedelta(minutes=5),
            give_up=timedelta(hours=12),
        ),
        _lane(
            "webhook",
            8,
            in_order=True,
            wait=timedelta(minutes=15),
            give_up=timedelta(days=2),
        ),
    )
}


class AfterPost(Struct, frozen=True):
    """A message's next state; `due_at` where it is tried again."""

    state: str  # accepted | failed | due
    due_at: datetime | None = None


def after_post(
    outcome: Attempted,
    lane: Lane,
    *,
    tries: int,
    wanted_at: datetime,
    now: datetime,
    retry_after: timedelta | None = None,
    jitter: float = 0.0,
) -> AfterPost:
    """What an attempt's outcome means for its message; `jitter` in [0, 1)."""
    if outcome is Attempted.ACCEPTED:
        return AfterPost("accepted")
    if outcome is Attempted.PERMANENT:
        return AfterPost("failed")
    backoff = min(lane.longest_wait, _FIRST_RETRY * 2 ** min(tries - 1, 16))
    wait = backoff * (0.75 + 0.5 * jitter)
    if retry_after is not None:
        wait = max(wait, min(retry_after, _LONGEST_ASKED))
    if now + wait - wanted_at >= lane.give_up_after:
        return AfterPost("failed")
    return AfterPost("due", now + wait)


class Pace(Struct, frozen=True):
    """A bucket that lets `per_minute` through; 0 is as many as there are."""

    per_minute: int
    tokens: float = 0.0
    at: datetime | None = None

    def room(self, now: datetime, *, most: int) -> int:
        """How many may go now."""
        return min(most, int(self._filled(now))) if self.per_minute else most

    def next_at(self, now: datetime) -> datetime:
        """When there is room for one."""
        missing = max(0.0, 1 - self._filled(now))
        if not self.per_minute or not missing:
            return now
        return now + timedelta(minutes=missing / self.per_minute)

    def after(self, count: int, now: datetime) -> "Pace":
        """The bucket once `count` went."""
        return Pace(self.per_minute, self._filled(now) - count, now)

    def _filled(self, now: datetime) -> float:
        burst = max(1.0, self.per_minute / 60)
        if self.at is None:
            return burst
        minutes = max(0.0, (now - self.at) / timedelta(minutes=1))
        return min(burst, self.tokens + minutes * self.per_minute)
