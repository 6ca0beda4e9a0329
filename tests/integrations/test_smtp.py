"""Mail, through a real SMTP server with TLS that is verified and a password."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.integrations.contracts import PagerContract, message
from tests.peers.programs import Mailserver, text_of
from tocsin.integrations.smtp import SmtpPager
from tocsin.interfaces.failures import DeliveryFailed


class Peer(Mailserver):
    def refuse_for_now(self) -> None:
        self.answers = ["451 try again later"]

    def refuse_for_good(self) -> None:
        self.answers = ["550 no such user"]

    def hang_after_the_message(self) -> None:
        self._hang = True

    async def handle_DATA(self, server, session, envelope):  # type: ignore[no-untyped-def]
        if getattr(self, "_hang", False):
            import asyncio

            await asyncio.sleep(5)
        return await super().handle_DATA(server, session, envelope)

    def recipients(self) -> str:
        return " ".join(who for who, _ in self.mails)


@pytest.mark.slow  # TLS handshakes and one timeout of two seconds
class TestSmtp(PagerContract):
    @pytest.fixture
    def authority(self) -> trustme.CA:
        return trustme.CA()

    @pytest.fixture
    def peer(self, authority: trustme.CA) -> Iterator[Peer]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        server = Peer(context=context, password=self.secret)
        yield server
        server.stop()

    @pytest.fixture
    def ca_file(self, authority: trustme.CA, tmp_path: Path) -> str:
        path = tmp_path / "ca.pem"
        authority.cert_pem.write_to_path(str(path))
        return str(path)

    @pytest.fixture
    def pager(self, peer: Peer, ca_file: str) -> SmtpPager:
        url = f"smtp://tocsin:{self.secret}@127.0.0.1:{peer.port}?starttls=required"
        return SmtpPager(url, sender="Tocsin <tocsin@example.com>", ca_file=ca_file)

    @pytest.fixture
    def address(self) -> str:
        return "alice@example.com"

    def test_the_mail_says_what_why_and_who_next(
        self, pager: SmtpPager, address: str, peer: Peer
    ) -> None:
        self.send(pager, address)
        mail = peer.wait_for(address)
        assert mail["Subject"] == "[SEV2] checkout: Checkout error rate 31%"
        text = text_of(mail)
        for words in (
            "http://tocsin.test/p/1-a-b",
            "Level 1 of payments",
            "bob is paged at",
            "04:07 (Mon 04 Mar, Europe/Berlin)",
        ):
            assert words in text
        assert mail["Auto-Submitted"] == "auto-generated"

    def test_a_retry_is_the_same_mail(
        self, pager: SmtpPager, address: str, peer: Peer
    ) -> None:
        self.send(pager, address)
        self.send(pager, address)
        assert len({mail["Message-ID"] for _, mail in peer.mails}) == 1

    def test_a_certificate_of_nobody_we_trust_is_refused(
        self, peer: Peer, address: str
    ) -> None:
        url = f"smtp://tocsin:{self.secret}@127.0.0.1:{peer.port}?starttls=required"
        with pytest.raises(DeliveryFailed, match="CERTIFICATE"):
            self.send(SmtpPager(url, sender="t@example.com"), address)
        assert peer.count() == 0

    def test_a_wrong_password_is_refused_and_not_shown(
        self, peer: Peer, ca_file: str, address: str
    ) -> None:
        url = f"smtp://tocsin:wr0ng-one@127.0.0.1:{peer.port}?starttls=required"
        with pytest.raises(DeliveryFailed) as caught:
            self.send(SmtpPager(url, sender="t@example.com", ca_file=ca_file), address)
        assert "wr0ng" not in caught.value.reason

    @pytest.mark.parametrize(
        "bad",
        [
            "",
            "alice",
            "a@b@c",
            "alice@example.com\r\nBcc: eve@example.com",
            "Alice <alice@example.com>",
        ],
    )
    def test_an_address_is_one_address(self, pager: SmtpPager, bad: str) -> None:
        assert pager.problems(bad)
        with pytest.raises(DeliveryFailed):
            self.send(pager, bad)


def test_a_bundle_names_its_worst_first() -> None:
    from tocsin.integrations.smtp import subject

    assert (
        subject(message(alerts=3))
        == "3 alerts, worst [SEV2] checkout: Checkout error rate 31%"
    )
