"""What is wrong with a field, in one sentence that says `expected` once."""

import pytest

from tocsin.core.configuration import FORMS
from tocsin.core.forms import Problem, instant


@pytest.mark.parametrize(
    ("expected", "sentence"),
    [
        ("a mail address", "Expected a mail address."),
        ("expected an address with a host", "Expected an address with a host."),
        ("the Matrix name: expected @NAME:SERVER", "The Matrix name: expected @NAME:SERVER."),
        ("a time as expected by all", "Expected a time as expected by all."),
    ],
)  # fmt: skip
def test_a_sentence_says_expected_once(expected: str, sentence: str) -> None:
    assert Problem("people[bob].contacts", None, expected).sentence == sentence


def test_a_secret_is_masked_where_it_is_named() -> None:
    wrong = Problem("contacts[0].address", "http://h/s3cr3t", "expected https://", is_secret=True)  # fmt: skip
    assert str(wrong) == "contacts[0].address: ••••cr3t: expected https://"
    assert str(Problem("name", None, "a name")) == "name: missing: expected a name"


@pytest.mark.parametrize(
    "given",
    [
        "0055-12-30T04:55:11+09:07",
        "9999-12-31T23:59:00-09:00",
        "2026-01-01T00:00",
        "x",
        7,
    ],
)
def test_a_moment_is_one_that_can_be_reckoned_with(given: object) -> None:
    problems: list[Problem] = []
    instant("when").check(given, "when", problems)
    (found,) = problems
    assert (found.where, found.given) == ("when", given)
    assert "a moment such as" in found.expected


def test_a_span_of_past_leave_has_both_ends() -> None:
    problems: list[Problem] = []
    person = {"name": "x", "leave_past": [{"start": "2026-01-01T00:00Z"}]}
    FORMS["people"].read(person, "people[x]", problems)
    assert [one.where for one in problems] == ["people[x].leave_past[0].end"]
