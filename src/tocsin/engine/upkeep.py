"""House-keeping beside the loop: checkpoints, memory, old raw bodies. Never pages."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from tocsin.interfaces.machine import Clock
from tocsin.store import alerts as stored_alerts
from tocsin.store import (
    calendars,
    early_reports,
    idempotency,
    inbound,
    outbox,
    response_targets,
)
from tocsin.store.database import Database, StoreError

log = structlog.get_logger()

RAW_KEPT = timedelta(days=30)
ANSWERS_KEPT = timedelta(days=1)
# What was sent and pages nobody; its key is known as long.
SENT_KEPT = timedelta(days=90)
# Shifts as published in calendars; what is shown ends after two months at most.
EVENTS_KEPT = timedelta(days=100)
# Response times that were missed; a schedule's load looks back a year at most.
MISSED_KEPT = timedelta(days=400)
# Delivery reports of messages that are not known (yet): a claim's lease is far shorter.
EARLY_KEPT = timedelta(hours=1)
_EVERY_SECONDS = 2.0
_LOOK_EVERY = timedelta(minutes=10)
_FORGET_EVERY = timedelta(hours=1)


class Upkeep:
    """A thread that tidies while the engine works."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        tidy_files: Callable[[], None],
        forget: Callable[[], None] = lambda: None,
        look_ahead: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._tidy_files = tidy_files
        # What else may be dropped once an hour: sessions and links that have ended.
        self._forget = forget
        # Who is on call soon and could not be reached.
        self._look_ahead = look_ahead
        self._looked_at: datetime | None = None
        self._stop = threading.Event()
        self._forgot_at: datetime | None = None
        self._thread = threading.Thread(
            target=self._run, name="tocsin-upkeep", daemon=True
        )

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after what is being done now."""
        self._stop.set()
        self._thread.join(timeout=30)

    def once(self) -> None:
        """One round. Raises StoreError."""
        self._tidy_files()
        now = self._clock.now()
        if self._forgot_at is None or now - self._forgot_at >= _FORGET_EVERY:
            self._forgot_at = now
            self._database.write(lambda tx: inbound.forget(tx, before=now - RAW_KEPT))
            before = now - ANSWERS_KEPT
            self._database.write(lambda tx: idempotency.forget(tx, before=before))
            sent_before = now - SENT_KEPT
            self._database.write(lambda tx: outbox.forget(tx, before=sent_before))
            over = now - EVENTS_KEPT
            self._database.write(lambda tx: calendars.forget(tx, before=over))
            early_before = now - EARLY_KEPT
            self._database.write(
                lambda tx: early_reports.forget(tx, before=early_before)
            )
            missed_before = now - MISSED_KEPT
            self._database.write(
                lambda tx: response_targets.forget(tx, before=missed_before)
            )
            self._forget()
        if self._looked_at is None or now - self._looked_at >= _LOOK_EVERY:
            self._looked_at = now
            self._look_ahead()
        stored_alerts.trim_memory(self._database)

    def _run(self) -> None:
        while not self._stop.wait(_EVERY_SECONDS):
            try:
                self.once()
            except (StoreError, OSError) as error:
                log.warning("upkeep_failed", error=str(error))
