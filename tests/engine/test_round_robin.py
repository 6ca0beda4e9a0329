"""Turns are kept in the database: by whichever service, engine or loop they are taken."""

import threading
import uuid
from collections.abc import Sequence

import pytest

from tests.cast import Story
from tests.peers.databases import PostgresServer
from tocsin.core.alerts import AlertEvent, EventKind
from tocsin.core.severity import Severity
from tocsin.engine.alerts import Arrival
from tocsin.engine.front_desk import by_hand
from tocsin.engine.rehearsals import rehearse_next
from tocsin.interfaces import Answer, Reading
from tocsin.store import directory as stored
from tocsin.store import turns
from tocsin.store.database import Database, Tx
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
