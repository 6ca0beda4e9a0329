"""What counts as having been paged: each alert that reached somebody, once."""

from datetime import timedelta

from tests.cast import MONDAY_9AM, Story
from tocsin.interfaces.failures import DeliveryFailed
from tocsin.store import oncall_load
from tocsin.store.database import Database


def test_every_alert_that_reached_somebody_counts_once(database: Database) -> None:
    story = Story(database)
    story.mail.fails = [DeliveryFailed("down", permanent=False)]
    story.send(key="one")
    story.send(key="two", title="Disk full")
    story.run(minutes=20)
    found = story.database.read(
        lambda tx: oncall_load.paged_since(
            tx, ["alice", "bob", "carol"], since=MONDAY_9AM - timedelta(days=1)
        )
    )
    # One message held both alerts and was tried twice; Bob is next after 15 minutes.
    assert len(found["alice"]) == 2
    assert len({one.alert for one in found["alice"]}) == 2
    assert len(found["bob"]) == 2
    assert found["carol"] == []
    assert all(one.at >= MONDAY_9AM for one in found["alice"])
    later = story.database.read(
        lambda tx: oncall_load.paged_since(tx, ["alice"], since=story.clock.at)
    )
    assert later == {"alice": []}


def test_a_page_says_of_which_service_and_when_it_was_made(database: Database) -> None:
    story = Story(database)
    story.mail.fails = [DeliveryFailed("down", permanent=False)]
    story.send()
    story.run(minutes=5)
    ((one,),) = story.database.read(
        lambda tx: oncall_load.paged_since(tx, ["alice"], since=MONDAY_9AM)
    ).values()
    assert one.service == "checkout"
    assert MONDAY_9AM <= one.made < one.at, "it was tried again"
