"""Services under maintenance: recorded, quiet, and everybody's trouble again after it."""

from datetime import timedelta

import pytest

from tests.cast import MONDAY_9AM, Story
from tocsin.core.alerts.alerts import EventKind
from tocsin.core.alerts.maintenance import Maintenance
from tocsin.core.alerts.silences import Matcher, Silence
from tocsin.engine import maintenance, silences
from tocsin.engine.audit import Actor, Auditor
from tocsin.store import alerts as stored_alerts
from tocsin.store import maintenance as stored
from tocsin.store import silences as stored_silences
from tocsin.store import timeline
from tocsin.store.database import Database

CAROL = Actor("carol", "web")
AUDITOR = Auditor(b"secret")


@pytest.fixture
def story(database: Database) -> Story:
    return Story(database)


def window(*, start: int = 0, end: int = 60, services: tuple[str, ...] = ("checkout",)):  # type: ignore[no-untyped-def]
    """From minute `start` to minute `end`."""
    return Maintenance(
        id="w1",
        services=services,
        starts_at=MONDAY_9AM + timedelta(minutes=start),
        ends_at=MONDAY_9AM + timedelta(minutes=end),
        author="carol",
        reason="new disks",
    )


def keep(story: Story, one: Maintenance) -> None:
    story.database.write(
        lambda tx: maintenance.keep(
            tx, one, directory=story.directories.current(tx),
            actor=CAROL, auditor=AUDITOR, now=story.clock.at,
        )
    )  # fmt: skip


def end(story: Story) -> None:
    def work(tx):  # type: ignore[no-untyped-def]
        held = stored.get(tx, "w1")
        assert held is not None
        maintenance.end(
            tx, held, directory=story.directories.current(tx),
            actor=CAROL, auditor=AUDITOR, now=story.clock.at,
        )  # fmt: skip

    story.database.write(work)


def suppressed_by(story: Story, number: int) -> tuple[str, ...]:
    found = story.database.read(lambda tx: stored_alerts.get_many(tx, [number]))
    return found[number].suppressed_by


def test_it_is_recorded_quiet_and_pages_five_minutes_after_the_end(
    story: Story,
) -> None:
    keep(story, window())
    number = story.send().number
    assert suppressed_by(story, number) == ("maintenance:w1",)
    story.run(minutes=64)
    assert story.paged() == []
    story.run(minutes=2)
    assert story.paged() == [(65, "alice")]
    assert suppressed_by(story, number) == ()


def test_what_came_and_went_is_told_once_and_pages_nobody(story: Story) -> None:
    keep(story, window())
    one = story.send(key="a", title="Disk gone").number
    story.send(key="b", title="Replica lost")
    story.run(minutes=10)
    story.send(EventKind.RESOLVE, key="a")
    story.send(EventKind.RESOLVE, key="b")
    story.run(minutes=120)
    assert story.paged() == []
    held = story.database.read(lambda tx: stored.get(tx, "w1"))
    assert held is not None
    assert held.summary.startswith("2 alerts came and went: ")
    assert "Disk gone" in held.summary
    facts = story.database.read(lambda tx: timeline.of_alert(tx, one))
    told = [fact.text for _, fact in facts if fact.reason == "maintenance"]
    assert told == ["Came and went during maintenance (new disks); nobody was paged."]


def test_what_recovers_within_the_hold_off_pages_nobody(story: Story) -> None:
    keep(story, window())
    story.send()
    story.run(minutes=63)
    story.send(EventKind.RESOLVE)
    story.run(minutes=60)
    assert story.paged() == []


def test_an_alert_that_was_paging_pauses_and_goes_on(story: Story) -> None:
    story.send()
    story.run(minutes=5)
    keep(story, window(start=6, end=36))
    story.run(minutes=35)
    assert story.paged() == [(0, "alice")]
    # Ten minutes of the first level were left when the clock stood still.
    story.run(minutes=20)
    assert story.paged() == [(0, "alice"), (50, "bob")]


def test_a_window_that_lies_ahead_keeps_nothing_quiet_yet(story: Story) -> None:
    keep(story, window(start=30))
    story.send()
    story.run(minutes=1)
    assert story.paged() == [(0, "alice")]


def test_other_services_page_as_ever(story: Story) -> None:
    keep(story, window(services=("search",)))
    story.send()
    story.run(minutes=1)
    assert story.paged() == [(0, "alice")]


def test_ending_it_early_pages_after_the_hold_off(story: Story) -> None:
    keep(story, window())
    story.send()
    story.run(minutes=10)
    end(story)
    story.run(minutes=4)
    assert story.paged() == []
    story.run(minutes=2)
    assert story.paged() == [(15, "alice")]


def test_a_silence_keeps_it_quiet_after_the_window(story: Story) -> None:
    keep(story, window())
    story.send()
    quiet = Silence(
        id="s1",
        matchers=(),
        starts_at=MONDAY_9AM,
        ends_at=MONDAY_9AM + timedelta(minutes=90),
        author="carol",
        comment="known",
        service="checkout",
    )
    story.database.write(lambda tx: stored_silences.save(tx, quiet, now=story.clock.at))
    story.run(minutes=89)
    assert story.paged() == []
    story.run(minutes=2)
    assert story.paged() == [(90, "alice")]


def test_what_fires_again_during_it_is_quiet_and_after_it_pages(story: Story) -> None:
    first = story.send().number
    story.run(minutes=1)
    story.send(EventKind.RESOLVE)
    story.run(minutes=1)
    keep(story, window(start=2, end=6))
    story.run(minutes=1)
    assert story.send().number == first
    assert suppressed_by(story, first) == ("maintenance:w1",)
    story.run(minutes=2)
    assert story.paged() == [(0, "alice")]
    story.send(EventKind.RESOLVE)
    story.run(minutes=7)
    assert story.send().number == first
    assert suppressed_by(story, first) == ()
    story.run(minutes=1)
    assert story.paged() == [(0, "alice"), (12, "alice")]


def test_what_fires_again_within_a_silence_pages_nobody(story: Story) -> None:
    story.send(labels={"host": "a"})
    story.run(minutes=1)
    story.send(EventKind.RESOLVE, labels={"host": "a"})
    silence = Silence(
        id="s1",
        matchers=(Matcher("host", "a"),),
        starts_at=story.clock.at,
        ends_at=story.clock.at + timedelta(minutes=30),
        author="carol",
        comment="known",
    )
    story.database.write(
        lambda tx: silences.keep(
            tx, silence, team="payments", actor=CAROL, auditor=AUDITOR,
            now=story.clock.at,
        )
    )  # fmt: skip
    story.run(minutes=3)
    story.send(labels={"host": "a"})
    story.run(minutes=20)
    assert story.paged() == [(0, "alice")]
    story.run(minutes=10)
    assert story.paged() == [(0, "alice"), (31, "alice")]
