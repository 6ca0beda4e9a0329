"""The first thing that sees a request: senders' paths, the API, health, or a page."""

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Protocol

from starlette.datastructures import MutableHeaders

from tocsin.api.inbound import InboundApp
from tocsin.api.proxies import TrustedProxies
from tocsin.api.wire import Receive, Scope, Send

_NO_PAGE = "default-src 'none'; frame-ancestors 'none'"


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
        proxies: TrustedProxies | None = None,
        hosted: Callable[[Scope], Scope | None] = lambda scope: None,
    ) -> None:
        """`hosted` makes a request of a status page's own host one of its address."""
        self._inbound = inbound
        self._prefixes = tuple(prefixes.items())
        self._pages = pages
        self._proxies = proxies or TrustedProxies()
        self._hosted = hosted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (lifespan is the server's own business)."""
        if scope["type"] != "http":
            return
        scope = self._proxies.seen_through(scope)
        path = scope["path"]
        if self._inbound is not None and self._inbound.claims(path):
            await self._inbound(scope, receive, send)
            return
        own = self._hosted(scope)
        if own is not None:
            await self._pages(own, receive, send)
            return
        for prefix, application in self._prefixes:
            if path == prefix or path.startswith(prefix + "/"):
                await application(scope, receive, _never_sniffed(send))
                return
        await self._pages(scope, receive, send)


def _never_sniffed(send: Send) -> Send:
    """No answer, whatever of a caller's words it repeats, is taken for a page."""

    async def outward(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("x-content-type-options", "nosniff")
            headers.setdefault("cache-control", "no-store")
            headers.setdefault("content-security-policy", _NO_PAGE)
        await send(message)

    return outward
