"""The loop of an incident's review: drafted, edited, reviewed, its actions reminded of."""

import json
from datetime import timedelta

import pytest

from tests.cast import MONDAY_9AM, Story
from tocsin.core.incidents.impact import Impact
from tocsin.core.incidents.incidents import State
from tocsin.core.people.permissions import Grant, Scope
from tocsin.core.reviews.postmortems import REQUIRED, render
from tocsin.core.reviews.reviews import ReviewState, digest_of
from tocsin.core.runbooks import parse
from tocsin.core.severity import Severity
from tocsin.engine.audit import Auditor
from tocsin.engine.incidents import acts, board, tasks
from tocsin.engine.incidents.declaring import Draft
from tocsin.engine.incidents.desk import IncidentDesk
from tocsin.engine.reviews import acts as review_acts
from tocsin.engine.reviews.desk import ReviewDesk
from tocsin.engine.reviews.drafting import Drafting
from tocsin.engine.reviews.runbooks import books_in, tick
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import action_items as stored_items
from tocsin.store import entries, postmortems
from tocsin.store.database import Database

RUNBOOK = "# Pool\n## Diagnosis\n- Look at the pool\n## Resolution\n- Take 417\n## Prevention\n- Limit the pool\n"
MORE = f"""
services:
  - {{name: ledger, team: payments, escalation_policy: payments, runbook: {json.dumps(RUNBOOK)}}}
people:
  - {{name: dan, full_name: Dan Other, email: dan@example.com, role: viewer}}
"""
ALICE = Viewer("alice", Grant("responder", {"payments": "responder"}))
BOB = Viewer("bob", Grant("responder", {"payments": "responder"}))
CAROL = Viewer("carol", Grant("admin"))
DAN = Viewer("dan", Grant("viewer"))
TOKEN = Viewer("carol", Grant("admin", scopes=frozenset({Scope.READ})), token="t")


class Room:
    """An incident of the ledger, on a story's clock, and its review."""

    def __init__(self, database: Database) -> None:
        self.story = Story(database, more=MORE, longest_wait=timedelta(days=1))
        drafting = Drafting("http://tocsin.test")
        self.incidents = IncidentDesk(
            database, self.story.directories, self.story.intake, Auditor(b"secret"),
            self.story.clock, wake=lambda: None, followers=(drafting,),
        )  # fmt: skip
        self.reviews = ReviewDesk(self.incidents, drafting)
        self.database = database

    def declare(
        self, *, severity: Severity = Severity.SEV2, private: bool = False
    ) -> int:
        impact = Impact(users=10_000, start=MONDAY_9AM - timedelta(minutes=5))
        draft = Draft(
            "Checkout is slow", severity, ("ledger",), impact, private, page=False
        )
        done = self.incidents.declare(draft, ALICE)
        assert done.done, done.refused
        return done.incident.number

    def act(self, number: int, act, who: Viewer = ALICE) -> int:  # type: ignore[no-untyped-def]
        done = self.incidents.act(number, who, "act", act)
        assert done.done, done.refused
        return done.made

    def later(self, minutes: int) -> None:
        self.story.clock.at += timedelta(minutes=minutes)

    def resolved(self, **more: object) -> int:
        number = self.declare(**more)  # type: ignore[arg-type]
        self.later(10)
        self.act(number, lambda s: tick(s, parse(RUNBOOK).resolution[0].id, "done"))
        card = self.act(
            number, lambda s: board.propose(s, "The pool of 418 is too small")
        )
        self.act(
            number,
            lambda s: board.move(s, card, "supported", finding="120 of 120 used"),
        )
        self.later(10)
        self.act(number, lambda s: acts.move(s, State.MONITORING))
        self.act(number, lambda s: acts.move(s, State.RESOLVED, reason="417 is back"))
        return number

    def review(self, number: int):  # type: ignore[no-untyped-def]
        return self.database.read(lambda tx: postmortems.get(tx, number))

    def do(self, number: int, act, who: Viewer = ALICE):  # type: ignore[no-untyped-def]
        return self.reviews.act(number, who, "act", act)

    def save(self, number: int, heading: str, text: str, who: Viewer = ALICE):  # type: ignore[no-untyped-def]
        seen = digest_of(self.review(number).document.section(heading))
        return self.do(
            number, lambda c: review_acts.save_section(c, heading, text, seen=seen), who
        )

    def move(self, number: int, to: ReviewState, who: Viewer = ALICE, **more: str):  # type: ignore[no-untyped-def]
        return self.do(number, lambda c: review_acts.move(c, to, **more), who)

    def actions(self, number: int):  # type: ignore[no-untyped-def]
        return self.database.read(lambda tx: stored_items.of_incident(tx, number))

    def nudges(self) -> list[tuple[str, str]]:
        rows = self.database.read(
            lambda tx: tx.all(
                "select target, payload from outbox where key like 'action:%' order by id"
            )
        )
        return [(row[0], row[1].split('"subject":"')[1].split('"')[0]) for row in rows]


@pytest.fixture
def room(database: Database) -> Room:
    return Room(database)


def test_a_resolved_incident_has_a_draft_with_what_its_room_knows(room: Room) -> None:
    number = room.resolved()
    text = render(room.review(number).document)
    assert room.review(number).owner == "alice"
    for fact in (
        "INC-1 Checkout is slow (SEV2, 2024-03-04)", "417 is back", "Checkout is slow", "The pool of 418",
        "- Users affected: 10,000", "- Duration: 25 minutes",
        "- The pool of 418 is too small (120 of 120 used)",
        "- [ ] Limit the pool (Id: ACT-1)",
    ):  # fmt: skip
        assert text.count(fact) == 1, (fact, text)
    assert [(one.id, one.text) for one in room.actions(number)] == [
        ("ACT-1", "Limit the pool")
    ]


def test_an_incident_that_comes_back_is_filled_anew_where_nobody_wrote(
    room: Room,
) -> None:
    number = room.resolved()
    room.save(number, "Summary", "We were slow.")
    room.act(number, lambda s: acts.move(s, State.INVESTIGATING, reason="slow again"))
    room.later(30)
    room.act(number, lambda s: acts.move(s, State.MONITORING))
    room.act(number, lambda s: acts.move(s, State.RESOLVED, reason="really"))
    document = room.review(number).document
    assert document.section("Summary").text == "We were slow."
    assert "- Duration: 55 minutes" in document.section("Impact").text
    assert [one.id for one in room.actions(number) if one.is_open] == ["ACT-1"]


def test_a_section_changes_for_who_saw_it_as_it_is(room: Room) -> None:
    number = room.resolved()
    seen = digest_of(room.review(number).document.section("Root Cause"))
    assert room.save(number, "Root Cause", "A pool without a limit.").done
    late = room.do(
        number,
        lambda c: review_acts.save_section(c, "Root Cause", "Bob.", seen=seen),
        BOB,
    )
    assert (
        late.conflict
        and late.review.document.section("Root Cause").text == "A pool without a limit."
    )
    # Somebody who wrote another section meanwhile is in nobody's way.
    other = room.save(number, "Lessons", "Limits.", BOB)
    assert other.done and [s.heading for s in other.review.document.sections][-2:] == [
        "Lessons",
        "Action Items",
    ]
    assert room.save(number, "Lessons", " ").review.document.section("Lessons") is None


def test_a_section_is_known_in_any_writing(room: Room) -> None:
    number = room.resolved()
    room.save(number, "Root Cause", "A pool.")
    stale = digest_of(None)
    for heading in ("root cause", " ROOT  CAUSE: "):
        late = room.do(
            number, lambda c, h=heading: review_acts.save_section(c, h, "x", seen=stale)
        )
        assert late.conflict, heading
    seen = digest_of(room.review(number).document.section("Root Cause"))
    emptied = room.do(
        number, lambda c: review_acts.save_section(c, "root cause", "", seen=seen)
    )
    assert emptied.review.document.section("Root Cause").text == ""
    for heading in ("", " # ", "\n"):
        refused = room.do(
            number, lambda c, h=heading: review_acts.save_section(c, h, "x", seen=stale)
        )
        assert refused.refused.startswith("heading:")


def ready(room: Room) -> int:
    number = room.resolved()
    room.save(number, "Root Cause", "A pool without a limit.")
    room.save(number, "Action Items", "- [ ] Limit the pool (Owner: Bob, Due: Mar 20)")
    for heading in room.review(number).document.unconfirmed:
        assert room.do(number, lambda c, h=heading: review_acts.confirm(c, h)).done
    return number


@pytest.mark.slow  # many transactions
def test_a_review_goes_from_draft_to_closed_and_the_incident_is_reviewed(
    room: Room,
) -> None:
    number = ready(room)
    assert room.move(number, ReviewState.IN_REVIEW, reviewer="bob").done
    assert "bob reviews it" in room.move(number, ReviewState.REVIEWED).refused
    assert room.move(number, ReviewState.REVIEWED, BOB).done
    assert "set it back" in room.save(number, "Summary", "x").refused
    assert "Close the incident first" in room.move(number, ReviewState.CLOSED).refused
    room.act(number, lambda s: acts.move(s, State.CLOSED, review="yes"))
    assert room.move(number, ReviewState.CLOSED).done
    incident = room.database.read(lambda tx: room.incidents.seen(tx, number, ALICE))
    assert incident.state is State.REVIEWED
    assert room.review(number).closed_at == room.story.clock.at


@pytest.mark.parametrize(
    ("reviewer", "said"),
    [
        ("", "reviewer: expected who reads it"),
        ("alice", "reviewer: expected somebody else than its owner"),
        ("zoe", "reviewer: expected somebody who is known"),
    ],
)
def test_a_review_needs_somebody_else_to_read_it(
    room: Room, reviewer: str, said: str
) -> None:
    assert (
        room.move(ready(room), ReviewState.IN_REVIEW, reviewer=reviewer).refused == said
    )


def test_a_review_is_not_read_before_it_is_written_and_its_items_are_promised(
    room: Room,
) -> None:
    number = room.resolved()
    assert (
        room.move(number, ReviewState.IN_REVIEW, reviewer="bob").refused
        == "Still empty: Root Cause."
    )
    room.save(number, "Root Cause", "A pool.")
    said = room.move(number, ReviewState.IN_REVIEW, reviewer="bob").refused
    assert said.startswith("Action items: 'Limit the pool' nobody owns it.")


def test_nobody_agrees_to_what_a_machine_filled_in(room: Room) -> None:
    number = room.resolved()
    room.save(number, "Root Cause", "A pool.")
    room.save(number, "Action Items", "- [ ] Limit the pool (Owner: Bob, Due: Mar 20)")
    room.move(number, ReviewState.IN_REVIEW, reviewer="bob")
    assert (
        "Nobody has confirmed: Summary"
        in room.move(number, ReviewState.REVIEWED, BOB).refused
    )


def test_a_required_review_is_waived_by_a_lead_with_a_reason(room: Room) -> None:
    number = room.resolved()
    assert (
        "waived by a lead" in room.move(number, ReviewState.WAIVED, reason="x").refused
    )
    assert room.move(number, ReviewState.WAIVED, CAROL).refused.startswith("reason:")
    assert (
        room.move(number, ReviewState.WAIVED, CAROL, reason="a drill").review.waived
        == "a drill"
    )
    other = room.resolved(severity=Severity.SEV3)
    assert room.move(other, ReviewState.WAIVED, reason="known").done


def test_items_become_actions_with_ids_and_follow_their_lines(room: Room) -> None:
    number = room.resolved()
    room.save(number, "Action Items", (
        "- [ ] Limit the pool (Owner: Bob, Due: 2024-03-20)\n"
        "- [x] Write it down (Owner: Dan Other, Due: Mar 5, Id: ACT-1)\n"
        "- [ ] Odd (Owner: Zoe, Due: soon, Ticket: OPS-1)"
    ))  # fmt: skip
    assert room.review(number).document.section("Action Items").text == (
        "- [ ] Limit the pool (Owner: Bob, Due: 2024-03-20, Id: ACT-2)\n"
        "- [x] Write it down (Owner: Dan Other, Due: Mar 5, Id: ACT-1)\n"
        "- [ ] Odd (Owner: Zoe, Due: soon, Ticket: OPS-1, Id: ACT-3)"
    )
    shown = [
        (a.id, a.owner, str(a.due_on), a.state, a.ticket) for a in room.actions(number)
    ]
    assert shown == [
        ("ACT-2", "bob", "2024-03-20", "open", ""),
        ("ACT-1", "dan", "2024-03-05", "done", ""),
        ("ACT-3", "Zoe", "None", "open", "OPS-1"),
    ]
    room.save(number, "Action Items", "- [ ] Odd (Owner: Zoe, Id: ACT-3)")
    assert {a.id: a.state for a in room.actions(number)} == {
        "ACT-1": "removed", "ACT-2": "removed", "ACT-3": "open",
    }  # fmt: skip


def test_what_is_done_on_the_board_is_ticked_in_the_review(room: Room) -> None:
    number = ready(room)
    assert room.do(
        number, lambda c: review_acts.finish(c, "ACT-1", " ")
    ).refused.startswith("proof:")
    assert room.do(
        number, lambda c: review_acts.finish(c, "ACT-1", "merged in 419")
    ).done
    line = "- [x] Limit the pool (Owner: Bob, Due: Mar 20, Id: ACT-1)"
    assert room.review(number).document.section("Action Items").text == line
    assert room.actions(number)[0].proof == "merged in 419"
    room.do(number, lambda c: review_acts.reopen(c, "ACT-1"))
    room.do(
        number,
        lambda c: review_acts.promise(
            c, "ACT-1", owner="alice", due="Mar 22", ticket="OPS-7"
        ),
    )
    line = (
        "- [ ] Limit the pool (Owner: alice, Due: 2024-03-22, Id: ACT-1, Ticket: OPS-7)"
    )
    assert room.review(number).document.section("Action Items").text == line


@pytest.mark.slow  # a month passes
def test_an_action_is_reminded_of_before_on_and_after_its_day(room: Room) -> None:
    ready(room)
    room.story.run(minutes=60 * 24 * 32)
    assert room.nudges() == [
        ("bob", "ACT-1 is due in 7 days: Limit the pool"),
        ("bob", "ACT-1 is due tomorrow: Limit the pool"),
        ("bob", "ACT-1 is due today: Limit the pool"),
        ("bob", "ACT-1 was due 7 days ago: Limit the pool"),
        ("bob", "ACT-1 was due 14 days ago: Limit the pool"),
    ]


@pytest.mark.slow  # a month passes
def test_what_is_done_is_reminded_of_no_more(room: Room) -> None:
    number = ready(room)
    room.do(number, lambda c: review_acts.finish(c, "ACT-1", "merged"))
    room.story.run(minutes=60 * 24 * 32)
    assert room.nudges() == []


def test_a_private_incidents_review_is_not_there_for_others(room: Room) -> None:
    number = room.resolved(private=True)
    read = room.database.read
    assert read(lambda tx: room.reviews.seen(tx, number, DAN)) is None
    assert read(lambda tx: room.reviews.listing(tx, DAN)) == []
    assert read(lambda tx: room.reviews.promises(tx, DAN)) == []
    assert read(lambda tx: room.reviews.promise(tx, "ACT-1", DAN)) is None
    assert room.save(number, "Summary", "x", DAN).review is None
    assert [r.incident for r, _ in read(lambda tx: room.reviews.listing(tx, BOB))] == [
        number
    ]


def test_who_only_looks_changes_nothing(room: Room) -> None:
    number = room.resolved()
    assert room.save(number, "Summary", "x", DAN).forbidden
    assert room.save(number, "Summary", "x", TOKEN).forbidden
    assert room.reviews.request(number, DAN).forbidden


def test_a_false_alarm_is_offered_a_review(room: Room) -> None:
    number = room.declare()
    assert room.reviews.request(number, ALICE).refused.startswith("It goes on")
    room.act(number, lambda s: acts.move(s, State.CANCELLED, reason="a test"))
    assert room.review(number) is None
    made = room.reviews.request(number, ALICE)
    assert (
        made.done
        and [s.heading for s in made.review.document.sections][0] == REQUIRED[0]
    )
    assert room.reviews.request(number, ALICE).review.incident == number


def test_advice_is_waved_away_for_good(room: Room) -> None:
    number = room.resolved()
    room.save(number, "Root Cause", "Bob forgot it.")
    seen = room.database.read(lambda tx: room.reviews.seen(tx, number, ALICE))
    codes = {one.code: one.key for one in seen.remarks}
    assert {"BL1", "BL6", "AI01", "AI02"} <= set(codes)
    room.do(number, lambda c: review_acts.dismiss(c, codes["BL6"]))
    seen = room.database.read(lambda tx: room.reviews.seen(tx, number, ALICE))
    assert "BL6" not in {one.code for one in seen.remarks}


def test_a_runbooks_steps_are_ticked_off_in_the_room(room: Room) -> None:
    number = room.declare()
    step = parse(RUNBOOK).diagnosis[0].id
    room.act(number, lambda s: tick(s, step, "done"))
    incident = room.database.read(lambda tx: room.incidents.seen(tx, number, ALICE))

    def books(hidden: frozenset[str] = frozenset()):  # type: ignore[no-untyped-def]
        directory = room.database.read(room.story.directories.current)
        return room.database.read(
            lambda tx: books_in(tx, incident, directory, hidden=hidden)
        )

    (book,) = books()
    assert (book.service, book.ticks[step].by, book.left) == ("ledger", "alice", 1)
    assert books(frozenset({"ledger"})) == []
    texts = [
        e.text for e in room.database.read(lambda tx: entries.of_incident(tx, number))
    ]
    assert "Pool, D1 done: Look at the pool" in texts
    again = room.incidents.act(number, ALICE, "tick", lambda s: tick(s, step, "done"))
    assert again.refused == "D1 is done already."
    room.act(number, lambda s: tick(s, step, "open"))
    assert books()[0].left == 2
    for wrong, said in (("nope", "step:"), (step, "result:")):
        result = "done" if wrong == "nope" else "maybe"
        done = room.incidents.act(
            number, ALICE, "tick", lambda s, w=wrong, r=result: tick(s, w, r)
        )
        assert done.refused.startswith(said)


def test_tasks_that_were_moved_and_todo_notes_become_items(room: Room) -> None:
    number = room.declare()
    room.act(number, lambda s: tasks.make(s, "Ask the bank", "bob"))
    room.act(number, lambda s: tasks.move(s, 1, "moved"))
    room.act(number, lambda s: acts.note(s, "TODO: alert on the pool"))
    room.act(number, lambda s: acts.move(s, State.MONITORING))
    room.act(number, lambda s: acts.move(s, State.RESOLVED, reason="gone"))
    assert [a.text for a in room.actions(number)] == [
        "Ask the bank",
        "alert on the pool",
    ]
