"""Nothing inside is reached by an address that somebody typed, however it is written."""

import socket
import threading
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.integrations.test_http_pagers import HttpPeer
from tocsin.core.targets import Allowed, is_public
from tocsin.egress import GuardedEgress
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown

INSIDE = [
    ip_network(one)
    for one in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "224.0.0.0/4", "240.0.0.0/4",
    )
]  # fmt: skip
inside = st.sampled_from(INSIDE).flatmap(lambda net: st.ip_addresses(v=4, network=net))
PUBLIC = "93.184.216.34"


def guard(*found: str, **more: object) -> GuardedEgress:
    return GuardedEgress(Allowed(**more), resolve=lambda host: list(found))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "10.0.0.1", "192.168.1.1", "169.254.169.254", "::1",
        "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "fe80::1", "0.0.0.0",
        "100.64.0.1", "fd00::1", "224.0.0.1", "ff02::1", "2001::1", "2001:db8::1",
        "::127.0.0.1", "::", "255.255.255.255", "192.0.0.192", "64:ff9b:1::1",
        # The same machine in the notations that the C library reads.
        "127.1", "0x7f.0.0.1", "0177.0.0.1", "2130706433", "0x7f000001", "017700000001",
        "①②⑦.⓪.⓪.①", "127。0。0。1", "localhost.",
    ],
)  # fmt: skip
def test_nothing_inside_is_reached_unless_allowed(host: str) -> None:
    try:
        GuardedEgress(Allowed()).addresses(host)
    except DeliveryFailed as failed:
        assert "leads to" in failed.reason or "cannot be found" in failed.reason
    else:
        pytest.fail(f"{host} was let through")


@given(inside)
def test_every_ipv6_disguise_of_an_inner_address_is_seen_through(
    inner: IPv4Address,
) -> None:
    number = int(inner)
    disguises = [
        IPv6Address((0xFFFF << 32) | number),  # IPv4-mapped
        IPv6Address(number),  # IPv4-compatible
        IPv6Address(int(IPv6Address("64:ff9b::")) | number),  # NAT64
        IPv6Address((0x2002 << 112) | (number << 80)),  # 6to4
        IPv6Address((0x20010000 << 96) | (number ^ 0xFFFFFFFF)),  # Teredo
    ]
    for one in (inner, *disguises):
        with pytest.raises(DeliveryFailed, match="leads to"):
            guard(str(one)).addresses("typed.example")


@given(st.ip_addresses())
def test_what_is_let_through_is_what_the_standard_library_calls_global_too(
    address: IPv4Address | IPv6Address,
) -> None:
    if is_public(address):
        assert address.is_global and not address.is_multicast


def test_one_inner_address_among_public_ones_refuses_the_host() -> None:
    with pytest.raises(DeliveryFailed, match="private network"):
        guard(PUBLIC, "10.0.0.7").addresses("mixed.example")


def test_private_networks_can_be_opened_but_metadata_stays_shut() -> None:
    assert guard("10.0.0.7", private=True).addresses("a") == ["10.0.0.7"]
    for address in ("169.254.169.254", "100.100.100.200", "fd00:ec2::254", "0.0.0.0"):
        with pytest.raises(DeliveryFailed):
            guard(address, private=True).addresses("metadata.example")


def test_a_name_of_the_metadata_service_is_refused_before_it_is_looked_up() -> None:
    with pytest.raises(DeliveryFailed, match="metadata"):
        guard(PUBLIC, private=True).addresses("metadata.google.internal")


@pytest.mark.parametrize(
    "entry", ["hooks.corp.example", "HOOKS.corp.example.", "10.1.0.0/16", "10.1.2.3"]
)
def test_the_admin_can_name_what_inside_may_be_reached(entry: str) -> None:
    open_to = guard("10.1.2.3", entries=[entry])
    assert open_to.addresses("hooks.corp.example") == ["10.1.2.3"]
    with pytest.raises(DeliveryFailed):
        guard("10.2.0.1", entries=[entry]).addresses("other.corp.example")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "gopher://h/", "ftp://h/", "javascript:alert(1)", "//h/",
        "http://", "http:///x", "https://h:99999/", "http://[::1", "http://a b/",
        "http://h/\r\nX: y", "unix:/run/docker.sock", "", "http://h\x7f/",
    ],
)  # fmt: skip
def test_only_whole_web_addresses_are_taken(url: str) -> None:
    egress = guard(PUBLIC)
    assert egress.problems(url)
    with pytest.raises(DeliveryFailed) as caught:
        egress.request("GET", url, headers={}, timeout_seconds=1)
    assert caught.value.permanent


@pytest.fixture
def peer() -> Iterator[HttpPeer]:
    made = HttpPeer()
    yield made
    made.stop()


def test_a_name_that_changes_its_answer_gains_nothing(peer: HttpPeer) -> None:
    """DNS rebinding: the first look-up is public, any later one is this machine."""
    asked: list[str] = []

    def rebinding(host: str) -> list[str]:
        asked.append(host)
        return ["192.0.2.1"] if len(asked) == 1 else ["127.0.0.1"]

    egress = GuardedEgress(Allowed(entries=["192.0.2.1"]), resolve=rebinding)
    url = f"http://rebind.example:{peer.port}/"
    for _ in range(3):
        with pytest.raises((DeliveryFailed, DeliveryUnknown)):
            egress.request("POST", url, headers={}, body=b"x", timeout_seconds=0.2)
    # One look-up per connection: what was judged is what is connected to.
    assert len(asked) == 3
    assert not peer.requests


def test_the_name_stays_in_the_host_header(peer: HttpPeer) -> None:
    egress = GuardedEgress(Allowed(private=True), resolve=lambda host: ["127.0.0.1"])
    url = f"http://user:pa%40ss@hooks.example:{peer.port}/hook?a=b#whsec_x"
    answer = egress.request(
        "POST", url, headers={"x-test": "1"}, body=b"{}", timeout_seconds=2
    )
    headers, body = peer.requests[0]
    assert (answer.status, body) == (200, b"{}")
    assert headers["host"] == f"hooks.example:{peer.port}"
    assert headers["authorization"] == "Basic dXNlcjpwYUBzcw=="


def test_a_redirect_is_an_answer_not_an_order(peer: HttpPeer) -> None:
    peer.answer = (302, {"location": "http://169.254.169.254/latest/meta-data/"})
    egress = GuardedEgress(Allowed(private=True))
    answer = egress.request(
        "POST",
        f"http://127.0.0.1:{peer.port}/",
        headers={},
        body=b"x",
        timeout_seconds=2,
    )
    assert answer.status == 302
    assert peer.count() == 1


class Dripping:
    """A server that answers without end: a byte now and then, or as fast as it can."""

    def __init__(self, *, fast: bool) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._stop = threading.Event()
        threading.Thread(target=self._serve, args=(fast,), daemon=True).start()

    def _serve(self, fast: bool) -> None:
        connection, _ = self._socket.accept()
        connection.recv(65536)
        try:
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
            while not self._stop.is_set():
                connection.sendall(b"x" * 65536 if fast else b"x")
                if not fast:
                    self._stop.wait(0.05)
        except OSError:
            pass
        connection.close()

    def stop(self) -> None:
        self._stop.set()
        self._socket.close()


@pytest.mark.slow  # waits for a deadline of half a second
def test_a_server_that_drips_is_left_at_the_deadline() -> None:
    server = Dripping(fast=False)
    egress = GuardedEgress(Allowed(private=True))
    with pytest.raises(DeliveryUnknown):
        egress.request(
            "GET", f"http://127.0.0.1:{server.port}/", headers={}, timeout_seconds=0.5
        )
    server.stop()


def test_of_an_endless_answer_only_the_beginning_is_read() -> None:
    server = Dripping(fast=True)
    egress = GuardedEgress(Allowed(private=True))
    answer = egress.request(
        "GET", f"http://127.0.0.1:{server.port}/", headers={}, timeout_seconds=5
    )
    server.stop()
    assert len(answer.body) == 256 * 1024


def test_no_error_repeats_what_is_secret_in_an_address(peer: HttpPeer) -> None:
    peer.stop()
    url = f"http://u:s3cr3t@127.0.0.1:{peer.port}/T0KEN/x?key=s3cr3t"
    for egress in (GuardedEgress(Allowed(private=True)), guard("10.0.0.1")):
        with pytest.raises(DeliveryFailed) as caught:
            egress.request("GET", url, headers={}, timeout_seconds=1)
        assert "s3cr3t" not in caught.value.reason
        assert "T0KEN" not in caught.value.reason


def test_the_documented_tables_are_whole() -> None:
    assert not is_public(ip_address("203.0.113.9"))
    assert is_public(ip_address("1.1.1.1")) and is_public(ip_address("2606:4700::1111"))
