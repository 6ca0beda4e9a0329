"""A contact's limits in the engine: what waits is stored, joins, and holds up nothing."""

from datetime import timedelta

import pytest

from tests.cast import MONDAY_9AM, Story
from tests.engine.test_stories import acknowledge
from tocsin.engine.audit import Actor, Auditor
from tocsin.engine.configuration import apply_files
from tocsin.engine.editing import recorder
from tocsin.interfaces.failures import DeliveryFailed
from tocsin.store.database import Database

TEXTED = """
people:
  - name: alice
    email: alice@example.com
    teams: [payments]
    contacts:
      - {by: sms, address: "+4915112345678"}
      - {by: webhook, address: "https://hooks.example.com/alice"}
    notify: {high: [%s]}
"""
BY_TEXT = "{by: sms, after: 0m}"


@pytest.fixture
def story(database: Database) -> Story:
    return Story(database)


def reached_by(story: Story, rules: str) -> None:
    key = iter(f"{number:032x}" for number in range(2000, 3000))
    applied = apply_files(
        story.database,
        [("alice.yaml", TEXTED % rules)],
        now=story.clock.at,
        new_key=lambda: next(key),
        recorder=recorder(
            Auditor(b"secret"), Actor("carol", "CLI"), now=story.clock.at
        ),
    )
    assert applied.done, applied.problems


def texts(story: Story) -> list[tuple[float, int]]:
    """(minute, how many alerts) of each text message."""
    return [
        (round((at - MONDAY_9AM) / timedelta(minutes=1), 1), len(message.alerts))
        for at, _, message in story.texts.sent
    ]


def five_texts(story: Story) -> None:
    """Five messages in five minutes, about alerts that somebody has."""
    for number in range(5):
        one = story.send(key=f"k{number}", title=f"Errors {number}")
        story.run(minutes=0.5)
        assert acknowledge(story, one.number, "alice").done
        story.run(minutes=0.5)


def test_the_sixth_text_waits_for_the_first_to_leave_and_joins_the_others(
    story: Story,
) -> None:
    reached_by(story, BY_TEXT)
    five_texts(story)
    story.send(key="six", title="Errors six")
    story.run(minutes=3)
    story.send(key="seven", title="Errors seven")
    story.run(minutes=20)
    assert texts(story) == [(0, 1), (1, 1), (2, 1), (3, 1), (4, 1), (15, 2)]
    # Level 2 is paged when it is due, whoever waits for a text message.
    bobs = [minute for minute, who in story.paged() if who == "bob"]
    assert bobs == [20, 23]


def test_a_restart_forgets_nothing_that_waits(story: Story) -> None:
    reached_by(story, BY_TEXT)
    five_texts(story)
    story.send(key="six", title="Errors six")
    story.run(minutes=1)
    story.engine = story.node("node-2")
    story.run(minutes=12)
    assert texts(story)[-1] == (15, 1)


def test_what_waits_is_called_off_by_an_answer(story: Story) -> None:
    reached_by(story, BY_TEXT)
    five_texts(story)
    number = story.send(key="six", title="Errors six").number
    story.run(minutes=1)
    assert acknowledge(story, number, "alice").done
    story.run(minutes=20)
    assert len(texts(story)) == 5


def test_a_contact_at_its_limit_is_no_next_method(story: Story) -> None:
    reached_by(story, BY_TEXT)
    five_texts(story)
    reached_by(
        story, f"{BY_TEXT}, {{by: email, after: 1m}}, {{by: webhook, after: 9m}}"
    )
    story.send(key="six", title="Errors six")
    # The mail of the first minute is not taken; a text could not go, the hook can.
    story.mail.fails = [DeliveryFailed("busy", permanent=False)]
    story.run(minutes=2)
    hooks = [(at - MONDAY_9AM) / timedelta(minutes=1) for at, _, _ in story.hook.sent]
    assert hooks == [pytest.approx(6, abs=0.2)]
    assert len(texts(story)) == 5
