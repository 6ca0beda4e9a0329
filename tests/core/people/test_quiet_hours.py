"""Quiet hours: what they defer, to when, and that no clock change bends them."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.pages.escalation import Paging, Reason
from tocsin.core.pages.paging import methods, plan
from tocsin.core.people.people import ContactMethod, NotifyRule, Person
from tocsin.core.people.quiet_hours import QuietHours, quiet_until
from tocsin.core.severity import Urgency
from tocsin.core.wallclock import first_instant, wall_time

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = QuietHours(time(22), time(7))
PAGING = Paging("bob", 1, 0, 0, Reason.LEVEL_DUE, "Level 1: you are paged first.")
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")
CLOCKS = st.times().map(lambda at: at.replace(second=0, microsecond=0))


def berlin(text: str) -> datetime:
    return first_instant(datetime.fromisoformat(text), BERLIN)


def bob(quiet: QuietHours | None = NIGHT, *, low: tuple[int, ...] = (0,)) -> Person:
    rules = tuple(NotifyRule("email", timedelta(minutes=after)) for after in low)
    return Person(
        "bob", email="bob@example.com", zone="Europe/Berlin",
        high=rules, low=rules, quiet=quiet,
    )  # fmt: skip


def due(person: Person, urgency: Urgency, at: str) -> list[str]:
    planned = plan(person, PAGING, urgency=urgency, now=berlin(at))
    return [f"{wall_time(one.due_at, BERLIN):%a %H:%M}" for one in planned]


def test_low_urgency_waits_for_the_end_of_the_quiet_hours() -> None:
    assert due(bob(), Urgency.LOW, "2024-03-04T23:10") == ["Tue 07:00"]
    assert due(bob(), Urgency.LOW, "2024-03-05T03:00") == ["Tue 07:00"]


def test_high_urgency_ignores_them() -> None:
    assert due(bob(), Urgency.HIGH, "2024-03-05T03:00") == ["Tue 03:00"]


def test_they_are_half_open() -> None:
    assert due(bob(), Urgency.LOW, "2024-03-04T22:00") == ["Tue 07:00"]
    assert due(bob(), Urgency.LOW, "2024-03-05T07:00") == ["Tue 07:00"]


def test_later_rules_keep_their_distance_after_the_quiet() -> None:
    assert due(bob(low=(0, 10)), Urgency.LOW, "2024-03-04T23:00") == [
        "Tue 07:00",
        "Tue 07:10",
    ]


def test_a_later_rule_that_falls_into_the_quiet_waits_alone() -> None:
    assert due(bob(low=(0, 10)), Urgency.LOW, "2024-03-04T21:55") == [
        "Mon 21:55",
        "Tue 07:00",
    ]


def test_a_page_says_until_when_it_waits() -> None:
    at = berlin("2024-03-04T23:00")
    (page,) = plan(bob(), PAGING, urgency=Urgency.LOW, now=at)
    assert page.deferred_until == berlin("2024-03-05T07:00")
    (page,) = plan(bob(), PAGING, urgency=Urgency.HIGH, now=at)
    assert page.deferred_until is None


@pytest.mark.parametrize(
    ("at", "until"),
    [
        # The night that is an hour short: 02:00 to 03:00 is not on the wall.
        ("2024-03-31T01:30", "2024-03-31T07:00"),
        # The night that has 02:30 twice.
        ("2024-10-27T02:30", "2024-10-27T07:00"),
    ],
)
def test_they_end_by_the_wall_on_nights_when_clocks_change(at: str, until: str) -> None:
    assert quiet_until(NIGHT, BERLIN, now=berlin(at)) == berlin(until)


def test_an_end_that_is_skipped_is_the_moment_the_clocks_jump() -> None:
    hours = QuietHours(time(22), time(2, 30))
    assert quiet_until(hours, BERLIN, now=berlin("2024-03-31T01:59")) == datetime(
        2024, 3, 31, 1, tzinfo=UTC
    )


def test_an_end_that_comes_twice_is_its_first() -> None:
    hours = QuietHours(time(22), time(2, 30))
    assert quiet_until(hours, BERLIN, now=berlin("2024-10-27T01:00")) == datetime(
        2024, 10, 27, 0, 30, tzinfo=UTC
    )


@given(
    start=CLOCKS,
    end=CLOCKS,
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    now=st.datetimes(datetime(2024, 1, 1), datetime(2025, 12, 30)),
)
def test_quiet_is_what_lies_between_the_edges_on_the_wall(
    start: time, end: time, zone: ZoneInfo, now: datetime
) -> None:
    if start == end:
        return
    instant = now.replace(tzinfo=UTC)
    until = quiet_until(QuietHours(start, end), zone, now=instant)
    # Beside it: the newest edge that has passed says which side one is on.
    edges = [
        (first_instant(datetime.combine(day, at), zone), kind)
        for offset in range(-2, 3)
        for day in [wall_time(instant, zone).date() + timedelta(days=offset)]
        for at, kind in ((end, "ends"), (start, "starts"))
    ]
    passed = [edge for edge in edges if edge[0] <= instant]
    latest = max(at for at, _ in passed)
    kinds = {kind for at, kind in passed if at == latest}
    if kinds == {"ends"}:
        assert until is None
    if kinds == {"starts"}:
        assert until == min(at for at, kind in edges if at > instant and kind == "ends")
    if until is not None:
        assert instant < until <= instant + timedelta(hours=25)


def test_what_is_not_verified_pages_only_where_nothing_else_is() -> None:
    phone = ContactMethod("ntfy", "bobs-phone", verified=False)
    person = Person("bob", email="bob@example.com", contacts=(phone,))
    assert [one.channel for one in methods(person)] == ["email"]
    assert [one.channel for one in methods(Person("bob", contacts=(phone,)))] == [
        "ntfy"
    ]


def test_a_rule_that_names_only_what_is_not_verified_does_not_leave_one_alone() -> None:
    person = Person(
        "bob",
        email="bob@example.com",
        contacts=(ContactMethod("ntfy", "bobs-phone", verified=False),),
        high=(NotifyRule("ntfy", timedelta(0)),),
    )
    planned = plan(person, PAGING, urgency=Urgency.HIGH, now=berlin("2024-03-04T09:00"))
    assert {one.address for one in planned} == {"bob@example.com"}
    assert planned[0].due_at == berlin("2024-03-04T09:00")


def test_a_second_mail_address_with_a_label_does_not_replace_the_first() -> None:
    person = Person(
        "bob",
        email="bob@example.com",
        contacts=(ContactMethod("email", "bob@home.example", "home"),),
    )
    assert [one.address for one in methods(person)] == [
        "bob@example.com",
        "bob@home.example",
    ]
