"""A sender's request made in this process: the same code as for one from outside.

Not for the hot path; a test of an integration goes this way, so that what it proves
holds for the real sender.
"""

import asyncio
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import quote

from tocsin.api.inbound import InboundApp
from tocsin.interfaces.arrivals import Answer, Outbound

_PATIENCE_SECONDS = 20


class Knocker:
    """Knocks at the senders' door, from any thread but the loop's own."""

    def __init__(self, inbound: InboundApp, loop: asyncio.AbstractEventLoop) -> None:
        self._inbound = inbound
        self._loop = loop

    def __call__(self, request: Outbound) -> Answer:
        """What the door answers once it has committed. Raises TimeoutError."""
        asked = asyncio.run_coroutine_threadsafe(self._ask(request), self._loop)
        return asked.result(_PATIENCE_SECONDS)

    async def _ask(self, request: Outbound) -> Answer:
        scope = {
            "type": "http",
            "method": request.method,
            "path": request.path,
            "raw_path": quote(request.path).encode(),
            "query_string": b"",
            "headers": [
                (b"content-type", request.content_type.encode()),
                (b"user-agent", b"tocsin-test"),
            ],
        }
        said: dict[str, Any] = {"status": 500, "body": b"", "type": ""}

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": request.body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                said["status"] = message["status"]
                said["type"] = dict(message["headers"]).get(b"content-type", b"")
            else:
                said["body"] += message.get("body", b"")

        await self._inbound(scope, receive, send)
        return Answer(
            said["status"], said["body"], bytes(said["type"]).decode("latin-1")
        )
