"""Whatever happens to a run, in whatever order: what must hold (domain 10)."""

from datetime import datetime, time, timedelta

from hypothesis import event as note
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.pages.test_escalation import MONDAY_9AM
from tocsin.core.level_times import LevelTimes, SupportHours
from tocsin.core.pages import escalation as e
from tocsin.core.pages.escalation import (
    Condition,
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

PEOPLE = ("alice", "bob", "carol", "dan")
TICK = timedelta(minutes=1)
LOUD = (RunState.OPEN, RunState.EXHAUSTED)

HOURS = SupportHours(time(8), time(9, 20))
MORNING = LevelTimes("UTC", hours=HOURS, in_hours=True)
NOT_MORNING = LevelTimes("UTC", hours=HOURS, in_hours=False)
TIMES = (MORNING, NOT_MORNING)

targets = st.lists(st.sampled_from(PEOPLE), max_size=2, unique=True).flatmap(
    lambda names: st.tuples(
        *(
            st.builds(
                Target,
                st.sampled_from((TargetKind.USER, TargetKind.ROTATION)),
                st.sampled_from((name, "pay/Primary")),
            )
            for name in names
        )
    )
)
delays = st.integers(0, 20)


@st.composite
def policies(draw: st.DrawFn, *, timed: bool = True) -> Policy:
    offsets = [0, *sorted(draw(st.lists(delays, max_size=3)))]
    offsets = offsets[draw(st.sampled_from([0, 0, 0, len(offsets)])) :]  # or no level
    levels = tuple(
        Level(
            {
                severity: timedelta(minutes=offset * int(severity))
                for severity in Severity
            },
            draw(targets),
            condition=draw(st.sampled_from(Condition)),
            everyone_acks=draw(st.booleans()),
            times=draw(st.sampled_from((None, None, *TIMES))) if timed else None,
        )
        for offset in offsets
    )
    return Policy(
        "payments",
        levels,
        fallback=(Target(TargetKind.USER, draw(st.sampled_from(PEOPLE))),),
        repeat=draw(st.integers(0, 2)),
        wait=timedelta(minutes=draw(st.integers(1, 20))),
    )


names = st.sampled_from(PEOPLE)
happenings = st.one_of(
    st.just(e.Ticked()),
    st.builds(e.Acked, names),
    st.builds(e.AckUndone, names),
    st.builds(e.Unacked, names),
    st.builds(
        e.Snoozed,
        st.integers(1, 400).map(lambda m: MONDAY_9AM + timedelta(minutes=m)),
        names,
    ),
    st.just(e.Paused("silence:1")),
    st.just(e.Resumed("silence:1")),
    st.builds(e.Escalated, names),
    st.builds(e.Reassigned, names.map(lambda n: Target(TargetKind.USER, n)), names),
    st.builds(
        e.HandedOver,
        st.just("pay/Primary"),
        names.map(lambda n: (n,)),
        names.map(lambda n: (n,)),
    ),
    st.builds(e.SeverityRaised, st.sampled_from(Severity)),
    st.builds(
        e.Unreachable,
        st.lists(names, min_size=1, max_size=4, unique=True).map(tuple),
        st.integers(1, 12),
    ),
    st.builds(e.Resolved, names),
)
scripts = st.lists(
    st.tuples(st.integers(0, 25), happenings, st.sets(names, max_size=4)), max_size=14
)


def asleep(absent: set[str]) -> e.OnCall:
    return lambda target: () if target.name in absent else (target.name,)


def holds(policy: Policy, before: Run | None, decision: e.Decision) -> None:
    """What is true of every decision, whatever came before."""
    run, pages = decision.run, decision.pages
    users = [page.user for page in pages]
    assert len(users) == len(set(users)), "somebody is paged twice in one tick"
    if pages:
        assert run.state not in (RunState.PAUSED, RunState.RESOLVED, RunState.SNOOZED)
        assert {page.number for page in pages} == {run.pagings}
        assert before is None or run.pagings == before.pagings + 1
        assert all(page.why.endswith(".") for page in pages)
    if run.state in (*LOUD, RunState.SNOOZED):
        assert run.due_at is not None, "an open run without a timer"
    if run.state is RunState.ACKED and run.deadline is not None:
        assert run.due_at is not None
        assert run.due_at <= run.deadline
    if run.state in (RunState.PAUSED, RunState.RESOLVED):
        assert run.due_at is None
    assert all(fact.text.endswith(".") for fact in decision.facts)


@settings(max_examples=400, deadline=None)
@given(policies(), st.sampled_from(Severity), scripts)
def test_whatever_happens(
    policy: Policy,
    severity: Severity,
    script: list[tuple[int, e.Event, set[str]]],
) -> None:
    now = MONDAY_9AM
    first = begin(policy, severity=severity, now=now, on_call=asleep(set()))
    holds(policy, None, first)
    assert first.pages, "nobody is paged at once, not even the fallback"
    run = first.run
    for wait, happening, absent in script:
        run, now = let_pass(policy, run, now, timedelta(minutes=wait), asleep(absent))
        decision = step(policy, run, happening, now=now, on_call=asleep(absent))
        holds(policy, run, decision)
        allowed = TRANSITIONS[type(happening)].get(run.state)
        if allowed is None:
            assert decision.reason is Reason.REFUSED
        if decision.reason is Reason.REFUSED:
            assert decision.run == run
            assert not decision.pages
        else:
            assert allowed is not None
            assert decision.run.state in allowed
        note(f"{run.state.value} {type(happening).__name__}")
        run = decision.run


def let_pass(
    policy: Policy, run: Run, now: datetime, wait: timedelta, on_call: e.OnCall
) -> tuple[Run, datetime]:
    """Tick each minute; nothing that is due stays undone, and quiet is quiet."""
    end = now + wait
    while now < end:
        now += TICK
        decision = step(policy, run, e.Ticked(), now=now, on_call=on_call)
        holds(policy, run, decision)
        if run.state in (RunState.PAUSED, RunState.RESOLVED):
            assert not decision.pages
        if run.state is RunState.ACKED and decision.run.state is RunState.ACKED:
            loud = {page.level for page in decision.pages}
            assert all(
                policy.levels[n].condition is Condition.IF_NOT_RESOLVED for n in loud
            )
        run = decision.run
        assert run.due_at is None or run.due_at > now, "due and not done"
    return run, now


@settings(max_examples=200, deadline=None)
@given(policies(), st.sampled_from(Severity))
def test_unanswered_it_reaches_the_fallback_and_goes_on(
    policy: Policy, severity: Severity
) -> None:
    run = begin(policy, severity=severity, now=MONDAY_9AM, on_call=asleep(set())).run
    reached = []
    for _ in range(60):
        assert run.due_at is not None
        decision = step(policy, run, e.Ticked(), now=run.due_at, on_call=asleep(set()))
        reached += [page.level for page in decision.pages]
        run = decision.run
    assert run.state is RunState.EXHAUSTED
    assert reached[-1] == -1


@settings(max_examples=200, deadline=None)
# What applies at some times only is another policy when it comes later.
@given(policies(timed=False), st.integers(0, 90), st.integers(1, 90))
def test_a_silence_moves_the_rest_by_its_length_and_nothing_else(
    policy: Policy, start: int, length: int
) -> None:
    def history(silence: bool) -> list[tuple[timedelta, str]]:
        run = begin(
            policy, severity=Severity.SEV2, now=MONDAY_9AM, on_call=asleep(set())
        ).run
        seen = []
        for minute in range(1, 200):
            now = MONDAY_9AM + timedelta(minutes=minute)
            moved = timedelta()
            if silence and minute > start:
                if minute <= start + length:
                    continue
                moved = timedelta(minutes=length)
            if silence and minute == start + length + 1:
                begun = MONDAY_9AM + timedelta(minutes=start)
                over = begun + moved
                run = step(
                    policy, run, e.Paused("s"), now=begun, on_call=asleep(set())
                ).run
                run = step(
                    policy, run, e.Resumed("s"), now=over, on_call=asleep(set())
                ).run
            decision = step(policy, run, e.Ticked(), now=now, on_call=asleep(set()))
            run = decision.run
            seen += [(now - MONDAY_9AM - moved, page.user) for page in decision.pages]
        return seen

    silenced = history(True)
    assert silenced == history(False)[: len(silenced)]
