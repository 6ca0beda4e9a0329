"""Monitoring systems: they fire, repeat, resolve, fire again and ask until answered."""

from collections import deque
from collections.abc import Callable
from datetime import datetime
from random import Random

from tocsin.core.alerts.alerts import AlertEvent, EventKind
from tocsin.core.severity import Severity
from tocsin.engine.alerts import Arrival
from tocsin.interfaces.arrivals import Answer, Reading
from tocsin.simulation.company import SERVICES
from tocsin.simulation.configuration import INTEGRATIONS
from tocsin.simulation.faults import Fault
from tocsin.simulation.history import MINUTE, SECOND
from tocsin.simulation.ledger import Report
from tocsin.simulation.nodes import Node
from tocsin.simulation.stage import Stage

_TRIES = 400
# The third integration's source gives no times: its arrival order is the truth.
_UNTIMED = 3
_GETS_WORSE = 0.4


class Source:
    """One alert of one monitoring system; sends one event after the other."""

    def __init__(
        self,
        world: Stage,
        title: str,
        service: str,
        severity: Severity,
        working: Callable[[], list[Node]],
    ) -> None:
        self.world = world
        self._working = working
        self.title = title
        self.service = service
        self.severity = severity
        self.integration = 1 + SERVICES.index(service)
        self._waiting: deque[Report] = deque()
        self._busy = False
        self._serial = 0

    def script(self, start: int, chaos: int) -> None:
        """Fire at `start`; repeat while it lasts; resolve or not; perhaps again."""
        world = self.world
        dice = world.dice
        at = start
        self._worsen(start)
        for _ in range(dice.choice((1, 1, 2, 3))):
            lasts = int(dice.choice((1, 8, 25, 60)) * MINUTE * dice.uniform(0.5, 1.5))
            every = dice.choice((2, 5, 15)) * MINUTE
            for offset in range(0, lasts, every):
                world.at(at + offset, lambda: self.send(EventKind.TRIGGER))
            at += lasts
            if dice.random() < 0.25 or at > chaos:
                return
            world.at(at, lambda: self.send(EventKind.RESOLVE))
            at += int(dice.choice((1, 4, 30)) * MINUTE * dice.uniform(0.5, 1.5))

    def _worsen(self, start: int) -> None:
        """Some get worse while they last: the next repeat says so."""
        # What came later than the rest has dice of its own, so that seeds keep their story.
        aside = Random(f"worse {self.world.seed} {self.title}")
        worse = [one for one in Severity if one.worse_than(self.severity)]
        if not worse or aside.random() > _GETS_WORSE:
            return
        severity = aside.choice(worse)
        at = start + aside.randrange(MINUTE, 40 * MINUTE)
        self.world.at(at, lambda: setattr(self, "severity", severity))

    def send(self, kind: EventKind) -> None:
        """One event as of now."""
        world = self.world
        self._serial += 1
        timed = self.integration != _UNTIMED
        report = Report(
            self.title, self.integration, self.service, kind, self.severity,
            event_id=f"{self.title}/{self._serial}" if kind is EventKind.TRIGGER else "",
            occurred=world.time if timed else None,
        )  # fmt: skip
        orderly = not timed or world.far_steps
        if not orderly and world.faults.strikes(Fault.OUT_OF_ORDER, kind.value):
            delay = world.dice.randrange(5 * SECOND, 150 * SECOND)
            world.later(delay, lambda: self._try(report, 0, alone=True))
            return
        self._waiting.append(report)
        if kind is EventKind.TRIGGER and world.faults.strikes(
            Fault.DUPLICATE_EVENT, "sent twice"
        ):
            self._waiting.append(report)
        if not self._busy:
            self._busy = True
            self._try(self._waiting[0], 0, alone=False)

    def _next(self) -> None:
        self._waiting.popleft()
        if self._waiting:
            self._try(self._waiting[0], 0, alone=False)
        else:
            self._busy = False

    def _try(self, report: Report, tries: int, *, alone: bool) -> None:
        world = self.world
        answered = self._post(report, tries)
        if answered or tries >= _TRIES:
            if not alone:
                self._next()
            return
        delay = world.dice.randrange(SECOND, min(30, 4 + 4 * tries) * SECOND)
        world.later(delay, lambda: self._try(report, tries + 1, alone=alone))

    def _post(self, report: Report, tries: int) -> bool:
        """One request to whichever node the balancer picks."""
        world = self.world
        nodes = self._working()
        if not nodes:
            return False
        node = world.dice.choice(nodes)
        status: list[int] = []
        committed = node.offer(_arrival(report, world.start_plus), status.append)
        told = bool(status) and status[0] < 300
        note = (
            f"{report.kind.value} {report.title} try {tries}: {status or 'no answer'}"
        )
        world.note(note + (", committed" if committed else ""))
        if committed or told:
            world.ledger.took(report, world.company, at=world.time, told=told)
        return told and not world.faults.strikes(Fault.ANSWER_LOST, "2xx lost")


def _arrival(report: Report, instant: Callable[[int], datetime]) -> Arrival:
    occurred = None if report.occurred is None else instant(report.occurred)
    event = AlertEvent(
        report.kind,
        report.title,
        report.title,
        severity=report.severity,
        labels={"service": report.service},
        occurred_at=occurred,
        event_id=report.event_id,
    )
    integration = INTEGRATIONS[report.integration - 1]
    reading = Reading([event], Answer(202))
    return Arrival(integration, reading, "", {}, report.title.encode())
