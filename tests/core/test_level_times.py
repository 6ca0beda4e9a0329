"""Levels that apply at some times only: hours, weekdays, holidays, local nights."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.core.pages.test_escalation import ALICE, BOB, CAROL, everybody, level
from tocsin.core.building.directory_building import build
from tocsin.core.configuration import read
from tocsin.core.directory import Directory
from tocsin.core.level_times import (
    LevelTimes,
    SupportHours,
    apply_now,
    in_support_hours,
    is_night,
    sentence,
)
from tocsin.core.pages.escalation import Policy, Reason, Target, TargetKind, Ticked
from tocsin.core.pages.escalation_steps import begin, step
from tocsin.core.pages.policy_lint import lint
from tocsin.core.people.people import Person
from tocsin.core.severity import Severity
from tocsin.core.wallclock import first_instant, wall_time

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = SupportHours(time(9), time(17))
LATE = SupportHours(time(22), time(6), days=(4,))
IN_HOURS = LevelTimes("Europe/Berlin", "DE-BE", OFFICE, in_hours=True)


def berlin(text: str) -> datetime:
    return first_instant(datetime.fromisoformat(text), BERLIN)


@pytest.mark.parametrize(
    ("at", "inside"),
    [
        ("2026-03-02T08:59", False),
        ("2026-03-02T09:00", True),
        ("2026-03-02T16:59", True),
        ("2026-03-02T17:00", False),
        ("2026-03-07T10:00", False),  # a Saturday
        ("2026-04-03T10:00", False),  # Good Friday
    ],
)
def test_support_hours_are_of_some_days_and_of_no_holiday(
    at: str, inside: bool
) -> None:
    assert in_support_hours(OFFICE, BERLIN, "DE-BE", now=berlin(at)) is inside
    assert apply_now(IN_HOURS, now=berlin(at)) is inside
    outside = LevelTimes("Europe/Berlin", "DE-BE", OFFICE, in_hours=False)
    assert apply_now(outside, now=berlin(at)) is not inside


def test_hours_past_midnight_belong_to_the_day_they_begin_on() -> None:
    def inside(at: str) -> bool:
        return in_support_hours(LATE, BERLIN, "", now=berlin(at))

    assert [inside("2026-03-06T21:59"), inside("2026-03-06T22:00")] == [False, True]
    assert [inside("2026-03-07T05:59"), inside("2026-03-07T06:00")] == [True, False]
    assert not inside("2026-03-06T05:00")  # what Thursday began is no Friday's


def test_weekdays_and_holidays_are_the_teams_own() -> None:
    mondays = LevelTimes("Asia/Tokyo", days=(0,))
    assert apply_now(mondays, now=datetime(2026, 3, 1, 16, tzinfo=UTC))
    assert not apply_now(mondays, now=datetime(2026, 3, 1, 14, tzinfo=UTC))
    holidays = LevelTimes("Europe/Berlin", "DE-BE", holiday=True)
    women = berlin("2026-03-08T12:00")  # a holiday in Berlin alone
    assert apply_now(holidays, now=women)
    assert not apply_now(LevelTimes("Europe/Berlin", "DE-BY", holiday=True), now=women)


@given(
    at=st.datetimes(datetime(2026, 3, 20), datetime(2026, 4, 10)),
    start=st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    end=st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    zone=st.sampled_from(("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")),
)
def test_every_day_from_and_to_split_each_day_in_two(
    at: datetime, start: time, end: time, zone: str
) -> None:
    if start == end:
        return
    now, days = at.replace(tzinfo=UTC), tuple(range(7))
    here = SupportHours(start, end, days)
    rest = SupportHours(end, start, days)
    name = ZoneInfo(zone)
    if abs(wall_time(now, name) - wall_time(now - timedelta(hours=2), name)) != (
        timedelta(hours=2)
    ):
        return  # the hour that happens twice belongs to what began first
    assert in_support_hours(here, name, "", now=now) is not in_support_hours(
        rest, name, "", now=now
    )


def test_a_level_that_is_not_for_now_is_passed_over_and_the_next_is_paged() -> None:
    policy = Policy(
        "payments", (level(0, ALICE, times=IN_HOURS), level(15, BOB)), (CAROL,)
    )
    night = berlin("2026-03-02T03:00")
    begun = begin(policy, severity=Severity.SEV2, now=night, on_call=everybody)
    assert [page.user for page in begun.pages] == ["bob"]
    assert begun.facts[0].reason is Reason.LEVEL_NOT_NOW
    assert begun.facts[0].text == (
        "Level 1 of payments pages only in support hours (Mon-Fri 09:00-17:00, "
        "Europe/Berlin); the next one is paged without waiting."
    )
    day = begin(
        policy,
        severity=Severity.SEV2,
        now=berlin("2026-03-02T10:00"),
        on_call=everybody,
    )
    assert [page.user for page in day.pages] == ["alice"]


def test_no_level_for_now_is_nobody_and_the_fallback_hears_of_it_at_once() -> None:
    policy = Policy("payments", (level(0, ALICE, times=IN_HOURS),), (CAROL,), repeat=3)
    begun = begin(
        policy,
        severity=Severity.SEV2,
        now=berlin("2026-03-07T03:00"),
        on_call=everybody,
    )
    assert [page.user for page in begun.pages] == ["carol"]
    assert begun.reason is Reason.NOBODY_ANYWHERE


def test_what_counts_is_the_moment_at_which_the_level_runs() -> None:
    policy = Policy(
        "payments", (level(0, BOB), level(15, ALICE, times=IN_HOURS)), (CAROL,)
    )
    start = berlin("2026-03-02T08:50")
    begun = begin(policy, severity=Severity.SEV2, now=start, on_call=everybody)
    later = step(
        policy, begun.run, Ticked(), now=start + timedelta(minutes=15),
        on_call=everybody,
    )  # fmt: skip
    assert [page.user for page in later.pages] == ["alice"]


def test_a_target_is_paged_only_where_it_is_not_night() -> None:
    people = {
        "ana": Person("ana", zone="Europe/Berlin", email="ana@example.com"),
        "mei": Person("mei", zone="Asia/Tokyo", email="mei@example.com"),
    }
    directory = Directory(people=people)
    both = "ana,mei"
    noon = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)  # 16:30 and 00:30
    assert is_night(noon, ZoneInfo("Asia/Tokyo"))
    awake = Target(TargetKind.ROUND_ROBIN, both, night=False)
    asleep = Target(TargetKind.ROUND_ROBIN, both, night=True)
    assert directory.meant(awake, now=noon) == ("ana",)
    assert directory.meant(asleep, now=noon) == ("mei",)
    everyone = Target(TargetKind.ROUND_ROBIN, both)
    assert directory.meant(everyone, now=noon) == ("ana", "mei")
    assert (
        directory.resolve(Target(TargetKind.USER, "mei", night=False), now=noon) == ()
    )


DOCUMENT = """
teams: [{name: pay, time_zone: Europe/Berlin, region: DE-BE, support_hours: {from: "09:00", to: "17:00"}}]
people: [{name: ana, email: ana@example.com, teams: [pay]}]
escalation_policies:
  - name: p
    team: pay
    levels:
      - {page: [{user: ana}], when: {support_hours: true}}
      - {after: 5m, page: [{team: pay}], when: {days: [sat, sun], holiday: false, local_night: false}}
    fallback: [{user: ana}]
"""


def _read(text: str) -> tuple[Directory, list[str]]:
    documents, unread = read(yaml.safe_load(text), "test")
    if unread:
        return Directory(), [str(one) for one in unread]
    directory, problems = build(documents, version=1, ids={})
    return directory, [str(one) for one in problems]


def test_the_document_names_the_teams_hours_and_holidays() -> None:
    first, second = _read(DOCUMENT)[0].policies["p"].levels
    assert first.times == IN_HOURS
    assert second.times is not None
    assert second.targets[0].night is False
    assert sentence(second.times) == (
        "on Sat, Sun and not on public holidays and for whom it is not night where "
        "they are"
    )


@pytest.mark.parametrize(
    ("given", "instead", "expected"),
    [
        (", support_hours: {from: \"09:00\", to: \"17:00\"}", "", "no condition on support hours"),
        (", region: DE-BE", "", "no condition on holidays"),
        ("[sat, sun]", "[someday]", "a list of days"),
        ("to: \"17:00\"", "to: \"09:00\"", "two different times"),
        ("region: DE-BE", "region: XX", "a country's code"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_its_place(
    given: str, instead: str, expected: str
) -> None:
    assert any(expected in one for one in _read(DOCUMENT.replace(given, instead, 1))[1])


def test_lint_names_the_hours_in_which_only_the_fallback_hears_of_it() -> None:
    policy = Policy("p", (level(0, ALICE, times=IN_HOURS),), (CAROL,))
    found = " ".join(lint(policy))
    assert "such as Mon 00:00: only the fallback" in found
    assert "On public holidays only the fallback is paged." in found
    outside = LevelTimes("Europe/Berlin", "DE-BE", OFFICE, in_hours=False)
    whole = Policy(
        "p", (level(0, ALICE, times=IN_HOURS), level(0, BOB, times=outside)), (CAROL,)
    )
    assert "only the fallback" not in " ".join(lint(whole))
