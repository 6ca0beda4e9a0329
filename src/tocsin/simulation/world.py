"""One outage: an event queue, a virtual clock, seeded dice, and everything they drive.

Chaos first, then a quiet phase in which every promise must be kept. The same seed
gives the same history on any machine: nothing here reads a clock or an environment,
and no set's order reaches a decision.
"""

from datetime import UTC, datetime, timedelta

from tocsin.core.severity import Severity
from tocsin.interfaces.pagers import PageMessage
from tocsin.simulation import company as companies
from tocsin.simulation import configuration, following
from tocsin.simulation.company import SERVICES, Company
from tocsin.simulation.couriers import Courier
from tocsin.simulation.faults import Fault
from tocsin.simulation.history import MINUTE, SECOND, Call, History
from tocsin.simulation.nodes import Node
from tocsin.simulation.people import People
from tocsin.simulation.providers import Providers
from tocsin.simulation.reports import Reports
from tocsin.simulation.rig import Rig
from tocsin.simulation.rooms import Rooms
from tocsin.simulation.senders import Source
from tocsin.simulation.stage import Stage
from tocsin.store.database import Connection

CHAOS = 75 * MINUTE
QUIET = 35 * MINUTE
_ALERTS = (6, 9, 12)
_STORM = 15
# Clocks behind by more make a source's time five minutes ahead, which is not believed
# (domain 3.3); only a world of far steps has senders that expect it.
_BELIEVED = timedelta(minutes=4, seconds=50)


class World(Stage):
    """Everything of one seed."""

    def __init__(
        self, seed: int, connection: Connection, rig: Rig | None = None
    ) -> None:
        super().__init__(seed, connection, rig or Rig())
        self._live = False
        self.start, self.zone = self._night()
        self.company = companies.found(self.dice, zone=self.zone, start=self.start)
        self.versions: list[tuple[int, Company]] = [(0, self.company)]
        configuration.found(connection, self.company)
        self.nodes: list[Node] = []
        self.people = People(self, self._working)
        reports = Reports(self, self._working)

        def arrive(call: Call, message: PageMessage) -> None:
            self.people.got(call, message)
            reports.of(call)

        self.providers = Providers(self, arrive)
        self.rooms = Rooms(self, self._working)
        self.couriers: list[Courier] = []
        self._machines()
        if self.rooms.drawn:
            following.subscribe(connection, now=self.start)
            self.followers = (following.goes_out,)
            self.couriers = [Courier(self, node, self.providers) for node in self.nodes]

    def run(self) -> History:
        """Play the outage to its end."""
        self._plan()
        for node in self.nodes:
            node.boot()
        self.history.ended = CHAOS + QUIET
        self.play_until(self.history.ended)
        self.history.clock_doubt = self.clock_doubt
        return self.history

    def liveness(self) -> None:
        """Note when the installation begins or ceases to be able to work."""
        live = not self.database_down and any(
            node.alive and not node.frozen for node in self.nodes
        )
        if live != self._live:
            self._live = live
            self.history.turns.append((self.time, live))

    def wrote(self, node: int, *, changed: bool, posted: bool) -> None:
        """The others may find something to do."""
        for other in self.nodes:
            if changed and other.index != node:
                other.look_soon()
        if posted:
            for courier in self.couriers:
                courier.look_soon()

    # -- the plan of the outage -----------------------------------------------

    def _night(self) -> tuple[datetime, str]:
        if self.faults.has(Fault.DST_NIGHT):
            self.faults.fire(Fault.DST_NIGHT)
            return self.dice.choice(companies.DST_NIGHTS)
        return companies.MONDAY.astimezone(UTC), "Europe/Berlin"

    def _machines(self) -> None:
        count = self.dice.choice((1, 2))
        remembers = self.dice.random() < 0.5
        alone = count == 1 and self.connection.dialect == "sqlite"
        exclusive = alone and remembers
        nodes = self.nodes
        for index in range(count):
            nodes.append(Node(self, self.providers, index, exclusive=exclusive))
        if count == 2 and self.faults.has(Fault.CLOCK_SKEW):
            skew = self.dice.randrange(-5 * SECOND, 5 * SECOND)
            nodes[1].clock.wall_offset = timedelta(microseconds=skew)
            self.clock_doubt = abs(skew)
            self.faults.fire(Fault.CLOCK_SKEW)

    def _working(self) -> list[Node]:
        """The processes that would take a request now."""
        return [node for node in self.nodes if node.alive and not node.frozen]

    def _plan(self) -> None:
        self.history.quiet_from = CHAOS
        self.providers.plan(CHAOS)
        for index in range(self.dice.choice(_ALERTS)):
            self._source(index, self.dice.randrange(0, CHAOS - 20 * MINUTE))
        if self.faults.has(Fault.STORM):
            begin = self.dice.randrange(0, CHAOS - 40 * MINUTE)
            for index in range(100, 100 + _STORM):
                self._source(index, begin + self.dice.randrange(0, MINUTE))
            self.faults.fire(Fault.STORM)
        self._plan_faults()
        if self.rooms.drawn:
            self.providers.plan_outbox(CHAOS)
            self.rooms.plan(CHAOS)
        self.at(CHAOS, self._calm)

    def _source(self, index: int, start: int) -> None:
        severity = self.dice.choice(tuple(Severity))
        service = self.dice.choice(SERVICES)
        Source(self, f"alert-{index}", service, severity, self._working).script(
            start, CHAOS
        )

    def _plan_faults(self) -> None:
        dice = self.dice
        for fault, most, act in (
            (Fault.DATABASE_DOWN, 3, self._database_goes_down),
            (Fault.CLOCK_STEP, 3, self._clock_steps),
            (Fault.CONTACT_REMOVED, 2, self._contacts_vanish),
            (Fault.POLICY_EDITED, 3, self._policy_is_edited),
            (Fault.POISON_RUN, 1, self._run_is_damaged),
            (Fault.FREEZE, 4, self._somebody_freezes),
            (Fault.CRASH, 4, self._somebody_dies),
        ):
            if self.faults.has(fault):
                for _ in range(dice.randrange(1, most + 1)):
                    self.at(dice.randrange(0, CHAOS), act)

    def _calm(self) -> None:
        self.note("quiet from here on")
        self.faults.on = False

    def _database_goes_down(self) -> None:
        seconds = self.dice.choice((2, 15, 60, 400))
        self.database_down_until = self.time + seconds * SECOND
        self.faults.fire(Fault.DATABASE_DOWN)
        self.note(f"the database is down for {seconds} s")
        self.disturb()
        self.liveness()
        self.at(self.database_down_until, self.liveness)
        self.still_broken(self.database_down_until)

    def _clock_steps(self) -> None:
        node = self.dice.choice(self.nodes)
        far = (-3600, -600) if self.far_steps else ()
        seconds = self.dice.choice((-200, -60, -5, 3, 10, 20, *far))
        offset = node.clock.wall_offset + timedelta(seconds=seconds)
        if not self.far_steps and offset < -_BELIEVED:
            return
        node.clock.wall_offset = offset
        # Time believed once is never taken back within one life of a process, so a
        # step back is no excuse until it restarts; a step forward is at once.
        if seconds > 0 or any(self.faults.has(f) for f in _RESTARTS):
            self.clock_doubt += abs(seconds) * SECOND
        self.faults.fire(Fault.CLOCK_STEP, "back" if seconds < 0 else "forward")
        self.note(f"node{node.index}'s clock steps by {seconds} s")
        if seconds > 0:
            self.disturb()
        node.look_soon()

    def _contacts_vanish(self) -> None:
        name = self.dice.choice([n for n in companies.NAMES if n != "carol"])
        self._edit(self.company.without_contacts(name))
        configuration.change_person(self.connection, self.company, name)
        self.faults.fire(Fault.CONTACT_REMOVED)
        self.note(f"{name} loses every contact method")

    def _policy_is_edited(self) -> None:
        name = self.dice.choice(sorted(self.company.policies))
        policy = companies.policy(
            self.dice, name, self.company.hours, self.company.rings
        )
        self._edit(self.company.with_policy(policy))
        configuration.change_policy(self.connection, policy)
        self.faults.fire(Fault.POLICY_EDITED)
        self.note(f"policy {name} is edited")

    def _edit(self, company: Company) -> None:
        self.company = company
        self.versions.append((self.time, company))

    def _run_is_damaged(self) -> None:
        open_now = [key for key in self.ledger.keys.values() if key.open is not None]
        if not open_now or self.database_down:
            return
        key = self.dice.choice(open_now)
        episode = key.open
        assert episode is not None
        self.connection.begin()
        damaged = self.connection.run(
            "update runs set data = '{damaged' where alert = (select number from "
            "alerts where key = :key and current = 1) and due_at is not null",
            key=key.title,
        )
        self.connection.commit()
        if damaged:
            episode.poisoned = self.time
            self.faults.fire(Fault.POISON_RUN)
            self.note(f"the run of {key.title} is damaged")

    def _somebody_freezes(self) -> None:
        node = self.dice.choice(self.nodes)
        if node.alive and not node.frozen:
            self.faults.fire(Fault.FREEZE, "at any time")
            node.freeze(self.dice.choice((5, 25, 60, 300)), "at any time")

    def _somebody_dies(self) -> None:
        node = self.dice.choice(self.nodes)
        if node.alive:
            self.faults.fire(Fault.CRASH, "at any time")
            node.die("at any time")


_RESTARTS = (Fault.CRASH, Fault.CRASH_IN_DELIVERY)
