"""Sends what pages nobody: a loop, lanes and workers of its own, beside the pager's.

`step` claims what is due in each lane, as far as the lane has room; a `Posting` calls
the channel and writes what it said. At least once: a message whose answer was lost is
sent again with the same key. A step is a function call, so the simulator runs it.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from msgspec import Struct

from tocsin.core.pages.outbox import LANES, Lane, Pace, after_post
from tocsin.core.pages.paging import Attempted
from tocsin.engine.paging import Sent
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown, TocsinError
from tocsin.interfaces.machine import Clock, Dice
from tocsin.interfaces.pagers import Poster
from tocsin.store import outbox as stored
from tocsin.store.database import Database, StoreError, Tx
from tocsin.store.outbox import Outgoing

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
# What other transactions write is looked for this often, if nobody wakes us.
LONGEST_WAIT = timedelta(seconds=2)
# Rows that another engine is claiming look due until it has committed.
_LEAST_WAIT = timedelta(milliseconds=50)


class Unwanted(TocsinError):
    """A message that is not to be sent (any more), and why."""


class Clerk(Protocol):
    """What a lane's owner does around sending, within the outbox's transactions."""

    def prepare(self, tx: Tx, message: Outgoing, *, now: datetime) -> Outgoing:
        """The message as it goes now, such as with its room's address filled in.

        What it changes is not stored. Raises Unwanted: the message is called off.
        """
        ...

    def heard(
        self, tx: Tx, message: Outgoing, sent: Sent, *, state: str, now: datetime
    ) -> None:
        """An answer came; `state` is what the message is now: accepted, failed, due."""
        ...


class Claimed(Struct, frozen=True):
    """One message that this process may send until its lease ends."""

    message: Outgoing
    claimed_at_monotonic: float


class Outbox:
    """The outbox of one process; several may run on one PostgreSQL."""

    def __init__(
        self,
        database: Database,
        *,
        posters: Mapping[str, Poster],
        clerks: Mapping[str, Clerk],
        clock: Clock,
        dice: Dice,
        incarnation: str,
        dispatch: Callable[["Posting"], None],
        per_minute: Mapping[str, int] = {},
        longest_wait: timedelta = LONGEST_WAIT,
    ) -> None:
        """`per_minute` limits how fast a lane goes, "mail" for one."""
        self.database = database
        self.posters = posters
        self.clock = clock
        self.stepped_at: datetime | None = None
        self._clerks = clerks
        self._dice = dice
        self._incarnation = incarnation
        self._dispatch = dispatch
        self._longest_wait = longest_wait
        self._in_flight = dict.fromkeys(LANES, 0)
        self._paces = {name: Pace(per_minute.get(name, 0)) for name in LANES}
        self._counting = threading.Lock()
        self.wake: Callable[[], None] = lambda: None
        self.wake_by: Callable[[datetime], None] = lambda at: None

    def boot(self) -> None:
        """On SQLite any other incarnation is known to be dead."""
        if self.database.exclusive:
            now, owner = self.clock.now(), self._incarnation
            self.database.write(lambda tx: stored.free_others(tx, owner=owner, now=now))

    def step(self) -> datetime:
        """Claim all that is due and has room; returns when to look again."""
        now = self.clock.now()
        rooms = {name: self._room(lane, now) for name, lane in LANES.items()}
        due = self.database.read(lambda tx: self._due(tx, rooms, now))
        if due:
            self._claim(due, rooms, now)
        self.stepped_at = now
        return self._next_due(now)

    def _due(self, tx: Tx, rooms: Mapping[str, int], now: datetime) -> list[Lane]:
        if stored.is_empty(tx):
            return []
        return [
            LANES[name]
            for name, room in rooms.items()
            if room > 0 and stored.is_due(tx, LANES[name], now=now)
        ]

    def _claim(
        self, lanes: Sequence[Lane], rooms: Mapping[str, int], now: datetime
    ) -> None:
        monotonic = self.clock.monotonic()

        def work(tx: Tx) -> list[Outgoing]:
            found: list[Outgoing] = []
            for lane in lanes:
                found += self._claim_lane(tx, lane, rooms[lane.name], now)
            return found

        for message in self.database.write(work):
            with self._counting:
                self._in_flight[message.lane] += 1
                pace = self._paces[message.lane]
                self._paces[message.lane] = pace.after(1, now)
            self._dispatch(Posting(self, Claimed(message, monotonic)))

    def _claim_lane(
        self, tx: Tx, lane: Lane, room: int, now: datetime
    ) -> list[Outgoing]:
        waiting = stored.claimable(tx, lane, now=now, limit=room)
        leased = stored.lease(tx, waiting, owner=self._incarnation, until=now + LEASE)
        clerk = self._clerks.get(lane.name)
        if clerk is None:
            return leased
        return [
            ready
            for message in leased
            if (ready := self._prepared(tx, clerk, message, now)) is not None
        ]

    def _prepared(
        self, tx: Tx, clerk: Clerk, message: Outgoing, now: datetime
    ) -> Outgoing | None:
        try:
            return clerk.prepare(tx, message, now=now)
        except StoreError:
            raise
        except Unwanted as unwanted:
            state, answer = "cancelled", str(unwanted)
        except Exception as error:
            # One damaged message must not hold up all the others.
            log.error("message_damaged", message=message.id, exc_info=True)
            state, answer = "failed", f"cannot be sent: {type(error).__name__}"
        stored.complete(
            tx, message, state=state, due_at=None, answer=answer, provider_id="",
            now=now,
        )  # fmt: skip
        return None

    def call(self, claimed: Claimed) -> Sent | None:
        """Ask the channel; None when the claim has grown too old to be used."""
        message, lane = claimed.message, LANES[claimed.message.lane]
        age = timedelta(seconds=self.clock.monotonic() - claimed.claimed_at_monotonic)
        if age > LEASE - lane.timeout:
            return None
        poster = self.posters.get(message.channel)
        if poster is None:
            reason = f"nothing is set up for {message.channel!r}"
            return Sent(Attempted.PERMANENT, answer=reason)
        try:
            receipt = poster.post(
                message.payload,
                to=message.target,
                key=message.key,
                timeout_seconds=lane.timeout.total_seconds(),
            )
        except DeliveryFailed as failed:
            outcome = Attempted.PERMANENT if failed.permanent else Attempted.TEMPORARY
            wait = failed.retry_after_seconds
            retry_after = None if wait is None else timedelta(seconds=wait)
            return Sent(outcome, answer=failed.reason, retry_after=retry_after)
        except DeliveryUnknown as unknown:
            return Sent(Attempted.UNKNOWN, answer=unknown.reason)
        except Exception as error:
            # A channel's bug proves nothing about the message.
            log.error("poster_broke", channel=message.channel, exc_info=True)
            return Sent(Attempted.UNKNOWN, answer=f"{type(error).__name__} in it")
        return Sent(Attempted.ACCEPTED, receipt.provider_id, receipt.answer)

    def record(self, claimed: Claimed, sent: Sent) -> None:
        """Write what the channel said."""
        now, message = self.clock.now(), claimed.message
        after = after_post(
            sent.outcome,
            LANES[message.lane],
            tries=message.tries,
            wanted_at=message.wanted_at,
            now=now,
            retry_after=sent.retry_after,
            jitter=self._dice.random(),
        )
        clerk = self._clerks.get(message.lane)

        def work(tx: Tx) -> None:
            held = stored.complete(
                tx,
                message,
                state=after.state,
                due_at=after.due_at,
                answer=sent.answer,
                provider_id=sent.provider_id,
                now=now,
            )
            if held and clerk is not None:
                clerk.heard(tx, message, sent, state=after.state, now=now)

        try:
            self.database.write(work)
        except StoreError as error:
            # The lease will end and the message be sent again: at least once.
            log.warning("answer_not_written", message=message.id, error=str(error))

    def ended(self, lane: Lane) -> None:
        """A message is done with; the lane has room, and the next of a target is free."""
        with self._counting:
            self._in_flight[lane.name] -= 1
            has_room = self._in_flight[lane.name] <= lane.at_once // 2
        if lane.in_order or has_room:
            self.wake()

    def _room(self, lane: Lane, now: datetime) -> int:
        with self._counting:
            free = lane.at_once - self._in_flight[lane.name]
            return self._paces[lane.name].room(now, most=free)

    def _next_due(self, now: datetime) -> datetime:
        """Lanes without room are looked at again when something of them has ended."""
        latest = now + self._longest_wait
        with self._counting:
            open_lanes = [
                (lane, self._paces[lane.name].next_at(now))
                for lane in LANES.values()
                if self._in_flight[lane.name] < lane.at_once
            ]

        def work(tx: Tx) -> list[datetime]:
            if stored.is_empty(tx):
                return []
            return [
                max(due, free_at)
                for lane, free_at in open_lanes
                if (due := stored.next_due(tx, lane)) is not None
            ]

        times = self.database.read(work)
        return max(min([*times, latest]), now + _LEAST_WAIT)


class Posting:
    """One message on its way, for a worker thread; the simulator takes it in beats."""

    def __init__(self, outbox: Outbox, claimed: Claimed) -> None:
        self.outbox = outbox
        self.claimed = claimed

    def __call__(self) -> None:
        """Call the channel, then write its answer."""
        try:
            sent = self.outbox.call(self.claimed)
            if sent is not None:
                self.outbox.record(self.claimed, sent)
        except Exception:
            # The lease will end and the message be sent again.
            log.error("posting_broke", message=self.claimed.message.id, exc_info=True)
            raise
        finally:
            self.outbox.ended(LANES[self.claimed.message.lane])
