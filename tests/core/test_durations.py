"""Durations as people write them and as they read them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.durations import BadDuration, compact, parse, words


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("30s", timedelta(seconds=30)),
        ("15 minutes", timedelta(minutes=15)),
        ("15m", timedelta(minutes=15)),
        ("1h30m", timedelta(minutes=90)),
        ("2d", timedelta(days=2)),
        ("1 week", timedelta(days=7)),
        ("1 hour and 5 min", timedelta(minutes=65)),
        ("0", timedelta(0)),
    ],
)
def test_what_people_write(text: str, duration: timedelta) -> None:
    assert parse(text) == duration


@pytest.mark.parametrize(
    "text", ["", "  ", "15", "soon", "5 fortnights", "-5m", "1.5h"]
)
def test_anything_else_says_what_was_expected(text: str) -> None:
    with pytest.raises(BadDuration, match="expected a duration such as"):
        parse(text)


def test_longer_than_a_year_is_refused() -> None:
    with pytest.raises(BadDuration, match="longer than a year"):
        parse("54 weeks")


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (0, "0 s"),
        (0.5, "30 s"),
        (15, "15 min"),
        (150, "2 h 30 min"),
        (1441, "1 d 1 min"),
    ],
)
def test_what_people_read(minutes: float, said: str) -> None:
    assert words(timedelta(minutes=minutes)) == said


@given(st.integers(0, 366 * 86400))
def test_what_is_written_to_a_file_reads_the_same(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert parse(compact(duration)) == duration
