"""Who may call what: every route of the API names what it needs."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from tocsin.core.people.permissions import ADMIN
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer

PREFIX = "/api/v1"
_SAFE = ("GET", "HEAD", "OPTIONS")
SEND = "send"


class Allowed:
    """A dependency: the caller, who holds at least `role` in some team, or may send.

    What belongs to one team is judged by the handler, which knows the team.
    """

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
        if self.role == SEND:
            teams = ("", *viewer.grant.team_roles)
            if not any(viewer.grant.may_send(team) for team in teams):
                raise HTTPException(403, _needs("responder", "", viewer))
        elif not viewer.may_somewhere(self.role):
            raise HTTPException(403, _needs(self.role, "", viewer))
        return viewer

    def _viewer(self, request: Request) -> Viewer | None:
        address = request.client.host if request.client else ""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token:
            return by_token(self._desk, token.strip(), address)
        session = request.cookies.get(self._desk.cookie, "")
        if not session:
            return None
        if request.method not in _SAFE and not is_same_origin(request):
            raise HTTPException(403, "A form of another site cannot act for you.")
        return self._desk.sign_in.by_session(session, address=address)


def by_token(desk: FrontDesk, token: str, address: str) -> Viewer:
    """Whose token it is. Raises 401, and 429 to who sends many that are wrong.

    A token that is right is never refused: others may share the address.
    """
    viewer = desk.sign_in.by_token(token, address=address)
    if viewer is not None:
        return viewer
    wait = desk.credentials.refused_token(address)
    if wait:
        seconds = str(math.ceil(wait.total_seconds()))
        message = f"Too many wrong tokens came from {address}."
        raise HTTPException(429, message, {"retry-after": seconds})
    message = "This token is unknown, has expired or was revoked."
    raise HTTPException(401, message, {"www-authenticate": "Bearer"})


def must(viewer: Viewer, role: str, team: str = "") -> None:
    """The caller holds at least `role` for what `team` owns. Raises 403."""
    if not viewer.may(role, team):
        raise HTTPException(403, _needs(role, team, viewer))


def _needs(role: str, team: str, viewer: Viewer) -> str:
    where = f" in the team {team}" if team else ""
    scope = ""
    if viewer.grant.scopes is not None:
        given = ", ".join(sorted(viewer.grant.scopes)) or "none"
        scope = f" The token's scopes: {given}."
    mine = viewer.grant.role_in(team)
    grants = "" if role == ADMIN else " A lead of the team or"
    return (
        f"This needs the role {role}{where}; yours is {mine}.{scope}"
        f"{grants or ' An'} admin can grant it."
    )


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
    """`Depends` on a caller who holds `role` somewhere; SEND: who may send events."""
    return Depends(Allowed(desk, role))


def must_all_be_guarded(application: FastAPI) -> None:
    """A route without a permission stops the start."""
    for route in operations(application.routes):
        calls: list[Callable[..., Any] | None] = [
            one.call for one in route.dependant.dependencies
        ]
        assert any(isinstance(call, Allowed) for call in calls), route.path


def operations(routes: Sequence[BaseRoute]) -> Iterator[APIRoute]:
    """Every route of the API, those of included routers too (without the prefix)."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            # FastAPI keeps an included router as one route of its own kind.
            inner = getattr(route, "original_router", None)
            yield from operations(inner.routes if inner is not None else ())
