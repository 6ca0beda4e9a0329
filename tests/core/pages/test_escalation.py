"""Traces of domain 2.3, and what each event means in each state."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tocsin.core.pages import escalation as e
from tocsin.core.pages.escalation import (
    Level,
    Policy,
    Reason,
    Run,
    RunState,
    Target,
    TargetKind,
)
from tocsin.core.pages.escalation_steps import TRANSITIONS, begin, step
from tocsin.core.severity import Severity

MONDAY_9AM = datetime(2024, 3, 4, 9, tzinfo=UTC)
ALICE, BOB, TEAM, CAROL = (
    Target(TargetKind.USER, name) for name in ("alice", "bob", "dan", "carol")
)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def at(count: float) -> datetime:
    return MONDAY_9AM + minutes(count)


def level(after: float, *targets: Target, **more: object) -> Level:
    return Level(dict.fromkeys(Severity, minutes(after)), targets, **more)  # type: ignore[arg-type]


SEED = Policy(
    "payments",
    (level(0, ALICE), level(15, BOB), level(30, TEAM)),
    fallback=(CAROL,),
    wait=minutes(15),
)


def everybody(target: Target) -> tuple[str, ...]:
    return (target.name,)


def without(*names: str) -> Callable[[Target], tuple[str, ...]]:
    return lambda target: () if target.name in names else (target.name,)


def trace(
    policy: Policy = SEED,
    *,
    until: float,
    on_call: Callable[[Target], tuple[str, ...]] = everybody,
    events: dict[float, e.Event] | None = None,
    down: tuple[float, float] | None = None,
    severity: Severity = Severity.SEV2,
) -> list[tuple[float, str]]:
    """(minute, person) of every page when timers are looked at each minute."""
    events = dict(events or {})
    run: Run | None = None
    seen: list[tuple[float, str]] = []
    for now in range(int(until) + 1):
        if down is not None and down[0] <= now < down[1]:
            continue
        decisions = []
        if run is None:
            decisions.append(
                begin(policy, severity=severity, now=at(0), on_call=on_call)
            )
        else:
            if now in events:
                decisions.append(
                    step(policy, run, events[now], now=at(now), on_call=on_call)
                )
                run = decisions[-1].run
            decisions.append(
                step(policy, run, e.Ticked(), now=at(now), on_call=on_call)
            )
        for decision in decisions:
            run = decision.run
            seen += [(now, page.user) for page in decision.pages]
    return seen


def test_nobody_answers() -> None:
    assert trace(until=80) == [
        (0, "alice"), (15, "bob"), (30, "dan"), (45, "carol"), (75, "carol"),
    ]  # fmt: skip


def test_acknowledged_at_10_and_then_silence() -> None:
    assert trace(until=56, events={10: e.Acked("alice")}) == [
        (0, "alice"), (40, "alice"), (55, "bob"),
    ]  # fmt: skip


def test_the_acker_is_paged_beside_level_0_when_it_times_out() -> None:
    seen = trace(until=50, events={16: e.Acked("bob")})
    assert seen == [(0, "alice"), (15, "bob"), (46, "alice"), (46, "bob")]


def test_an_empty_first_level_costs_no_time() -> None:
    seen = trace(until=31, on_call=without("alice"))
    assert seen == [(0, "bob"), (15, "dan"), (30, "carol")]


def test_nobody_anywhere_pages_the_fallback_at_once() -> None:
    seen = trace(until=31, on_call=without("alice", "bob", "dan"))
    assert seen == [(0, "carol"), (30, "carol")]


def test_engine_down_from_5_to_50() -> None:
    seen = trace(until=66, down=(5, 50))
    assert seen == [(0, "alice"), (50, "bob"), (50, "dan"), (65, "carol")]


def test_engine_down_from_5_to_20() -> None:
    seen = trace(until=31, down=(5, 20))
    assert seen == [(0, "alice"), (20, "bob"), (30, "dan")]


def test_silence_from_5_to_25_moves_the_clock() -> None:
    events: dict[float, e.Event] = {
        5: e.Paused("silence:1"),
        25: e.Resumed("silence:1"),
    }
    assert trace(until=36, events=events) == [(0, "alice"), (35, "bob")]


def test_escalate_at_3_keeps_the_later_spacing() -> None:
    seen = trace(until=19, events={3: e.Escalated("alice")})
    assert seen == [(0, "alice"), (3, "bob"), (18, "dan")]


def test_reassign_at_3_counts_as_the_level_having_just_run() -> None:
    to = Target(TargetKind.USER, "erin")
    seen = trace(until=19, events={3: e.Reassigned(to, "alice")})
    assert seen == [(0, "alice"), (3, "erin"), (18, "bob")]


def test_one_repeat_then_the_fallback() -> None:
    policy = Policy("payments", SEED.levels, SEED.fallback, repeat=1, wait=minutes(15))
    assert [now for now, _ in trace(policy, until=121)] == [
        0, 15, 30, 45, 60, 75, 90, 120,
    ]  # fmt: skip


def test_undo_goes_back_to_the_same_step_and_revives_what_was_called_off() -> None:
    run = begin(SEED, severity=Severity.SEV2, now=at(0), on_call=everybody).run
    acked = step(SEED, run, e.Acked("alice"), now=at(1), on_call=everybody)
    assert acked.cancel is not None
    assert acked.cancel.everyone
    undone = step(SEED, acked.run, e.AckUndone("alice"), now=at(1.1), on_call=everybody)
    assert undone.run == run
    assert undone.revive_cancelled_since == at(1)


def test_people_who_cannot_be_reached_are_nobody() -> None:
    first = begin(SEED, severity=Severity.SEV2, now=at(0), on_call=everybody)
    event = e.Unreachable(("alice",), first.run.pagings)
    lost = step(SEED, first.run, event, now=at(1), on_call=everybody)
    assert lost.reason is Reason.UNREACHABLE
    assert [page.user for page in lost.pages] == ["bob"]


def test_a_raise_reads_the_delays_again_from_the_same_origin() -> None:
    delays = {Severity.SEV3: minutes(60), Severity.SEV2: minutes(10)}
    policy = Policy("p", (level(0, ALICE), Level(delays, (BOB,))), (CAROL,))
    run = begin(policy, severity=Severity.SEV3, now=at(0), on_call=everybody).run
    raised = step(
        policy, run, e.SeverityRaised(Severity.SEV2), now=at(20), on_call=everybody
    )
    assert [page.user for page in raised.pages] == ["bob"]


def test_a_level_for_unresolved_alerts_runs_after_an_acknowledgement() -> None:
    loud = level(15, BOB, condition=e.Condition.IF_NOT_RESOLVED)
    policy = Policy("p", (level(0, ALICE), loud), (CAROL,))
    seen = trace(policy, until=20, events={5: e.Acked("alice")})
    assert seen == [(0, "alice"), (15, "bob")]


EVENTS: tuple[e.Event, ...] = (
    e.Ticked(), e.Acked("bob"), e.AckUndone("bob"), e.Unacked("bob"),
    e.Snoozed(at(60), "bob"), e.Paused("x"), e.Resumed("x"), e.Escalated("bob"),
    e.Reassigned(BOB, "bob"), e.SeverityRaised(Severity.SEV1),
    e.Unreachable(("alice",), 1), e.Resolved("bob"),
)  # fmt: skip


def run_in(state: RunState) -> Run:
    run = begin(SEED, severity=Severity.SEV2, now=at(0), on_call=everybody).run
    way: dict[RunState, tuple[e.Event, ...]] = {
        RunState.OPEN: (),
        RunState.ACKED: (e.Acked("alice"),),
        RunState.SNOOZED: (e.Snoozed(at(30), "alice"),),
        RunState.PAUSED: (e.Paused("silence:1"),),
        RunState.RESOLVED: (e.Resolved("alice"),),
        RunState.EXHAUSTED: (),
    }
    for event in way[state]:
        run = step(SEED, run, event, now=at(1), on_call=everybody).run
    while state is RunState.EXHAUSTED and run.state is not state:
        assert run.due_at is not None
        run = step(SEED, run, e.Ticked(), now=run.due_at, on_call=everybody).run
    return run


@pytest.mark.parametrize("state", RunState)
@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_every_pair_of_state_and_event(state: RunState, event: e.Event) -> None:
    run = run_in(state)
    decision = step(SEED, run, event, now=at(50), on_call=everybody)
    allowed = TRANSITIONS[type(event)].get(state)
    if allowed is None:
        assert decision.reason is Reason.REFUSED
        assert decision.run == run
        assert decision.facts[0].text
    else:
        assert decision.run.state in allowed
    if decision.run.state in (RunState.OPEN, RunState.EXHAUSTED, RunState.SNOOZED):
        assert decision.run.due_at is not None


def test_a_policy_means_a_rotation_by_a_level_or_as_the_last_resort() -> None:
    at_once = dict.fromkeys(Severity, timedelta(0))
    level = Level(at_once, (Target(TargetKind.SCHEDULE, "payments"),))
    last = (Target(TargetKind.ROTATION, "storage/Primary"),)
    policy = Policy("checkout", (level,), last)
    assert policy.means("payments/Primary")
    assert policy.means("payments/Secondary")
    assert policy.means("storage/Primary")
    assert not policy.means("storage/Secondary")
