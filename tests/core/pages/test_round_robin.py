"""A round robin: one after the other, whoever is reached, never the same by chance."""

from datetime import UTC, datetime

from tests.core.pages.test_escalation import ALICE, CAROL, at, level, minutes
from tocsin.core.directory import Directory
from tocsin.core.pages import escalation as e
from tocsin.core.pages.coming import next_up
from tocsin.core.pages.escalation import (
    FALLBACK,
    Decision,
    Policy,
    Run,
    RunState,
    Target,
    TargetKind,
    Turns,
    after_turns,
)
from tocsin.core.pages.escalation_steps import begin, step
from tocsin.core.people.people import ContactMethod, Person
from tocsin.core.severity import Severity

RING = Target(TargetKind.ROUND_ROBIN, "alice,bob,dan")
POLICY = Policy("pay", (level(0, RING), level(15, RING)), (CAROL,), wait=minutes(15))
NOON = datetime(2024, 3, 4, 12, tzinfo=UTC)


def on_call(target: Target) -> tuple[str, ...]:
    return tuple(target.name.split(","))


def first(turns: Turns, policy: Policy = POLICY) -> Decision:
    run = e.pending(Severity.SEV2, now=at(0), answer_by=None)
    return step(policy, run, e.Ticked(), now=at(0), on_call=on_call, turns=turns)


def tick(policy: Policy, run: Run, minute: float, turns: Turns) -> Decision:
    return step(policy, run, e.Ticked(), now=at(minute), on_call=on_call, turns=turns)


def paged(decision: Decision) -> list[str]:
    return [page.user for page in decision.pages]


def test_the_count_of_runs_of_the_level_says_whose_turn_it_is() -> None:
    assert [paged(first({0: count})) for count in range(4)] == [
        ["alice"], ["bob"], ["dan"], ["alice"],
    ]  # fmt: skip


def test_a_level_that_ran_says_that_its_turn_was_taken() -> None:
    decision = first({0: 4, 1: 9})
    assert decision.turns == (0,)
    assert after_turns({0: 4, 1: 9}, decision.turns) == {0: 5, 1: 9}


def test_each_level_counts_for_itself() -> None:
    decision = tick(POLICY, first({}).run, 15, {0: 1, 1: 2})
    assert (paged(decision), decision.turns) == (["dan"], (1,))


def test_a_level_without_a_round_robin_takes_no_turn() -> None:
    assert first({}, Policy("pay", (level(0, ALICE),), (CAROL,))).turns == ()


def test_a_repeat_pages_the_next() -> None:
    policy = Policy("pay", (level(0, RING),), (CAROL,), repeat=1, wait=minutes(15))
    begun = first({}, policy)
    again = tick(policy, begun.run, 15, after_turns({}, begun.turns))
    assert (paged(begun), paged(again)) == (["alice"], ["bob"])


def test_the_last_resort_takes_turns_at_each_nag() -> None:
    policy = Policy("pay", (), (RING,), nag=minutes(30))
    begun = first({}, policy)
    nagged = tick(policy, begun.run, 30, after_turns({}, begun.turns))
    assert (paged(begun), paged(nagged)) == (["alice"], ["bob"])
    assert begun.turns == nagged.turns == (FALLBACK,)


def test_what_comes_next_is_who_will_have_the_turn() -> None:
    begun = first({})
    coming = next_up(POLICY, begun.run, on_call=on_call, turns={0: 1, 1: 1}, now=at(1))
    assert coming is not None
    assert coming.people == ("bob",)


def test_a_hand_over_leaves_whom_the_turn_fell_on() -> None:
    begun = first({})
    primary = Target(TargetKind.ROTATION, "pay/Primary")
    policy = Policy("pay", (level(0, RING, primary), level(15, RING)), (CAROL,))

    def duty(target: Target) -> tuple[str, ...]:
        return ("erin",) if target == primary else on_call(target)

    move = e.HandedOver("pay/Primary", off=("alice", "bob"), on=("erin",))
    moved = step(policy, begun.run, move, now=at(5), on_call=duty)
    assert paged(moved) == ["erin"]
    # Bob is in the ring, but it was Alice's turn.
    assert moved.cancel == e.Cancel(users=("bob",))


def test_a_last_resort_that_nags_for_days_remembers_whom_it_paged_last() -> None:
    policy = Policy("pay", (level(0, RING), level(5, RING)), (RING,), wait=minutes(5))
    decision, turns = first({}, policy), after_turns({}, (0,))
    for _ in range(100):
        assert decision.run.due_at is not None
        minute = (decision.run.due_at - at(0)).total_seconds() / 60
        decision = tick(policy, decision.run, minute, turns)
        turns = after_turns(turns, decision.turns)
    assert decision.run.state is RunState.EXHAUSTED
    assert decision.run.in_turn == ("alice",)
    assert decision.run.in_last_turn == (paged(decision)[0],)


def test_whom_the_last_resort_paged_before_is_left_in_peace_when_they_leave() -> None:
    primary = Target(TargetKind.ROTATION, "pay/Primary")
    policy = Policy("pay", (level(0, primary),), (RING,), wait=minutes(15))
    crew = ["alice", "bob"]

    def duty(target: Target) -> tuple[str, ...]:
        return tuple(crew) if target == primary else on_call(target)

    run, turns = (
        e.pending(Severity.SEV2, now=at(0), answer_by=None),
        after_turns({}, ()),
    )
    for minute in (0, 15, 45):
        decision = step(
            policy, run, e.Ticked(), now=at(minute), on_call=duty, turns=turns
        )
        run, turns = decision.run, after_turns(turns, decision.turns)
    assert paged(decision) == ["bob"]
    crew[:] = ["erin"]
    move = e.HandedOver("pay/Primary", off=("alice", "bob"), on=("erin",))
    moved = step(policy, run, move, now=at(50), on_call=duty)
    # It is Bob's turn of the last resort; that of Alice is over.
    assert moved.cancel == e.Cancel(users=("alice",))


def test_who_cannot_be_reached_has_no_turn() -> None:
    people = {
        "alice": Person("alice", email="alice@example.com"),
        "bob": Person("bob"),
        "dan": Person("dan", contacts=(ContactMethod("ntfy", "dan"),)),
    }
    directory = Directory(people=people)
    assert directory.meant(RING, now=NOON) == ("alice", "dan")


def test_a_ring_that_nothing_reaches_is_nobody() -> None:
    directory = Directory(people={"bob": Person("bob")})
    assert directory.meant(Target(TargetKind.ROUND_ROBIN, "bob"), now=NOON) == ()


def test_a_new_run_takes_the_first_turn_of_all() -> None:
    decision = begin(POLICY, severity=Severity.SEV2, now=at(0), on_call=on_call)
    assert paged(decision) == ["alice"]
