"""The first thing that sees a request: senders' paths, the API, health, or a page."""

from collections.abc import Mapping
from typing import Protocol

from tocsin.api.inbound import InboundApp
from tocsin.api.wire import Receive, Scope, Send


class Asgi(Protocol):
    """The shape of an ASGI application."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


class Front:
    """Picks the application for a request by its path; no prefix redirects."""

    def __init__(
        self,
        *,
        inbound: InboundApp | None,
        prefixes: Mapping[str, Asgi],
        pages: Asgi,
    ) -> None:
        self._inbound = inbound
        self._prefixes = tuple(prefixes.items())
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (lifespan is the server's own business)."""
        if scope["type"] != "http":
            return
        path = scope["path"]
        if self._inbound is not None and self._inbound.claims(path):
            await self._inbound(scope, receive, send)
            return
        for prefix, application in self._prefixes:
            if path == prefix or path.startswith(prefix + "/"):
                await application(scope, receive, send)
                return
        await self._pages(scope, receive, send)
