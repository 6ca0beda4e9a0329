"""How often a credential may be tried."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.cast import MONDAY_9AM
from tocsin.core.throttling import (
    NO_WAIT,
    Held,
    Rule,
    failed,
    is_forgettable,
    succeeded,
    take,
)

SECOND = timedelta(seconds=1)
RULE = Rule(
    burst=3,
    every=10 * SECOND,
    free_failures=2,
    first_delay=SECOND,
    longest_delay=60 * SECOND,
)


def taken(count: int) -> Held:
    held = None
    for _ in range(count):
        held, wait = take(RULE, held, now=MONDAY_9AM)
        assert wait == NO_WAIT
    assert held is not None
    return held


def test_a_burst_may_be_used_at_once_and_then_one_try_comes_back_at_a_time() -> None:
    held, wait = take(RULE, taken(3), now=MONDAY_9AM)
    assert wait == 10 * SECOND
    held, wait = take(RULE, held, now=MONDAY_9AM + 10 * SECOND)
    assert wait == NO_WAIT
    _, wait = take(RULE, held, now=MONDAY_9AM + 14 * SECOND)
    assert wait == 6 * SECOND


def test_asking_while_one_has_to_wait_does_not_make_the_wait_longer() -> None:
    held = taken(3)
    for second in range(9):
        held, wait = take(RULE, held, now=MONDAY_9AM + second * SECOND)
        assert wait == (10 - second) * SECOND


def test_failures_in_a_row_double_the_delay_up_to_the_longest() -> None:
    held, delays = taken(1), []
    for _ in range(9):
        held = failed(RULE, held, now=MONDAY_9AM)
        until = held.closed_until
        delays.append(0 if until is None else (until - MONDAY_9AM).seconds)
    assert delays == [0, 1, 2, 4, 8, 16, 32, 60, 60]


def test_a_success_forgets_failures_and_costs_no_try() -> None:
    held = taken(3)
    for _ in range(5):
        held = failed(RULE, held, now=MONDAY_9AM)
    held, wait = take(RULE, succeeded(RULE, held), now=MONDAY_9AM)
    assert (wait, held.failures) == (NO_WAIT, 0)


def test_after_a_quiet_time_failures_are_forgotten() -> None:
    held = taken(1)
    for _ in range(9):
        held = failed(RULE, held, now=MONDAY_9AM)
    later = MONDAY_9AM + 121 * SECOND
    assert is_forgettable(RULE, held, now=later)
    held, wait = take(RULE, held, now=later)
    assert (wait, held.failures) == (NO_WAIT, 0)


def test_a_clock_that_steps_back_gives_no_tries() -> None:
    held, wait = take(RULE, taken(3), now=MONDAY_9AM - timedelta(hours=1))
    assert wait == 10 * SECOND
    assert held.at == MONDAY_9AM


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=200))
def test_no_order_of_tries_gets_more_than_the_bucket_gives(
    steps: list[tuple[int, bool]],
) -> None:
    held, now, allowed = None, MONDAY_9AM, 0
    for seconds, wrong in steps:
        now += seconds * SECOND
        held, wait = take(RULE, held, now=now)
        assert wait >= NO_WAIT
        if wait == NO_WAIT:
            allowed += 1
            if wrong:
                held = failed(RULE, held, now=now)
    assert allowed <= 3 + (now - MONDAY_9AM) // RULE.every
