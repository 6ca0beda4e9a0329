"""Looking ahead says each thing once, to whom it is about and who leads them."""

from datetime import timedelta

import pytest

from tests.cast import MONDAY_9AM, Story
from tocsin.engine.oncall.shift_watch import ShiftWatch
from tocsin.store.database import Database, Tx


def _watch(story: Story) -> ShiftWatch:
    return ShiftWatch(
        story.database, story.directories, story.clock,
        channels=lambda: ("email", "sms"), public_url="https://tocsin.example",
    )  # fmt: skip


@pytest.mark.slow  # a database of its own
def test_it_is_said_once_for_each_stage(database: Database) -> None:
    story = Story(database)
    watch = _watch(story)

    def said() -> list[tuple[str, str]]:
        def read(tx: Tx) -> list[tuple[str, str]]:
            rows = tx.all(
                "select target, key from outbox where key like 'unreachable:%' order by id"
            )
            return [(row[0], row[1].split(":")[-2]) for row in rows]

        return database.read(read)

    # Bob takes Primary over from Alice, and she Secondary, a week after Monday.
    story.clock.at = MONDAY_9AM + timedelta(days=1)
    watch.look()
    watch.look()
    assert sorted(said()) == [("alice", "7 days"), ("bob", "7 days")]
    story.clock.at = MONDAY_9AM + timedelta(days=6, hours=2)
    watch.look()
    watch.look()
    near = [one for one in said() if one[1] == "24 h"]
    # The team has no lead: the admin is told with them, of each.
    assert sorted(near) == [
        ("alice", "24 h"), ("bob", "24 h"), ("carol", "24 h"), ("carol", "24 h"),
    ]  # fmt: skip


@pytest.mark.slow  # a database of its own
def test_leads_hear_once_of_hours_that_nobody_answers_in(database: Database) -> None:
    story = Story(database, more=GAPS)
    watch = _watch(story)

    def said() -> list[tuple[str, str]]:
        def read(tx: Tx) -> list[tuple[str, str]]:
            rows = tx.all(
                "select target, key from outbox where key like 'gap%' "
                "or key like 'on-leave:%' order by target, key"
            )
            found = [(row[0], ":".join(row[1].split(":")[:3])) for row in rows]
            return [one for one in found if ":holes:" in one[1]]

        return database.read(read)

    for minutes in (0, 10, 20):
        story.clock.at = MONDAY_9AM + timedelta(minutes=minutes)
        watch.look()
    # Carol is the admin, and nobody leads a team. What is meant is not said.
    assert said() == [
        ("alice", "on-leave:holes:Away"),
        ("carol", "gap:holes:Ends"),
        ("carol", "gaps:holes:Nights"),
        ("carol", "on-leave:holes:Away"),
    ]


GAPS = """
people:
  - {name: alice, email: alice@example.com, teams: [payments], leave: [{from: "2024-03-06"}]}
schedules:
  - name: holes
    time_zone: UTC
    rotations:
      - name: Nights
        layers: [{id: t, participants: [carol], anchor: "2024-01-01T09:00", turn: {unit: week},
          restrictions: [{type: daily, start: "18:00", end: "08:00"}]}]
      - name: Meant
        gaps_allowed: true
        layers: [{id: t, participants: [carol], anchor: "2024-01-01T09:00", turn: {unit: week},
          restrictions: [{type: daily, start: "09:00", end: "17:00"}]}]
      - name: Ends
        layers: [{id: t, participants: [carol], anchor: "2024-01-01T09:00", turn: {unit: week},
          until: "2024-03-20T09:00"}]
      - name: Away
        users: [alice]
"""
