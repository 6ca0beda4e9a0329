"""Mistakes of the engine that simulated outages found, each as a short story.

A seed's history changes with the world; these do not.
"""

from concurrent.futures import Future
from datetime import timedelta

import pytest

from tests.cast import MONDAY_9AM, SetClock, Story
from tocsin.core.alerts.absorbing import Outcome
from tocsin.core.alerts.alerts import EventKind
from tocsin.engine import answering
from tocsin.engine.alerts import Arrival, Intake
from tocsin.engine.answering import Acted, Via
from tocsin.engine.directories import Directories
from tocsin.engine.door import Door, Settled
from tocsin.interfaces.arrivals import Answer, Reading
from tocsin.interfaces.failures import DeliveryFailed
from tocsin.store import paging as stored_pages
from tocsin.store.database import Database, StoreError


@pytest.fixture
def story(database: Database) -> Story:
    return Story(database)


def act(story: Story, number: int, by: str, *, resolve: bool = False) -> Acted:
    does = answering.resolve if resolve else answering.acknowledge
    return story.database.write(
        lambda tx: does(
            tx,
            number,
            by=by,
            via=Via.PAGE_LINK,
            directory=story.directories.current(tx),
            now=story.clock.at,
        )
    )


def damage(story: Story, number: int) -> None:
    story.database.write(
        lambda tx: tx.run(
            "update runs set data = '{damaged' where alert = :n", n=number
        )
    )


def test_whoever_is_paged_after_an_ack_ran_out_may_take_it(story: Story) -> None:
    number = story.send().number
    act(story, number, "alice")
    story.run(minutes=46)
    assert story.paged()[-1] == (45, "bob")
    assert act(story, number, "bob").done


def test_a_damaged_run_is_paged_and_holds_up_nobody(story: Story) -> None:
    number = story.send().number
    story.run(minutes=1)
    damage(story, number)
    story.run(minutes=20)
    story.send(key="other", title="Another")
    story.run(minutes=1)
    assert story.paged() == [(0, "alice"), (15, "carol"), (20, "carol"), (21, "alice")]


def test_a_damaged_run_may_be_acknowledged_and_resolved(story: Story) -> None:
    number = story.send().number
    story.run(minutes=1)
    damage(story, number)
    assert act(story, number, "alice").done
    assert story.send(EventKind.RESOLVE).outcome is Outcome.RESOLVED


def test_a_source_with_a_slow_clock_may_fire_again_after_a_person_resolved(
    story: Story,
) -> None:
    slow = timedelta(seconds=20)
    number = story.send(occurred_at=MONDAY_9AM - slow).number
    story.run(minutes=5)
    act(story, number, "alice", resolve=True)
    again = story.send(occurred_at=MONDAY_9AM + timedelta(minutes=5) - slow)
    assert again.outcome is Outcome.REOPENED


def test_arrival_order_counts_where_a_time_cannot_be_believed(story: Story) -> None:
    """Our clock went back by an hour after the source resolved."""
    story.clock.at = MONDAY_9AM + timedelta(hours=1)
    story.send(occurred_at=story.clock.at)
    story.send(EventKind.RESOLVE, occurred_at=story.clock.at + timedelta(seconds=1))
    story.clock.at = MONDAY_9AM
    again = story.send(occurred_at=MONDAY_9AM + timedelta(hours=1, minutes=2))
    assert again.outcome is Outcome.REOPENED


def test_retries_on_a_broken_contact_do_not_starve_its_new_pages(story: Story) -> None:
    broken = DeliveryFailed("mailbox unavailable", permanent=False)
    story.mail.fails = [broken] * 500
    for minute in range(8):
        story.send(key=f"errors-{minute}", title=f"Errors {minute}")
        story.run(minutes=1)
    pages = story.database.read(
        lambda tx: [
            page for number in range(1, 9) for page in stored_pages.of_alert(tx, number)
        ]
    )
    assert len(pages) == 8
    assert all(page.tries > 0 for page in pages)


def test_due_pages_are_found_by_the_index_of_pending_ones(story: Story) -> None:
    if story.database.dialect != "sqlite":
        pytest.skip("SQLite says how it will search")
    asked: list[str] = []

    class Asking:
        skip_locked = ""

        def all(self, sql: str, **params: object) -> list[object]:
            asked.append(sql)
            return []

    stored_pages.claimable(Asking(), now=MONDAY_9AM, limit=9)  # type: ignore[arg-type]
    stored_pages.overdue(Asking(), before=MONDAY_9AM)  # type: ignore[arg-type]
    for sql in asked:
        sql = sql.replace(":now", "1").replace(":before", "1").replace(":limit", "9")
        plan = story.database.read(lambda tx, q=sql: tx.all(f"explain query plan {q}"))
        assert "pages_due" in str(plan), sql


def test_requests_are_refused_when_a_transaction_cannot_begin() -> None:
    class Down(Database):
        def __init__(self) -> None:
            super().__init__(lambda _: None, dialect="sqlite", threaded=False)  # type: ignore[arg-type,return-value]

        def submit(self, work: object) -> "Future[object]":  # type: ignore[override]
            failed: Future[object] = Future()
            failed.set_exception(StoreError("the database is down"))
            return failed

    told: list[Settled] = []
    down = Down()
    door = Door(
        down,
        Intake(down),
        Directories(),
        SetClock(),
        settled=told.extend,
    )
    arrival = Arrival(None, Reading([], Answer(200)), "", {}, b"")  # type: ignore[arg-type]
    assert door.offer(arrival, "waiter")
    assert [(one.waiter, str(one.error)) for one in told] == [
        ("waiter", "the database is down")
    ]
