"""Who may call what: every route of the API names the role that it needs."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.routing import APIRoute

from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.sign_in import Viewer

COOKIE = "tocsin_session"
_SAFE = ("GET", "HEAD", "OPTIONS")


class Allowed:
    """A dependency: the caller, who holds at least `role`."""

    def __init__(self, desk: FrontDesk, role: str) -> None:
        self._desk = desk
        self.role = role

    def __call__(self, request: Request) -> Viewer:
        """Raises 401 or 403."""
        viewer = self._viewer(request)
        if viewer is None:
            raise HTTPException(
                401,
                "Send a token: `Authorization: Bearer …` (make one with `tocsin token`).",
                {"www-authenticate": "Bearer"},
            )
        if not viewer.may(self.role):
            message = f"This needs the role {self.role}; yours is {viewer.role}."
            raise HTTPException(403, message)
        return viewer

    def _viewer(self, request: Request) -> Viewer | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token:
            return self._desk.sign_in.by_token(token.strip())
        session = request.cookies.get(COOKIE, "")
        if not session:
            return None
        if request.method not in _SAFE and not is_same_origin(request):
            raise HTTPException(403, "A form of another site cannot act for you.")
        return self._desk.sign_in.by_session(session)


def is_same_origin(request: Request) -> bool:
    """Whether a browser says that our own page sent this."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return True
    return urlsplit(origin).netloc == request.headers.get("host", "")


def allowed(desk: FrontDesk, role: str) -> Any:
    """`Depends` on a caller who holds `role`."""
    return Depends(Allowed(desk, role))


def must_all_be_guarded(application: FastAPI, *, open_paths: tuple[str, ...]) -> None:
    """A route without a permission stops the start."""
    for route in application.routes:
        if not isinstance(route, APIRoute) or route.path in open_paths:
            continue
        calls: list[Callable[..., Any] | None] = [
            one.call for one in route.dependant.dependencies
        ]
        assert any(isinstance(call, Allowed) for call in calls), route.path
