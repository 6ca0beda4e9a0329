"""Runs an engine's steps in a thread of its own, and wakes it when something is due."""

import threading
from datetime import UTC, datetime

import structlog

from tocsin.engine.loop import Engine

log = structlog.get_logger()
_NEVER = datetime.max.replace(tzinfo=UTC)


class Clockwork:
    """Runs an Engine's steps in a thread until it is stopped."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._wake = threading.Event()
        self._stop = False
        self._thread = threading.Thread(
            target=self._run, name="tocsin-engine", daemon=True
        )
        # When the next step is planned; while one runs, any instant comes before it.
        self._planned = _NEVER
        engine.wake = self._wake.set
        engine.wake_by = self._wake_by

    def start(self) -> None:
        """Boot the engine and begin stepping."""
        self._engine.boot()
        self._thread.start()

    def stop(self) -> None:
        """Finish the step that is running."""
        self._stop = True
        self._wake.set()
        self._thread.join(timeout=30)

    def _run(self) -> None:
        while not self._stop:
            self._wake.wait(self._guarded_step())
            self._planned = _NEVER
            self._wake.clear()

    def _wake_by(self, at: datetime) -> None:
        if at < self._planned:
            self._wake.set()

    def _guarded_step(self) -> float:
        """One step; an error is recorded and the next step tries again."""
        try:
            due = self._engine.step()
        except Exception as error:
            log.error("step_failed", error=str(error), exc_info=True)
            return 1.0
        self._planned = due
        return max(0.0, (due - self._engine.clock.now()).total_seconds())
