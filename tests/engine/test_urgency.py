"""Each act of paging asks anew how urgent it is: by the team's hours, at that moment."""

from datetime import UTC, datetime

import pytest

from tests.cast import Story
from tocsin.core.alerts.alerts import AlertEvent, EventKind
from tocsin.core.pages import escalation
from tocsin.core.severity import Severity, Urgency
from tocsin.engine.alerts import Arrival
from tocsin.engine.escalation import apply
from tocsin.engine.front_desk import by_hand
from tocsin.engine.rehearsals import rehearse_next
from tocsin.interfaces.arrivals import Answer, Reading
from tocsin.store import alerts as stored_alerts
from tocsin.store import paging as stored_pages
from tocsin.store.database import Database, Tx

MORE = """
teams:
  - {name: office, time_zone: UTC, support_hours: {from: "09:00", to: "17:00"}}
people:
  - name: dora
    email: dora@example.com
    contacts: [{by: webhook, address: "https://hooks.example.com/dora"}]
    notify: {high: [{by: webhook, after: 0m}], low: [{by: email, after: 0m}]}
  - name: erik
    email: erik@example.com
    contacts: [{by: webhook, address: "https://hooks.example.com/erik"}]
    notify: {high: [{by: webhook, after: 0m}], low: [{by: email, after: 0m}]}
escalation_policies:
  - name: office
    team: office
    levels:
      - {after: 0m, page: [{user: dora}]}
      - {after: 30m, page: [{user: erik}]}
    fallback: [{user: carol}]
services:
  - {name: cards, team: office, escalation_policy: office}
  - {name: loose, escalation_policy: office}
"""
TEN_TO_FIVE = datetime(2024, 3, 4, 16, 50, tzinfo=UTC)
TEN_TO_NINE = datetime(2024, 3, 5, 8, 50, tzinfo=UTC)


@pytest.fixture
def story(database: Database) -> Story:
    return Story(database, more=MORE)


def paged(
    story: Story, at: datetime, service: str, severity: Severity = Severity.SEV3
) -> list[tuple[str, str, str]]:
    """Who is paged how within half an hour, as (person, channel, urgency)."""
    story.clock.at = at
    number = fired(story, service, severity)
    story.run(minutes=31)
    return pages_of(story, number)


def fired(story: Story, service: str, severity: Severity) -> int:
    event = AlertEvent(EventKind.TRIGGER, "k", "k", severity=severity)
    arrival = Arrival(by_hand(service), Reading([event], Answer(202)), "", {}, b"")

    def accepted(tx: Tx) -> int:
        directory = story.directories.current(tx)
        outcomes = story.intake.accept(
            tx, [arrival], directory=directory, now=story.clock.at
        )
        return outcomes[0][0].number

    return story.database.write(accepted)


def pages_of(story: Story, number: int) -> list[tuple[str, str, str]]:
    pages = story.database.read(lambda tx: stored_pages.of_alert(tx, number))
    return [(page.person, page.channel, page.urgency) for page in pages]


def test_the_first_level_is_loud_and_the_second_after_hours_is_not(
    story: Story,
) -> None:
    assert paged(story, TEN_TO_FIVE, "cards") == [
        ("dora", "webhook", "high"),
        ("erik", "email", "low"),
    ]


def test_in_the_morning_it_grows_loud(story: Story) -> None:
    assert paged(story, TEN_TO_NINE, "cards") == [
        ("dora", "email", "low"),
        ("erik", "webhook", "high"),
    ]


def test_a_service_of_no_team_is_loud_at_all_hours(story: Story) -> None:
    assert paged(story, TEN_TO_FIVE, "loose") == [
        ("dora", "webhook", "high"),
        ("erik", "webhook", "high"),
    ]


def test_sev2_is_loud_at_all_hours(story: Story) -> None:
    found = paged(story, TEN_TO_FIVE, "cards", Severity.SEV2)
    assert {urgency for _, _, urgency in found} == {"high"}


@pytest.mark.parametrize("service", ["cards", ""])
def test_a_dry_run_tells_the_same(story: Story, service: str) -> None:
    def rehearsed(tx: Tx) -> list[tuple[str, Urgency, str]]:
        directory = story.directories.current(tx)
        told = rehearse_next(
            tx, directory, directory.policies["office"],
            severity=Severity.SEV3, at=TEN_TO_FIVE, service=service,
        )  # fmt: skip
        return [(one.person, one.urgency, one.methods[0][1]) for one in told.pages[:2]]

    assert story.database.read(rehearsed) == [
        ("dora", Urgency.HIGH, "webhook"),
        ("erik", Urgency.LOW, "email"),
    ]


def test_raised_when_the_hours_have_begun_it_pages_who_was_paged_quietly(
    story: Story,
) -> None:
    story.clock.at = TEN_TO_NINE
    number = fired(story, "cards", Severity.SEV3)
    story.run(minutes=12)
    fired(story, "cards", Severity.SEV2)
    story.run(minutes=1)
    assert pages_of(story, number) == [
        ("dora", "email", "low"),
        ("dora", "webhook", "high"),
    ]


def test_raised_in_a_silence_it_is_loud_once_the_silence_is_over(story: Story) -> None:
    story.clock.at = datetime(2024, 3, 4, 22, tzinfo=UTC)
    number = fired(story, "cards", Severity.SEV3)
    story.run(minutes=1)

    def hear(event: escalation.Event) -> None:
        def work(tx: Tx) -> None:
            alert = stored_alerts.get(tx, number)
            assert alert is not None
            directory = story.directories.current(tx)
            apply(tx, alert, event, directory=directory, now=story.clock.at)

        story.database.write(work)

    hear(escalation.Paused("silence:1"))
    fired(story, "cards", Severity.SEV2)
    story.run(minutes=1)
    assert pages_of(story, number) == [("dora", "email", "low")]
    hear(escalation.Resumed("silence:1"))
    story.run(minutes=1)
    assert pages_of(story, number)[1:] == [("dora", "webhook", "high")]
