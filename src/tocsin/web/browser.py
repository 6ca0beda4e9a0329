"""What the browser of the request at hand asked for: its theme, a page or a fragment.

Set once per request around the whole site, so that no page has to hand it on.
"""

from contextvars import ContextVar

from msgspec import Struct
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

THEME_COOKIE = "tocsin_theme"
SAID_COOKIE = "tocsin_said"
THEMES = ("light", "dark")


class Browser(Struct):
    """`theme` is empty where the system decides; `fragment` where htmx asks.

    `seen` is what the page is as new as: the last fact and the configuration's version.
    """

    path: str = ""
    theme: str = ""
    said: str = ""
    fragment: bool = False
    seen: str = "0.0"


_asked: ContextVar[Browser] = ContextVar("browser")


def asked() -> Browser:
    """What the request that is being answered asked for."""
    return _asked.get(Browser())


class Remembering:
    """Middleware: remembers, while a request is answered, what it asked for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        cookies = cookie_parser(headers.get("cookie", ""))
        theme = cookies.get(THEME_COOKIE, "")
        before = _asked.set(
            Browser(
                path=scope["path"],
                theme=theme if theme in THEMES else "",
                said=cookies.get(SAID_COOKIE, ""),
                fragment=headers.get("hx-request") == "true",
            )
        )
        try:
            return await self._app(scope, receive, send)
        finally:
            _asked.reset(before)
