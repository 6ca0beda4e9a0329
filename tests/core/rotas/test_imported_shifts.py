"""Whom an event means, and how a newer copy of a calendar meets an older one."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.building.directory_building import build
from tocsin.core.people.people import Person
from tocsin.core.rotas import schedule_files
from tocsin.core.rotas.imported_shifts import (
    Entry,
    Imported,
    leave_days,
    merged,
    person_of,
    read_shifts,
    unwritten,
    written,
)
from tocsin.core.rotas.layers import Shift
from tocsin.core.rotas.overrides import kind_of
from tocsin.core.rotas.schedule_files import BadSchedule
from tocsin.core.rotas.schedules import final_schedule
from tocsin.core.wallclock import Window

START = datetime(2024, 3, 4, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
PEOPLE = {
    "ana": Person("ana", email="ana@example.com", full_name="Ana Ruiz"),
    "bo": Person("bo", email="bo@example.com", full_name="Bo Lund"),
    "left": Person("left", email="left@example.com", active=False),
}
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("title", "attendees", "who"),
    [
        ("Ana Ruiz", (), "ana"),
        ("On call: ana", (), "ana"),
        ("ANA (primary)", (), "ana"),
        ("bo@example.com on call", (), "bo"),
        ("Banana day", (), ""),  # no word of its own
        ("ana and bo", (), ""),  # two
        ("left", (), ""),  # not there any more
        ("", (), ""),
        ("on call", ("mailto:BO@example.com",), "bo"),
        ("ana", ("mailto:bo@example.com",), "bo"),  # who is invited counts first
        ("ana", ("mailto:bo@example.com", "mailto:ana@example.com"), "ana"),
    ],
)
def test_an_event_means_one_person_or_nobody(
    title: str, attendees: tuple[str, ...], who: str
) -> None:
    assert person_of(Entry(title, START, START + HOUR, attendees), PEOPLE) == who


def test_whole_days_are_those_of_the_schedules_zone() -> None:
    day = Entry("ana", START, START, days=(date(2024, 3, 30), date(2024, 3, 31)))
    (found,) = read_shifts([day], PEOPLE, BERLIN).shifts
    assert found.start == datetime(2024, 3, 29, 23, tzinfo=UTC)
    assert found.end == datetime(2024, 3, 31, 22, tzinfo=UTC)  # the night of the change
    assert leave_days([day], ZoneInfo("Asia/Tokyo")) == [day.days]


@pytest.mark.parametrize(
    ("hours", "free", "taken"),
    [
        (0.5, False, False),  # a meeting
        (7.75, False, False),
        (8, False, True),
        (8, True, False),  # somebody else's day in one's own calendar
        (30, False, True),
    ],
)
def test_of_events_with_hours_only_long_ones_that_make_busy_are_leave(
    hours: float, *, free: bool, taken: bool
) -> None:
    one = Entry("x", START, START + HOUR * hours, free=free)
    days = leave_days([one], ZoneInfo("UTC"))
    last = date(2024, 3, 5) if hours > 15 else date(2024, 3, 4)
    assert days == ([(date(2024, 3, 4), last)] if taken else [])


def test_a_whole_day_that_is_marked_as_free_is_no_leave() -> None:
    days = (date(2024, 3, 8), date(2024, 3, 8))
    day = Entry("Birthday of Bo", START, START, days=days, free=True)
    assert leave_days([day], ZoneInfo("UTC")) == []


spans = st.lists(
    st.builds(
        lambda at, length, who, uid: Imported(
            START + HOUR * at, START + HOUR * (at + length), who, uid
        ),
        st.integers(-50, 50),
        st.integers(1, 20),
        st.sampled_from(["ana", "bo"]),
        st.sampled_from(["", "x@there", "y@there"]),
    ),
    max_size=12,
)


def _hours(shifts: list[Imported], *, before: bool) -> set[tuple[int, str]]:
    return {
        (hour, one.user)
        for one in shifts
        for hour in range(-60, 80)
        if one.start <= START + HOUR * hour < one.end and (hour < 0) is before
    }


@given(spans, spans)
def test_what_has_been_stays_and_what_comes_is_the_newest(
    held: list[Imported], fresh: list[Imported]
) -> None:
    kept = merged(held, fresh, now=START)
    assert _hours(kept, before=True) == _hours(held, before=True)
    assert _hours(kept, before=False) == _hours(fresh, before=False)
    assert merged(kept, fresh, now=START) == kept
    assert unwritten(written(kept)) == kept


def _final(*shifts: tuple[int, int, str]) -> tuple[Shift, ...]:
    """A day of cy's with a calendar's shifts: (from, to, who) in hours."""
    given = [
        {
            "start": f"2024-03-04T{a:02}:00Z",
            "end": f"2024-03-04T{b:02}:00Z",
            "user": who,
            "uid": f"{a}-{who}@there",
        }
        for a, b, who in shifts
    ]
    people = {n: {"name": n, "email": f"{n}@example.com"} for n in ("ana", "bo", "cy")}
    rotation = {
        "name": "P", "users": ["cy"], "start": "2024-01-01T00:00", "imported": given,
    }  # fmt: skip
    schedules = {"s": {"name": "s", "rotations": [rotation]}}
    directory, problems = build(
        {"people": people, "schedules": schedules}, version=1, ids={}
    )
    assert not problems, problems
    held = directory.rotation("s/P")
    assert held is not None
    day = datetime(2024, 3, 4, tzinfo=UTC)
    return final_schedule(held, Window(day, day + 24 * HOUR)).shifts


def _imported(*shifts: tuple[int, int, str]) -> list[tuple[int, int, str]]:
    return [(one.start.hour, one.end.hour or 24, one.user) for one in _final(*shifts)]


def test_a_shift_keeps_its_name_when_an_earlier_event_is_added() -> None:
    def names(shifts: tuple[Shift, ...]) -> dict[str, str]:
        return {one.user: one.source for one in shifts if one.user != "cy"}

    before = names(_final((9, 12, "ana"), (14, 20, "bo")))
    after = names(_final((2, 4, "bo"), (9, 12, "ana"), (14, 20, "bo")))
    assert before == after
    assert all(one.startswith("ical:") for one in before.values())
    assert {kind_of(one) for one in before.values()} == {"calendar"}


def test_what_the_calendar_moves_or_gives_to_another_is_another_shift() -> None:
    (one,) = [s.source for s in _final((9, 12, "ana")) if s.user == "ana"]
    (moved,) = [s.source for s in _final((10, 12, "ana")) if s.user == "ana"]
    assert one != moved


def test_of_one_event_what_has_been_and_what_comes_are_one_shift() -> None:
    event = Imported(START - HOUR, START + HOUR, "ana", "x@there")
    beside = Imported(START + HOUR, START + 2 * HOUR, "ana", "y@there")
    later = [event, beside]
    assert merged([event], later, now=START) == later


def test_nobody_gives_an_override_the_name_of_a_calendars_shift() -> None:
    document = {
        "tz": "UTC",
        "layers": [],
        "overrides": [
            {
                "id": "ical:0123456789ab", "kind": "cover", "user": "ana",
                "start": "2024-03-04T09:00Z", "end": "2024-03-04T10:00Z",
            }
        ],
    }  # fmt: skip
    with pytest.raises(BadSchedule) as refused:
        schedule_files.read(document)
    assert refused.value.problems[-1] == (
        "overrides[0].id: 'ical:0123456789ab': expected a name that does not begin "
        "with 'ical:', as the shifts of calendars do"
    )


def test_a_calendars_shifts_stand_above_the_turns_and_beside_each_other() -> None:
    assert _imported((9, 17, "ana"), (12, 20, "bo")) == [
        (0, 9, "cy"), (9, 17, "ana"), (12, 20, "bo"), (20, 24, "cy"),
    ]  # fmt: skip


def test_what_is_no_import_is_a_problem_with_its_place() -> None:
    rotation = {
        "name": "P", "users": ["cy"],
        "imported": [{"start": "2024-03-04T09:00", "end": "2024-03-04T10:00", "user": "cy"}],
    }  # fmt: skip
    _, problems = build(
        {
            "people": {"cy": {"name": "cy", "email": "cy@example.com"}},
            "schedules": {"s": {"name": "s", "rotations": [rotation]}},
        },
        version=1,
        ids={},
    )
    assert [one.where for one in problems] == ["schedules[s].rotations[P].imported"]
