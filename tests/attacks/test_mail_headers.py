"""No text of an alert, a person or an address becomes a header or a recipient."""

from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.integrations.contracts import message
from tocsin.core.building.directory_building import build
from tocsin.integrations.smtp import SmtpPager, compose

text = st.text(st.characters(codec="utf-8"), max_size=200)
breaking = st.sampled_from(
    ["\r\n", "\n", "\r", "\r\n ", "\x0b", "\x0c", "\u2028", "\x85", "\0"]
)
injected = st.builds(
    lambda before, line, name, after: (
        f"{before}{line}{name}: eve@example.com{line}{after}"
    ),
    text,
    breaking,
    st.sampled_from(["Bcc", "To", "Cc", "From", "Subject", "Content-Type", "X-Eve"]),
    text,
)
KNOWN = {
    "from", "to", "subject", "date", "message-id", "references", "in-reply-to",
    "auto-submitted", "x-priority", "content-type", "content-transfer-encoding",
    "mime-version",
}  # fmt: skip


@given(injected | text)
def test_a_title_stays_in_the_subject(title: str) -> None:
    mail = compose(
        message(title), to="alice@example.com", key="k", sender="Tocsin <t@example.com>"
    )
    back = message_from_bytes(mail.as_bytes(), policy=policy.default)
    assert {name.lower() for name in back.keys()} <= KNOWN
    assert back.get_all("to") == ["alice@example.com"]
    assert len(back.get_all("subject") or []) == 1
    assert back.get_content_type() == "text/plain"


@pytest.mark.parametrize(
    "address",
    [
        "alice@example.com\r\nBcc: eve@example.com", "alice@example.com\nRCPT TO:<eve@x>",
        "alice@example.com, eve@example.com", "alice@example.com;eve@example.com",
        "Alice <alice@example.com>", "<alice@example.com>\0", "a b@example.com", "@x", "a@",
        "alice@example.com>\r\nRCPT TO:<eve@example.com", "alice", "",
    ],
)  # fmt: skip
def test_an_address_is_one_address(address: str) -> None:
    pager = SmtpPager("smtp://localhost", sender="t@example.com")
    assert pager.problems(address)


@pytest.mark.parametrize("line", ["\r\n", "\n", "\r", "\u2028", "\0"])
def test_a_configured_address_with_a_line_break_is_refused(line: str) -> None:
    person = {"name": "eve", "email": f"eve@example.com{line}Bcc: all@example.com"}
    _, problems = build({"people": {"eve": person}}, version=0, ids={})
    assert any("email" in one.where for one in problems)
