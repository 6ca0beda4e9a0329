"""Times and days as people type them in a line."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from tocsin.core.typed_times import BadTime, day_typed, instant_typed, skipped

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY_9AM = datetime(2024, 3, 4, 9, 0, tzinfo=UTC)  # ten o'clock in Berlin


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("now", (4, 9, 0)),
        ("18:00", (4, 17, 0)),
        ("9:00", (5, 8, 0)),  # of today it is over
        ("6pm", (4, 17, 0)),
        ("12am", (4, 23, 0)),
        ("today 8:00", (4, 7, 0)),  # said, so not moved
        ("tomorrow 18:00", (5, 17, 0)),
        ("  Tomorrow   18:00 ", (5, 17, 0)),
        ("fri 9", (8, 8, 0)),
        ("Friday 9am", (8, 8, 0)),
        ("mon 9:00", (11, 8, 0)),
        ("mon 11:00", (4, 10, 0)),
        ("2024-03-09", (8, 23, 0)),
        ("2024-03-09 18:00", (9, 17, 0)),
        ("2024-03-09T18:00", (9, 17, 0)),
        ("2024-03-09T18:00Z", (9, 18, 0)),
        ("2024-03-09T18:00+05:30", (9, 12, 30)),
        ("2024-03-31T02:30", (31, 1, 0)),  # that night's clocks skip it
    ],
)
def test_a_time_without_a_zone_is_on_the_clock_of_who_types(
    typed: str, expected: tuple[int, int, int]
) -> None:
    day, hour, minute = expected
    found = instant_typed(typed, BERLIN, now=MONDAY_9AM)
    assert found == datetime(2024, 3, day, hour, minute, tzinfo=UTC)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("2024-03-31T02:30", "02:30"),
        ("2024-03-31T02:00", "02:00"),
        ("2024-03-31T03:00", ""),
        ("2024-03-31T01:59", ""),
        ("2024-03-31T01:00Z", ""),
        ("2024-10-27T02:30", ""),  # twice that night
        ("now", ""),
    ],
)
def test_a_time_that_the_clocks_jump_over_is_known(typed: str, expected: str) -> None:
    at = instant_typed(typed, BERLIN, now=MONDAY_9AM)
    assert skipped(typed, at, BERLIN, now=MONDAY_9AM) == expected


@pytest.mark.parametrize(
    "typed",
    ["", "x", "tomorrow", "someday 9:00", "25:00", "9:75", "13pm", "0am", "9:0", "2500-01-01"],
)  # fmt: skip
def test_what_is_no_time_says_what_was_expected(typed: str) -> None:
    with pytest.raises(BadTime, match="expected a time"):
        instant_typed(typed, BERLIN, now=MONDAY_9AM)


def test_days_by_name_or_date() -> None:
    late = datetime(2024, 3, 4, 23, 30, tzinfo=UTC)  # Tuesday already in Berlin
    assert day_typed("today", BERLIN, now=late) == date(2024, 3, 5)
    assert day_typed("tomorrow", BERLIN, now=late) == date(2024, 3, 6)
    assert day_typed("Tue", BERLIN, now=late) == date(2024, 3, 5)
    assert day_typed("monday", BERLIN, now=late) == date(2024, 3, 11)
    assert day_typed("2024-12-24", BERLIN, now=late) == date(2024, 12, 24)
    with pytest.raises(BadTime, match="expected a day such as"):
        day_typed("someday", BERLIN, now=late)
