"""A rotation changes hands: open alerts move, answered ones stay, people are told."""

from datetime import timedelta

import pytest

from tests.cast import MONDAY_9AM, Story
from tests.engine.test_stories import acknowledge
from tocsin.core.alerts.silences import Silence
from tocsin.core.oncall.handoffs import State
from tocsin.core.people.permissions import ADMIN, Grant
from tocsin.core.rotas import rotation_names
from tocsin.engine import answering
from tocsin.engine.answering import Via
from tocsin.engine.audit import Actor, Auditor
from tocsin.engine.configuration import apply_files
from tocsin.engine.editing import Change, Edited, edit_all, recorder
from tocsin.engine.oncall import handing_over
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import directory, outbox
from tocsin.store import handoffs as stored
from tocsin.store import silences as stored_silences
from tocsin.store.database import Database, Tx

# Mon 9am in Berlin, where the schedule lives.
HANDOVER = MONDAY_9AM + timedelta(days=7, hours=-1)
WEEK = 7 * 24 * 60 - 60


@pytest.fixture
def story(database: Database) -> Story:
    return Story(database)


def to_the_handover(story: Story, *, minutes: float) -> None:
    """So long before Primary goes from Alice to Bob, at Monday 09:00 in Berlin."""
    story.engine.step()
    story.clock.at = HANDOVER - timedelta(minutes=minutes)


def told(story: Story, prefix: str) -> list[str]:
    def read(tx: Tx) -> list[str]:
        rows = tx.all("select target, key from outbox order by id")
        return [row[0] for row in rows if row[1].startswith(prefix)]

    return story.database.read(read)


def since_monday(story: Story) -> list[tuple[int, str]]:
    return [(minute - WEEK, who) for minute, who in story.paged()]


def test_what_nobody_has_is_paged_to_who_comes_on_call_and_the_clock_goes_on(
    story: Story,
) -> None:
    to_the_handover(story, minutes=5)
    story.send()
    story.run(minutes=50)
    # Alice at once, Bob when he takes over; Secondary, now Alice, after its 15 minutes.
    assert since_monday(story) == [(-5, "alice"), (0, "bob"), (10, "alice"), (25, "carol"), (30, "carol")]  # fmt: skip


def test_what_somebody_has_stays_with_them(story: Story) -> None:
    to_the_handover(story, minutes=5)
    number = story.send().number
    story.run(minutes=1)
    assert acknowledge(story, number, "alice").done
    story.run(minutes=20)
    assert since_monday(story) == [(-5, "alice")]


def test_a_handover_during_a_silence_counts_when_the_silence_ends(
    story: Story,
) -> None:
    to_the_handover(story, minutes=5)
    story.send()
    story.run(minutes=1)
    silence = Silence(
        "s", (), story.clock.at, story.clock.at + timedelta(minutes=10), "carol", "x",
        service="checkout",
    )  # fmt: skip

    story.database.write(
        lambda tx: stored_silences.save(tx, silence, now=story.clock.at)
    )
    story.run(minutes=30)
    # Alice, in the silence nobody, then Bob; the clock of level 2 stood for ten minutes.
    assert since_monday(story) == [(-5, "alice"), (6, "bob"), (20, "alice")]


def test_an_acknowledgement_that_is_taken_back_finds_who_is_on_call_now(
    story: Story,
) -> None:
    to_the_handover(story, minutes=1)
    number = story.send().number
    story.run(minutes=0.5)
    assert acknowledge(story, number, "alice").done
    story.run(minutes=1)

    def undo(tx: Tx) -> bool:
        return answering.undo(
            tx, number, by="alice", via=Via.WEB,
            directory=story.directories.current(tx), now=story.clock.at,
        ).done  # fmt: skip

    assert story.database.write(undo)
    story.run(minutes=0.1)
    assert since_monday(story)[-1][1] == "bob"


def test_a_handover_during_a_downtime_is_noticed_after_it(story: Story) -> None:
    to_the_handover(story, minutes=5)
    story.send()
    story.run(minutes=1)
    story.clock.at = HANDOVER + timedelta(minutes=7)
    story.engine = story.node("node-2")
    story.run(minutes=1)
    assert since_monday(story) == [(-5, "alice"), (7, "bob")]


def test_two_engines_notice_it_once(story: Story) -> None:
    to_the_handover(story, minutes=5)
    story.send()
    story.run(minutes=4)
    other = story.node("node-2")
    story.clock.at = HANDOVER + timedelta(seconds=1)
    story.engine.step()
    other.step()
    assert since_monday(story) == [(-5, "alice"), (0, "bob")]
    assert told(story, "on-call:") == ["bob", "alice"]


def test_many_alerts_hear_of_it_in_batches(story: Story) -> None:
    to_the_handover(story, minutes=2)
    for number in range(230):
        story.send(key=f"k{number}", title=f"Errors {number}")
    story.run(minutes=1.5)
    before = {page for _, page in since_monday(story)}
    assert before == {"alice"}
    story.run(minutes=2)

    def read(tx: Tx) -> tuple[int, int]:
        moved = tx.one(
            "select count(distinct alert) from timeline where text like '%clock goes on%'"
        )
        left = tx.one("select count(*) from on_call_moves")
        assert moved is not None
        assert left is not None
        return moved[0], left[0]

    assert story.database.read(read) == (230, 0)


def test_the_note_is_made_accepted_or_asked_for_again(story: Story) -> None:
    to_the_handover(story, minutes=40)
    directory = story.database.read(story.directories.current)

    def words(tx: Tx) -> None:
        asked = handing_over.asked_for_words(
            directory, public_url="http://t", now=story.clock.at
        )
        outbox.put(tx, list(asked), now=story.clock.at)

    story.database.write(words)
    assert told(story, "words:") == []
    story.clock.at += timedelta(minutes=10)
    story.database.write(words)
    story.database.write(words)
    assert told(story, "words:") == ["alice", "bob"]
    story.run(minutes=31)
    made = story.database.read(lambda tx: stored.of_schedule(tx, "payments", limit=9))
    assert {(one.rotation, one.outgoing, one.incoming) for one in made} == {
        ("Primary", ("alice",), ("bob",)),
        ("Secondary", ("bob",), ("alice",)),
    }
    assert {one.at for one in made} == {HANDOVER}
    story.clock.at += timedelta(minutes=31)

    def remind(tx: Tx) -> int:
        asked, late = handing_over.reminders(
            tx, directory, public_url="http://t", now=story.clock.at
        )
        outbox.put(tx, asked, now=story.clock.at)
        return len(late)

    assert story.database.write(remind) == 0
    assert story.database.write(remind) == 0
    assert sorted(told(story, "handoff:")) == ["alice", "bob"]
    story.clock.at += timedelta(days=1)
    assert story.database.write(remind) == 2
    assert {one.state for one in made} == {State.MADE}


# Primary by day, in Berlin: Alice and Bob by turns, and nobody in the evening.
BY_DAY = """
schedules:
  - name: payments
    team: payments
    time_zone: Europe/Berlin
    rotations:
      - name: Primary
        layers:
          - id: days
            participants: [alice, bob]
            anchor: 2024-03-04T09:00
            turn: {unit: day, count: %d}
            restrictions: [{type: daily, start: "09:00", end: "18:00"}]
      - {name: Secondary, users: [carol]}
"""
EVENING = MONDAY_9AM + timedelta(hours=8)  # 18:00 in Berlin
MORNING = MONDAY_9AM + timedelta(hours=23)


def by_day(story: Story, *, days: int) -> None:
    key = iter(f"{number:032x}" for number in range(2000, 3000))
    applied = apply_files(
        story.database,
        [("rota.yaml", BY_DAY % days)],
        now=story.clock.at,
        new_key=lambda: next(key),
        recorder=recorder(
            Auditor(b"secret"), Actor("carol", "CLI"), now=story.clock.at
        ),
    )
    assert applied.done, applied.problems
    story.engine.step()


def notes(story: Story) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    made = story.database.read(lambda tx: stored.of_schedule(tx, "payments", limit=9))
    return [(one.outgoing, one.incoming) for one in made if one.rotation == "Primary"]


def test_across_a_night_the_last_crew_hands_over_to_who_comes(story: Story) -> None:
    by_day(story, days=1)
    story.run(minutes=1)
    story.clock.at = MORNING - timedelta(minutes=5)
    story.run(minutes=10)
    assert notes(story) == [(("alice",), ("bob",))]
    (made,) = story.database.read(
        lambda tx: [
            one
            for one in stored.of_schedule(tx, "payments", limit=9)
            if one.rotation == "Primary"
        ]
    )
    assert (made.at, made.since) == (MORNING, MONDAY_9AM)
    assert told(story, "on-call:")[-1] == "bob"


def test_who_comes_back_after_the_night_takes_over_from_nobody(story: Story) -> None:
    by_day(story, days=7)
    before = told(story, "on-call:")
    story.clock.at = MORNING - timedelta(minutes=5)
    story.send()
    story.run(minutes=10)
    assert notes(story) == []
    assert told(story, "on-call:") == before
    # What came in the night has been with Secondary; now it is with Alice as well.
    morning = round((MORNING - MONDAY_9AM).total_seconds() / 60)
    assert (morning, "alice") in story.paged()


def test_words_are_asked_for_when_a_shift_ends_before_a_gap(story: Story) -> None:
    by_day(story, days=1)
    directory = story.database.read(story.directories.current)

    def asked(minutes: int) -> list[tuple[str, str]]:
        found = handing_over.asked_for_words(
            directory, public_url="http://t", now=EVENING - timedelta(minutes=minutes)
        )
        return [(one.target, str(one.payload)) for one in found]

    assert asked(40) == []
    ((who, content),) = asked(30)
    assert who == "alice"
    assert "You hand over payments/Primary to bob" in content
    by_day(story, days=7)
    directory = story.database.read(story.directories.current)
    assert asked(30) == []


def test_who_comes_on_call_is_paged_by_a_policy_that_knows_the_old_name(
    story: Story,
) -> None:
    to_the_handover(story, minutes=5)
    story.send()
    story.run(minutes=1)
    key = iter(f"{number:032x}" for number in range(2000, 3000))

    def rename(tx: Tx) -> Edited:
        documents = directory.documents(tx)
        return edit_all(
            tx,
            [
                Change(noun, name, document)
                for noun, name, document in rotation_names.renamed(
                    documents, "payments", "Primary", "First", now=story.clock.at
                )
            ],
            viewer=Viewer("carol", Grant(ADMIN)),
            actor=Actor("carol", "web"),
            auditor=Auditor(b"secret"),
            new_key=lambda: next(key),
            now=story.clock.at,
        )

    assert story.database.write(rename).done
    story.run(minutes=8)
    assert since_monday(story) == [(-5, "alice"), (0, "bob")]
