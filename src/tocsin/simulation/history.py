"""What an outside observer of one simulated outage writes down. Judges nothing.

Times are whole microseconds since the outage began. The lines are the history that
`--trace` prints and whose hash must be the same whenever a seed is played again.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from hashlib import sha256

SECOND = 1_000_000
MINUTE = 60 * SECOND


@dataclass(slots=True)
class Call:
    """One call of a provider, as the provider saw it."""

    begun: int
    ended: int
    node: int
    life: int
    person: str
    channel: str
    address: str
    key: str
    titles: tuple[str, ...]
    outcome: str  # accepted | permanent | temporary | unknown
    taken: bool  # whether the provider took the message, whatever it answered
    retry_after: int = 0
    urgency: str = ""  # as the message said
    # Something kept the answer from being written down (death, freeze, database).
    disturbed: bool = False
    # What the provider calls the message, where it reports on it; and when it did.
    receipt: str = ""
    reported: int | None = None


@dataclass(slots=True)
class Post:
    """One call of a channel of the outbox, as the channel saw it."""

    begun: int
    ended: int
    node: int
    life: int
    channel: str
    target: str
    key: str
    # What it is about, whatever key it carries: the same thing is wanted once.
    what: str
    update: int  # the external update whose text it carries, else 0
    order: int  # where its target expects an order
    outcome: str
    taken: bool
    retry_after: int = 0
    disturbed: bool = False
    # When its answer was written down, and how old the claim was then.
    recorded: int | None = None
    held_for: int = 0


@dataclass(slots=True)
class Act:
    """Something a person did that was carried out."""

    at: int
    title: str
    person: str
    what: str  # ack | resolve


@dataclass(slots=True)
class History:
    """Everything the oracles may look at."""

    lines: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    # (when, what) of each fault that can cost a lease.
    disturbances: list[int] = field(default_factory=list)
    # When the installation began (True) or ceased (False) to be able to work.
    turns: list[tuple[int, bool]] = field(default_factory=list)
    refusals: list[tuple[int, str, str, str]] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    quiet_from: int = 0
    ended: int = 0
    # The widest disagreement of the clocks that took part, in microseconds.
    clock_doubt: int = 0

    def note(self, at: int, what: str) -> None:
        """One line of the history."""
        self.lines.append(f"{at / SECOND:11.3f} {what}")

    def digest(self) -> str:
        """The same for the same history, whatever process played it."""
        return sha256("\n".join(self.lines).encode()).hexdigest()


class LiveTime:
    """How long at least one engine could work: the clock that promises run on."""

    def __init__(self, history: History) -> None:
        self._starts: list[int] = []
        self._stops: list[int] = []
        since: int | None = None
        for at, live in history.turns:
            if live and since is None:
                since = at
            elif not live and since is not None:
                self._add(since, at)
                since = None
        if since is not None:
            self._add(since, history.ended)
        self._ended = history.ended
        self._disturbances = sorted(history.disturbances)
        self._doubt = history.clock_doubt

    def _add(self, start: int, stop: int) -> None:
        if stop > start:
            self._starts.append(start)
            self._stops.append(stop)

    def deadline(self, since: int, need: int, *, lease: int) -> int:
        """When `need` of live time has passed, and a lease for each disturbance.

        A death, a freeze or a database error may cost one lease of 30 s each. Later
        than the end of the history means: not within it.
        """
        # A lease that was lost just before may still run, by the slowest clock.
        first = bisect_right(self._disturbances, since - lease - self._doubt)
        count = 0
        while True:
            until = self._after(since, need + count * lease)
            now_count = bisect_right(self._disturbances, until) - first
            if now_count <= count:
                return until
            count = now_count

    def _after(self, since: int, need: int) -> int:
        index = max(0, bisect_right(self._starts, since) - 1)
        while index < len(self._starts):
            start = max(since, self._starts[index])
            have = self._stops[index] - start
            if have >= need:
                return start + need
            need -= max(0, have)
            index += 1
        return self._ended + need + 1
