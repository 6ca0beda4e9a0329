"""The short way for senders' events: no task, no scope, no future per request.

`LaneProtocol` is uvicorn's own protocol, so parsing, keep-alive, pipelining, timeouts
and shutdown are uvicorn's. Only a plain `POST /in/…` with a body of known size is kept
from the ASGI application, and only if `InboundApp.take` takes it; whatever else it may
be (refused, paused, unknown, a question) is served the long way, from the start.
"""

from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from tocsin.api.inbound import BODY_LIMIT, InboundApp
from tocsin.interfaces.arrivals import Answer

_PREFIX = b"/in/"
# Requests with one of these are served the long way.
_UNUSUAL = frozenset((b"transfer-encoding", b"expect", b"upgrade", b"connection"))
# A query or an escape needs more than a look at the bytes.
_ESCAPES = frozenset(b"?%#")


class _Parcel:
    """A request that waits for its commit; to uvicorn, a cycle like any other."""

    __slots__ = (
        "body", "disconnected", "keep_alive", "message_event", "protocol",
        "response_complete",
    )  # fmt: skip

    def __init__(self, protocol: "LaneProtocol") -> None:
        self.protocol = protocol
        self.body = b""
        self.keep_alive = True
        self.disconnected = False
        self.response_complete = False
        self.message_event = _NOBODY_WAITS

    def answer(self, answer: Answer) -> None:
        """Send the answer and let the connection go on."""
        self.response_complete = True
        if not self.disconnected:
            self.protocol.send_answer(answer, keep_alive=self.keep_alive)


class _NobodyWaits:
    def set(self) -> None:
        """uvicorn wakes who waits for the body; a parcel is made when it is there."""


_NOBODY_WAITS = _NobodyWaits()


class LaneProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *, inbound: InboundApp, **given: Any) -> None:
        super().__init__(**given)
        self._inbound = inbound
        self._parcel: _Parcel | None = None
        self._length = 0
        self._plain = True

    def on_message_begin(self) -> None:
        """The scope is made when it is known that one is needed."""
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._length = 0
        self._plain = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Also notes what makes a request one for the long way."""
        name = name.lower()
        if name == b"content-length":
            self._length = int(value) if value.isdigit() else BODY_LIMIT + 1
        elif name in _UNUSUAL:
            self._plain = False
            if name == b"expect" and value.lower() == b"100-continue":
                self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Which way the request goes."""
        if self._is_parcel():
            self.cycle = self._parcel = _Parcel(self)  # type: ignore[assignment]
        else:
            self._begin_long_way()

    def on_body(self, body: bytes) -> None:
        """All of it is held; its size is known and within the limit."""
        parcel = self._parcel
        if parcel is None:
            super().on_body(body)
        else:
            parcel.body = parcel.body + body if parcel.body else body

    def on_message_complete(self) -> None:
        """The request is whole."""
        parcel = self._parcel
        if parcel is None:
            super().on_message_complete()
            return
        self._parcel = None
        path = self.url.decode("ascii")
        try:
            taken = self._inbound.take(path, self.headers, parcel.body, parcel.answer)
        except Exception:  # noqa: BLE001 - the long way meets it again and says 500
            taken = False
        if taken:
            return
        parcel.response_complete = True
        self._begin_long_way()
        super().on_body(parcel.body)
        super().on_message_complete()

    def send_answer(self, answer: Answer, *, keep_alive: bool) -> None:
        """Write a whole response."""
        default_headers = self.server_state.default_headers
        self.transport.write(_response(answer, default_headers, keep_alive=keep_alive))
        if not keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _is_parcel(self) -> bool:
        before = self.cycle
        url = self.url
        return (
            self._plain
            and url.startswith(_PREFIX)
            and (before is None or before.response_complete)
            and 0 < self._length <= BODY_LIMIT
            and self.parser.get_method() == b"POST"
            and self.parser.should_keep_alive()
            and self.limit_concurrency is None
            and url.isascii()
            and _ESCAPES.isdisjoint(url)
        )

    def _begin_long_way(self) -> None:
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url = url
        self.headers.extend(headers)
        self.expect_100_continue = expects
        super().on_headers_complete()


# The newest response with what it was made of: most are the same, for a second.
_made: tuple[Answer, object, bool, bytes] = (Answer(0), None, True, b"")


def _response(
    answer: Answer, default_headers: list[tuple[bytes, bytes]], *, keep_alive: bool
) -> bytes:
    global _made
    known, headers, kept_alive, response = _made
    if known is answer and headers is default_headers and kept_alive is keep_alive:
        return response
    lines = [
        *(name + b": " + value for name, value in default_headers),
        b"content-length: %d" % len(answer.body),
        b"content-type: " + answer.content_type.encode("latin-1"),
        b"x-content-type-options: nosniff",
        *(
            f"{name}: {value}".encode("latin-1")
            for name, value in answer.headers.items()
        ),
    ]
    if not keep_alive:
        lines.append(b"connection: close")
    head = STATUS_LINE[answer.status] + b"\r\n".join((*lines, b"", b""))
    response = head + answer.body
    _made = answer, default_headers, keep_alive, response
    return response
