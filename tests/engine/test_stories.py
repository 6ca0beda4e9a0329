"""An alert pages people until somebody answers: the whole engine, on each database."""

from datetime import datetime, timedelta

import pytest

from tests.cast import MONDAY_9AM, Story
from tocsin.core.alerts.absorbing import Outcome
from tocsin.core.alerts.alerts import EventKind
from tocsin.core.alerts.silences import Matcher, Silence
from tocsin.core.pages.escalation import Target, TargetKind
from tocsin.core.pages.receipts import Delivered
from tocsin.engine import answering
from tocsin.engine.answering import Acted, Via
from tocsin.engine.clockwork import Clockwork
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.store import alarms, attempts, timeline
from tocsin.store import alerts as stored_alerts
from tocsin.store import paging as stored_pages
from tocsin.store import silences as stored_silences
from tocsin.store.database import Database, Tx


@pytest.fixture
def story(database: Database) -> Story:
    return Story(database)


def acknowledge(story: Story, number: int, by: str) -> Acted:
    return story.database.write(
        lambda tx: answering.acknowledge(
            tx,
            number,
            by=by,
            via=Via.WEB,
            directory=story.directories.current(tx),
            now=story.clock.at,
        )
    )


def test_nobody_answers_so_the_next_and_then_the_fallback_is_paged(
    story: Story,
) -> None:
    story.send()
    story.run(minutes=40)
    assert story.paged() == [(0, "alice"), (15, "bob"), (30, "carol"), (35, "carol")]


def test_an_acknowledgement_stops_the_paging(story: Story) -> None:
    number = story.send().number
    story.run(minutes=1)
    assert acknowledge(story, number, "alice").done
    story.run(minutes=28)
    assert story.paged() == [(0, "alice")]


def test_a_second_acknowledgement_says_who_has_it(story: Story) -> None:
    number = story.send().number
    acknowledge(story, number, "alice")
    assert acknowledge(story, number, "bob").refused.startswith("alice has it")


def test_an_acknowledgement_that_is_not_followed_up_times_out(story: Story) -> None:
    number = story.send().number
    story.run(minutes=1)
    acknowledge(story, number, "bob")
    story.run(minutes=31)
    assert story.paged() == [(0, "alice"), (31, "alice"), (31, "bob")]


def test_undo_within_seconds_goes_on_where_it_was(story: Story) -> None:
    number = story.send().number
    story.run(minutes=1)
    acknowledge(story, number, "alice")
    undone = story.database.write(
        lambda tx: answering.undo(
            tx,
            number,
            by="alice",
            via=Via.PAGE_LINK,
            directory=story.directories.current(tx),
            now=story.clock.at,
        )
    )
    assert undone.done
    story.run(minutes=15)
    assert story.paged() == [(0, "alice"), (15, "bob")]


def test_the_source_resolves(story: Story) -> None:
    story.send()
    story.run(minutes=1)
    assert story.send(EventKind.RESOLVE).outcome is Outcome.RESOLVED
    story.run(minutes=60)
    assert story.paged() == [(0, "alice")]


def test_it_fires_again_and_pages_again(story: Story) -> None:
    first = story.send().number
    story.run(minutes=1)
    acknowledge(story, first, "alice")
    story.send(EventKind.RESOLVE)
    story.run(minutes=3)
    again = story.send()
    assert (again.outcome, again.number) == (Outcome.REOPENED, first)
    story.run(minutes=1)
    assert story.paged() == [(0, "alice"), (4, "alice")]


def test_after_the_reopen_window_it_is_a_new_alert(story: Story) -> None:
    first = story.send().number
    story.send(EventKind.RESOLVE)
    story.run(minutes=11)
    again = story.send()
    assert again.outcome is Outcome.CREATED
    assert again.number > first


def test_repeats_count_and_page_nobody_twice(story: Story) -> None:
    number = story.send().number
    for _ in range(5):
        story.run(minutes=1)
        assert story.send().outcome is Outcome.REPEATED
    assert story.paged() == [(0, "alice")]
    alert = story.database.read(lambda tx: stored_alerts.get_many(tx, [number]))[number]
    assert alert.count == 6


def test_an_alert_its_source_no_longer_refreshes_is_resolved(story: Story) -> None:
    number = story.send(expires_at=MONDAY_9AM + timedelta(minutes=4)).number
    story.run(minutes=5)
    alert = story.database.read(lambda tx: stored_alerts.get_many(tx, [number]))[number]
    assert alert.resolve_reason == "its source stopped refreshing it"
    story.run(minutes=30)
    assert story.paged() == [(0, "alice")]


def test_a_refused_address_makes_the_next_level_run_now(story: Story) -> None:
    story.mail.fails = [DeliveryFailed("550 no such user", permanent=True)]
    story.send()
    story.run(minutes=1)
    assert story.paged() == [(0, "bob")]


def test_doubt_uses_the_next_contact_method_at_once(story: Story) -> None:
    story.hook.fails = [DeliveryUnknown("timeout")]
    story.send()
    story.run(minutes=31)
    by_channel = [
        (one.channel, at, who)
        for one in (story.mail, story.hook)
        for at, who, _ in one.sent
        if who == "carol"
    ]
    assert {channel for channel, _, _ in by_channel} == {"email", "webhook"}
    assert all(at < MONDAY_9AM + timedelta(minutes=31) for _, at, _ in by_channel)


def test_a_retry_keeps_its_idempotency_key(story: Story) -> None:
    story.mail.fails = [
        DeliveryFailed("451 later", permanent=False),
        DeliveryUnknown("lost"),
    ]
    story.send()
    story.run(minutes=1)
    assert len(story.mail.keys) == 3
    assert len(set(story.mail.keys)) == 1
    assert story.mail.sent[0][2].may_be_repeat


def test_alerts_that_come_together_join_one_message(story: Story) -> None:
    for index in range(12):
        story.send(key=f"k{index}", title=f"Disk {index}")
    story.run(minutes=1)
    assert [len(message.alerts) for _, _, message in story.mail.sent] == [12]


def test_a_busy_contact_gets_bundles_within_the_minute_and_loses_nothing(
    story: Story,
) -> None:
    for index in range(30):
        story.send(key=f"k{index}", title=f"Disk {index}")
        story.run(minutes=2 / 60)
    story.run(minutes=1)
    messages = [message for _, who, message in story.mail.sent if who == "alice"]
    assert len(messages) < 15
    assert {alert.title for message in messages for alert in message.alerts} == {
        f"Disk {index}" for index in range(30)
    }
    late = [
        at - alert.since
        for at, _, message in story.mail.sent
        for alert in message.alerts
    ]
    assert max(late) < timedelta(seconds=60)


def test_passing_on_pages_the_other_person_now(story: Story) -> None:
    number = story.send().number
    story.run(minutes=3)
    target = Target(TargetKind.USER, "carol")
    story.database.write(
        lambda tx: answering.pass_on(
            tx,
            number,
            to=target,
            by="alice",
            via=Via.PAGE_LINK,
            directory=story.directories.current(tx),
            now=story.clock.at,
        )
    )
    story.run(minutes=14)
    assert story.paged()[:2] == [(0, "alice"), (3, "carol")]
    story.run(minutes=2)
    assert (18, "bob") in story.paged()


def test_a_silence_holds_back_and_lets_go(story: Story) -> None:
    silence = Silence(
        id="s1",
        matchers=(Matcher("job", "api"),),
        starts_at=MONDAY_9AM,
        ends_at=MONDAY_9AM + timedelta(minutes=20),
        author="bob",
        comment="known",
    )
    story.database.write(lambda tx: stored_silences.save(tx, silence, now=MONDAY_9AM))
    story.send(labels={"job": "api"})
    story.run(minutes=19)
    assert story.paged() == []
    story.run(minutes=3)
    assert story.paged() == [(20, "alice")]


def test_a_page_in_the_hands_of_a_dead_process_goes_out_after_its_lease(
    story: Story,
) -> None:
    story.send()
    taken: list[object] = []
    story.engine._dispatch = taken.append  # a process that dies between claim and call
    story.engine.step()
    assert taken
    story.engine = story.node("node-2")
    story.run(minutes=1)
    assert story.paged() in ([(0, "alice")], [(1, "alice")])


def test_a_clock_that_went_back_does_not_put_off_what_was_being_sent(
    story: Story,
) -> None:
    story.send()
    story.engine._dispatch = lambda delivery: None  # dies between claim and call
    story.engine.step()
    story.clock.at -= timedelta(minutes=1)
    story.engine = story.node("node-2")
    # The lease was until half a minute after what is the hour again in a minute.
    due = story.database.read(lambda tx: alarms.soonest(tx, now=story.clock.at))
    assert due is not None
    assert due <= MONDAY_9AM + timedelta(seconds=30)


def test_what_was_lost_on_the_way_uses_up_no_budget(story: Story) -> None:
    story.send()
    story.run(minutes=0.1)
    place = ("email", "alice@example.com")
    before = MONDAY_9AM - timedelta(minutes=1)

    def sent() -> int:
        def read(tx: Tx) -> int:
            return len(attempts.sent_since(tx, [place], since=before)[place])

        return story.database.read(read)

    assert sent() == 1
    story.database.write(
        lambda tx: attempts.settle(tx, 1, Delivered.SILENT, now=story.clock.at)
    )
    assert sent() == 0


def test_a_damaged_run_is_set_aside_and_paged_as_plain_text(story: Story) -> None:
    number = story.send().number
    story.run(minutes=1)
    story.database.write(
        lambda tx: tx.run(
            "update runs set data = '{nonsense', due_at = 1 where alert = :n", n=number
        )
    )
    other = story.send(key="other", title="Another").number
    story.run(minutes=2)
    assert (1, "carol") in story.paged()
    assert "damaged" in story.hook.sent[0][2].why
    pages = story.database.read(lambda tx: stored_pages.of_alert(tx, other))
    assert [page.state for page in pages] == ["accepted"]


def test_the_timeline_tells_the_reasons(story: Story) -> None:
    number = story.send().number
    story.run(minutes=16)
    facts = story.database.read(lambda tx: timeline.of_alert(tx, number))
    texts = [fact.text for _, fact in reversed(facts)]
    assert texts[0] == "Opened: Errors 31%"
    assert (
        "Level 2 of payments: nobody acknowledged within 15 min. Paging bob." in texts
    )


def test_the_watch_is_green_and_its_heartbeat_leaves(database: Database) -> None:
    story = Story(database, watched=True)
    story.run(minutes=5)
    assert story.engine.watch is not None
    assert story.engine.watch.health is not None
    assert story.engine.watch.health.green
    assert 3 <= story.heartbeats <= 6
    assert len(story.canary.sent) >= 4


def test_the_watch_pages_the_admins_when_something_is_late(database: Database) -> None:
    story = Story(database, watched=True)
    story.run(minutes=2)
    number = story.send().number
    story.run(minutes=1)
    beats = story.heartbeats
    # A page that nobody sends: its row is due, but hidden from the claim.
    story.database.write(
        lambda tx: tx.run(
            "update pages set state = 'sending', due_at = 1, lease_until = 2, owner = 'x' where alert = :n",
            n=number,
        )
    )
    story.engine._capacity = 0
    story.run(minutes=2)
    assert story.heartbeats == beats
    story.engine._capacity = 64
    story.run(minutes=2)
    titles = [
        alert.title
        for _, who, message in story.hook.sent
        for alert in message.alerts
        if who == "carol"
    ]
    assert any(title.startswith("Tocsin itself is late") for title in titles)


def test_two_engines_share_the_work_and_nobody_is_paged_twice(story: Story) -> None:
    other = story.node("node-2")
    for index in range(40):
        story.send(key=f"k{index}")
    for _ in range(4):
        story.engine.step()
        other.step()
    alerts = [
        alert.number for _, _, message in story.mail.sent for alert in message.alerts
    ]
    assert len(alerts) == len(set(alerts)) == 40


def test_a_commit_tells_the_engine_when_the_earliest_of_it_is_due(story: Story) -> None:
    told: list[datetime] = []
    story.intake.due = told.append
    story.send()  # the first level's delay is 0
    assert told == [MONDAY_9AM]
    told.clear()
    story.send()  # a plain repeat makes nothing due
    assert told == []
    story.send(level="warning", key="late", expires_at=MONDAY_9AM - timedelta(hours=1))
    assert told == [MONDAY_9AM - timedelta(hours=1)]
    told.clear()
    story.send(EventKind.RESOLVE)
    assert told == [MONDAY_9AM]


def test_the_engine_is_woken_only_for_what_comes_before_its_next_step(
    story: Story,
) -> None:
    clockwork = Clockwork(story.engine)
    woken = clockwork._wake
    story.engine.wake_by(MONDAY_9AM)  # nothing is planned yet
    assert woken.is_set()
    woken.clear()
    seconds = clockwork._guarded_step()
    story.engine.wake_by(MONDAY_9AM + timedelta(seconds=seconds))
    assert not woken.is_set()
    story.engine.wake_by(MONDAY_9AM + timedelta(seconds=seconds / 2))
    assert woken.is_set()
