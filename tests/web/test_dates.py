"""Dates that are not of this year show theirs."""

from datetime import UTC, date, datetime

import pytest

from tocsin.web.rendering import dated_short, day_named, days_named, moment

BERLIN = "Europe/Berlin"
DECEMBER = datetime(2026, 12, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (datetime(2026, 12, 24, 8, 0, tzinfo=UTC), "Thu 24 Dec, 09:00"),
        (datetime(2026, 1, 5, 8, 0, tzinfo=UTC), "Mon 5 Jan, 09:00"),
        (datetime(2027, 1, 4, 8, 0, tzinfo=UTC), "Mon 4 Jan 2027, 09:00"),
        (datetime(2027, 12, 31, 4, 12, tzinfo=UTC), "Fri 31 Dec 2027, 05:12"),
        # The year of the reader's clock counts: in Berlin it has begun.
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), "Fri 1 Jan 2027, 00:30"),
    ],
)
def test_a_time_of_another_year_says_which(at: datetime, shown: str) -> None:
    assert f">{shown}<" in moment(at, BERLIN, now=DECEMBER)
    assert dated_short(at, BERLIN, now=DECEMBER) == shown


def test_a_time_of_today_needs_no_day() -> None:
    early = datetime(2026, 12, 21, 8, 0, tzinfo=UTC)
    assert ">09:00<" in moment(early, BERLIN, now=DECEMBER)


def test_days_from_one_year_into_the_next_name_both() -> None:
    new_year = date(2027, 1, 3)
    assert days_named(date(2026, 12, 21), new_year) == (
        "21 December 2026 – 3 January 2027"
    )
    assert days_named(date(2026, 12, 7), date(2026, 12, 20)) == (
        "7 December – 20 December 2026"
    )
    assert day_named(new_year, today=DECEMBER.date()) == "Sun 3 January 2027"
    assert day_named(date(2026, 12, 24), today=DECEMBER.date()) == "Thu 24 December"
