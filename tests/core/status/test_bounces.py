"""When an address is written to no more, and whose mail it was that came back."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.cast import MONDAY_9AM
from tocsin.core.status.bounces import (
    LONGEST_LOCAL_PART,
    MOST_FAILURES,
    Standing,
    failed,
    return_address,
    returned_of,
)

DAY = timedelta(days=1)
SECRET = b"s" * 32


def test_a_box_that_is_not_there_is_never_written_to_again() -> None:
    gone = failed(Standing(), final=True, now=MONDAY_9AM)
    assert gone == Standing(1, MONDAY_9AM, is_suppressed=True)
    assert failed(gone, final=False, now=MONDAY_9AM + DAY) == gone


def test_what_may_pass_counts_once_a_day_and_five_times_is_enough() -> None:
    known, now = Standing(), MONDAY_9AM
    for day in range(1, MOST_FAILURES):
        for hour in (0, 1, 6):
            known = failed(known, final=False, now=now + hour * DAY / 24)
        assert (known.failures, known.is_suppressed) == (day, False)
        now += DAY
    assert failed(known, final=False, now=now).is_suppressed


def test_after_a_month_without_any_it_begins_anew() -> None:
    known = Standing(MOST_FAILURES - 1, MONDAY_9AM)
    later = failed(known, final=False, now=MONDAY_9AM + 31 * DAY)
    assert (later.failures, later.is_suppressed) == (1, False)


def test_a_return_address_fits_and_says_whose_it_is() -> None:
    subscriber = "0198a2f2-6a47-7c3e-9f3b-2f1d7c9f0a11"
    made = return_address(SECRET, "bounces@mail.example.com", subscriber)
    assert len(made.partition("@")[0]) <= LONGEST_LOCAL_PART
    assert returned_of(SECRET, made) == subscriber
    assert returned_of(SECRET, made.upper()) == subscriber
    assert returned_of(b"other" * 8, made) == ""
    assert returned_of(SECRET, made.replace("0a11", "0a12")) == ""


@given(st.text())
def test_no_other_address_is_one(text: str) -> None:
    assert returned_of(SECRET, text) == ""
    assert returned_of(SECRET, f"{text}@example.com") == ""
