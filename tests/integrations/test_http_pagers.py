"""Webhook and ntfy against a local server that records what it is sent.

The server is a recorded-contract fake: it answers as ntfy's publishing API and as any
webhook receiver do (docs.ntfy.sh/publish, standard-webhooks.md).
"""

import base64
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.integrations.contracts import PagerContract
from tocsin.core.targets import Allowed
from tocsin.egress import GuardedEgress
from tocsin.integrations.ntfy import NtfyPager
from tocsin.integrations.webhook import WebhookPager
from tocsin.interfaces.failures import DeliveryFailed


class HttpPeer:
    def __init__(self) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.answer: tuple[int, dict[str, str]] = (200, {})
        self.hang = threading.Event()
        peer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if peer.hang.is_set():
                    peer.released.wait(5)
                    return
                peer.requests.append(
                    ({k.lower(): v for k, v in self.headers.items()}, body)
                )
                status, headers = peer.answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                content = json.dumps({"id": "m1"}).encode()
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def count(self) -> int:
        return len(self.requests)

    def recipients(self) -> str:
        return ""

    def refuse_for_now(self) -> None:
        self.answer = (429, {"retry-after": "7"})

    def refuse_for_good(self) -> None:
        self.answer = (404, {})

    def hang_after_the_message(self) -> None:
        self.hang.set()

    def stop(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def peer() -> Iterator[HttpPeer]:
    made = HttpPeer()
    yield made
    made.stop()


@pytest.mark.slow  # one timeout of two seconds
class TestWebhook(PagerContract):
    secret = "whsec_" + base64.b64encode(b"s3cr3t-t0k3n-of-ours").decode()

    @pytest.fixture
    def pager(self) -> WebhookPager:
        return WebhookPager(
            secret=self.secret,
            egress=GuardedEgress(Allowed(private=True)),
            now=lambda: datetime(2024, 3, 4, tzinfo=UTC),
        )

    @pytest.fixture
    def address(self, peer: HttpPeer) -> str:
        return f"http://127.0.0.1:{peer.port}/hook"

    def test_it_is_signed_as_standard_webhooks_says(
        self, pager: Any, address: str, peer: HttpPeer
    ) -> None:
        self.send(pager, address)
        headers, body = peer.requests[0]
        signed = (
            f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        )
        expected = base64.b64encode(
            hmac.new(b"s3cr3t-t0k3n-of-ours", signed, sha256).digest()
        ).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
        assert headers["webhook-id"] == "tocsin-page-7"

    def test_how_long_to_wait_is_heard(
        self, pager: Any, address: str, peer: HttpPeer
    ) -> None:
        peer.refuse_for_now()
        with pytest.raises(DeliveryFailed) as caught:
            self.send(pager, address)
        assert caught.value.retry_after_seconds == 7

    def test_a_redirect_is_not_followed(
        self, pager: Any, address: str, peer: HttpPeer
    ) -> None:
        peer.answer = (302, {"location": "http://169.254.169.254/"})
        with pytest.raises(DeliveryFailed):
            self.send(pager, address)

    def test_it_asks_the_egress_whether_it_may(self, address: str) -> None:
        inside = WebhookPager(
            secret=self.secret,
            egress=GuardedEgress(Allowed()),
            now=lambda: datetime(2024, 3, 4, tzinfo=UTC),
        )
        with pytest.raises(DeliveryFailed, match="private network") as caught:
            self.send(inside, address)
        assert caught.value.permanent


@pytest.mark.slow  # one timeout of two seconds
class TestNtfy(PagerContract):
    @pytest.fixture
    def pager(self, peer: HttpPeer) -> NtfyPager:
        return NtfyPager(
            server=f"http://127.0.0.1:{peer.port}",
            token=self.secret,
            own=GuardedEgress(Allowed(any_=True)),
            typed=GuardedEgress(Allowed(private=True)),
        )

    @pytest.fixture
    def address(self) -> str:
        return "alice-phone"

    def test_it_is_loud_and_leads_to_the_page(
        self, pager: Any, address: str, peer: HttpPeer
    ) -> None:
        receipt = self.send(pager, address)
        headers, raw = peer.requests[0]
        body = json.loads(raw)
        assert (body["topic"], body["priority"], body["click"]) == (
            "alice-phone",
            5,
            "http://tocsin.test/p/1-a-b",
        )
        assert headers["authorization"] == f"Bearer {self.secret}"
        assert receipt.provider_id == "m1"

    def test_the_token_goes_to_no_server_that_somebody_typed(
        self, pager: Any, peer: HttpPeer
    ) -> None:
        other = HttpPeer()
        self.send(pager, f"http://127.0.0.1:{other.port}/alice-phone")
        other.stop()
        assert "authorization" not in other.requests[0][0]
