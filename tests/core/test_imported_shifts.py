"""Whom an event means, and how a newer copy of a calendar meets an older one."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.imported_shifts import (
    Entry,
    Imported,
    leave_days,
    merged,
    person_of,
    read_shifts,
    unwritten,
    written,
)
from tocsin.core.people import Person

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


spans = st.lists(
    st.builds(
        lambda at, length, who: Imported(
            START + HOUR * at, START + HOUR * (at + length), who
        ),
        st.integers(-50, 50),
        st.integers(1, 20),
        st.sampled_from(["ana", "bo"]),
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
