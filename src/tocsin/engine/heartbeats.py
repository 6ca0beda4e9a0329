"""Heartbeats: a job pings; when it does not, or says it failed, an alert opens."""

from collections.abc import Callable
from datetime import datetime

from tocsin.core.alerts.alerts import AlertEvent, EventKind
from tocsin.core.directory import Directory, Integration
from tocsin.engine.alerts import Arrival, Intake
from tocsin.engine.directories import Directories
from tocsin.interfaces.arrivals import Answer, Dialect, Inbound, Reading
from tocsin.interfaces.machine import Clock
from tocsin.store import inbound as stored
from tocsin.store.database import Database, Tx

DueAt = Callable[[datetime, object], datetime | None]


class Heartbeats:
    """Takes pings and finds those that did not come."""

    def __init__(
        self,
        database: Database,
        directories: Directories,
        intake: Intake,
        clock: Clock,
        *,
        dialect: Dialect,
        due_at: Callable[[datetime, Integration], datetime | None],
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._directories = directories
        self._intake = intake
        self._clock = clock
        self._dialect = dialect
        self._due_at = due_at
        self._wake = wake

    def ping(self, integration: Integration, tail: str) -> None:
        """One ping, committed when this returns. Raises Unreadable, StoreError."""
        now = self._clock.now()
        inbound = Inbound("POST", tail, (), {}, b"", settings=integration.settings)
        reading = self._dialect.read(inbound, now=now)
        arrival = Arrival(integration, reading, tail, {}, b"")

        def work(tx: Tx) -> None:
            directory = self._directories.current(tx)
            stored.ping(
                tx,
                integration.id,
                path=tail,
                now=now,
                due_at=self._due_at(now, integration),
            )
            self._intake.accept(tx, [arrival], directory=directory, now=now)

        self._database.write(work)
        self._wake()


def sweep(tx: Tx, *, intake: Intake, directory: Directory, now: datetime) -> None:
    """Open an alert for each heartbeat that is overdue."""
    for number in stored.overdue_heartbeats(tx, now=now):
        integration = directory.by_id(number)
        if integration is None or integration.paused:
            continue
        event = AlertEvent(
            EventKind.TRIGGER,
            "heartbeat",
            f"{integration.name} has not been heard of in time",
            level="critical",
        )
        reading = Reading([event], Answer(200))
        arrival = Arrival(integration, reading, "", {}, b"")
        intake.accept(tx, [arrival], directory=directory, now=now)
