"""SEV3 is urgent while the team is there, and waits while it sleeps (domain 2.2)."""

from datetime import UTC, datetime, time

import pytest

from tests.core.test_escalation import ALICE, BOB, CAROL, at, everybody, level
from tocsin.core import escalation as e
from tocsin.core.directory import Directory, Service, Team
from tocsin.core.escalation import Policy
from tocsin.core.escalation_steps import begin, step
from tocsin.core.level_times import SupportClock, SupportHours
from tocsin.core.severity import Severity, Urgency
from tocsin.core.urgency import urgency_of

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


def test_what_gets_worse_by_night_is_louder_and_pages_again() -> None:
    policy = Policy("pay", (level(0, ALICE), level(60, BOB)), (CAROL,))
    run = begin(policy, severity=Severity.SEV3, now=at(0), on_call=everybody).run

    def by_night(severity: Severity) -> Urgency:
        return urgency_of(severity, support=OFFICE, now=MONDAY_NIGHT)

    event = e.SeverityRaised(Severity.SEV2)
    asleep = step(policy, run, event, now=at(1), on_call=everybody, urgency=by_night)
    assert [page.user for page in asleep.pages] == ["alice"]
    awake = step(policy, run, event, now=at(1), on_call=everybody)
    assert awake.pages == ()
