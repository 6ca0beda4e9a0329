"""Mails to subscribers, as a real SMTP server receives them."""

from collections.abc import Iterator

import pytest

from tests.peers.programs import Mailserver, text_of
from tocsin.integrations.smtp import MailPoster, SmtpPager
from tocsin.interfaces.failures import DeliveryFailed

MAIL = {
    "subscriber": "s1", "subject": "Meridian: Fixing:\r\nBcc: eve@example.com",
    "text": "Fixing\n\n.\r\nÜberweisungen gehen nicht.\n",
    "sent_at": "2024-03-04T08:00:00+00:00",
    "leave": "https://tocsin.example.com/status/meridian/mails/s1.mac",
}  # fmt: skip


@pytest.fixture
def peer() -> Iterator[Mailserver]:
    server = Mailserver()
    yield server
    server.stop()


def poster(peer: Mailserver) -> MailPoster:
    url = f"smtp://127.0.0.1:{peer.port}"
    return MailPoster(SmtpPager(url, sender="Tocsin <tocsin@example.com>"))


def test_a_subscribers_mail_can_be_left_with_one_click_and_its_words_add_no_header(
    peer: Mailserver,
) -> None:
    for _ in range(2):
        poster(peer).post(MAIL, to="ana@example.com", key="k", timeout_seconds=5)
    mail = peer.wait_for("ana@example.com", count=2)
    assert mail["List-Unsubscribe"] == f"<{MAIL['leave']}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Subject"] == "Meridian: Fixing: Bcc: eve@example.com"
    assert mail["Bcc"] is None
    assert "Überweisungen gehen nicht." in text_of(mail)
    assert len({one["Message-ID"] for _, one in peer.mails}) == 1


def test_a_mailbox_that_is_not_there_is_told_with_the_servers_words(
    peer: Mailserver,
) -> None:
    peer.answers = ["550 5.1.1 no such user"]
    with pytest.raises(DeliveryFailed, match=r"^550 5\.1\.1") as caught:
        poster(peer).post(MAIL, to="gone@example.com", key="k", timeout_seconds=5)
    assert caught.value.permanent
