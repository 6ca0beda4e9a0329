"""Apprise connects by itself, and still reaches nothing inside."""

from collections.abc import Iterator

import pytest

from tests.integrations.contracts import message
from tests.integrations.test_http_pagers import HttpPeer
from tocsin.core.targets import Allowed
from tocsin.egress import GuardedEgress
from tocsin.integrations.apprise_urls import ApprisePager
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.pagers import Receipt

pytest.importorskip("apprise")


@pytest.fixture
def peer() -> Iterator[HttpPeer]:
    made = HttpPeer()
    yield made
    made.stop()


def send(pager: ApprisePager, address: str) -> Receipt:
    return pager.page(message(), to=address, key="k", timeout_seconds=4)


def guarded(*found: str, **more: object) -> ApprisePager:
    allowed = Allowed(**more)  # type: ignore[arg-type]
    return ApprisePager(egress=GuardedEgress(allowed, resolve=lambda host: list(found)))


def test_a_service_that_may_be_reached_is_told(peer: HttpPeer) -> None:
    pager = ApprisePager(egress=GuardedEgress(Allowed(private=True)))
    assert send(pager, f"json://127.0.0.1:{peer.port}/hook").answer
    assert b"Checkout error rate" in peer.requests[0][1]


@pytest.mark.parametrize(
    "address",
    [
        "json://127.0.0.1:{port}/", "json://localhost:{port}/", "jsons://[::1]:{port}/",
        "json://2130706433:{port}/", "json://169.254.169.254/", "gotify://10.0.0.1/token",
        "mailto://u:p@example.com?smtp=127.0.0.1", "hassio://192.168.1.2/token",
        "ntfy://10.0.0.1/topic", "apprise://10.0.0.1/token",
    ],
)  # fmt: skip
def test_nothing_inside_is_told(peer: HttpPeer, address: str) -> None:
    pager = ApprisePager(egress=GuardedEgress(Allowed()))
    with pytest.raises(DeliveryFailed):
        send(pager, address.format(port=peer.port))
    assert not peer.requests


@pytest.mark.parametrize("scheme", ["syslog", "dbus", "windows", "SYSLOG", "gnome"])
def test_the_server_itself_is_no_person(scheme: str) -> None:
    pager = ApprisePager(egress=GuardedEgress(Allowed()))
    assert "the server itself" in pager.problems(f"{scheme}://")[0]


def test_a_name_that_changes_its_answer_gains_nothing(peer: HttpPeer) -> None:
    asked: list[str] = []

    def rebinding(host: str) -> list[str]:
        asked.append(host)
        return ["93.184.216.34"] if len(asked) == 1 else ["127.0.0.1"]

    pager = ApprisePager(egress=GuardedEgress(Allowed(), resolve=rebinding))
    with pytest.raises((DeliveryFailed, DeliveryUnknown)):
        send(pager, f"json://rebind.example:{peer.port}/")
    assert len(asked) >= 2
    assert not peer.requests


@pytest.mark.parametrize("more", ["", "?redirect=yes"])
def test_a_redirect_is_not_followed(peer: HttpPeer, more: str) -> None:
    other = HttpPeer()
    peer.answer = (307, {"location": f"http://127.0.0.1:{other.port}/inside"})
    pager = ApprisePager(egress=GuardedEgress(Allowed(private=True)))
    with pytest.raises(DeliveryUnknown):
        send(pager, f"json://127.0.0.1:{peer.port}/{more}")
    other.stop()
    assert peer.requests and not other.requests


def test_a_host_that_is_really_a_token_is_not_looked_up(peer: HttpPeer) -> None:
    pager = guarded("10.0.0.1")
    address = "tgram://167772161:abcdefg_hijklmnop/12345/"
    assert not pager.problems(address)
