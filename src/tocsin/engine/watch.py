"""Who pages the pager: the auditor, the canary alert and the outward heartbeat.

Once a minute. The auditor asks the database, not the loop, whether anything is late.
The canary is a real alert that runs the whole path to a channel that ends nowhere.
The heartbeat leaves the house only when both are green, so its silence means trouble.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from msgspec import Struct

from tocsin.core.alerts.alerts import AlertEvent, EventKind, Status
from tocsin.core.directory import CANARY, INTERNAL, Directory
from tocsin.core.severity import Severity
from tocsin.engine.alerts import Arrival, Intake
from tocsin.interfaces.arrivals import Answer, Reading
from tocsin.store import alerts as stored_alerts
from tocsin.store import escalation as stored_runs
from tocsin.store import nodes
from tocsin.store import paging as stored_pages
from tocsin.store.database import Database, Tx
from tocsin.store.instants import from_micros, to_micros

log = structlog.get_logger()

EVERY = timedelta(minutes=1)
LATE_AFTER = timedelta(seconds=60)
_AUDITOR_KEY = "late"
_CANARY_KEY = "canary"
NOTE = "watched_at"


class Health(Struct, frozen=True):
    """What the last minute's look found; `problems` are sentences."""

    at: datetime
    problems: tuple[str, ...]
    canary_took: timedelta | None

    @property
    def green(self) -> bool:
        """Whether the outward heartbeat may leave."""
        return not self.problems and self.canary_took is not None


class Watch:
    """Runs the minute's checks inside the engine's step."""

    def __init__(
        self,
        database: Database,
        intake: Intake,
        *,
        dead_man: Callable[[], None] | None,
        canary: bool = True,
    ) -> None:
        self._database = database
        self._intake = intake
        self._dead_man = dead_man
        self._has_canary = canary
        self._looked_at: datetime | None = None
        self.health: Health | None = None

    def next_look(self, now: datetime) -> datetime:
        """When `look` has something to do."""
        return now if self._looked_at is None else self._looked_at + EVERY

    def look(
        self, *, directory: Callable[[Tx], Directory], now: datetime
    ) -> Health | None:
        """The minute's checks; None when it is not time, or another engine does them."""
        if now < self.next_look(now):
            return None
        self._looked_at = now

        def work(tx: Tx) -> Health | None:
            if not _claim_minute(tx, now=now):
                return None
            return self._look(tx, directory(tx), now)

        health = self._database.write(work)
        if health is None:
            return None
        self.health = health
        if not health.green and health.problems:
            log.error("watch_red", problems=list(health.problems))
        if health.green and self._dead_man is not None:
            self._dead_man()
        return health

    def _look(self, tx: Tx, directory: Directory, now: datetime) -> Health:
        problems = audit(tx, now=now)
        canary = self._canary(tx, directory, now)
        if self._has_canary and canary is None and nodes.note(tx, "canary_sent_at"):
            problems = (*problems, "the canary alert of the last minute did not arrive")
        self._page_ourselves(tx, problems, directory, now)
        if self._has_canary:
            self._send_canary(tx, directory, now)
        return Health(now, problems, canary)

    def _canary(self, tx: Tx, directory: Directory, now: datetime) -> timedelta | None:
        """How long the last canary took from accepted to delivered."""
        found = stored_alerts.current_by_key(
            tx, self._database, CANARY.id, [_CANARY_KEY]
        )
        alert = found.get(_CANARY_KEY)
        if alert is None:
            return None
        pages = [
            page
            for page in stored_pages.of_alert(tx, alert.number)
            if page.episode == alert.episode and page.state == "accepted"
        ]
        if not pages or pages[-1].ended_at is None:
            return None
        return pages[-1].ended_at - alert.last_at

    def _send_canary(self, tx: Tx, directory: Directory, now: datetime) -> None:
        events = [
            AlertEvent(EventKind.RESOLVE, _CANARY_KEY),
            AlertEvent(
                EventKind.TRIGGER, _CANARY_KEY, "Canary", severity=Severity.SEV3
            ),
        ]
        arrival = Arrival(CANARY, Reading(events, Answer(200)), "", {}, b"canary")
        self._intake.accept(tx, [arrival], directory=directory, now=now)
        nodes.put_note(tx, "canary_sent_at", str(to_micros(now)))

    def _page_ourselves(
        self, tx: Tx, problems: Sequence[str], directory: Directory, now: datetime
    ) -> None:
        found = stored_alerts.current_by_key(
            tx, self._database, INTERNAL.id, [_AUDITOR_KEY]
        )
        alert = found.get(_AUDITOR_KEY)
        is_open = alert is not None and alert.status is not Status.RESOLVED
        if not problems and not is_open:
            return
        event = AlertEvent(
            EventKind.TRIGGER if problems else EventKind.RESOLVE,
            _AUDITOR_KEY,
            f"Tocsin itself is late: {'; '.join(problems)}"[:500],
            severity=Severity.SEV2,
        )
        arrival = Arrival(INTERNAL, Reading([event], Answer(200)), "", {}, b"auditor")
        self._intake.accept(tx, [arrival], directory=directory, now=now)


def audit(tx: Tx, *, now: datetime) -> tuple[str, ...]:
    """What is late by more than a minute, in sentences; indexed, O(what is late)."""
    before = now - LATE_AFTER
    problems = []
    timers = stored_runs.overdue(tx, before=before)
    if timers:
        problems.append(
            f"{len(timers)} escalation timers are late, the oldest since "
            f"{timers[0][1]:%H:%M:%S} UTC (alert {timers[0][0]})"
        )
    pages = stored_pages.overdue(tx, before=before)
    if pages:
        problems.append(f"{len(pages)} pages are late")
    return tuple(problems)


def _claim_minute(tx: Tx, *, now: datetime) -> bool:
    """Whether this engine does the look of this minute; one of several does."""
    last = nodes.note(tx, NOTE)
    if last and now - from_micros(int(last)) < EVERY - timedelta(seconds=5):
        return False
    nodes.put_note(tx, NOTE, str(to_micros(now)))
    return True
