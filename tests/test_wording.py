"""What is no page says what it is, on every channel, and asks for no answer."""

import pytest
from msgspec.structs import replace

from tests.integrations.contracts import message, word
from tocsin.integrations.phone.words import speech, text_message
from tocsin.integrations.smtp import compose
from tocsin.integrations.teams.pages import _message as teams_card
from tocsin.wording import body, heading, way_in

CODE = "Your Tocsin code is 957953"


def test_a_mail_has_the_words_for_its_subject_and_no_alert_in_it() -> None:
    mail = compose(word(), to="a@example.com", key="k", sender="tocsin@example.com")
    assert mail["Subject"] == CODE
    assert mail["References"] is None
    assert (
        mail.get_content() == "Enter it within 15 minutes.\n\nhttp://tocsin.test/me\n"
    )


def test_a_text_message_names_no_way_to_answer() -> None:
    assert text_message(word()) == (
        f"{CODE}. Enter it within 15 minutes.\nhttp://tocsin.test/me"
    )
    reminder = replace(word(), subject="You are on call in an hour")
    assert text_message(reminder).startswith("Tocsin: You are on call in an hour. ")


def test_a_code_is_heard_digit_by_digit() -> None:
    assert speech(word()) == (
        "This is Tocsin, for Alice. Your Tocsin code is 9 5 7 9 5 3. "
        "Enter it within 15 minutes."
    )


def test_where_there_is_a_heading_it_is_the_subject() -> None:
    assert (heading(word()), way_in(word())) == (CODE, "Open")
    assert body(word()) == "Enter it within 15 minutes."
    assert (heading(message()), way_in(message())) == ("SEV2 checkout", "Answer")


@pytest.mark.parametrize(
    ("shown", "said"), [(word(), "Open"), (message(), "Acknowledge")]
)
def test_only_a_page_is_acknowledged_in_teams(shown: object, said: str) -> None:
    assert f"'title': '{said}'" in str(teams_card(shown))  # type: ignore[arg-type]
