"""Turns are kept in the database: by whichever service, engine or loop they are taken."""

import copy
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from tests.cast import MONDAY_9AM, Story
from tests.peers.databases import PostgresServer
from tocsin.core.alerts.alerts import AlertEvent, EventKind
from tocsin.core.pages import escalation
from tocsin.core.pages.escalation import Target, TargetKind
from tocsin.core.severity import Severity
from tocsin.engine.alerts import Arrival, Intake
from tocsin.engine.directories import Directories
from tocsin.engine.escalation import apply
from tocsin.engine.front_desk import by_hand
from tocsin.engine.rehearsals import rehearse_next
from tocsin.interfaces.arrivals import Answer, Reading
from tocsin.store import alerts as stored_alerts
from tocsin.store import directory as stored
from tocsin.store import turns
from tocsin.store.database import Database, StoreError, Tx
from tocsin.store.postgres import open_postgres

MORE = """
people:
  - {name: dora, email: dora@example.com, notify: {high: [{by: email, after: 0m}], low: [{by: email, after: 0m}]}}
  - {name: erik, email: erik@example.com, notify: {high: [{by: email, after: 0m}], low: [{by: email, after: 0m}]}}
  - {name: ghost, email: ghost@example.com}
escalation_policies:
  - name: ring
    levels:
      - {after: 0m, page: [{round_robin: [dora, ghost, erik]}]}
      - {after: 30m, page: [{user: bob}]}
    repeat: 1
    wait: 30m
    fallback: [{user: carol}]
services:
  - {name: cards, escalation_policy: ring}
  - {name: ledger, escalation_policy: ring}
  - {name: search, escalation_policy: payments}
"""


@pytest.fixture
def story(database: Database) -> Story:
    made = Story(database, more=MORE)

    def unreachable(tx: Tx) -> None:
        stored.save(tx, "people", "ghost", {"name": "ghost", "teams": []})

    database.write(unreachable)
    return made


def send(story: Story, service: str, key: str) -> int:
    event = AlertEvent(EventKind.TRIGGER, key, key, severity=Severity.SEV3)
    arrival = Arrival(by_hand(service), Reading([event], Answer(202)), "", {}, b"")
    outcomes = story.database.write(
        lambda tx: story.intake.accept(
            tx, [arrival], directory=story.directories.current(tx), now=story.clock.at
        )
    )
    return outcomes[0][0].number


def paged(story: Story) -> list[str]:
    return [person for _, person in story.paged()]


def test_services_that_take_turns_do_not_page_the_same_person(story: Story) -> None:
    for index in range(4):
        # Every second alert is of another service: numbers of alerts are no turns.
        send(story, "cards" if index % 2 else "ledger", f"a{index}")
        send(story, "search", f"b{index}")
        story.run(minutes=1)
    found = [one for one in paged(story) if one in ("dora", "erik", "ghost")]
    assert found == ["dora", "erik", "dora", "erik"]


def test_a_repeat_pages_the_next_one_and_so_does_the_next_alert(story: Story) -> None:
    send(story, "cards", "first")
    story.run(minutes=61)
    assert paged(story) == ["dora", "bob", "erik"]
    send(story, "cards", "second")
    story.run(minutes=1)
    assert paged(story)[3:] == ["dora"]


def test_two_engines_give_each_turn_once(story: Story) -> None:
    other = story.node("node-2")
    for index in range(6):
        send(story, "cards", f"k{index}")
        (other if index % 2 else story.engine).step()
        (story.engine if index % 2 else other).step()
    found = [
        (alert.number, person)
        for _, person, message in story.mail.sent
        for alert in message.alerts
    ]
    assert [person for _, person in sorted(found)] == ["dora", "erik"] * 3


def test_a_dry_run_begins_with_whoever_is_next(story: Story) -> None:
    send(story, "cards", "first")
    story.run(minutes=1)

    def next_one(tx: Tx) -> str:
        directory = story.directories.current(tx)
        policy = directory.policies["ring"]
        told = rehearse_next(
            tx, directory, policy, severity=Severity.SEV3, at=story.clock.at
        )
        return told.pages[0].person

    assert story.database.read(next_one) == "erik"


def test_several_levels_are_held_at_once(story: Story) -> None:
    rings = {"ring": (0, 1, -1), "other": (0, 2)}
    held = story.database.write(lambda tx: turns.hold(tx, rings))
    assert held == {"ring": {0: 0, 1: 0, -1: 0}, "other": {0: 0, 2: 0}}
    story.database.write(lambda tx: turns.take(tx, "ring", (-1, 0, -1)))
    held = story.database.write(lambda tx: turns.hold(tx, rings))
    assert held["ring"] == {0: 1, 1: 0, -1: 2}


def test_a_write_that_fails_gives_its_turn_back(story: Story) -> None:
    def broken(tx: Tx) -> None:
        turns.hold(tx, {"ring": (0,)})
        turns.take(tx, "ring", (0,))
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - ours
        story.database.write(broken)
    assert story.database.read(lambda tx: turns.of(tx, ["ring"])) == {"ring": {}}


# Two writers at once, on a server that can have them.
def test_at_the_same_moment_two_processes_get_two_turns(
    postgres_server: PostgresServer,
) -> None:
    url = postgres_server.create(f"t{uuid.uuid4().hex}", template="migrated")
    databases = [open_postgres(url), open_postgres(url)]
    given: list[int] = []

    def take(tx: Tx) -> int:
        held = turns.hold(tx, {"ring": (0,), "other": (1, -1)})
        turns.take(tx, "ring", (0,))
        return held["ring"][0]

    def many(database: Database) -> Sequence[None]:
        return [given.append(database.write(take)) for _ in range(20)]

    threads = [threading.Thread(target=many, args=(one,)) for one in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(given) == list(range(40))
    for one in databases:
        one.close()


class Two:
    """Two processes of one installation on PostgreSQL."""

    def __init__(self, server: PostgresServer) -> None:
        url = server.create(f"t{uuid.uuid4().hex}", template="migrated")
        self._url = url
        self.first = Story(open_postgres(url), more=MORE)
        self.other = copy.copy(self.first)
        self.other.database = open_postgres(url)
        self.other.directories = Directories()
        self.other.intake = Intake(self.other.database)
        self.other.engine = self.other.node("node-2")

    def close(self) -> None:
        self.first.database.close()
        self.other.database.close()

    def deadlocks(self) -> int:
        """How often the server ended one; a session tells when it is closed."""
        self.close()
        asked = open_postgres(self._url)
        row = asked.read(
            lambda tx: tx.one(
                "select deadlocks from pg_stat_database "
                "where datname = current_database()"
            )
        )
        asked.close()
        assert row is not None
        return int(row[0])


@pytest.fixture
def two(postgres_server: PostgresServer) -> Iterator[Two]:
    made = Two(postgres_server)
    yield made
    made.close()


@contextmanager
def ring_held(story: Story) -> Iterator[None]:
    """Another process is in the middle of a transaction that pages the ring."""
    is_held, may_end = threading.Event(), threading.Event()

    def hold(tx: Tx) -> None:
        turns.hold(tx, {"ring": (0,)})
        is_held.set()
        may_end.wait(60)

    done = story.database.submit(hold)
    assert is_held.wait(10)
    try:
        yield
    finally:
        may_end.set()
        done.result(10)


EVENTS = [
    escalation.Acked("dora"),
    escalation.Snoozed(MONDAY_9AM + timedelta(hours=1), "dora"),
    escalation.Paused("silence:1"),
    escalation.Reassigned(Target(TargetKind.USER, "bob"), "dora"),
    escalation.HandedOver("payments/Primary", ("alice",), ("bob",)),
    escalation.Resolved("dora"),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda one: type(one).__name__)
def test_who_answers_does_not_wait_for_who_pages_the_ring(
    two: Two, event: escalation.Event
) -> None:
    story = two.first
    number = send(story, "cards", "first")
    story.run(minutes=1)

    def answer(tx: Tx) -> None:
        alert = stored_alerts.get(tx, number)
        assert alert is not None
        directory = story.directories.current(tx)
        assert apply(tx, alert, event, directory=directory, now=story.clock.at)

    with ring_held(two.other):
        story.database.submit(answer).result(5)


def test_the_loop_leaves_a_ring_that_another_pages_to_its_next_turn(two: Two) -> None:
    story = two.first
    send(story, "cards", "first")
    send(story, "search", "second")
    # The counts are there since the first alert of the policy came.
    found: list[datetime] = []
    with ring_held(two.other):
        thread = threading.Thread(target=lambda: found.append(story.engine.step()))
        thread.start()
        thread.join(5)
        assert found == [MONDAY_9AM + timedelta(milliseconds=50)]
        assert paged(story) == ["alice"]
    story.engine.step()
    assert paged(story) == ["alice", "dora"]


# Two processes at once: nobody waits for who waits for them. Slow: many rounds.
@pytest.mark.slow
def test_in_a_storm_of_resolves_two_engines_do_not_block_each_other(two: Two) -> None:
    stories = (two.first, two.other)
    is_over, failed = threading.Event(), []

    def guarded(work: Callable[[], object]) -> None:
        try:
            work()
        except StoreError as error:
            failed.append(str(error))

    def fire(story: Story, kind: EventKind, name: str) -> None:
        keys = [f"{name}-{index}" for index in range(40)]
        events = [AlertEvent(kind, key, key, severity=Severity.SEV3) for key in keys]
        arrival = Arrival(by_hand("cards"), Reading(events, Answer(202)), "", {}, b"")
        story.database.write(
            lambda tx: story.intake.accept(
                tx, [arrival],
                directory=story.directories.current(tx), now=story.clock.at,
            )
        )  # fmt: skip

    def senders(story: Story, name: str) -> None:
        for round_ in range(8):
            for kind in (EventKind.TRIGGER, EventKind.RESOLVE):
                guarded(lambda kind=kind: fire(story, kind, f"{name}{round_}"))

    def engine(story: Story) -> None:
        while not is_over.is_set():
            guarded(story.engine.step)

    sending = [
        threading.Thread(target=senders, args=(story, name))
        for story, name in zip(stories, "ab", strict=True)
    ]
    stepping = [threading.Thread(target=engine, args=(story,)) for story in stories]
    for thread in (*stepping, *sending):
        thread.start()
    for thread in sending:
        thread.join(120)
    is_over.set()
    for thread in stepping:
        thread.join(30)
    assert failed == []
    assert two.deadlocks() == 0
