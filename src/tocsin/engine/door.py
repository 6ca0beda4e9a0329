"""Where senders' requests wait for their commit: many requests share one fsync.

A request is either taken (and its waiter told after the commit, or told that nothing
was written) or refused at once because too much waits already. Nothing is dropped in
between.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import structlog

from tocsin.core.alerts.alerts import AlertEvent, EventKind
from tocsin.engine.alerts import Absorption, Arrival, Intake
from tocsin.engine.directories import Directories
from tocsin.interfaces.arrivals import Answer, Reading
from tocsin.interfaces.machine import Clock
from tocsin.store.database import Database, StoreError, Tx

log = structlog.get_logger()

# One transaction takes at most this many events, so that its commit is never far.
_EVENTS_PER_COMMIT = 4000
_WAITING_EVENTS = 50_000
_WAITING_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a request: its outcomes, or the error that kept it out."""

    waiter: Any
    outcomes: Sequence[Absorption] | None
    error: Exception | None = None


class Door:
    """The queue in front of the writer."""

    def __init__(
        self,
        database: Database,
        intake: Intake,
        directories: Directories,
        clock: Clock,
        *,
        settled: Callable[[list[Settled]], None],
    ) -> None:
        self._database = database
        self._intake = intake
        self._directories = directories
        self._clock = clock
        self._settled = settled
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Arrival, Any]] = deque()
        self._events = 0
        self._bytes = 0
        self._busy = False
        self._taken: list[tuple[Arrival, Any]] = []

    def offer(self, arrival: Arrival, waiter: Any) -> bool:
        """Take the request; False when too much waits (answer 429, nothing is kept)."""
        with self._lock:
            if self._events >= _WAITING_EVENTS or self._bytes >= _WAITING_BYTES:
                return False
            self._waiting.append((arrival, waiter))
            self._events += len(arrival.reading.events) + 1
            self._bytes += len(arrival.body)
            if self._busy:
                return True
            self._busy = True
        self._submit()
        return True

    def _submit(self) -> None:
        self._taken = []
        self._database.submit(self._job).add_done_callback(self._done)

    def _job(self, tx: Tx) -> list[list[Absorption]]:
        if not self._taken:  # tried again after a conflict: the same ones
            self._taken = self._take()
        return self._intake.accept(
            tx,
            [arrival for arrival, _ in self._taken],
            directory=self._directories.current(tx),
            now=self._clock.now(),
        )

    def _take(self) -> list[tuple[Arrival, Any]]:
        taken = []
        events = 0
        with self._lock:
            while self._waiting and events < _EVENTS_PER_COMMIT:
                arrival, waiter = self._waiting.popleft()
                events += len(arrival.reading.events) + 1
                self._bytes -= len(arrival.body)
                taken.append((arrival, waiter))
            self._events -= events
        return taken

    def _done(self, job: "Future[list[list[Absorption]]]") -> None:
        error = job.exception()
        # A transaction that could not even begin has taken nobody off the queue yet.
        taken = self._taken or (self._take() if error is not None else [])
        if error is None:
            self._tell(taken, job.result())
        elif len(taken) > 1 and not isinstance(error, StoreError):
            for arrival, waiter in taken:
                self._alone(arrival, waiter)
        elif taken and isinstance(error, StoreError):
            self._settled([Settled(waiter, None, error) for _, waiter in taken])
        elif taken:
            self._set_aside(*taken[0], error)
        with self._lock:
            self._busy = bool(self._waiting)
            again = self._busy
        if again:
            self._submit()

    def _tell(
        self, taken: list[tuple[Arrival, Any]], outcomes: list[list[Absorption]]
    ) -> None:
        pairs = zip(taken, outcomes, strict=True)
        self._settled([Settled(waiter, each) for (_, waiter), each in pairs])

    def _alone(self, arrival: Arrival, waiter: Any) -> None:
        """One request of a batch that failed: its own transaction, its own fate."""

        def work(tx: Tx) -> list[list[Absorption]]:
            directory = self._directories.current(tx)
            now = self._clock.now()
            return self._intake.accept(tx, [arrival], directory=directory, now=now)

        def done(job: "Future[list[list[Absorption]]]") -> None:
            error = job.exception()
            if error is None:
                self._tell([(arrival, waiter)], job.result())
            else:
                self._set_aside(arrival, waiter, error)

        self._database.submit(work).add_done_callback(done)

    def _set_aside(self, arrival: Arrival, waiter: Any, error: BaseException) -> None:
        """A request that breaks us is kept raw and paged as plain text all the same."""
        if isinstance(error, StoreError):
            self._settled([Settled(waiter, None, error)])
            return
        log.error(
            "event_set_aside", integration=arrival.integration.name, exc_info=error
        )
        text = arrival.body[:300].decode("utf-8", "replace")
        plain = AlertEvent(
            EventKind.TRIGGER,
            "unprocessable",
            f"An event of {arrival.integration.name} could not be processed: {text}",
            level="critical",
        )
        reading = Reading(
            [plain],
            Answer(202),
            problems=[f"could not be processed: {type(error).__name__}: {error}"],
        )
        safe = Arrival(
            arrival.integration, reading, arrival.path, arrival.headers, arrival.body
        )

        def work(tx: Tx) -> list[list[Absorption]]:
            directory = self._directories.current(tx)
            now = self._clock.now()
            return self._intake.accept(tx, [safe], directory=directory, now=now)

        def done(job: "Future[list[list[Absorption]]]") -> None:
            failed = job.exception()
            if failed is None:
                self._tell([(safe, waiter)], job.result())
            else:
                wrapped = StoreError(f"the event could not be kept: {failed}")
                self._settled([Settled(waiter, None, wrapped)])

        self._database.submit(work).add_done_callback(done)
