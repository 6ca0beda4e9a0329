"""Which hours are meant by what people type behind `cover me`."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tocsin.core.chat.command_words import BadCommand
from tocsin.core.chat.cover_words import Cover, hours
from tocsin.core.wallclock import Window

BERLIN = ZoneInfo("Europe/Berlin")
# In Berlin it is ten.
MONDAY_9AM = datetime(2024, 3, 4, 9, tzinfo=UTC)


def meant(start: str, end: str, now: datetime = MONDAY_9AM) -> tuple[str, str]:
    window = hours(Cover(start, end), BERLIN, now=now)
    assert window is not None
    return f"{window.start:%d %H:%M}", f"{window.end:%d %H:%M}"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("18:00", "22:00", ("04 17:00", "04 21:00")),
        # Over midnight; from now; and what has been today is tomorrow's.
        ("18:00", "08:00", ("04 17:00", "05 07:00")),
        ("10:00", "11:00", ("04 09:00", "04 10:00")),
        ("9:30", "11:00", ("05 08:30", "05 10:00")),
        ("10:00", "10:00", ("04 09:00", "05 09:00")),
        ("2024-03-09T20:00", "08:00", ("09 19:00", "10 07:00")),
        ("2024-03-09T20:00", "2024-03-10T08:00", ("09 19:00", "10 07:00")),
        # The night in which the clocks go forward has an hour less.
        ("2024-03-30T20:00", "08:00", ("30 19:00", "31 06:00")),
        ("2024-03-31T02:30", "04:00", ("31 01:00", "31 02:00")),
    ],
)
def test_times_are_on_the_clock_of_whoever_wrote_them(
    start: str, end: str, expected: tuple[str, str]
) -> None:
    assert meant(start, end) == expected


def test_the_minute_that_runs_is_still_now() -> None:
    now = MONDAY_9AM.replace(second=40)
    assert meant("10:00", "11:00", now) == ("04 09:00", "04 10:00")


def test_without_times_the_next_shift_is_meant() -> None:
    assert hours(Cover(why="ill"), BERLIN, now=MONDAY_9AM) is None


def test_an_end_before_the_start_is_no_hours() -> None:
    with pytest.raises(BadCommand, match="expected an end after 18:00, not 2024-03-01"):
        hours(Cover("18:00", "2024-03-01T10:00"), BERLIN, now=MONDAY_9AM)


def test_what_has_been_is_left_to_the_rules_of_requests() -> None:
    window = hours(
        Cover("2024-03-01T10:00", "2024-03-01T12:00"), BERLIN, now=MONDAY_9AM
    )
    assert window == Window(
        datetime(2024, 3, 1, 9, tzinfo=UTC), datetime(2024, 3, 1, 11, tzinfo=UTC)
    )
