"""The short way for senders: what takes it, what does not, and in which order."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from tocsin.api.inbound import BODY_LIMIT
from tocsin.api.lane import LaneProtocol
from tocsin.interfaces.arrivals import Answer

PATH = "/in/" + "a" * 32 + "/api/v2/alerts"


class Intake:
    """Takes what it is told to take, and answers when it is told to."""

    def __init__(self) -> None:
        self.takes = True
        self.taken: list[tuple[str, dict[bytes, bytes], bytes]] = []
        self.waiting: list[Callable[[Answer], None]] = []

    def take(
        self,
        path: str,
        headers: Sequence[tuple[bytes, bytes]],
        body: bytes,
        answer: Callable[[Answer], None],
    ) -> bool:
        if self.takes:
            self.taken.append((path, dict(headers), body))
            self.waiting.append(answer)
        return self.takes


class Wire(asyncio.Transport):
    """What a client would have received."""

    def __init__(self) -> None:
        super().__init__()
        self.received = b""
        self.closed = False

    def write(self, data: Any) -> None:
        self.received += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Client:
    """One connection to the protocol; `served` is what went the long way."""

    def __init__(self) -> None:
        self.intake = Intake()
        self.wire = Wire()
        self.served: list[tuple[str, str, bytes, bytes]] = []
        state = ServerState()
        state.default_headers = [(b"date", b"today")]
        config = uvicorn.Config(
            self._application, interface="asgi3", lifespan="off", log_config=None
        )
        self.protocol = LaneProtocol(
            inbound=self.intake,  # type: ignore[arg-type]
            config=config,
            server_state=state,
            app_state={},
        )
        self.protocol.connection_made(self.wire)

    async def _application(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.served.append(
            (scope["method"], scope["path"], scope["query_string"], body)
        )
        headers = [(b"content-length", b"4")]
        await send({"type": "http.response.start", "status": 404, "headers": headers})
        await send({"type": "http.response.body", "body": b"long"})

    async def send(self, request: bytes) -> None:
        self.protocol.data_received(request)
        for _ in range(5):
            await asyncio.sleep(0)

    @property
    def statuses(self) -> list[bytes]:
        lines = self.wire.received.split(b"HTTP/1.1 ")[1:]
        return [line[:3] for line in lines]


def _post(body: bytes, *headers: str, path: str = PATH, version: str = "1.1") -> bytes:
    lines = [f"POST {path} HTTP/{version}", "Host: x", *headers]
    if not any("chunked" in header for header in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join((*lines, "", "")).encode() + body


def _played(scene: Callable[[Client], Any]) -> Client:
    async def play() -> Client:
        client = Client()
        await scene(client)
        return client

    # In a thread of its own: a browser may hold this one's loop.
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(lambda: asyncio.run(play())).result()


def test_an_event_is_answered_when_its_commit_is_told_and_not_before() -> None:
    async def scene(client: Client) -> None:
        await client.send(_post(b"[1]", "X-Who: me"))
        assert client.wire.received == b""
        client.intake.waiting.pop()(Answer(200, b"yes", headers={"retry-after": "5"}))

    client = _played(scene)
    path, headers, body = client.intake.taken[0]
    assert (path, headers[b"x-who"], body) == (PATH, b"me", b"[1]")
    assert client.wire.received == (
        b"HTTP/1.1 200 OK\r\ndate: today\r\ncontent-length: 3\r\n"
        b"content-type: application/json\r\nx-content-type-options: nosniff\r\n"
        b"retry-after: 5\r\n\r\nyes"
    )
    assert client.served == []


def test_what_is_not_taken_is_served_the_long_way_from_its_first_byte() -> None:
    async def scene(client: Client) -> None:
        client.intake.takes = False
        request = _post(b"x" * 1000)
        for byte in range(0, len(request), 300):
            await client.send(request[byte : byte + 300])

    client = _played(scene)
    assert client.served == [("POST", PATH, b"", b"x" * 1000)]
    assert client.statuses == [b"404"]


def test_a_body_in_pieces_is_taken_whole() -> None:
    async def scene(client: Client) -> None:
        request = _post(b"0123456789" * 100)
        for byte in range(0, len(request), 77):
            await client.send(request[byte : byte + 77])

    assert _played(scene).intake.taken[0][2] == b"0123456789" * 100


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET " + PATH.encode() + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        _post(b""),
        _post(b"[]", path=PATH + "?a=b"),
        _post(b"[]", path=PATH.replace("alerts", "al%65rts")),
        _post(b"[]", path="/api/v1/alerts"),
        _post(b"[]", "Connection: close"),
        _post(b"[]", "Expect: 100-continue"),
        _post(b"[]", version="1.0"),
        _post(b"2\r\n[]\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
        _post(b"x" * (BODY_LIMIT + 1)),
    ],
    ids=[
        "GET", "no body", "query", "escape", "API", "close", "expect", "HTTP/1.0",
        "chunked", "too large",
    ],
)  # fmt: skip
def test_what_is_not_plainly_an_event_goes_the_long_way(request_bytes: bytes) -> None:
    async def scene(client: Client) -> None:
        await client.send(request_bytes)

    client = _played(scene)
    assert len(client.served) == 1
    assert client.intake.taken == []


def test_requests_sent_without_waiting_are_answered_in_their_order() -> None:
    async def scene(client: Client) -> None:
        await client.send(_post(b"[1]") + _post(b"[2]"))
        assert client.statuses == []
        client.intake.waiting.pop()(Answer(200))
        for _ in range(5):
            await asyncio.sleep(0)
        await client.send(_post(b"[3]"))
        client.intake.waiting.pop()(Answer(202))

    client = _played(scene)
    assert [body for _, _, body in client.intake.taken] == [b"[1]", b"[3]"]
    assert [body for *_, body in client.served] == [b"[2]"]
    assert client.statuses == [b"200", b"404", b"202"]


def test_a_client_that_left_is_not_written_to() -> None:
    async def scene(client: Client) -> None:
        await client.send(_post(b"[1]"))
        client.protocol.connection_lost(None)
        client.intake.waiting.pop()(Answer(200))

    assert _played(scene).wire.received == b""


def test_a_server_that_stops_answers_what_waits_and_then_hangs_up() -> None:
    async def scene(client: Client) -> None:
        await client.send(_post(b"[1]"))
        client.protocol.shutdown()
        assert not client.wire.closed
        client.intake.waiting.pop()(Answer(200))

    client = _played(scene)
    assert client.statuses == [b"200"]
    assert b"connection: close" in client.wire.received
    assert client.wire.closed
