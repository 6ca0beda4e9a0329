"""The outbox as its users know it: order, retries, crashes, lanes, nudges."""

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.cast import MONDAY_9AM, SetClock, Story
from tocsin.core.pages.outbox import LANES
from tocsin.core.pages.paging import Attempted
from tocsin.engine.nudges import NudgeClerk, NudgePoster
from tocsin.engine.outbox import LONGEST_WAIT, Outbox, Posting, Unwanted
from tocsin.engine.paging import Sent
from tocsin.engine.preflight import Seen
from tocsin.engine.preflight_outbox import outbox as preflight
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.pagers import Receipt
from tocsin.store import outbox as stored
from tocsin.store import outbox_lists
from tocsin.store.database import Database, Tx
from tocsin.store.outbox import Message, Outgoing

SECOND = timedelta(seconds=1)


class Room:
    """A channel that keeps what it takes, and fails when it is told to."""

    def __init__(self, channel: str = "room") -> None:
        self.channel = channel
        self.taken: list[tuple[str, str, Any]] = []
        self.asked: list[str] = []
        self.fails: list[Exception] = []

    def post(
        self, payload: Mapping[str, Any], *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        self.asked.append(key)
        if self.fails:
            raise self.fails.pop(0)
        self.taken.append((to, key, payload.get("text")))
        return Receipt(f"id-{key}", "taken")

    @property
    def texts(self) -> list[Any]:
        return [text for _, _, text in self.taken]


class Stage:
    """An outbox whose messages are sent at once, or by hand."""

    def __init__(
        self, database: Database, *, by_hand: bool = False, **more: Any
    ) -> None:
        self.database = database
        self.clock = SetClock()
        self.room = Room()
        self.held: list[Posting] = []
        self.by_hand = by_hand
        self.more = more
        self.outbox = self.node("node-1")

    def node(self, name: str) -> Outbox:
        made = Outbox(
            self.database,
            posters={"room": self.room},
            clerks=self.more.get("clerks", {}),
            clock=self.clock,
            dice=random.Random(7),
            incarnation=name,
            dispatch=self._dispatch,
            per_minute=self.more.get("per_minute", {}),
            longest_wait=self.more.get("longest_wait", LONGEST_WAIT),
        )
        made.boot()
        return made

    def _dispatch(self, posting: Posting) -> None:
        if self.by_hand:
            self.held.append(posting)
        else:
            posting()

    def put(self, *texts: str, lane: str = "chat", target: str = "INC-1") -> None:
        messages = [
            Message(lane, "room", target, f"{lane}/{text}", {"text": text})
            for text in texts
        ]
        self.database.write(lambda tx: stored.put(tx, messages, now=self.clock.at))

    def run(self, seconds: float) -> None:
        end = self.clock.at + seconds * SECOND
        while True:
            due = self.outbox.step()
            if due >= end:
                break
            self.clock.at = due
        self.clock.at = end
        self.outbox.step()

    def states(self) -> dict[str, str]:
        found = self.database.read(
            lambda tx: outbox_lists.listing(
                tx, lane="", states=(), before=None, limit=100
            )
        )
        return {one.key.partition("/")[2]: one.state for one in found}

    def get(self, key: str) -> Outgoing:
        found = self.database.read(lambda tx: stored.by_key(tx, key))
        assert found is not None
        return found


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


def test_what_was_written_goes_out_once_and_its_answer_is_kept(stage: Stage) -> None:
    stage.put("declared")
    stage.run(5)
    stage.run(60)
    assert stage.room.asked == ["chat/declared"]
    kept = stage.get("chat/declared")
    assert (kept.state, kept.provider_id, kept.answer) == (
        "accepted",
        "id-chat/declared",
        "taken",
    )


def test_a_key_that_is_written_twice_is_one_message(stage: Stage) -> None:
    stage.put("declared")
    stage.put("declared")
    stage.run(5)
    stage.put("declared")
    stage.run(5)
    assert stage.room.texts == ["declared"]


def test_a_room_reads_messages_in_the_order_of_writing_though_the_first_fails(
    stage: Stage,
) -> None:
    stage.put("one", "two", "three")
    stage.room.fails = [DeliveryFailed("down", permanent=False)] * 3
    stage.run(60)
    assert stage.room.texts == ["one", "two", "three"]
    assert stage.room.asked[:4] == ["chat/one"] * 4


def test_one_room_that_is_down_does_not_hold_up_another(stage: Stage) -> None:
    stage.put("stuck", target="INC-1")
    stage.outbox.posters["room"].fails = [  # type: ignore[attr-defined]
        DeliveryFailed("down", permanent=False, retry_after_seconds=600)
    ]
    stage.run(1)
    stage.put("goes", target="INC-2")
    stage.run(10)
    assert stage.room.texts == ["goes"]


def test_retry_after_is_waited_for(stage: Stage) -> None:
    stage.put("one")
    stage.room.fails = [DeliveryFailed("429", permanent=False, retry_after_seconds=120)]
    stage.run(119)
    assert stage.room.texts == []
    stage.run(2)
    assert stage.room.texts == ["one"]


def test_what_is_refused_for_good_is_kept_shown_and_can_be_tried_again(
    stage: Stage,
) -> None:
    stage.put("one", "two")
    stage.room.fails = [DeliveryFailed("400 too long", permanent=True)]
    stage.run(5)
    assert stage.states() == {"one": "failed", "two": "accepted"}
    failed = stage.get("chat/one")
    assert failed.answer == "400 too long"
    [check] = preflight(stage.database, Seen(), now=stage.clock.at)
    assert check.says == "1 chat messages by room failed in the last day"
    now = stage.clock.at
    stage.database.write(lambda tx: stored.retry(tx, failed.id, now=now))
    stage.run(5)
    assert stage.room.texts == ["two", "one"]


def test_no_certain_answer_is_tried_again_with_the_same_key(stage: Stage) -> None:
    stage.put("one")
    stage.room.fails = [DeliveryUnknown("timeout")]
    stage.run(10)
    assert stage.room.asked == ["chat/one", "chat/one"]


def test_a_channel_that_breaks_is_doubt_and_costs_no_other_message(
    stage: Stage,
) -> None:
    stage.put("one", target="INC-1")
    stage.put("two", target="INC-2")
    stage.room.fails = [ZeroDivisionError()]
    stage.run(10)
    assert sorted(stage.room.texts) == ["one", "two"]


@pytest.mark.slow  # eight hundred attempts
def test_a_nudge_is_given_up_after_hours_but_a_room_is_not(
    database: Database,
) -> None:
    stage = Stage(database, longest_wait=timedelta(hours=1))
    stage.put("old news", lane="nudge")
    stage.put("kept")
    stage.room.fails = [DeliveryFailed("down", permanent=False)] * 10_000
    stage.run(7 * 3600)
    assert stage.states() == {"old news": "failed", "kept": "due"}
    [check] = preflight(stage.database, Seen(), now=stage.clock.at)
    assert "1 chat messages by room wait since 04 Mar 09:00 UTC" in check.says
    stage.room.fails = []
    stage.run(120)
    assert stage.room.texts == ["kept"]


def test_what_is_for_later_waits_and_can_be_called_off_by_its_keys_beginning(
    stage: Stage,
) -> None:
    at = MONDAY_9AM + timedelta(minutes=5)
    keys = ("inc-1/reminder/1", "inc-1/reminder/2", "inc-10/reminder/1", "inc_1/x")
    messages = [
        Message("chat", "room", key, key, {"text": key}, due_at=at) for key in keys
    ]
    stage.database.write(lambda tx: stored.put(tx, messages, now=MONDAY_9AM))
    stage.run(299)
    assert stage.room.texts == []
    stage.database.write(lambda tx: stored.cancel(tx, "inc-1/", now=stage.clock.at))
    stage.run(2)
    assert sorted(stage.room.texts) == ["inc-10/reminder/1", "inc_1/x"]


def test_a_dead_senders_message_is_sent_by_the_next_one(database: Database) -> None:
    stage = Stage(database, by_hand=True)
    stage.put("one")
    stage.outbox.step()
    assert len(stage.held) == 1  # claimed, and its process dies here
    stage.by_hand = False
    stage.outbox = stage.node("node-2")
    stage.run(61)
    assert stage.room.texts == ["one"]


def test_who_lost_the_claim_changes_nothing_any_more(database: Database) -> None:
    stage = Stage(database, by_hand=True)
    stage.put("one")
    stage.outbox.step()
    slow = stage.held.pop()
    stage.clock.at += timedelta(seconds=61)
    stage.outbox.step()
    slow.outbox.record(slow.claimed, Sent(Attempted.PERMANENT))
    assert stage.get("chat/one").state == "sending"
    stage.held.pop()()
    assert stage.get("chat/one").state == "accepted"


def test_a_claim_that_slept_is_not_sent(database: Database) -> None:
    stage = Stage(database, by_hand=True)
    stage.put("one")
    stage.outbox.step()
    slow = stage.held.pop()
    stage.clock.at += timedelta(seconds=46)
    slow()
    assert stage.room.asked == []


def test_what_is_called_off_while_it_is_sent_stays_called_off(
    database: Database,
) -> None:
    stage = Stage(database, by_hand=True)
    stage.put("one")
    stage.outbox.step()
    database.write(lambda tx: stored.cancel(tx, "chat/one", now=stage.clock.at))
    stage.room.fails = [DeliveryUnknown("timeout")]
    stage.held.pop()()
    stage.run(120)
    assert stage.states() == {"one": "cancelled"}


def test_bulk_fills_its_own_lane_only(database: Database) -> None:
    stage = Stage(database, by_hand=True)
    stage.put(*(f"mail {number}" for number in range(50)), lane="mail")
    stage.outbox.step()
    assert len(stage.held) == 8
    stage.put("urgent")
    stage.outbox.step()
    assert [one.claimed.message.lane for one in stage.held[8:]] == ["chat"]
    for posting in list(stage.held):
        posting()
    assert "urgent" in stage.room.texts


def test_a_lane_goes_no_faster_than_it_may(database: Database) -> None:
    stage = Stage(database, per_minute={"mail": 120})
    stage.put(*(f"mail {number}" for number in range(200)), lane="mail")
    stage.run(60)
    assert 118 <= len(stage.room.taken) <= 122


def test_two_engines_share_the_work_and_send_nothing_twice(database: Database) -> None:
    stage = Stage(database)
    other = stage.node("node-2")
    stage.put(*(str(number) for number in range(40)), lane="webhook", target="x")
    stage.put(*(f"m{number}" for number in range(40)), lane="mail", target="x")
    for _ in range(60):
        stage.outbox.step()
        other.step()
        stage.clock.at += timedelta(milliseconds=60)
    assert sorted(stage.room.texts) == sorted(
        [*(str(n) for n in range(40)), *(f"m{n}" for n in range(40))]
    )


def test_a_page_goes_out_while_every_lane_hangs(database: Database) -> None:
    story = Story(database)
    stage = Stage(database, by_hand=True)
    stage.clock = story.clock
    for lane in LANES:
        stage.put(*(f"{lane} {n}" for n in range(30)), lane=lane, target=lane)
    stage.outbox.step()  # each lane is full of what never ends
    story.send()
    story.run(minutes=1)
    assert story.paged() == [(0, "alice")]
    assert stage.room.asked == []


class Fussy:
    """A clerk that fills in an address, refuses some and notes what it heard."""

    def __init__(self) -> None:
        self.noted: list[tuple[str, str]] = []

    def prepare(self, tx: Tx, message: Outgoing, *, now: Any) -> Outgoing:
        if message.payload["text"] == "stale":
            raise Unwanted("the room is closed")
        if message.payload["text"] == "damaged":
            raise KeyError("room")
        return replace(message, target="!room:example.com")

    def heard(
        self, tx: Tx, message: Outgoing, sent: Sent, *, state: str, now: Any
    ) -> None:
        self.noted.append((sent.provider_id, state))


def test_a_clerk_prepares_calls_off_and_hears_and_damage_costs_only_itself(
    database: Database,
) -> None:
    clerk = Fussy()
    stage = Stage(database, clerks={"chat": clerk})
    stage.put("stale", "damaged", "fine")
    stage.run(5)
    assert stage.states() == {
        "stale": "cancelled",
        "damaged": "failed",
        "fine": "accepted",
    }
    assert stage.room.taken == [("!room:example.com", "chat/fine", "fine")]
    assert clerk.noted == [("id-chat/fine", "accepted")]


# -- nudges --------------------------------------------------------------------


class Nudged:
    """The cast's people, and the outbox that sends them short words."""

    def __init__(self, database: Database) -> None:
        self.story = Story(database)
        self.clock = self.story.clock
        self.mails: list[tuple[str, str, str, str]] = []
        self.mail_fails = 0
        pagers = {one.channel: one for one in (self.story.mail, self.story.hook)}
        poster = NudgePoster(lambda: pagers, self._mail, self.clock)
        self.outbox = Outbox(
            database,
            posters={"person": poster},
            clerks={"nudge": NudgeClerk(self.story.directories.current)},
            clock=self.clock,
            dice=random.Random(7),
            incarnation="node-1",
            dispatch=lambda posting: posting(),
        )

    def _mail(self, to: str, subject: str, text: str, *, key: str) -> str:
        if self.mail_fails:
            self.mail_fails -= 1
            raise DeliveryFailed("451 later", permanent=True)
        self.mails.append((to, subject, text, key))
        return "250 OK"

    def nudge(self, person: str) -> Outgoing:
        payload = {
            "person": person,
            "subject": "Your update is due at 09:20",
            "text": "INC-1 promised one.",
            "url": "http://tocsin.test/incidents/1",
        }
        message = Message("nudge", "person", person, f"due/{person}", payload)
        database = self.story.database
        database.write(lambda tx: stored.put(tx, [message], now=self.clock.at))
        for _ in range(6):
            self.clock.at = max(self.outbox.step(), self.clock.at)
        found = database.read(lambda tx: stored.by_key(tx, f"due/{person}"))
        assert found is not None
        return found


def test_a_nudge_is_a_mail_with_its_link(database: Database) -> None:
    nudged = Nudged(database)
    assert nudged.nudge("alice").answer == "email: 250 OK"
    assert nudged.mails == [
        (
            "alice@example.com",
            "Your update is due at 09:20",
            "INC-1 promised one.\n\nhttp://tocsin.test/incidents/1\n",
            "due/alice",
        )
    ]
    assert nudged.nudge("alice").target == "alice"


def test_a_nudge_takes_the_next_way_when_mail_fails_and_shows_no_secret(
    database: Database,
) -> None:
    nudged = Nudged(database)
    nudged.mail_fails = 1
    kept = nudged.nudge("carol")
    [(_, person, message)] = nudged.story.hook.sent
    assert (person, message.alerts, message.link) == (
        "carol",
        (),
        "http://tocsin.test/incidents/1",
    )
    assert kept.state == "accepted"
    assert "hooks.example.com" not in repr(kept)


def test_a_nudge_for_somebody_who_left_is_called_off(database: Database) -> None:
    kept = Nudged(database).nudge("zoe")
    assert (kept.state, kept.answer) == ("cancelled", "zoe is nobody here any more")
