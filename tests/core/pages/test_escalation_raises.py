"""It got worse: who hears it, at once or when paging goes on (domain 2.2)."""

from datetime import timedelta

from tests.core.pages.test_escalation import (
    ALICE,
    BOB,
    CAROL,
    at,
    everybody,
    level,
    minutes,
)
from tocsin.core.pages import escalation as e
from tocsin.core.pages.escalation import (
    FALLBACK,
    Decision,
    OnCall,
    Policy,
    Reason,
    Run,
    RunState,
    Target,
    TargetKind,
)
from tocsin.core.pages.escalation_steps import step
from tocsin.core.severity import Severity, Urgency

POLICY = Policy("pay", (level(0, ALICE), level(600, BOB)), (CAROL,), nag=minutes(30))
LAST = Policy("last", (), (CAROL,), nag=minutes(30))
RAISED = e.SeverityRaised(Severity.SEV2)


def started(policy: Policy = POLICY, severity: Severity = Severity.SEV4) -> Run:
    run = e.pending(severity, now=at(0), answer_by=None)
    return then(run, 0, e.Ticked(), policy).run


def then(
    run: Run,
    minute: float,
    event: e.Event,
    policy: Policy = POLICY,
    on_call: OnCall = everybody,
) -> Decision:
    return step(policy, run, event, now=at(minute), on_call=on_call)


def paged(decision: Decision) -> list[tuple[str, Reason]]:
    return [(page.user, page.reason) for page in decision.pages]


AGAIN = [("alice", Reason.SEVERITY_RAISED)]


def test_raised_in_a_silence_it_is_told_when_the_silence_is_over() -> None:
    run = then(started(), 5, e.Paused("silence:1")).run
    quiet = then(run, 6, RAISED)
    assert quiet.pages == ()
    resumed = then(quiet.run, 25, e.Resumed("silence:1"))
    assert paged(resumed) == AGAIN
    assert resumed.facts[-1].text == "It got worse meanwhile: SEV2."
    assert resumed.reason is Reason.RESUMED
    assert resumed.run.paged_as is Urgency.HIGH
    again = then(then(resumed.run, 26, e.Paused("silence:2")).run, 27, e.Resumed("x"))
    assert paged(again) == []


def test_raised_while_acknowledged_it_is_told_when_that_is_taken_back() -> None:
    run = then(started(), 5, e.Acked("bob")).run
    run = then(run, 5.1, RAISED).run
    undone = then(run, 5.2, e.AckUndone("bob"))
    assert (paged(undone), undone.run.state) == (AGAIN, RunState.OPEN)


def test_what_was_loud_before_the_quiet_is_not_told_again() -> None:
    run = then(started(severity=Severity.SEV3), 5, e.Paused("silence:1")).run
    run = then(run, 6, RAISED).run
    assert paged(then(run, 25, e.Resumed("silence:1"))) == []


def test_a_silence_that_began_and_ended_without_a_rise_tells_nobody() -> None:
    run = then(started(), 5, e.Paused("silence:1")).run
    assert paged(then(run, 25, e.Resumed("silence:1"))) == []


def test_who_had_acknowledged_hears_after_the_silence_that_it_got_worse() -> None:
    run = then(started(), 1, e.Acked("bob")).run
    run = then(run, 5, e.Paused("silence:1")).run
    resumed = then(then(run, 6, RAISED).run, 25, e.Resumed("silence:1"))
    assert paged(resumed) == [("bob", Reason.SEVERITY_RAISED)]
    assert paged(then(resumed.run, 25.1, e.AckUndone("bob"))) == AGAIN


def test_who_acknowledges_after_the_rise_knows_of_it() -> None:
    run = then(started(), 5, e.Paused("silence:1")).run
    run = then(then(run, 6, RAISED).run, 24.9, e.Acked("bob")).run
    resumed = then(run, 25, e.Resumed("silence:1"))
    assert paged(resumed) == []
    assert paged(then(resumed.run, 25.1, e.AckUndone("bob"))) == AGAIN


def test_who_left_meanwhile_is_left_in_peace_and_who_came_hears_it_once() -> None:
    primary = Target(TargetKind.ROTATION, "pay/Primary")
    policy = Policy("pay", (level(0, primary), level(600, BOB)), (CAROL,))
    run = e.pending(Severity.SEV4, now=at(0), answer_by=None)
    run = then(run, 0, e.Ticked(), policy, lambda _: ("alice", "bob")).run
    run = then(run, 5, e.Paused("silence:1"), policy).run
    run = then(run, 6, RAISED, policy).run
    moved = e.HandedOver("pay/Primary", off=("alice",), on=("dan",))
    run = then(run, 7, moved, policy).run
    resumed = then(run, 25, e.Resumed("s"), policy, lambda _: ("bob", "dan"))
    assert paged(resumed) == [
        ("dan", Reason.HANDED_OVER),
        ("bob", Reason.SEVERITY_RAISED),
    ]
    assert len({page.number for page in resumed.pages}) == 1
    assert resumed.cancel == e.Cancel(users=("alice",))
    assert resumed.run.last_paged == ("dan", "bob")


def test_an_exhausted_run_that_gets_louder_pages_its_fallback_now() -> None:
    run = started(LAST)
    assert run.state is RunState.EXHAUSTED
    raised = then(run, 5, RAISED, LAST)
    assert paged(raised) == [("carol", Reason.SEVERITY_RAISED)]
    assert raised.pages[0].level == FALLBACK
    assert raised.reason is Reason.SEVERITY_RAISED
    assert raised.facts[0].text == (
        "It got worse: SEV2 (was SEV4). Paging the fallback again."
    )
    assert raised.run.due_at == at(35)


def test_an_exhausted_run_that_was_loud_waits_for_its_nag() -> None:
    raised = then(started(LAST, Severity.SEV3), 5, RAISED, LAST)
    assert (raised.pages, raised.run.due_at) == ((), at(30))


def test_an_exhausted_run_raised_in_a_silence_pages_its_fallback_after_it() -> None:
    run = then(started(LAST), 5, e.Paused("silence:1"), LAST).run
    run = then(run, 6, RAISED, LAST).run
    resumed = then(run, 25, e.Resumed("silence:1"), LAST)
    assert paged(resumed) == [("carol", Reason.SEVERITY_RAISED)]
    assert resumed.run.due_at == at(25) + timedelta(minutes=30)


def test_the_fallback_of_what_got_worse_takes_its_turn() -> None:
    ring = Target(TargetKind.ROUND_ROBIN, "alice,bob")
    policy = Policy("ring", (), (ring,), nag=minutes(30))
    run = e.pending(Severity.SEV4, now=at(0), answer_by=None)
    on_call: OnCall = lambda target: tuple(target.name.split(","))  # noqa: E731
    run = then(run, 0, e.Ticked(), policy, on_call).run
    raised = step(policy, run, RAISED, now=at(5), on_call=on_call, turns={FALLBACK: 1})
    assert [page.user for page in raised.pages] == ["bob"]
    assert raised.turns == (FALLBACK,)
