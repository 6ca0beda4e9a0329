"""The corners of escalation: what is undone, empty, silenced or out of reach."""

from datetime import timedelta

from tests.core.pages.test_escalation import (
    ALICE,
    BOB,
    CAROL,
    SEED,
    at,
    everybody,
    level,
    minutes,
    trace,
    without,
)
from tocsin.core.pages import escalation as e
from tocsin.core.pages.coming import next_up
from tocsin.core.pages.escalation import Decision, Level, Policy, Reason, Run, RunState
from tocsin.core.pages.escalation_steps import begin, step
from tocsin.core.severity import Severity


def started(policy: Policy = SEED, severity: Severity = Severity.SEV2) -> Run:
    return begin(policy, severity=severity, now=at(0), on_call=everybody).run


def then(run: Run, minute: float, event: e.Event, policy: Policy = SEED) -> Decision:
    return step(policy, run, event, now=at(minute), on_call=everybody)


def test_a_person_just_paged_gets_the_wait_although_the_last_level_is_empty() -> None:
    policy = Policy("p", (level(0, ALICE), level(0, BOB)), (CAROL,), repeat=1)
    seen = trace(policy, until=31, on_call=without("bob"))
    assert seen == [(0, "alice"), (15, "alice"), (30, "carol")]


def test_after_an_outage_an_empty_last_level_burns_no_repeats() -> None:
    policy = Policy("p", (level(0, ALICE), level(15, BOB), level(30, CAROL)), (ALICE,))
    seen = trace(policy, until=66, on_call=without("carol"), down=(5, 50))
    assert seen == [(0, "alice"), (50, "bob"), (65, "alice")]


def test_undoing_a_second_acknowledgement_leaves_the_first() -> None:
    first = then(started(), 1, e.Acked("alice")).run
    second = then(first, 5, e.Acked("bob")).run
    undone = then(second, 5.1, e.AckUndone("bob")).run
    assert (undone.state, undone.acked_by) == (RunState.ACKED, ("alice",))
    assert undone.deadline == at(31)
    assert then(undone, 5.2, e.AckUndone("alice")).reason is Reason.REFUSED


def test_undo_keeps_what_got_worse_in_between() -> None:
    delays = {Severity.SEV3: minutes(60), Severity.SEV1: minutes(5)}
    policy = Policy("p", (level(0, ALICE), Level(delays, (BOB,))), (CAROL,))
    run = then(started(policy, Severity.SEV3), 1, e.Acked("alice"), policy).run
    run = then(run, 1.1, e.SeverityRaised(Severity.SEV1), policy).run
    undone = then(run, 1.2, e.AckUndone("alice"), policy).run
    assert (undone.severity, undone.due_at) == (Severity.SEV1, at(5))


def test_a_lower_severity_changes_nothing() -> None:
    run = started()
    assert then(run, 1, e.SeverityRaised(Severity.SEV4)) == Decision(
        run, Reason.NOT_DUE
    )


def test_an_acknowledgement_during_a_silence_holds_as_long_as_any_other() -> None:
    run = then(started(), 5, e.Paused("silence:1")).run
    run = then(run, 20, e.Acked("alice")).run
    run = then(run, 25, e.Resumed("silence:1")).run
    assert (run.state, run.deadline, run.due_at) == (RunState.ACKED, at(55), at(55))


def test_undo_after_a_silence_does_not_forget_that_the_clock_stood_still() -> None:
    run = then(started(), 5, e.Paused("silence:1")).run
    run = then(run, 24.9, e.Acked("alice")).run
    run = then(run, 25, e.Resumed("silence:1")).run
    undone = then(run, 25.1, e.AckUndone("alice")).run
    assert (undone.state, undone.due_at) == (RunState.OPEN, at(35))


def test_what_gets_worse_while_silenced_has_the_shorter_delay_afterwards() -> None:
    delays = {Severity.SEV3: minutes(60), Severity.SEV2: minutes(10)}
    policy = Policy("p", (level(0, ALICE), Level(delays, (BOB,))), (CAROL,))
    run = then(started(policy, Severity.SEV3), 5, e.Paused("silence:1"), policy).run
    run = then(run, 6, e.SeverityRaised(Severity.SEV2), policy).run
    run = then(run, 25, e.Resumed("silence:1"), policy).run
    assert run.due_at == at(30)


def test_an_unreachable_person_of_an_earlier_paging_is_not_held_against_a_later() -> (
    None
):
    both = Policy("p", (level(0, ALICE), level(5, ALICE, BOB)), (CAROL,))
    run = then(started(both), 5, e.Ticked(), both).run
    assert run.pagings == 2
    run = then(run, 6, e.Unreachable(("alice",), 1), both).run
    decision = then(run, 7, e.Unreachable(("bob",), 2), both)
    assert (decision.pages, decision.reason) == ((), Reason.NOT_DUE)


def test_a_fallback_out_of_reach_is_said_loudly_and_nagging_goes_on() -> None:
    run = started()
    while run.state is not RunState.EXHAUSTED:
        assert run.due_at is not None
        run = step(SEED, run, e.Ticked(), now=run.due_at, on_call=everybody).run
    lost = then(run, 46, e.Unreachable(("carol",), run.pagings))
    assert lost.reason is Reason.NOBODY_ANYWHERE
    assert lost.facts[0].text == "The fallback cannot be reached either: carol."
    assert lost.run.due_at == at(75)


def test_nobody_even_in_the_fallback_is_said_and_tried_again() -> None:
    decision = begin(SEED, severity=Severity.SEV2, now=at(0), on_call=lambda _: ())
    assert decision.reason is Reason.NOBODY_ANYWHERE
    assert decision.pages == ()
    assert "The fallback has nobody either." in decision.facts[-1].text
    told = then(decision.run, 15, e.Ticked())
    assert (told.reason, told.pages) == (Reason.TARGET_MISSED, ())
    assert told.run.due_at == at(30)


def test_the_reasons_people_read_are_true_of_what_happened() -> None:
    run = started()
    assert [page.why for page in begin_pages()] == [
        "Level 1 of payments: you are paged first."
    ]
    second = then(run, 15, e.Ticked())
    third = then(second.run, 30, e.Ticked())
    assert second.facts[0].text == (
        "Level 2 of payments: nobody acknowledged within 15 min. Paging bob."
    )
    assert third.pages[0].why == (
        "Level 3 of payments: nobody acknowledged within 15 min of level 2."
    )
    late = then(run, 50, e.Ticked())
    assert late.pages[1].why == (
        "Level 3 of payments: it was due as well and nobody has acknowledged."
    )
    skipped = step(SEED, run, e.Ticked(), now=at(15), on_call=without("bob"))
    assert skipped.pages[0].why == (
        "Level 3 of payments: nobody acknowledged, and level 2 pages nobody now."
    )


def begin_pages() -> tuple[e.Paging, ...]:
    return begin(SEED, severity=Severity.SEV2, now=at(0), on_call=everybody).pages


def test_default_acknowledgement_timeouts() -> None:
    deadlines = {
        severity: then(started(SEED, severity), 1, e.Acked("alice")).run.deadline
        for severity in Severity
    }
    assert deadlines == {
        Severity.SEV1: at(31),
        Severity.SEV2: at(31),
        Severity.SEV3: at(241),
        Severity.SEV4: None,
    }


def test_when_everyone_must_answer_only_the_ackers_pages_are_called_off() -> None:
    policy = Policy("p", (level(0, ALICE, BOB, everyone_acks=True),), (CAROL,))
    acked = then(started(policy), 1, e.Acked("alice"), policy)
    assert acked.cancel == e.Cancel(users=("alice",))


def test_a_snooze_ends_when_it_was_promised_to_end() -> None:
    run = then(started(), 3, e.Snoozed(at(60), "alice")).run
    assert then(run, 59, e.Ticked()).reason is Reason.NOT_DUE
    woken = then(run, 60, e.Ticked())
    assert woken.reason is Reason.SNOOZE_ENDED
    assert [page.user for page in woken.pages] == ["alice"]
    assert woken.run.loop == 1


def test_what_comes_next_is_what_the_timer_will_do() -> None:
    coming = next_up(SEED, started(), on_call=everybody, turns={}, now=at(1))
    assert coming is not None
    assert (coming.at, coming.people) == (at(15), ("bob",))
    assert coming.sentence == "bob is paged at 09:15:00 UTC unless you answer"
    resolved = then(started(), 2, e.Resolved("alice")).run
    assert next_up(SEED, resolved, on_call=everybody, turns={}, now=at(3)) is None


def test_nagging_never_ends() -> None:
    seen = trace(until=45 + 30 * 20)
    assert seen[3:] == [(45 + 30 * n, "carol") for n in range(21)]
    assert SEED.nag == timedelta(minutes=30)
