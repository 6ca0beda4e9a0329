"""Where each has to acknowledge for themselves, one's answer is not the others'."""

from datetime import timedelta

import pytest

from tests.cast import MONDAY_9AM, Story
from tests.engine.test_stories import acknowledge
from tocsin.core.pages.receipts import Delivered
from tocsin.engine import receipts
from tocsin.engine.audit import Actor, Auditor
from tocsin.engine.configuration import apply_files
from tocsin.engine.editing import recorder
from tocsin.store.database import Database

BOTH = """
people:
  - name: alice
    email: alice@example.com
    teams: [payments]
    contacts: [{by: sms, address: "+4915112345678"}]
    notify: {high: [{by: sms, after: 0m}, {by: email, after: 10m}]}
  - name: bob
    email: bob@example.com
    teams: [payments]
    contacts: [{by: sms, address: "+4915112345679"}]
    notify: {high: [{by: sms, after: 0m}, {by: email, after: 8m}]}
escalation_policies:
  - name: payments
    team: payments
    levels:
      - {after: 0m, page: [{user: alice}, {user: bob}], everyone_acks: true}
      - {after: 15m, page: [{rotation: payments/Secondary}]}
    ack_timeout: 30m
    fallback: [{user: carol}]
"""


@pytest.fixture
def story(database: Database) -> Story:
    made = Story(database)
    key = iter(f"{number:032x}" for number in range(2000, 3000))
    applied = apply_files(
        database,
        [("both.yaml", BOTH)],
        now=made.clock.at,
        new_key=lambda: next(key),
        recorder=recorder(Auditor(b"secret"), Actor("carol", "CLI"), now=made.clock.at),
    )
    assert applied.done, applied.problems
    return made


def mails(story: Story) -> list[float]:
    return [
        round((at - MONDAY_9AM) / timedelta(minutes=1), 1)
        for at, _, _ in story.mail.sent
    ]


def test_the_other_is_paged_on_until_they_answer_and_may(story: Story) -> None:
    number = story.send().number
    story.run(minutes=1)
    assert acknowledge(story, number, "alice").done
    story.run(minutes=9)
    assert mails(story) == [8.0], "bob's own steps go on, alice's do not"
    assert not acknowledge(story, number, "carol").done, "nobody asked her"
    answered = acknowledge(story, number, "bob")
    assert answered.done, answered.refused
    story.run(minutes=10)
    assert mails(story) == [8.0], "the next level was not needed"


def test_once_both_have_answered_nobody_is_paged_on(story: Story) -> None:
    number = story.send().number
    story.run(minutes=1)
    assert acknowledge(story, number, "alice").done
    assert acknowledge(story, number, "bob").done
    story.run(minutes=10)
    assert mails(story) == []
    assert not acknowledge(story, number, "carol").done


def test_what_did_not_reach_the_other_brings_their_next_step(story: Story) -> None:
    number = story.send().number
    story.run(minutes=1)
    assert acknowledge(story, number, "alice").done
    database, now = story.database, story.clock.at
    [(sent,)] = database.read(
        lambda tx: tx.all("select provider_id from attempts where person = 'bob'")
    )
    database.write(
        lambda tx: tx.run("update attempts set report_due_at = 1 where person = 'bob'")
    )
    database.write(lambda tx: receipts.report(tx, sent, Delivered.NO, now=now))
    story.run(minutes=1)
    assert mails(story) == [1.0]


def test_a_damaged_run_keeps_nobody_from_answering(story: Story) -> None:
    number = story.send().number
    story.run(minutes=1)
    assert acknowledge(story, number, "alice").done
    story.database.write(lambda tx: tx.run("update runs set data = '{broken'"))
    assert not acknowledge(story, number, "bob").done
    assert acknowledge(story, number, "alice").done
