"""Around every page and form: what no single route can forget.

A form of another site does nothing, a body has a size, and every answer carries the
headers that keep it from being framed, sniffed or kept by a cache.
"""

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tocsin.web.gate import guarded, is_from_here
from tocsin.web.rendering import render

_SAFE = ("GET", "HEAD", "OPTIONS")
_LARGEST_FORM = 1024 * 1024
_ALWAYS = {
    # For what is no page: files, redirects, streams, errors of the framework.
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "cache-control": "no-store",
}
_HTTPS_ONLY = "max-age=31536000"


class Guard:
    """Middleware around all pages."""

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        self._app = app
        self._is_https = is_https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        outward = self._with_headers(send)
        if scope["method"] not in _SAFE and not is_from_here(request):
            await _refusal(403, scope["path"])(scope, receive, outward)
            return
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > _LARGEST_FORM:
            await _refusal(413, scope["path"])(scope, receive, outward)
            return
        await self._app(scope, _bounded(receive), outward)

    def _with_headers(self, send: Send) -> Send:
        async def outward(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
                if self._is_https:
                    headers.setdefault("strict-transport-security", _HTTPS_ONLY)
            await send(message)

        return outward


def _refusal(status: int, path: str) -> Response:
    text = render("error.html", status=status, path=path)
    return guarded(HTMLResponse(text, status))


def _bounded(receive: Receive) -> Receive:
    size = 0

    async def bounded() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > _LARGEST_FORM:
            raise HTTPException(413)
        return message

    return bounded
