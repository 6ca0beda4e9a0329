"""One simulated process: boots, steps, delivers, freezes, dies and comes back.

Everything inside it is the real engine; the world decides when each part of it runs.
"""

# long because: one node with everything a crash takes from it.

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from tocsin.engine.alerts import Arrival
from tocsin.engine.audit import Auditor
from tocsin.engine.directories import Directories
from tocsin.engine.door import Door, Settled
from tocsin.engine.incidents.desk import IncidentDesk
from tocsin.engine.loop import Delivery, Engine
from tocsin.engine.paging import Links
from tocsin.simulation.clocks import NodeClock
from tocsin.simulation.company import CHANNELS
from tocsin.simulation.directories import SharedDirectories
from tocsin.simulation.faults import Crash, Fault
from tocsin.simulation.history import SECOND, Call, Post
from tocsin.simulation.providers import NodePager, Providers
from tocsin.simulation.stage import Stage
from tocsin.simulation.storage import FaultyConnection
from tocsin.store.database import Database, StoreError, Tx

_AUDIT = Auditor(b"a secret of the simulation")
_LINKS = Links("https://tocsin.example.com", b"a secret of the simulation")
# An engine that has nothing to do looks again this often. The world leaves out the
# looks that can find nothing: it wakes a node on this grid when another one wrote.
_GRID = 15 * SECOND
_FAR = timedelta(hours=1)
_LEASE_AND_A_LOOK = 50 * SECOND
_LONGEST_REST = 240 * SECOND
_AFTER_ERROR = SECOND
_LEAST_REST = SECOND // 20
_TOO_RESTLESS = 200
_STALE = 20 * SECOND
# The windows in which a death or an error is most likely to cost something.
_DANGEROUS = {
    "step": 3.0,
    "record": 2.0,
    "intake": 2.0,
    "act": 8.0,
    "beat": 0.3,
    "room": 8.0,
    "mail": 0.1,
}
# What can happen around a transaction.
_AT = {
    "before the transaction": (Fault.CRASH, Fault.DATABASE_LOCKED),
    "before the commit": (Fault.CRASH, Fault.COMMIT_FAILS),
    "after the commit": (Fault.CRASH, Fault.COMMIT_AMBIGUOUS),
}


class Carrier(Protocol):
    """Engine or outbox, as far as one message on its way needs it."""

    def call(self, claimed: Any) -> Any: ...
    def record(self, claimed: Any, sent: Any) -> None: ...
    def ended(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Trip:
    """One message on its way; `risk` makes faults around it rarer (bulk)."""

    engine: Carrier
    claimed: Any
    risk: float = 1.0
    doing: str = "record"
    since: int = 0  # when it was claimed


class Workers:
    """Those who call: as many as are needed, or only so many."""

    def __init__(self, count: int | None) -> None:
        self._free = count
        self._waiting: deque[Callable[[], None]] = deque()

    def run(self, job: Callable[[], None]) -> None:
        """Now, or when somebody is free; whoever runs it says `done` once."""
        if self._free == 0:
            self._waiting.append(job)
            return
        if self._free is not None:
            self._free -= 1
        job()

    def done(self) -> None:
        """A worker has finished."""
        if self._waiting:
            self._waiting.popleft()()
        elif self._free is not None:
            self._free += 1


class Node:
    """One process on one machine, over all its lives."""

    def __init__(
        self, world: Stage, providers: Providers, index: int, *, exclusive: bool
    ) -> None:
        self.world = world
        self.providers = providers
        self.index = index
        self.exclusive = exclusive
        base = world.dice.uniform(0, 10_000_000)
        self.clock = world.rig.clock(NodeClock(world.now, monotonic_base=base))
        self.life = 0
        self.alive = False
        self.thaws_at = 0
        self.doing = ""
        self.engine: Engine | None = None
        self.database: Database | None = None
        self.door: Door | None = None
        self.directories: Directories = Directories()
        self.commits = 0
        self.failed_writes = 0
        self._step_at: int | None = None
        self._stepped_at = 0
        self._told_at = 0
        self._restless = 0
        self._silent = False
        self._died_at = ""
        # Whether the last act of a person through this node was answered.
        self.answered = False
        self.desk: IncidentDesk | None = None
        self.workers = Workers(None)
        # What else starts with the process.
        self.also: list[Callable[[], None]] = []

    # -- life ---------------------------------------------------------------

    # long because: a whole process is wired here.
    def boot(self) -> None:
        """A new process with nothing remembered."""
        world = self.world
        self.life += 1
        self._step_at = None
        self._silent = False
        self.clock.restart()
        rig = world.rig
        self.database = rig.database(
            lambda _: rig.connection(FaultyConnection(world.connection, self)),
            dialect=world.connection.dialect,
            threaded=False,
            exclusive=self.exclusive,
        )
        directories = self.directories = SharedDirectories(world.directories)
        intake = rig.intake(self.database)
        self.door = Door(
            self.database, intake, directories, self.clock,
            settled=self._settled,
        )  # fmt: skip
        intake.due = lambda at: self.wake()
        followers = rig.followers(world.followers, self.database)
        self.workers = Workers(rig.workers())
        self.desk = rig.desk(
            self.database, directories=directories, intake=intake, audit=_AUDIT,
            clock=self.clock, wake=self.wake, followers=followers,
        )  # fmt: skip
        self.engine = rig.engine(
            self.database,
            directories=directories,
            pagers={one: NodePager(self.providers, self, one) for one in CHANNELS},
            clock=self.clock,
            dice=world.dice,
            links=_LINKS,
            incarnation=f"node{self.index}.{self.life}",
            version="simulated",
            dispatch=self._dispatch,
            intake=intake,
            followers=followers,
            longest_wait=_FAR,
        )
        self.engine.wake = self.wake
        self.alive = True
        if self._run("boot", self.engine.boot):
            world.note(f"node{self.index} boots, life {self.life}")
            world.liveness()
            self._plan_step(0)
            for start in self.also:
                start()
        elif self.alive:
            self.die("boot failed")

    def die(self, where: str) -> None:
        """The process is gone; its supervisor starts a new one."""
        world = self.world
        world.note(f"node{self.index} dies: {where}")
        world.disturb()
        self.alive = False
        self.life += 1
        self.engine = self.database = self.door = self.desk = None
        self.thaws_at = 0
        world.liveness()
        back = world.dice.choice((1, 3, 10, 40)) * SECOND
        world.later(back, self.boot)
        world.still_broken(world.time + back)

    def freeze(self, seconds: float, where: str) -> None:
        """Nothing of this process runs until it wakes; its clocks go on."""
        world = self.world
        self.thaws_at = max(self.thaws_at, world.time + int(seconds * SECOND))
        world.note(f"node{self.index} freezes for {seconds:.0f} s: {where}")
        world.disturb()
        world.liveness()
        world.at(self.thaws_at, world.liveness)
        world.still_broken(self.thaws_at)

    @property
    def frozen(self) -> bool:
        """Whether it stands still now."""
        return self.world.time < self.thaws_at

    # -- the step -----------------------------------------------------------

    def wake(self) -> None:
        """Step as soon as possible."""
        if self.alive:
            self._plan_step(self.world.dice.randrange(200, 400_000))

    def look_soon(self) -> None:
        """Another node wrote something: the next look of the grid may find it."""
        if not self.alive:
            return
        self._told_at = self.world.time
        passed = self.world.time - self._stepped_at
        self._plan_step(_GRID - passed % _GRID)

    def _rest(self, wait: int) -> int:
        """How long to sleep; an engine that never rests is broken, and told so once."""
        self._restless = self._restless + 1 if wait < _LEAST_REST else 0
        if self._restless == _TOO_RESTLESS:
            self.world.broke("step", StoreError("asks for no rest"))
        if self._restless >= _TOO_RESTLESS:
            return _GRID
        return max(_LEAST_REST, min(wait, self._grid()))

    def _grid(self) -> int:
        """How long nothing but our own timers can become due.

        Where clocks disagree, what another node wrote comes due unannounced.
        """
        doubt = self.world.clock_doubt
        recent = self.world.time - self._told_at < doubt + _LEASE_AND_A_LOOK
        return _GRID if doubt and recent else _LONGEST_REST

    def _plan_step(self, delay: int) -> None:
        at = self.world.time + delay
        if self._step_at is not None and self._step_at <= at:
            return
        self._step_at = at
        life = self.life
        self.world.at(at, lambda: self._step_event(life, at))

    def _step_event(self, life: int, planned: int) -> None:
        if life != self.life or self._step_at != planned:
            return
        if self.frozen:
            thaw = self._step_at = self.thaws_at
            self.world.at(thaw, lambda: self._step_event(life, thaw))
            return
        self._step_at = None
        self._stepped_at = self.world.time
        assert self.engine is not None
        due: list[datetime] = []
        if self._run("step", lambda: due.append(self.engine.step())):  # type: ignore[union-attr]
            wait = (due[0] - self.clock.now()) / timedelta(microseconds=1)
            self._plan_step(self._rest(int(wait) + 1000))
        elif self.alive:
            self._plan_step(_AFTER_ERROR)

    def run(self, doing: str, work: Callable[[], object]) -> bool:
        """Something the world does in this process; whether it got through."""
        return self._run(doing, work)

    def _run(self, doing: str, work: Callable[[], object]) -> bool:
        life, self.doing = self.life, doing
        try:
            work()
        except Crash as crash:
            if life == self.life:
                self.die(str(crash))
            return False
        except StoreError as error:
            self.world.note(f"node{self.index} {doing} failed: {error}")
            return False
        except Exception as error:  # noqa: BLE001 - what the loop's guard would catch
            self.world.note(f"node{self.index} {doing} broke: {error!r}")
            self.world.broke(doing, error)
            return False
        finally:
            self.doing = ""
        return True

    # -- delivery, in beats ---------------------------------------------------

    def _dispatch(self, delivery: Delivery) -> None:
        self.carry(Trip(delivery.engine, delivery.claimed))

    def carry(self, trip: Trip) -> None:
        """Take a claimed message on its way."""
        world, life = self.world, self.life
        delay = world.dice.randrange(100, 20_000)
        if world.faults.strikes(
            Fault.WORKERS_BUSY, "claimed, no worker free", bias=trip.risk
        ):
            delay = int(world.dice.uniform(1, 28) * SECOND)
            if delay > _STALE - SECOND:
                world.disturb()
        if world.faults.strikes(
            Fault.FREEZE, "between claim and send", bias=1.5 * trip.risk
        ):
            world.later(0, lambda: self._freeze_if(life, "between claim and send"))
        world.later(
            delay, lambda: self._if_alive(life, lambda: self._begin(life, trip))
        )

    def _if_alive(self, life: int, job: Callable[[], None]) -> None:
        if life == self.life:
            self.workers.run(job)

    def _freeze_if(self, life: int, where: str) -> None:
        if life == self.life and not self.frozen:
            world = self.world
            self.freeze(world.dice.choice((3, 20, 40, 90, 300)), where)

    def _begin(self, life: int, trip: Trip) -> None:
        world = self.world
        if life != self.life:
            return
        if self.frozen:
            world.at(self.thaws_at, lambda: self._begin(life, trip))
            return
        if world.faults.strikes(
            Fault.CRASH_IN_DELIVERY, "between claim and send", bias=trip.risk
        ):
            self.die("between claim and send")
            return
        world.call = None
        sent = trip.engine.call(trip.claimed)
        call = world.call
        if sent is None or call is None:
            world.note(f"node{self.index} drops a claim that grew old")
            if sent is not None:
                self._finish(life, trip, sent, None)
            else:
                self._ended(trip)
            return
        if world.faults.strikes(
            Fault.CRASH_IN_DELIVERY, "during the call", bias=trip.risk
        ):
            call.disturbed = True
            self.die("during the call")
            return
        if world.faults.strikes(Fault.FREEZE, "during the call", bias=trip.risk):
            self._freeze_if(life, "during the call")
        world.at(call.ended, lambda: self._finish(life, trip, sent, call))

    def _finish(
        self, life: int, trip: Trip, sent: object, call: Call | Post | None
    ) -> None:
        world = self.world
        if life != self.life:
            if call is not None:
                call.disturbed = True
            return
        if self.frozen:
            if call is not None:
                call.disturbed = True
            world.at(self.thaws_at, lambda: self._finish(life, trip, sent, call))
            return
        if world.faults.strikes(
            Fault.CRASH_IN_DELIVERY, "between answer and receipt", bias=trip.risk
        ):
            if call is not None:
                call.disturbed = True
            self.die("between answer and receipt")
            return
        before = self.failed_writes
        went = self._run(trip.doing, lambda: trip.engine.record(trip.claimed, sent))
        if call is not None and (not went or self.failed_writes != before):
            call.disturbed = True
        elif isinstance(call, Post):
            call.recorded, call.held_for = world.time, world.time - trip.since
        if self.alive and life == self.life:
            self._ended(trip)

    def _ended(self, trip: Trip) -> None:
        trip.engine.ended()
        self.workers.done()

    # -- requests -------------------------------------------------------------

    def offer(self, arrival: Arrival, answer: Callable[[int], None]) -> bool:
        """One request, absorbed now; `answer` gets the status unless we die.

        Returns whether its transaction committed, as the fault injector saw it.
        """
        assert self.door is not None
        door, commits = self.door, self.commits
        self._run("intake", lambda: door.offer(arrival, answer))
        if self._silent and self.alive:
            # The door hands errors to who waits; a death reached nobody.
            self.die(self._died_at)
        return self.commits > commits

    def _settled(self, settled: list[Settled]) -> None:
        if self._silent or not self.alive:
            return
        for one in settled:
            one.waiter(503 if one.error is not None else 202)

    # -- what its connection asks ---------------------------------------------

    def check_database(self) -> None:
        """Raises StoreError while the database is down, Crash when already dead."""
        if self._silent or not self.alive:
            raise Crash("already dead")
        if self.world.database_down:
            self.failed_writes += 1
            raise StoreError("the database is down")

    def roll(self, when: str) -> tuple[Fault, str] | None:
        """Whether and how the connection fails here."""
        faults, doing = self.world.faults, self.doing or "other"
        if not faults.on:
            return None
        bias = _DANGEROUS.get(doing, 1.0)
        point = f"{doing}, {when}"
        for fault in _AT[when]:
            if faults.strikes(fault, point, bias=bias):
                if fault is Fault.CRASH:
                    self._silent, self._died_at = True, point
                else:
                    self.failed_writes += 1
                    self.world.disturb()
                    # Nobody wakes us about a commit that looked failed.
                    self.look_soon()
                return fault, point
        return None

    def committed(self, *, changed: bool, posted: bool) -> None:
        """A transaction of this node is durable."""
        self.commits += 1
        if changed or posted:
            self.world.wrote(self.index, changed=changed, posted=posted)

    def read(self, work: Callable[[Tx], object]) -> None:
        """Something the world asks through this node."""
        assert self.database is not None
        self.database.read(work)
