"""SEV3 is urgent while the team is there, and waits while it sleeps (domain 2.2)."""

from datetime import UTC, datetime, time

import pytest
from msgspec.structs import replace

from tests.core.pages.test_escalation import ALICE, BOB, CAROL, at, everybody, level
from tocsin.core.directory import Directory, Service, Team
from tocsin.core.level_times import SupportClock, SupportHours
from tocsin.core.pages import escalation as e
from tocsin.core.pages.escalation import Decision, Policy, Run, Target, TargetKind
from tocsin.core.pages.escalation_steps import step
from tocsin.core.pages.urgency import urgency_of
from tocsin.core.severity import Severity, Urgency

OFFICE = SupportClock(SupportHours(time(9), time(17)), "Europe/Berlin", "DE-BE")
MONDAY_NOON = datetime(2024, 3, 4, 11, tzinfo=UTC)
MONDAY_NIGHT = datetime(2024, 3, 4, 22, tzinfo=UTC)


def sev3(now: datetime, support: SupportClock | None = OFFICE) -> Urgency:
    return urgency_of(Severity.SEV3, support=support, now=now)


def test_sev3_is_high_in_support_hours_and_low_outside_of_them() -> None:
    assert sev3(MONDAY_NOON) is Urgency.HIGH
    assert sev3(MONDAY_NIGHT) is Urgency.LOW


def test_the_hours_begin_at_their_first_minute_and_end_before_their_last() -> None:
    assert sev3(datetime(2024, 3, 4, 8, tzinfo=UTC)) is Urgency.HIGH
    assert sev3(datetime(2024, 3, 4, 16, tzinfo=UTC)) is Urgency.LOW


def test_a_public_holiday_has_no_support_hours() -> None:
    assert sev3(datetime(2024, 5, 1, 11, tzinfo=UTC)) is Urgency.LOW


def test_the_hours_keep_to_the_wall_clock_when_it_changes() -> None:
    # 07:30 UTC is 08:30 in Berlin in winter and 09:30 in summer.
    assert sev3(datetime(2024, 3, 28, 7, 30, tzinfo=UTC)) is Urgency.LOW
    assert sev3(datetime(2024, 4, 2, 7, 30, tzinfo=UTC)) is Urgency.HIGH


def test_without_support_hours_sev3_is_high_at_all_hours() -> None:
    assert sev3(MONDAY_NIGHT, None) is Urgency.HIGH


@pytest.mark.parametrize("now", [MONDAY_NOON, MONDAY_NIGHT])
def test_the_others_do_not_depend_on_the_hours(now: datetime) -> None:
    found = [
        urgency_of(severity, support=OFFICE, now=now)
        for severity in (Severity.SEV1, Severity.SEV2, Severity.SEV4)
    ]
    assert found == [Urgency.HIGH, Urgency.HIGH, Urgency.LOW]


def test_the_team_of_the_service_says_which_hours() -> None:
    team = Team("pay", "Europe/Berlin", hours=OFFICE.hours)
    services = {"cards": Service("cards", "pay", "p"), "mail": Service("mail", "", "p")}
    directory = Directory(teams={"pay": team}, services=services)
    night = {
        name: directory.urgency(name, Severity.SEV3, now=MONDAY_NIGHT)
        for name in services
    }
    assert night == {"cards": Urgency.LOW, "mail": Urgency.HIGH}


NIGHT_AND_DAY = Policy("pay", (level(0, ALICE), level(60, BOB)), (CAROL,))


def by_night(severity: Severity) -> Urgency:
    return urgency_of(severity, support=OFFICE, now=MONDAY_NIGHT)


def by_day(severity: Severity) -> Urgency:
    return urgency_of(severity, support=OFFICE, now=MONDAY_NOON)


def paged_at(urgency: e.UrgencyOf, severity: Severity = Severity.SEV3) -> Run:
    run = e.pending(severity, now=at(0), answer_by=None)
    return then(run, 0, e.Ticked(), urgency).run


def then(run: Run, minute: float, event: e.Event, urgency: e.UrgencyOf) -> Decision:
    return step(
        NIGHT_AND_DAY, run, event, now=at(minute), on_call=everybody, urgency=urgency
    )


def users(decision: Decision) -> list[str]:
    return [page.user for page in decision.pages]


RAISED = e.SeverityRaised(Severity.SEV2)


def test_what_gets_worse_by_night_is_louder_and_pages_again() -> None:
    assert users(then(paged_at(by_night), 1, RAISED, by_night)) == ["alice"]


def test_what_was_paged_loudly_is_not_paged_again() -> None:
    assert users(then(paged_at(by_day), 1, RAISED, by_day)) == []
    assert users(then(paged_at(by_day), 1, RAISED, by_night)) == []


def test_what_was_paged_quietly_pages_again_once_the_hours_have_begun() -> None:
    raised = then(paged_at(by_night), 35, RAISED, by_day)
    assert users(raised) == ["alice"]
    # She has been told loudly by now.
    worse = e.SeverityRaised(Severity.SEV1)
    assert users(then(raised.run, 36, worse, by_day)) == []


def test_a_run_of_before_was_as_loud_as_at_all_hours() -> None:
    for severity, expected in ((Severity.SEV3, []), (Severity.SEV4, ["alice"])):
        old = replace(paged_at(by_night, severity), paged_as=None)
        assert users(then(old, 1, RAISED, by_day)) == expected


def test_a_loud_page_to_who_came_leaves_who_stayed_paged_quietly() -> None:
    primary = Target(TargetKind.ROTATION, "pay/Primary")
    policy = Policy("pay", (level(0, primary), level(60, BOB)), (CAROL,))
    crew = {"before": ("alice", "bob"), "after": ("alice", "dan")}

    def played(
        run: Run, event: e.Event, when: str, minute: float, urgency: e.UrgencyOf
    ) -> Decision:
        return step(
            policy, run, event,
            now=at(minute), on_call=lambda _: crew[when], urgency=urgency,
        )  # fmt: skip

    run = e.pending(Severity.SEV3, now=at(0), answer_by=None)
    run = played(run, e.Ticked(), "before", 0, by_night).run
    move = e.HandedOver("pay/Primary", off=("bob",), on=("dan",))
    moved = played(run, move, "after", 5, by_day)
    assert users(moved) == ["dan"]
    raised = played(moved.run, RAISED, "after", 6, by_day)
    assert users(raised) == ["dan", "alice"]
