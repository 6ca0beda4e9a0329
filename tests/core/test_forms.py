"""What is wrong with a field, in one sentence that says `expected` once."""

import pytest

from tocsin.core.forms import Problem


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
