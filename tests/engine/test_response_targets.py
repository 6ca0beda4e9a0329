"""A missed response time: paged on, in the timeline, counted once, and in the dry run."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.cast import MONDAY_9AM, Story
from tests.peers.databases import begin_migrated
from tocsin.core.alerts.alerts import AlertEvent, EventKind
from tocsin.core.severity import Severity
from tocsin.engine.alerts import Arrival
from tocsin.engine.front_desk import by_hand
from tocsin.engine.rehearsals import rehearse_next
from tocsin.engine.upkeep import Upkeep
from tocsin.interfaces.arrivals import Answer, Reading
from tocsin.store import figures, response_targets, timeline
from tocsin.store.database import Database, Tx
from tocsin.store.sqlite import open_sqlite

MORE = """
escalation_policies:
  - name: slow
    levels:
      - {after: 0m, page: [{user: alice}]}
      - {after: 30m, page: [{user: bob}]}
    fallback: [{user: carol}]
services:
  - {name: cards, escalation_policy: slow}
"""


@pytest.fixture
def story(database: Database) -> Story:
    return Story(database, more=MORE)


def send(story: Story, severity: Severity, key: str = "errors") -> int:
    event = AlertEvent(EventKind.TRIGGER, key, key, severity=severity)
    arrival = Arrival(by_hand("cards"), Reading([event], Answer(202)), "", {}, b"")
    outcomes = story.database.write(
        lambda tx: story.intake.accept(
            tx, [arrival], directory=story.directories.current(tx), now=story.clock.at
        )
    )
    return outcomes[0][0].number


def test_nobody_answered_a_sev1_for_five_minutes(story: Story) -> None:
    number = send(story, Severity.SEV1)
    story.run(minutes=6)
    assert story.paged()[:2] == [(0, "alice"), (5, "bob")]
    facts = story.database.read(lambda tx: timeline.of_alert(tx, number))
    told = [fact for _, fact in facts if fact.text.startswith("Nobody answered")]
    assert [fact.data["answer_by"] for fact in told] == ["2024-03-04T09:05:00+00:00"]


def test_what_was_missed_is_counted_by_service_once(story: Story) -> None:
    send(story, Severity.SEV1)
    send(story, Severity.SEV2, "other")
    story.run(minutes=40)

    def count(tx: Tx, hours: int) -> dict[str, int]:
        since = MONDAY_9AM + timedelta(hours=hours)
        return response_targets.missed_since(tx, since=since)

    assert story.database.read(lambda tx: count(tx, 0)) == {"cards": 2}
    assert story.database.read(lambda tx: count(tx, 1)) == {}
    found = story.database.read(lambda tx: figures.measured(tx, now=story.clock.at))
    assert found["response_time_missed_sev1"][1] == 1.0
    assert found["response_time_missed_sev3"][1] == 0.0


def test_what_was_missed_is_kept_for_as_long_as_a_load_looks_back(
    story: Story,
) -> None:
    send(story, Severity.SEV1)
    story.run(minutes=6)
    upkeep = Upkeep(story.database, story.clock, tidy_files=lambda: None)

    def kept_after(days: int) -> dict[str, int]:
        story.clock.at = MONDAY_9AM + timedelta(days=days)
        upkeep.once()
        return story.database.read(
            lambda tx: response_targets.missed_since(tx, since=MONDAY_9AM)
        )

    assert kept_after(399) == {"cards": 1}
    assert kept_after(401) == {}


def test_what_was_missed_is_counted_from_an_index(tmp_path: Path) -> None:
    begin_migrated(tmp_path / "tocsin.db")
    database = open_sqlite(str(tmp_path / "tocsin.db"))
    plan = database.read(
        lambda tx: tx.all(
            "explain query plan "
            "select severity, count(*) from missed_targets group by severity"
        )
    )
    database.close()
    assert "missed_targets_severity" in str(plan)


def test_a_dry_run_pages_when_the_engine_does(story: Story) -> None:
    def rehearsed(tx: Tx) -> list[tuple[int, str]]:
        directory = story.directories.current(tx)
        told = rehearse_next(
            tx, directory, directory.policies["slow"],
            severity=Severity.SEV1, at=MONDAY_9AM, service="cards",
        )  # fmt: skip
        return [
            (int((page.at - MONDAY_9AM).total_seconds() // 60), page.person)
            for page in told.pages
        ]

    assert story.database.read(rehearsed) == [(0, "alice"), (5, "bob"), (20, "carol")]
