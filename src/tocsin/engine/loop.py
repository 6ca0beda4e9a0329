"""The engine: one `step` looks at everything that is due and says when next.

A step is a function call, so the simulator runs it under its own clock; in production
clockwork.py calls it in a thread of its own and deliveries run in a worker pool.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from tocsin.core.directory import Directory
from tocsin.core.pages.paging import Attempted
from tocsin.engine import (
    escalation,
    heartbeats,
    maintenance,
    paging,
    quarantine,
    receipts,
    silences,
    sources,
)
from tocsin.engine.alerts import Intake
from tocsin.engine.directories import Directories
from tocsin.engine.incidents import reminding
from tocsin.engine.incidents.transaction import Follower
from tocsin.engine.oncall import handing_over
from tocsin.engine.paging import Claim, Links, Sent
from tocsin.engine.reviews import reminding as promises
from tocsin.engine.status import exporting as status
from tocsin.engine.watch import Watch
from tocsin.interfaces.machine import Clock, Dice
from tocsin.interfaces.pagers import Pager
from tocsin.store import alarms, nodes
from tocsin.store import alerts as stored_alerts
from tocsin.store import paging as stored_pages
from tocsin.store.alarms import Alarm
from tocsin.store.database import Database, StoreError, Tx

log = structlog.get_logger()

LONGEST_WAIT = timedelta(seconds=15)
# How long a due page may wait beside deliveries that leave little room.
_CROWDED_WAIT = timedelta(milliseconds=50)
_RUNS_PER_TURN = 200
_BEAT_EVERY = timedelta(seconds=10)
_DEAD_AFTER = timedelta(seconds=60)


Dispatch = Callable[["Delivery"], None]


class Engine:
    """One engine of an installation; several may run on one PostgreSQL."""

    # long because: every part that it drives is handed in.
    def __init__(
        self,
        database: Database,
        *,
        directories: Directories,
        pagers: Mapping[str, Pager],
        clock: Clock,
        dice: Dice,
        links: Links,
        incarnation: str,
        version: str,
        dispatch: Dispatch,
        intake: Intake,
        watch: Watch | None = None,
        followers: Sequence[Follower] = (),
        capacity: int = 64,
        longest_wait: timedelta = LONGEST_WAIT,
    ) -> None:
        self.database = database
        self.pagers = pagers
        self.clock = clock
        self.links = links
        self.incarnation = incarnation
        self._directories = directories
        self._dice = dice
        self._version = version
        self._dispatch = dispatch
        self._capacity = capacity
        self._intake = intake
        self.watch = watch
        self._followers = followers
        self.stepped_at: datetime | None = None
        self._longest_wait = longest_wait
        self._in_flight = 0
        # Whether the last claim left due pages behind, for want of room.
        self._crowded = False
        # Due runs left to the next turn: another engine pages their round robins now.
        self._left = 0
        self._counting = threading.Lock()
        self._beat_at: datetime | None = None
        self._minute = -1
        # Whether open alerts are still to be told of a hand-over, and when the next is.
        self._is_moving = False
        self._rotations_of = -1
        self._next_handover: datetime | None = None
        self.wake: Callable[[], None] = lambda: None
        # Wakes only if the next step is planned for later than the given instant.
        self.wake_by: Callable[[datetime], None] = lambda at: None

    def boot(self) -> None:
        """Announce this incarnation; on SQLite any other is known to be dead."""
        now = self.clock.now()

        def work(tx: Tx) -> None:
            nodes.beat(tx, self.incarnation, version=self._version, now=now)
            stored_pages.mend_times(tx, now=now)
            if self.database.exclusive:
                stored_pages.free_others(tx, owner=self.incarnation, now=now)

        self.database.write(work)
        self._beat_at = now

    def step(self) -> datetime:
        """Do all that is due now; returns when to look again."""
        now = self.clock.now()
        self._beat(now)
        if self.watch is not None:
            self.watch.look(directory=self._directories.current, now=now)
        while self._turn(now) >= _RUNS_PER_TURN:
            now = self.clock.now()
        self.stepped_at = now
        return self._next_due(now)

    def _turn(self, now: datetime) -> int:
        """One transaction: what has become due, decided and claimed."""
        monotonic = self.clock.monotonic()
        room = max(0, self._capacity - self._in_flight)

        def work(tx: Tx) -> tuple[int, list[Claim], int]:
            directory = self._directories.current(tx)
            self._sweep(tx, directory, now)
            stepped = self._advance(tx, directory, now)
            claims = paging.claim(
                tx,
                directory=directory,
                links=self.links,
                owner=self.incarnation,
                now=now,
                monotonic=monotonic,
                limit=room,
            )
            return stepped, claims, directory.version

        stepped, claims, version = self.database.write(work)
        self._minute, self._rotations_of = now.minute, version  # once it is committed
        self._crowded = len(claims) >= room
        for claimed in claims:
            self._send(claimed)
        return stepped

    def _sweep(self, tx: Tx, directory: Directory, now: datetime) -> None:
        """What only the clock brings about."""
        gone = alarms.gone_off(tx, now=now)
        if Alarm.ALERTS in gone:
            sources.sweep(tx, directory=directory, now=now)
        if Alarm.HEARTBEATS in gone:
            heartbeats.sweep(tx, intake=self._intake, directory=directory, now=now)
        if Alarm.SILENCES in gone:
            silences.sweep(tx, directory=directory, now=now)
        if Alarm.MAINTENANCE in gone:
            maintenance.sweep(tx, directory=directory, now=now)
        reminding.sweep(
            tx,
            directory=directory,
            intake=self._intake,
            followers=self._followers,
            public_url=self.links.public_url,
            now=now,
        )
        if Alarm.PROMISES in gone:
            promises.sweep(
                tx, directory=directory, public_url=self.links.public_url, now=now
            )
        if Alarm.REPORTS in gone:
            receipts.sweep(tx, self.pagers, now=now)
        if now.minute != self._minute:
            status.each_minute(tx, directory, now=now)
        self._hand_over(tx, directory, now)

    def _hand_over(self, tx: Tx, directory: Directory, now: datetime) -> None:
        """Rotations that changed hands, by the clock or because somebody edited them."""
        looks = now.minute != self._minute or directory.version != self._rotations_of
        if looks:
            self._next_handover = handing_over.look(
                tx, directory, intake=self._intake,
                public_url=self.links.public_url, now=now,
            )  # fmt: skip
        if looks or self._is_moving:
            self._is_moving = handing_over.move_open(tx, directory, now=now)

    def _advance(self, tx: Tx, directory: Directory, now: datetime) -> int:
        advanced = escalation.advance_due(
            tx, directory=directory, now=now, limit=_RUNS_PER_TURN
        )
        for alert, error in advanced.poison:
            quarantine.set_aside(tx, alert, error, directory=directory, now=now)
        self._left = advanced.left
        return advanced.stepped

    def _send(self, claimed: Claim) -> None:
        with self._counting:
            self._in_flight += 1
        self._dispatch(Delivery(self, claimed))

    def call(self, claimed: Claim) -> Sent | None:
        """Ask the provider; None when the claim has grown too old to be used."""
        return paging.deliver(claimed, self.pagers, self.clock)

    def record(self, claimed: Claim, sent: Sent) -> None:
        """Write what the provider said; look again if that made something due."""
        now = self.clock.now()
        jitter = self._dice.random()

        def work(tx: Tx) -> None:
            paging.complete(
                tx,
                claimed,
                sent,
                directory=self._directories.current(tx),
                now=now,
                jitter=jitter,
            )

        try:
            self.database.write(work)
        except StoreError as error:
            # The lease will end and the page be sent again: at least once.
            log.warning("receipt_not_written", page=claimed.lead.id, error=str(error))
        if sent.outcome is not Attempted.ACCEPTED:
            self.wake()

    def ended(self) -> None:
        """A delivery is over, whatever became of it; there is room for another.

        A step for each would look at all that waits to claim one; half of the room is
        worth a step, and `_next_due` sees to it that less never waits for long.
        """
        with self._counting:
            self._in_flight -= 1
            has_room = self._in_flight <= self._capacity // 2
        if self._crowded and has_room:
            self.wake()

    def _beat(self, now: datetime) -> None:
        if self._beat_at is not None and now - self._beat_at < _BEAT_EVERY:
            return

        def work(tx: Tx) -> None:
            nodes.beat(tx, self.incarnation, version=self._version, now=now)
            nodes.forget_silent(tx, before=now - 10 * _DEAD_AFTER)
            stored_alerts.forget_tombstones(tx, now=now)

        self.database.write(work)
        self._beat_at = now

    def _next_due(self, now: datetime) -> datetime:
        if self._crowded or self._left:
            # Deliveries that end wake us before, if they are many.
            return now + _CROWDED_WAIT
        if self._is_moving:
            return now

        at = self.database.read(lambda tx: alarms.soonest(tx, now=now))
        times = [at] if at is not None else []
        if self.watch is not None:
            times.append(self.watch.next_look(now))
        if self._next_handover is not None and self._next_handover > now:
            times.append(self._next_handover)
        return min([*times, now + self._longest_wait])


class Delivery:
    """One message on its way, for a worker thread; the simulator takes it in beats."""

    def __init__(self, engine: Engine, claimed: Claim) -> None:
        self.engine = engine
        self.claimed = claimed

    def __call__(self) -> None:
        """Call the provider, then write its answer."""
        try:
            sent = self.engine.call(self.claimed)
            if sent is not None:
                self.engine.record(self.claimed, sent)
        finally:
            self.engine.ended()
