"""The door of the pages: who is signed in, what a form may do, headers of every page."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.sign_in import Viewer
from tocsin.web.rendering import render

COOKIE = "tocsin_session"
_CSP = (
    "default-src 'none'; style-src 'self'{nonce}; img-src 'self' data:; "
    "font-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)


@dataclass(frozen=True)
class Gate:
    """Makes pages for who is there."""

    desk: FrontDesk
    counts: Callable[[], int]
    has_demo: bool

    def viewer(self, request: Request) -> Viewer | None:
        """Who is signed in."""
        return self.desk.sign_in.by_session(request.cookies.get(COOKIE, ""))

    def page(
        self,
        template: str,
        viewer: Viewer | None,
        *,
        status: int = 200,
        **values: Any,
    ) -> Response:
        """A whole page in the shell."""
        now = self.desk.clock.now()
        text = render(
            template,
            viewer=viewer,
            zone=viewer.zone if viewer is not None else "UTC",
            now=now,
            firing=self.counts() if viewer is not None else 0,
            has_demo=self.has_demo,
            **values,
        )
        return guarded(HTMLResponse(text, status))

    def sign_in_first(self, request: Request) -> Response:
        """To the sign-in page, and back afterwards."""
        path = request.url.path
        return RedirectResponse(f"/sign-in?next={quote(path)}", 303)


def guarded(response: Response, *, nonce: str = "") -> Response:
    """With the headers that every page has."""
    allowed = f" 'nonce-{nonce}'" if nonce else ""
    response.headers["content-security-policy"] = _CSP.format(nonce=allowed)
    response.headers["x-content-type-options"] = "nosniff"
    response.headers["referrer-policy"] = "same-origin"
    response.headers["cache-control"] = "no-store"
    return response


def new_nonce() -> str:
    """For one page's inline style."""
    return secrets.token_urlsafe(16)


def is_from_here(request: Request) -> bool:
    """Whether a form was sent by one of our own pages."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin in (None, "null"):
        return True
    return urlsplit(str(origin)).netloc == request.headers.get("host", "")


def is_secure(desk: FrontDesk) -> bool:
    """Whether people come by HTTPS."""
    return desk.public_url.startswith("https://")
