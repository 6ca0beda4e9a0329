"""Which alerts a silence covers, when, and what it may not be."""

from datetime import UTC, datetime, timedelta

import pytest

from tocsin.core.alerts.silences import (
    Matcher,
    Silence,
    covering,
    covers,
    matches,
    problems,
    state,
)

MONDAY_9AM = datetime(2024, 3, 4, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
LABELS = {"alertname": "Errors", "service": "checkout", "zone": "eu-1"}


def silence(*matchers: Matcher, **more: object) -> Silence:
    values: dict[str, object] = {
        "starts_at": MONDAY_9AM,
        "ends_at": MONDAY_9AM + HOUR,
        "author": "alice",
        "comment": "migration",
    }
    return Silence("1", matchers, **{**values, **more})  # type: ignore[arg-type]


ERRORS = Matcher("alertname", "Errors")


@pytest.mark.parametrize(
    ("matcher", "matched"),
    [
        (Matcher("service", "checkout"), True),
        (Matcher("service", "check"), False),
        (Matcher("service", "search", is_equal=False), True),
        (Matcher("zone", "eu-.*", is_regex=True), True),
        (Matcher("zone", "eu", is_regex=True), False),  # anchored
        (Matcher("zone", "eu|us", is_regex=True), False),
        (Matcher("zone", "us-.*", is_regex=True, is_equal=False), True),
        (Matcher("missing", ""), True),
        (Matcher("missing", "x", is_equal=False), True),
    ],
)
def test_matchers(matcher: Matcher, matched: bool) -> None:
    assert matches(matcher, LABELS) is matched


def test_all_of_its_matchers_must_match() -> None:
    both = silence(ERRORS, Matcher("zone", "us-1"))
    assert not covers(both, LABELS, service="checkout")


def test_a_services_silence_covers_no_other_service() -> None:
    assert not covers(silence(ERRORS, service="search"), LABELS, service="checkout")


@pytest.mark.parametrize(
    ("now", "word", "covered"),
    [
        (MONDAY_9AM - timedelta(seconds=1), "pending", ()),
        (MONDAY_9AM, "active", ("1",)),
        (MONDAY_9AM + HOUR - timedelta(seconds=1), "active", ("1",)),
        (MONDAY_9AM + HOUR, "expired", ()),
    ],
)
def test_it_holds_from_its_start_up_to_its_end(
    now: datetime, word: str, covered: tuple[str, ...]
) -> None:
    one = silence(ERRORS)
    assert state(one, now=now) == word
    assert covering(LABELS, [one], now=now) == covered


def test_a_value_too_long_to_look_at_is_never_silenced_by_a_pattern() -> None:
    labels = {"alertname": "x" * 2000}
    for is_equal in (True, False):
        pattern = Matcher("alertname", "x*|y", is_regex=True, is_equal=is_equal)
        assert not matches(pattern, labels)


def test_a_good_silence_has_no_problem() -> None:
    assert problems(silence(ERRORS), now=MONDAY_9AM) == ()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (silence(), "matchers: expected at least one"),
        (
            silence(Matcher("a", ".*", is_regex=True)),
            "matchers: at least one must not match the empty string",
        ),
        (silence(ERRORS, ends_at=MONDAY_9AM), "endsAt: expected a time after startsAt"),
        (
            silence(ERRORS, ends_at=MONDAY_9AM + timedelta(days=31)),
            "endsAt: expected at most 30 days after the start",
        ),
        (silence(ERRORS, author=""), "createdBy: expected who asks for it"),
        (silence(ERRORS, comment=""), "comment: expected the reason"),
        (
            silence(Matcher("a", "(", is_regex=True)),
            "matchers: a: not a regular expression: "
            "missing ), unterminated subpattern at position 0",
        ),
        (
            silence(Matcher("a", "x" * 513, is_regex=True)),
            "matchers: a: expected a pattern of at most 512 characters",
        ),
    ],
)
def test_each_problem_names_its_field(wrong: Silence, said: str) -> None:
    assert said in problems(wrong, now=MONDAY_9AM)


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        "((a+))+b",
        "(a|aa)*",
        "(a*){9}",
        "(x(a|b)y){2,}",
        "(?:[)]a+)+",
        "((a|b))+",
    ],
)
def test_a_pattern_that_could_take_for_ever_is_refused(pattern: str) -> None:
    found = problems(silence(Matcher("a", pattern, is_regex=True)), now=MONDAY_9AM)
    assert "can take for ever" in found[0]


@pytest.mark.parametrize(
    "pattern",
    [
        "prod-.*",
        "(eu|us)-[0-9]+",
        r"(\d{1,3}\.){3}\d{1,3}",
        "(web)+",
        r"\(a+\)+",
        "[(+]+x",
    ],
)
def test_everyday_patterns_are_taken(pattern: str) -> None:
    one = silence(Matcher("a", pattern, is_regex=True))
    assert problems(one, now=MONDAY_9AM) == ()
