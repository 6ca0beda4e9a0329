"""One cast: Alice on call, Bob next, Carol the fallback; one service, checkout."""

import random
from datetime import UTC, datetime, timedelta

from tocsin.core.alerts.alerts import AlertEvent, EventKind
from tocsin.engine.alerts import Absorption, Arrival, Intake
from tocsin.engine.audit import Actor, Auditor
from tocsin.engine.configuration import apply_files
from tocsin.engine.directories import Directories
from tocsin.engine.editing import recorder
from tocsin.engine.loop import LONGEST_WAIT, Engine
from tocsin.engine.paging import Links
from tocsin.engine.watch import Watch
from tocsin.interfaces.arrivals import Answer, Reading
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.pagers import PageMessage, Receipt
from tocsin.store.database import Database

MONDAY_9AM = datetime(2024, 3, 4, 9, tzinfo=UTC)

COMPANY = """
teams:
  - {name: payments, time_zone: Europe/Berlin}
people:
  - {name: alice, email: alice@example.com, teams: [payments], notify: {high: [{by: email, after: 0m}]}}
  - {name: bob, email: bob@example.com, teams: [payments], notify: {high: [{by: email, after: 0m}]}}
  - name: carol
    role: admin
    email: carol@example.com
    contacts: [{by: webhook, address: "https://hooks.example.com/carol"}]
    notify: {high: [{by: webhook, after: 0m}, {by: email, after: 5m}]}
schedules:
  - name: payments
    team: payments
    rotations:
      - {name: Primary, users: [alice, bob], start: Mon 9am, length: 1 week}
      - {name: Secondary, users: [bob, alice], start: Mon 9am, length: 1 week}
escalation_policies:
  - name: payments
    team: payments
    levels:
      - {after: 0m, page: [{rotation: payments/Primary}]}
      - {after: 15m, page: [{rotation: payments/Secondary}]}
    ack_timeout: 30m
    fallback: [{user: carol}]
services:
  - {name: checkout, team: payments, escalation_policy: payments}
integrations:
  - {name: checkout-generic, type: generic, service: checkout, key: 0123456789abcdef0123456789abcdef}
"""


class SetClock:
    """Stands still until it is told to move."""

    def __init__(self, at: datetime = MONDAY_9AM) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - MONDAY_9AM).total_seconds()


class RecordingPager:
    """A fake channel: notes what it was asked to send, and fails when told to."""

    def __init__(self, channel: str, clock: SetClock) -> None:
        self.channel = channel
        self.sent: list[tuple[datetime, str, PageMessage]] = []
        self.keys: list[str] = []
        self.fails: list[DeliveryFailed | DeliveryUnknown] = []
        self._clock = clock

    def problems(self, address: str) -> tuple[str, ...]:
        return ()

    def page(
        self, message: PageMessage, *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        self.keys.append(key)
        if self.fails:
            raise self.fails.pop(0)
        self.sent.append((self._clock.at, message.person, message))
        return Receipt(key, "taken")


class Story:
    """The engine on a database, and a clock that the story moves."""

    def __init__(
        self,
        database: Database,
        *,
        watched: bool = False,
        more: str = "",
        longest_wait: timedelta = LONGEST_WAIT,
    ) -> None:
        self.database = database
        self._longest_wait = longest_wait
        self.clock = SetClock()
        self.directories = Directories()
        self.intake = Intake(database)
        self.mail = RecordingPager("email", self.clock)
        self.hook = RecordingPager("webhook", self.clock)
        self.canary = RecordingPager("canary", self.clock)
        self.texts = RecordingPager("sms", self.clock)
        self.heartbeats = 0
        keys = iter(f"{number:032x}" for number in range(1, 1000))
        applied = apply_files(
            database,
            [("company.yaml", COMPANY), *([("more.yaml", more)] if more else [])],
            now=MONDAY_9AM,
            new_key=lambda: next(keys),
            recorder=recorder(
                Auditor(b"secret"), Actor("carol", "CLI"), now=MONDAY_9AM
            ),
        )
        assert applied.done, applied.problems
        self.engine = self.node("node-1", watched=watched)

    def node(self, name: str, *, watched: bool = False) -> Engine:
        pagers = {
            one.channel: one for one in (self.mail, self.hook, self.canary, self.texts)
        }
        engine = Engine(
            self.database,
            directories=self.directories,
            intake=self.intake,
            pagers=pagers,
            clock=self.clock,
            dice=random.Random(7),
            links=Links("http://tocsin.test", b"secret"),
            incarnation=name,
            version="test",
            dispatch=lambda delivery: delivery(),
            watch=Watch(self.database, self.intake, dead_man=self._beat)
            if watched
            else None,
            longest_wait=self._longest_wait,
        )
        engine.boot()
        return engine

    def _beat(self) -> None:
        self.heartbeats += 1

    def send(
        self,
        kind: EventKind = EventKind.TRIGGER,
        *,
        key: str = "errors",
        title: str = "Errors 31%",
        level: str = "critical",
        **more: object,
    ) -> Absorption:
        event = AlertEvent(kind, key, title, level=level, **more)  # type: ignore[arg-type]
        directory = self.database.read(self.directories.current)
        arrival = Arrival(
            directory.integrations[0], Reading([event], Answer(200)), "", {}, b"{}"
        )
        outcomes = self.database.write(
            lambda tx: self.intake.accept(
                tx, [arrival], directory=self.directories.current(tx), now=self.clock.at
            )
        )
        return outcomes[0][0]

    def run(self, *, minutes: float) -> None:
        """Let time pass, stepping whenever the engine asked to be woken."""
        end = self.clock.at + timedelta(minutes=minutes)
        while True:
            due = self.engine.step()
            if due >= end:
                break
            self.clock.at = max(due, self.clock.at + timedelta(milliseconds=10))
        self.clock.at = end
        self.engine.step()

    def paged(self) -> list[tuple[int, str]]:
        """(minute, person) of everything that went out, by any channel."""
        sent = sorted([*self.mail.sent, *self.hook.sent], key=lambda one: one[0])
        return [
            (round((at - MONDAY_9AM).total_seconds() / 60), person)
            for at, person, _ in sent
        ]
