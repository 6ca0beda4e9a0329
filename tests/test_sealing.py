"""The sealer: what it hides, what it refuses to open, and that equal stays equal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.interfaces.failures import CannotOpen
from tocsin.sealing import SivSealer

OURS = SivSealer(b"an installation's secret")
ANOTHER = SivSealer(b"another installation's secret")


@given(st.text(), st.text(min_size=1, max_size=30))
def test_what_is_sealed_opens_to_the_same_text(text: str, purpose: str) -> None:
    text = text.encode("utf-8", "ignore").decode()
    purpose = purpose.encode("utf-8", "ignore").decode() or "x"
    assert OURS.open(OURS.seal(text, purpose=purpose), purpose=purpose) == text


def test_equal_texts_are_sealed_equal_so_that_they_can_be_looked_up() -> None:
    again = SivSealer(b"an installation's secret")
    sealed = OURS.seal("0123456789abcdef", purpose="integration key")
    assert sealed == again.seal("0123456789abcdef", purpose="integration key")
    assert sealed.startswith("sealed:1:")
    assert "0123456789abcdef" not in sealed


def test_a_secret_of_one_kind_cannot_be_passed_off_as_another() -> None:
    sealed = OURS.seal("https://hooks.example.com", purpose="contact address")
    with pytest.raises(CannotOpen):
        OURS.open(sealed, purpose="integration key")


def test_another_installation_opens_nothing() -> None:
    with pytest.raises(CannotOpen):
        ANOTHER.open(OURS.seal("secret", purpose="key"), purpose="key")


@given(st.data())
def test_a_changed_text_does_not_open(data: st.DataObject) -> None:
    sealed = OURS.seal("0123456789abcdef", purpose="key")
    at = data.draw(st.integers(len("sealed:1:"), len(sealed) - 2))
    other = "A" if sealed[at] != "A" else "B"
    with pytest.raises(CannotOpen):
        OURS.open(sealed[:at] + other + sealed[at + 1 :], purpose="key")


@pytest.mark.parametrize(
    "text", ["plain", "sealed:1:", "sealed:1:!!!", "sealed:2:AAAA", "sealed:1:AAAA"]
)
def test_what_was_never_sealed_does_not_open(text: str) -> None:
    with pytest.raises(CannotOpen):
        OURS.open(text, purpose="key")


def test_after_a_change_of_the_key_the_former_still_opens_and_the_new_one_seals() -> (
    None
):
    both = SivSealer(b"new", b"an installation's secret")
    sealed = OURS.seal("secret", purpose="key")
    assert both.open(sealed, purpose="key") == "secret"
    assert both.seal("secret", purpose="key") == SivSealer(b"new").seal(
        "secret", purpose="key"
    )
