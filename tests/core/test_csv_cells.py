"""What is exported can be read back as it was, and never runs in a spreadsheet."""

import csv
import io
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.csv_cells import cell, row

text = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
risky = st.sampled_from("=+-@\t\r\n＝＋－＠ '\"\u00a0").flatmap(
    lambda first: text.map(lambda rest: first + rest)
)


@given(st.lists(text | risky, min_size=1, max_size=6))
def test_a_row_comes_back_as_it_was_but_for_the_apostrophes(values: list[str]) -> None:
    line = row(values)
    assert line.endswith("\r\n")
    (back,) = list(csv.reader(io.StringIO(line, newline=""), strict=True))
    assert [
        one in (given, "'" + given) for one, given in zip(back, values, strict=True)
    ]
    assert len(back) == len(values)
    for one, given_ in zip(back, values, strict=True):
        assert one in (given_, "'" + given_)


@given(text | risky)
def test_no_cell_begins_a_formula(value: str) -> None:
    (back,) = next(csv.reader(io.StringIO(row([value]), newline="")))
    assert not back.lstrip(" \u00a0").startswith(
        ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=1+1", '"\'=1+1"'),
        ("  @SUM(A1)", '"\'  @SUM(A1)"'),
        ("'=1+1", "\"''=1+1\""),
        ("a=b", '"a=b"'),
        ('say "hi", please', '"say ""hi"", please"'),
        (-5, '"-5"'),
        (None, '""'),
        (
            datetime(2024, 3, 4, 10, tzinfo=timezone(timedelta(hours=1))),
            '"2024-03-04T09:00:00Z"',
        ),
    ],
)
def test_each_kind_of_value(value: object, expected: str) -> None:
    assert cell(value) == expected
