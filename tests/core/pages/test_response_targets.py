"""The time to answer is measured: when it is over it is told, and somebody else hears."""

from datetime import UTC, datetime, time, timedelta

import pytest

from tests.core.pages.test_escalation import (
    ALICE,
    BOB,
    CAROL,
    SEED,
    TEAM,
    at,
    everybody,
    level,
    minutes,
    trace,
    without,
)
from tocsin.core.directory import Directory, Service, Team
from tocsin.core.level_times import SupportClock, SupportHours
from tocsin.core.pages import escalation as e
from tocsin.core.pages.escalation import Decision, Level, Policy, Reason, Run, RunState
from tocsin.core.pages.escalation_steps import begin, step
from tocsin.core.pages.response_targets import answer_by
from tocsin.core.severity import Severity

SLOW = Policy("slow", (level(0, ALICE), level(30, BOB), level(45, TEAM)), (CAROL,))
OFFICE = SupportClock(SupportHours(time(9), time(17)), "Europe/Berlin", "DE-BE")


def started(policy: Policy = SLOW, severity: Severity = Severity.SEV2) -> Run:
    return begin(policy, severity=severity, now=at(0), on_call=everybody).run


def then(run: Run, minute: float, event: e.Event, policy: Policy = SLOW) -> Decision:
    return step(policy, run, event, now=at(minute), on_call=everybody)


def missed(decision: Decision) -> list[str]:
    facts = [fact for fact in decision.facts if fact.reason == Reason.TARGET_MISSED]
    return [fact.text for fact in facts if fact.text.startswith("Nobody answered")]


def test_nobody_having_answered_in_time_the_next_level_is_paged_then() -> None:
    # Bob was due at 30; the later spacing of 15 minutes is kept.
    assert trace(SLOW, until=46) == [
        (0, "alice"), (15, "bob"), (30, "dan"), (45, "carol"),
    ]  # fmt: skip


def test_each_severity_has_its_own_time() -> None:
    late = Policy("late", (level(0, ALICE), level(600, BOB)), (CAROL,))
    when = {
        severity: trace(late, until=241, severity=severity)[1][0]
        for severity in Severity
    }
    assert when == {
        Severity.SEV1: 5, Severity.SEV2: 15, Severity.SEV3: 60, Severity.SEV4: 240,
    }  # fmt: skip


def test_it_is_told_once_with_its_target_and_its_time() -> None:
    decision = then(started(), 15, e.Ticked())
    assert missed(decision) == [
        "Nobody answered within 15 min, the response time of SEV2: it was over at 09:15 "
        "UTC. The next level is paged now."
    ]
    assert decision.pages[0].why == "Level 2 of slow: nobody answered within 15 min."
    assert decision.missed_at == decision.run.missed_at == at(15)
    later = then(decision.run, 30, e.Ticked())
    assert (missed(later), later.missed_at) == ([], None)


def test_where_another_level_was_paged_by_then_it_is_only_told() -> None:
    run = then(started(SEED), 3, e.Escalated("alice"), SEED).run
    decision = then(run, 15, e.Ticked(), SEED)
    assert decision.pages == ()
    assert missed(decision) == [
        "Nobody answered within 15 min, the response time of SEV2: it was over at 09:15 UTC."
    ]
    assert decision.run.due_at == at(18)


def test_a_level_that_is_due_at_that_very_instant_is_the_next_level() -> None:
    decision = then(started(SEED), 15, e.Ticked(), SEED)
    assert [page.user for page in decision.pages] == ["bob"]
    assert decision.run.due_at == at(30)
    assert decision.run.missed_at == at(15)


def test_whoever_got_it_passed_on_was_brought_in() -> None:
    run = then(started(), 3, e.Reassigned(CAROL, "alice")).run
    assert then(run, 15, e.Ticked()).pages == ()


def test_who_could_not_be_reached_was_not_brought_in() -> None:
    run = then(started(), 1, e.Unreachable(("alice",), 1)).run
    decision = then(run, 15, e.Ticked())
    assert [page.user for page in decision.pages] == ["dan"]


def test_an_empty_level_brought_nobody_in() -> None:
    assert trace(SLOW, until=20, on_call=without("alice")) == [(0, "bob"), (15, "dan")]


def test_one_level_alone_goes_on_to_what_follows_it() -> None:
    one = Policy("one", (level(0, ALICE),), (CAROL,), wait=minutes(60))
    assert trace(one, until=76) == [
        (0, "alice"),
        (15, "carol"),
        (45, "carol"),
        (75, "carol"),
    ]


def test_an_exhausted_run_is_told_and_not_started_again() -> None:
    seen = trace(SEED, until=61, severity=Severity.SEV3)
    assert seen == [(0, "alice"), (15, "bob"), (30, "dan"), (45, "carol")]
    run = started(SEED, Severity.SEV3)
    for minute in (15, 30, 45):
        run = then(run, minute, e.Ticked(), SEED).run
    assert (run.state, run.due_at) == (RunState.EXHAUSTED, at(60))
    told = then(run, 60, e.Ticked(), SEED)
    assert (len(missed(told)), told.pages, told.run.due_at) == (1, (), at(75))


def test_an_answer_in_time_is_an_answer() -> None:
    run = then(started(), 14, e.Acked("alice")).run
    again = then(run, 44, e.Ticked()).run  # the acknowledgement has timed out
    assert again.state is RunState.OPEN
    assert again.missed_at is None
    assert missed(then(again, 60, e.Ticked())) == []


def test_an_acknowledgement_that_is_taken_back_was_none() -> None:
    acked = then(started(), 1, e.Acked("alice")).run
    undone = then(acked, 1.1, e.AckUndone("alice")).run
    assert undone == started()
    assert len(missed(then(undone, 15, e.Ticked()))) == 1


def test_who_snoozes_it_has_answered() -> None:
    run = then(started(), 2, e.Snoozed(at(40), "alice")).run
    woken = then(run, 40, e.Ticked())
    assert [page.user for page in woken.pages] == ["alice"]
    assert missed(woken) == []


def test_a_silence_moves_it_as_it_moves_the_levels() -> None:
    run = then(started(), 5, e.Paused("silence:1")).run
    assert run.due_at is None
    resumed = then(run, 25, e.Resumed("silence:1")).run
    assert (resumed.answer_by, resumed.due_at) == (at(35), at(35))
    assert [page.user for page in then(resumed, 35, e.Ticked()).pages] == ["bob"]


def test_what_gets_worse_is_to_be_answered_sooner_from_then_on() -> None:
    run = started(SLOW, Severity.SEV3)
    raised = then(run, 2, e.SeverityRaised(Severity.SEV1))
    assert raised.run.answer_by == at(7)
    decision = then(raised.run, 7, e.Ticked())
    assert [page.user for page in decision.pages] == ["bob"]
    assert missed(decision) == [
        "Nobody answered within 5 min, the response time of SEV1: it was over at 09:07 "
        "UTC. The next level is paged now."
    ]


def test_what_was_to_be_answered_sooner_stays_so() -> None:
    raised = then(started(SLOW, Severity.SEV3), 58, e.SeverityRaised(Severity.SEV2))
    assert raised.run.answer_by == at(60)


def test_what_got_worse_after_the_weekend_was_not_missed_on_friday() -> None:
    slow = Policy("slow", (level(0, ALICE), level(9000, BOB)), (CAROL,))
    friday = datetime(2024, 3, 1, 18, tzinfo=UTC)
    by = answer_by(Severity.SEV4, since=friday, support=OFFICE)
    run = e.pending(Severity.SEV4, now=friday, answer_by=by)
    run = step(slow, run, e.Ticked(), now=friday, on_call=everybody).run
    monday = at(-60)  # before the team's day is half over
    raised = step(
        slow, run, e.SeverityRaised(Severity.SEV2), now=monday, on_call=everybody
    )
    assert (raised.missed_at, missed(raised)) == (None, [])
    over = step(slow, raised.run, e.Ticked(), now=at(-45), on_call=everybody)
    assert over.missed_at == at(-45)
    assert missed(over) == [
        "Nobody answered within 15 min, the response time of SEV2: it was over at 08:15 "
        "UTC. The next level is paged now."
    ]


def test_in_a_silence_the_time_to_answer_what_got_worse_stands_still() -> None:
    run = then(started(SLOW, Severity.SEV3), 10, e.Paused("silence:1")).run
    run = then(run, 20, e.SeverityRaised(Severity.SEV2)).run
    assert then(run, 30, e.Resumed("silence:1")).run.answer_by == at(45)


def test_an_acknowledgement_taken_back_leaves_it_as_it_got_worse() -> None:
    run = then(started(SLOW, Severity.SEV3), 10, e.Acked("alice")).run
    run = then(run, 11, e.SeverityRaised(Severity.SEV2)).run
    assert then(run, 12, e.AckUndone("alice")).run.answer_by == at(26)


def test_an_engine_that_was_down_runs_what_was_due_and_raises_nobody_more() -> None:
    assert trace(SEED, until=31, down=(5, 20)) == [
        (0, "alice"),
        (20, "bob"),
        (30, "dan"),
    ]


def test_a_first_level_later_than_the_time_to_answer_is_paged_then() -> None:
    delays = {Severity.SEV1: minutes(10)}
    late = Policy("late", (Level(delays, (ALICE,)), level(20, BOB)), (CAROL,))
    run = e.begun(
        late, Severity.SEV1, now=at(0), answer_by=answer_by(Severity.SEV1, since=at(0))
    )
    assert (run.due_at, run.then) == (at(5), at(10))
    decision = step(late, run, e.Ticked(), now=at(5), on_call=everybody)
    assert [page.user for page in decision.pages] == ["alice"]
    assert decision.run.due_at == at(15)


def test_without_a_time_to_answer_nothing_is_missed() -> None:
    run = e.begun(SLOW, Severity.SEV2, now=at(0), answer_by=None)
    run = step(SLOW, run, e.Ticked(), now=at(0), on_call=everybody).run
    assert then(run, 16, e.Ticked()).reason is Reason.NOT_DUE


# Friday 1 March 2024, 15:00 in Berlin: two hours are left of the day.
FRIDAY_3PM = datetime(2024, 3, 1, 14, tzinfo=UTC)


def test_sev4_counts_support_hours_only() -> None:
    over = answer_by(Severity.SEV4, since=FRIDAY_3PM, support=OFFICE)
    assert over == datetime(2024, 3, 4, 10, tzinfo=UTC)  # Monday, 11:00 in Berlin


@pytest.mark.parametrize("severity", [Severity.SEV1, Severity.SEV2, Severity.SEV3])
def test_what_is_worse_counts_all_hours(severity: Severity) -> None:
    alike = answer_by(severity, since=FRIDAY_3PM)
    assert answer_by(severity, since=FRIDAY_3PM, support=OFFICE) == alike


def test_sev4_counts_all_hours_where_there_are_no_support_hours() -> None:
    over = answer_by(Severity.SEV4, since=FRIDAY_3PM)
    assert over == FRIDAY_3PM + timedelta(hours=4)


def test_support_hours_begin_again_after_a_holiday() -> None:
    # Thursday 28 March 2024; Good Friday and Easter Monday have none in Berlin.
    thursday = datetime(2024, 3, 28, 15, tzinfo=UTC)  # 16:00: one hour is left
    over = answer_by(Severity.SEV4, since=thursday, support=OFFICE)
    assert over == datetime(
        2024, 4, 2, 10, tzinfo=UTC
    )  # Tuesday, 12:00, in summer time


def test_support_hours_that_cross_midnight_are_counted_once() -> None:
    night = SupportClock(SupportHours(time(22), time(2), tuple(range(7))), "UTC")
    since = datetime(2024, 3, 5, 1, tzinfo=UTC)  # one hour is left of this night
    over = answer_by(Severity.SEV4, since=since, support=night)
    assert over == datetime(2024, 3, 6, 1, tzinfo=UTC)


def test_the_team_of_the_service_says_whose_hours_count() -> None:
    office = Team("pay", "Europe/Berlin", hours=OFFICE.hours, region="DE-BE")
    services = {"cards": Service("cards", "pay", "p"), "mail": Service("mail", "", "p")}
    directory = Directory(teams={"pay": office}, services=services)

    def over(service: str) -> datetime | None:
        return directory.answer_by(service, Severity.SEV4, now=FRIDAY_3PM)

    assert over("cards") == datetime(2024, 3, 4, 10, tzinfo=UTC)
    assert over("mail") == FRIDAY_3PM + timedelta(hours=4)


def test_nobody_is_asked_to_answer_the_canary_or_a_test_page() -> None:
    directory = Directory()
    for service in ("canary", "test page of alice"):
        assert directory.answer_by(service, Severity.SEV1, now=at(0)) is None
