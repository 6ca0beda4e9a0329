"""Which passwords are good enough."""

import pytest

from tocsin.core.people import passwords
from tocsin.engine.signing_in.passwords import _guesses

ABOUT = ("alice", "Alice Ångström", "alice.angstrom@example.com", "tocsin")


def problem(password: str) -> str:
    return passwords.problem(
        passwords.normalised(password), about=ABOUT, shortest=12, guesses=_guesses
    )


@pytest.mark.parametrize(
    "good",
    [
        "harbour tuba eleven",
        "kMx93jd-02jdlQ",
        "correct horse battery staple",
        "пароль длинный кит",
        "東京の朝は静かで寒い空です",
        "all lower case words only",
        "alice likes violet trumpets a lot",
        "x" + "qzjvkw plmtrd" * 18,
    ],
)
def test_any_characters_will_do(good: str) -> None:
    assert problem(good) == ""


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("", "It has 0 characters"),
        ("short tuba", "It has 10 characters; 12 or more are needed"),
        ("q" * 257, "256 are the most"),
        ("password1234", "common or stolen"),
        ("P@ssw0rd12345678", "common or stolen"),
        ("qwertyuiop123456", "common or stolen"),
        ("Winter2026Winter2026", "common or stolen"),
        ("iloveyouforever", "common or stolen"),
        ("abcabcabcabcabc", "same few characters"),
        ("111111111111", "same few characters"),
        ("alice-2024-xy", "mostly 'alice'"),
        ("Alice.Angstrom!", "mostly 'alice.angstrom'"),
        ("tocsintocsintocsin", "mostly 'tocsin'"),
        ("ALICEalicealice1", "mostly 'alice'"),
        ("example.com2026", "mostly 'example"),
    ],
)
def test_short_common_and_personal_ones_are_refused(bad: str, why: str) -> None:
    assert why in problem(bad)


def test_what_keyboards_send_differently_is_the_same_password() -> None:
    assert passwords.normalised("ﬁve ångström") == passwords.normalised(
        "five a\u030angstro\u0308m"
    )
