"""Runs the steps of something, one after the other, in a thread of its own."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

import structlog

from tocsin.interfaces.machine import Clock

log = structlog.get_logger()

_NEVER = datetime.max.replace(tzinfo=UTC)


class Stepping(Protocol):
    """What can be stepped: the engine, the outbox."""

    @property
    def clock(self) -> Clock: ...

    wake: Callable[[], None]
    wake_by: Callable[[datetime], None]

    def boot(self) -> None: ...
    def step(self) -> datetime:
        """Do all that is due now; returns when to look again."""
        ...


class Clockwork:
    """Runs steps until it is stopped."""

    def __init__(self, stepping: Stepping, *, name: str = "tocsin-engine") -> None:
        self._stepping = stepping
        self._wake = threading.Event()
        self._stop = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        # When the next step is planned; while one runs, any instant comes before it.
        self._planned = _NEVER
        stepping.wake = self._wake.set
        stepping.wake_by = self._wake_by

    def start(self) -> None:
        """Boot it and begin stepping."""
        self._stepping.boot()
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
            due = self._stepping.step()
        except Exception as error:
            log.error(
                "step_failed",
                thread=self._thread.name,
                error=str(error),
                exc_info=True,
            )
            return 1.0
        self._planned = due
        return max(0.0, (due - self._stepping.clock.now()).total_seconds())
