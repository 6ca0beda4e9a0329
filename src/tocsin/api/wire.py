"""The bytes of one ASGI request and of its answer. Knows no sender."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from tocsin.interfaces.arrivals import Answer

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_KEPT_OF_TOO_LARGE = 64 * 1024


class TooLarge(Exception):
    """The body is above the limit; holds its beginning."""

    def __init__(self, beginning: bytes) -> None:
        super().__init__()
        self.beginning = beginning


async def read_body(receive: Receive, limit: int) -> bytes:
    """The whole body. Raises TooLarge beyond `limit` bytes."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        if len(body) > limit:
            raise TooLarge(body[:_KEPT_OF_TOO_LARGE])
        return body
    parts = [body]
    size = len(body)
    while message.get("more_body"):
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise TooLarge(b"".join(parts)[:_KEPT_OF_TOO_LARGE])
        parts.append(part)
    return b"".join(parts)


async def send_answer(send: Send, answer: Answer) -> None:
    """Send `answer` as the response."""
    headers = [
        (b"content-length", str(len(answer.body)).encode()),
        (b"content-type", answer.content_type.encode()),
        # Whatever of a sender's words an answer repeats, it is not taken for a page.
        (b"x-content-type-options", b"nosniff"),
    ]
    headers += [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in answer.headers.items()
    ]
    await send(
        {"type": "http.response.start", "status": answer.status, "headers": headers}
    )
    await send({"type": "http.response.body", "body": answer.body})
