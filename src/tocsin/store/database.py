"""One way to read and write, whichever database is underneath.

Every write goes through one writer, which commits whatever waits in one transaction
(group commit: many requests share one fsync). A write's caller continues only after
that commit. If any of the jobs of a transaction fails, all of it is rolled back and
each job is tried again alone, so one bad job never costs another its commit; a job
must therefore be repeatable until it is committed.
"""

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

from tocsin.interfaces.failures import TocsinError
from tocsin.interfaces.machine import Sealer

T = TypeVar("T")
Row = tuple[Any, ...]
Params = Mapping[str, Any]

# Jobs per transaction. Each intake job already carries a batch of requests.
_JOBS_PER_COMMIT = 200


class StoreError(TocsinError):
    """The database did not do what was asked; nothing was committed, or we can't know.

    Nothing may be acknowledged to anybody on this error.
    """


class Conflict(StoreError):
    """Another writer was first (unique key, serialisation); the job may run again."""


class StoreFull(StoreError):
    """No space is left for the database."""


class Unsealed:
    """Keeps texts as they are, for databases that hold no secret: tests, simulation."""

    def seal(self, text: str, *, purpose: str) -> str:
        """The text itself."""
        return text

    def open(self, sealed: str, *, purpose: str) -> str:
        """The text itself."""
        return sealed


class Tx(Protocol):
    """One open transaction. SQL uses `:name`; only `many` uses `?`."""

    dialect: str
    # What secrets go through on their way in and out (store/sealing.py).
    sealer: Sealer
    # " for update skip locked" where several engines share the database.
    skip_locked: str
    for_update: str
    # What this transaction changed and will be true once it has committed.
    overlay: dict[Any, Any]
    after_commit: list[Callable[[], None]]

    def all(self, sql: str, **params: object) -> list[Row]: ...
    def one(self, sql: str, **params: object) -> Row | None: ...
    def run(self, sql: str, **params: object) -> int: ...
    def many(self, sql: str, rows: Sequence[Sequence[object]]) -> None: ...


class Connection(Tx, Protocol):
    """A Tx that can be begun and ended; one per thread."""

    def begin(self) -> None: ...
    def commit(self) -> None:
        """Durable when it returns. Raises StoreError on an error *or a notice*."""
        ...

    def rollback(self) -> None: ...
    def close(self) -> None: ...


class Database:
    """Writes by one writer, reads beside it.

    `exclusive` says that this process is the only one that writes alerts, so that
    what it remembers of them is true (SQLite under `serve`).
    """

    def __init__(
        self,
        connect: Callable[[bool], Connection],
        *,
        dialect: str,
        threaded: bool = True,
        exclusive: bool = False,
        sealer: Sealer | None = None,
    ) -> None:
        self.dialect = dialect
        self.sealer: Sealer = sealer or Unsealed()
        self.exclusive = exclusive
        self.cache: dict[Any, Any] = {}
        # Whether what is not in `cache` is not in the database either.
        self.cache_complete = False
        # Called when a write found no space, before its caller learns of it.
        self.on_full: Callable[[], None] = lambda: None
        self._connect = connect
        self._threaded = threaded
        self._writer: Connection | None = None
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._readers = threading.local()
        self._all_readers: list[Connection] = []
        self._thread: threading.Thread | None = None
        self._closed = False
        if threaded:
            self._thread = threading.Thread(
                target=self._work, name="tocsin-writer", daemon=True
            )
            self._thread.start()

    def write(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in a transaction; returns once that has committed.

        Raises StoreError, or whatever `work` raises (then nothing was written).
        """
        if not self._threaded:
            return self._alone(work)
        return self.submit(work).result()

    def submit(self, work: Callable[[Tx], T]) -> "Future[T]":
        """The same without waiting."""
        job = _Job(work, Future())
        if self._closed:
            job.future.set_exception(StoreError("the database is closed"))
        elif self._threaded:
            self._jobs.put(job)
        else:
            job.settle(self._alone)
        return job.future

    def read(self, work: Callable[[Tx], T]) -> T:
        """Run `work` on a connection for reading, seeing one state of the data."""
        if not self._threaded:
            return work(self._writing())
        connection = getattr(self._readers, "connection", None)
        if connection is None:
            connection = self._readers.connection = self._connected(read_only=True)
            self._all_readers.append(connection)
        connection.begin()
        try:
            return work(connection)
        finally:
            connection.rollback()

    def close(self) -> None:
        """Finish what waits, then close every connection."""
        if self._closed:
            return
        self._closed = True
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join()
        for connection in self._all_readers:
            connection.close()
        if self._writer is not None:
            self._writer.close()

    def _writing(self) -> Connection:
        if self._writer is None:
            self._writer = self._connected(read_only=False)
        return self._writer

    def _connected(self, *, read_only: bool) -> Connection:
        connection = self._connect(read_only)
        connection.sealer = self.sealer
        return connection

    def _work(self) -> None:
        while True:
            first = self._jobs.get()
            if first is None:
                return
            batch, last = self._gather(first)
            self._together(batch)
            if last:
                return

    def _gather(self, first: "_Job") -> "tuple[list[_Job], bool]":
        batch = [first]
        while len(batch) < _JOBS_PER_COMMIT:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return batch, True
            batch.append(job)
        return batch, False

    def _together(self, batch: "list[_Job]") -> None:
        if len(batch) == 1:
            batch[0].settle(self._alone)
            return
        try:
            results = self._alone(lambda tx: [job.work(tx) for job in batch])
        except Exception:  # noqa: BLE001 - each job is tried alone and gets its own
            for job in batch:
                job.settle(self._alone)
            return
        for job, result in zip(batch, results, strict=True):
            job.future.set_result(result)

    def _alone(self, work: Callable[[Tx], T]) -> T:
        for _ in range(_CONFLICT_TRIES - 1):
            try:
                return self._transaction(work)
            except Conflict:
                continue
        return self._transaction(work)

    def _transaction(self, work: Callable[[Tx], T]) -> T:
        try:
            tx = self._writing()
            tx.overlay = {}
            tx.after_commit = []
            tx.begin()
        except StoreError:
            self._reconnect()
            raise
        try:
            result = work(tx)
            tx.commit()
        except BaseException as error:
            tx.rollback()
            if isinstance(error, StoreFull):
                self.on_full()
            if isinstance(error, StoreError) and not isinstance(error, Conflict):
                self._reconnect()
            raise
        if self.exclusive and tx.overlay:
            self.cache.update(tx.overlay)
        for act in tx.after_commit:
            act()
        return result

    def _reconnect(self) -> None:
        # A connection that failed once (a lost server, a failed fsync) proves nothing
        # more; what it remembered may not be what is stored.
        self.cache.clear()
        self.cache_complete = False
        if self.dialect == "postgresql" and self._writer is not None:
            self._writer.close()
            self._writer = None


_CONFLICT_TRIES = 5


class _Job:
    """A write that waits for its commit."""

    def __init__(self, work: Callable[[Tx], Any], future: "Future[Any]") -> None:
        self.work = work
        self.future = future

    def settle(self, run: Callable[[Callable[[Tx], Any]], Any]) -> None:
        try:
            result = run(self.work)
        except BaseException as error:  # noqa: BLE001 - belongs to who waits
            self.future.set_exception(error)
        else:
            self.future.set_result(result)
