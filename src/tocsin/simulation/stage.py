"""The stage of one outage: time, dice, faults, and what an observer writes down.

Everything that plays a part (machines, providers, people, senders) stands on it; the
world brings them together.
"""

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from tocsin.core.directory import Directory
from tocsin.engine.incidents.transaction import Follower
from tocsin.simulation.company import Company
from tocsin.simulation.faults import Fault, Faults
from tocsin.simulation.history import Call, History, Post
from tocsin.simulation.ledger import Ledger
from tocsin.simulation.rig import Rig
from tocsin.store.database import Connection


class Stage:
    """An event queue under a virtual clock, in microseconds since the beginning."""

    start: datetime
    company: Company

    def __init__(self, seed: int, connection: Connection, rig: Rig) -> None:
        self.seed = seed
        self.connection = connection
        self.rig = rig
        self.dice = Random(seed)
        self.faults = Faults(self.dice)
        self.time = 0
        self.history = History()
        self.ledger = Ledger()
        # Every version of the configuration that some process has loaded.
        self.directories: dict[int, Directory] = {}
        # The call of a provider that is being made at this instant.
        self.call: Call | Post | None = None
        # What follows incidents: nothing where nobody declares one.
        self.followers: tuple[Follower, ...] = ()
        # What the engine raised and should not have: (when, where, error).
        self.broken: list[tuple[int, str, str]] = []
        # A clock so wrong that sources' times are not believed: arrival order rules.
        self.far_steps = self.faults.has(Fault.CLOCK_STEP) and self.dice.random() < 0.3
        self.database_down_until = 0
        # The widest disagreement of the clocks that took part so far.
        self.clock_doubt = 0
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._serial = 0

    def now(self) -> datetime:
        """The true time."""
        return self.start_plus(self.time)

    def start_plus(self, at: int) -> datetime:
        """World time as an instant."""
        return self.start + timedelta(microseconds=at)

    def at(self, when: int, what: Callable[[], None]) -> None:
        """Do `what` at `when`; what is planned first for an instant happens first."""
        self._serial += 1
        heapq.heappush(self._queue, (max(when, self.time), self._serial, what))

    def later(self, delay: int, what: Callable[[], None]) -> None:
        """Do `what` after `delay`."""
        self.at(self.time + delay, what)

    def play_until(self, end: int) -> None:
        """Everything that is planned up to `end`, in order."""
        queue = self._queue
        while queue and queue[0][0] <= end:
            self.time, _, what = heapq.heappop(queue)
            what()
        self.time = end

    def note(self, what: str) -> None:
        """A line of the history."""
        self.history.note(self.time, what)

    def disturb(self) -> None:
        """Something happened that may cost a lease."""
        self.history.disturbances.append(self.time)

    def still_broken(self, until: int) -> None:
        """A fault lasts until then: the quiet phase begins no earlier."""
        self.history.quiet_from = max(self.history.quiet_from, until)

    def broke(self, doing: str, error: Exception) -> None:
        """An error that the engine should not have raised."""
        self.broken.append((self.time, doing, repr(error)))

    @property
    def database_down(self) -> bool:
        """Whether no node reaches the database now."""
        return self.time < self.database_down_until

    def liveness(self) -> None:
        """Something changed that decides whether the installation can work.

        The world that is played says what follows (world.py).
        """
        raise NotImplementedError

    def wrote(self, node: int, *, changed: bool, posted: bool) -> None:
        """The node of this index changed what may be due, in the outbox (`posted`).

        The world that is played says what follows (world.py).
        """
        raise NotImplementedError
