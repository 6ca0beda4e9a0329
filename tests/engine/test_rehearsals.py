"""A dry run tells exactly whom the engine then pages, and what is wrong with that."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.cast import MONDAY_9AM, Story
from tests.peers.databases import SEALER
from tocsin.core.alerts.alerts import AlertEvent, EventKind
from tocsin.core.pages.escalation import Turns
from tocsin.core.severity import Severity
from tocsin.engine import escalation
from tocsin.engine.alerts import Arrival
from tocsin.engine.front_desk import by_hand
from tocsin.engine.rehearsals import Rehearsal, rehearse
from tocsin.interfaces.arrivals import Answer, Reading
from tocsin.simulation.storage import open_memory
from tocsin.store import directory as stored
from tocsin.store import paging as stored_pages
from tocsin.store.database import Database, Tx

# Gaps, leave, low urgency, people that nothing reaches, delays by severity, loops, turns.
MORE = """
people:
  - name: dora
    email: dora@example.com
    contacts: [{by: webhook, address: "https://hooks.example.com/dora"}]
    notify: {high: [{by: webhook, after: 0m}, {by: email, after: 12m}], low: [{by: email, after: 7m}]}
  - {name: erik, email: erik@example.com, time_zone: America/New_York, quiet_hours: {from: "22:00", to: "07:00"}}
  - {name: ghost, email: ghost@example.com}
schedules:
  - name: hours
    time_zone: America/New_York
    rotations:
      - name: Days
        layers:
          - id: days
            participants: [dora, alice, ghost]
            anchor: 2024-03-04T08:00
            turn: {unit: day, count: 1}
            restrictions: [{type: daily, start: "08:00", end: "20:00"}]
      - name: Nights
        layers:
          - id: nights
            participants: [bob, erik]
            anchor: 2024-03-04T20:00
            turn: {unit: week, count: 1}
            restrictions: [{type: daily, start: "20:00", end: "02:00"}]
escalation_policies:
  - name: gaps
    levels:
      - {after: 0m, page: [{rotation: hours/Days}]}
      - {after: 10m, page: [{rotation: hours/Nights}]}
      - {after: {SEV1: 12m, SEV4: 40m}, page: [{schedule: hours}, {user: erik}]}
    repeat: 1
    wait: 9m
    fallback: [{user: carol}]
  - name: turns
    levels:
      - {after: {SEV1: 0m, SEV2: 3m, SEV3: 20m}, page: [{round_robin: [dora, erik, ghost]}]}
      - {after: 25m, page: [{user: ghost}]}
      - {after: 30m, page: [{team: payments}], condition: if_not_resolved}
    repeat: 2
    wait: 5m
    nag: 11m
    fallback: [{rotation: hours/Nights}, {user: dora}]
services:
  - {name: gaps, escalation_policy: gaps}
  - {name: turns, escalation_policy: turns}
"""
SERVICES = ("checkout", "gaps", "turns")
HORIZON = timedelta(minutes=75)
Paged = tuple[str, int, int, str, float]


@pytest.fixture
def story() -> Iterator[Story]:
    """One company whose engine sleeps until something is due; no file to wait for."""
    memory = open_memory()
    database = Database(
        lambda _: memory, dialect="sqlite", threaded=False, sealer=SEALER
    )
    yield Story(database, more=MORE, longest_wait=timedelta(days=400))
    database.close()


def unreachable(story: Story, name: str) -> None:
    """Take every way to reach a person; a file that says so would be refused."""
    story.database.write(
        lambda tx: stored.save(tx, "people", name, {"name": name, "teams": []})
    )


def rehearsal(
    story: Story, service: str, severity: Severity, at: datetime, **more: object
) -> Rehearsal:
    directory = story.database.read(story.directories.current)
    policy = directory.policy_of(service)
    return rehearse(
        directory,
        policy,
        severity=severity,
        at=at,
        service=service,
        **more,  # type: ignore[arg-type]
    )


def turns_of(story: Story, service: str) -> Turns:
    directory = story.database.read(story.directories.current)
    policy = directory.policy_of(service)
    return story.database.read(lambda tx: escalation.turns_of(tx, policy))


def raised(story: Story, service: str, severity: Severity, key: str) -> int:
    event = AlertEvent(EventKind.TRIGGER, key, key, severity=severity)
    arrival = Arrival(by_hand(service), Reading([event], Answer(202)), "", {}, b"")
    outcomes = story.database.write(
        lambda tx: story.intake.accept(
            tx,
            [arrival],
            directory=story.directories.current(tx),
            now=story.clock.at,
        )
    )
    return outcomes[0][0].number


def driven(story: Story, number: int, until: datetime) -> list[Paged]:
    """What the engine pages for an alert until then; the alert is then put away."""
    begins = story.clock.at
    while True:
        due = story.engine.step()
        if due > until:
            break
        story.clock.at = max(due, story.clock.at)
    pages = story.database.read(lambda tx: stored_pages.of_alert(tx, number))

    def put_away(tx: Tx) -> None:
        for table in ("pages", "runs", "timeline"):
            tx.run(f"delete from {table} where alert = :n", n=number)
        tx.run("delete from alerts where number = :n", n=number)

    story.database.write(put_away)
    return sorted(
        (p.person, p.level, p.loop, p.channel, (p.due_at - begins).total_seconds())
        for p in pages
    )


# About 20 s: a thousand alerts, each driven through its whole path by the engine.
@pytest.mark.slow
def test_a_dry_run_is_what_the_engine_then_does(story: Story) -> None:
    unreachable(story, "ghost")
    dice = random.Random(20260304)
    at = MONDAY_9AM
    kinds = set()
    for trial in range(1000):
        at += HORIZON + timedelta(seconds=dice.randrange(1, 40_000))
        story.clock.at = at
        service, severity = dice.choice(SERVICES), dice.choice(list(Severity))
        before = turns_of(story, service)
        number = raised(story, service, severity, f"trial {trial}")
        told = rehearsal(story, service, severity, at, until=at + HORIZON, turns=before)
        expected = sorted(
            (
                page.person,
                page.level,
                page.loop,
                by,
                (page.at + after - at).total_seconds(),
            )
            for page in told.pages
            for after, by in page.methods
        )
        assert driven(story, number, at + HORIZON) == expected, (service, severity, at)
        kinds.add((service, len(expected), tuple(told.faults)))
    assert len(kinds) > 20, "the trials were all alike"


def test_a_level_that_nobody_is_on_is_told_and_costs_no_time(story: Story) -> None:
    # Sunday at noon in New York: the days are on, the nights are not.
    at = datetime(2024, 3, 10, 17, tzinfo=UTC)
    told = rehearsal(story, "gaps", Severity.SEV2, at)
    assert any("Level 2 of gaps has nobody now" in one for one in told.faults)


def test_somebody_whom_nothing_reaches_is_told(story: Story) -> None:
    unreachable(story, "ghost")
    told = rehearsal(story, "turns", Severity.SEV1, MONDAY_9AM, turns={0: 2})
    assert "ghost cannot be reached by anything." in told.faults
    lost = next(page for page in told.pages if page.person == "ghost")
    after = told.pages[told.pages.index(lost) + 1]
    assert after.at == lost.at


def test_whom_nothing_reaches_has_no_turn(story: Story) -> None:
    unreachable(story, "ghost")
    first = [
        rehearsal(story, "turns", Severity.SEV1, MONDAY_9AM, turns={0: turn}).pages[0]
        for turn in range(3)
    ]
    assert [page.person for page in first] == ["dora", "erik", "dora"]


def test_a_step_that_comes_after_the_next_level_is_told(story: Story) -> None:
    # Dora's mail comes after 12 minutes, the next level after 10.
    told = rehearsal(story, "gaps", Severity.SEV3, datetime(2024, 3, 4, 15, tzinfo=UTC))
    assert any(
        one.startswith("dora's step “email after 12 min” never comes first")
        for one in told.faults
    )


def test_quiet_hours_are_told_and_not_called_late(story: Story) -> None:
    night = datetime(2024, 3, 4, 8, tzinfo=UTC)  # 3 o'clock for Erik
    told = rehearsal(story, "turns", Severity.SEV4, night, turns={0: 1})
    assert told.pages[0].person == "erik"
    assert told.pages[0].faults == (
        "erik has quiet hours: this waits until 07:00 for them.",
    )
    loud = rehearsal(story, "turns", Severity.SEV2, night, turns={0: 1})
    assert loud.pages[0].faults == ()
    assert loud.pages[0].is_night


def test_faults_name_people_as_people_do(story: Story) -> None:
    ghost = {"name": "ghost", "full_name": "Gus Host", "teams": []}
    story.database.write(lambda tx: stored.save(tx, "people", "ghost", ghost))
    told = rehearsal(story, "turns", Severity.SEV1, MONDAY_9AM, turns={0: 2})
    assert "Gus Host cannot be reached by anything." in told.faults
