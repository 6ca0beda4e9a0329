"""Work of its own thread, done again and again; a failure is logged, never the end."""

import threading
from collections.abc import Callable

import structlog

from tocsin.store.database import StoreError

log = structlog.get_logger()


class Repeating:
    """Calls `work` every so many seconds until it is stopped."""

    def __init__(
        self, name: str, work: Callable[[], None], *, every_seconds: float
    ) -> None:
        self._work = work
        self._every = every_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin; the first time after one pause."""
        self._thread.start()

    def stop(self) -> None:
        """End after what is being done now, or leave it where it takes long."""
        self._stop.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            try:
                self._work()
            except (StoreError, OSError) as error:
                log.warning("not_done", thread=self._thread.name, error=str(error))
