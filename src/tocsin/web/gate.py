"""The door of the pages: who is signed in, what a form may do, headers of every page."""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from tocsin.core.alerts.alerts import Alert
from tocsin.core.people.permissions import RESPONDER, VIEWER
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import alert_lists, directory, timeline
from tocsin.store.database import Tx
from tocsin.web.browser import SAID_COOKIE, asked
from tocsin.web.navigation import MORE, Navigation, here
from tocsin.web.rendering import render
from tocsin.web.sayings import take

MOST_FIELDS = 500
_FOREIGN = "The form came from another site."
Show = Callable[[Request, Viewer], Response]
Act = Callable[[Request, Viewer, FormData], Response]
Endpoint = Callable[[Request], Awaitable[Response]]
_MOST_PAGING = 4
_CSP = (
    "default-src 'none'; style-src 'self'{nonce}; img-src 'self' data:; "
    "font-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'; worker-src 'self'"
)


@dataclass(frozen=True)
class Gate:
    """Makes pages for who is there."""

    desk: FrontDesk
    navigation: Navigation

    def viewer(self, request: Request) -> Viewer | None:
        """Who is signed in."""
        session = request.cookies.get(self.desk.cookie, "")
        viewer = self.desk.sign_in.by_session(session, address=address_of(request))
        if viewer is not None:
            # Asked before the page reads anything: the stream tells what comes after.
            asked().seen = self.desk.database.read(_newest)
        return viewer

    def page(
        self,
        template: str,
        viewer: Viewer | None,
        *,
        status: int = 200,
        **values: Any,
    ) -> Response:
        """A whole page in the shell."""
        firing, paging = self._state(viewer)
        saying = take()
        text = render(
            template,
            viewer=viewer,
            zone=viewer.zone if viewer is not None else "UTC",
            now=self.desk.clock.now(),
            firing=firing,
            paging=paging,
            saying=saying,
            groups=self.navigation.groups(viewer) if viewer is not None else (),
            tabs=self.navigation.tabs(viewer) if viewer is not None else (),
            more=MORE if MORE.href in self.navigation.paths else None,
            here=here(asked().path),
            browser=asked(),
            **values,
        )
        answer = guarded(HTMLResponse(text, status))
        if saying is not None:
            answer.delete_cookie(SAID_COOKIE)
        return answer

    def _state(self, viewer: Viewer | None) -> tuple[int, Sequence[Alert]]:
        """How many alerts fire, and those that the viewer is being paged for."""
        if viewer is None:
            return 0, ()

        def work(tx: Tx) -> tuple[int, Sequence[Alert]]:
            hidden = self.desk.directories.current(tx).hidden_from(viewer.grant)
            counts = alert_lists.counts(tx, hidden=hidden)
            return (
                counts.get(("triggered", False), 0),
                alert_lists.paging(tx, viewer.person, limit=_MOST_PAGING)
                if counts.get(("triggered", False))
                else (),
            )

        return self.desk.database.read(work)

    def get(self, path: str, show: Show, *, need: str = VIEWER) -> Route:
        """A page for whoever holds `need` in some team."""

        async def endpoint(request: Request) -> Response:
            def work() -> Response:
                viewer = self.viewer(request)
                if viewer is None:
                    return self.sign_in_first(request)
                if not viewer.may_somewhere(need):
                    return self.forbidden(viewer, need)
                return show(request, viewer)

            return await run_in_threadpool(work)

        return Route(path, guarded_by(need, endpoint), methods=["GET"])

    def post(
        self, path: str, act: Act, *, need: str = RESPONDER, files: int = 0
    ) -> Route:
        """A form's target for whoever holds `need` in some team.

        What belongs to one team is judged by `act`, which knows the team. `files` is
        how many may come with it.
        """

        async def endpoint(request: Request) -> Response:
            form = await request.form(max_fields=MOST_FIELDS, max_files=files)

            def work() -> Response:
                viewer = self.viewer(request)
                if viewer is None:
                    return self.sign_in_first(request)
                if not is_from_here(request):
                    return self.forbidden(viewer, "", _FOREIGN)
                if not viewer.may_somewhere(need):
                    return self.forbidden(viewer, need)
                return act(request, viewer, form)

            return await run_in_threadpool(work)

        return Route(path, guarded_by(need, endpoint), methods=["POST"])

    def forbidden(
        self, viewer: Viewer, role: str, said: str = "", *, team: str = ""
    ) -> Response:
        """403, and who could grant it."""
        directory = self.desk.directory()
        leads = directory.teams[team].leads if team in directory.teams else ()
        return self.page(
            "forbidden.html",
            viewer,
            status=403,
            said=said,
            role=role,
            team=team,
            mine=viewer.grant.role_in(team),
            grantors=[
                directory.people[name]
                for name in dict.fromkeys((*leads, *directory.admins))
                if name in directory.people
            ][:8],
        )

    def sign_in_first(self, request: Request) -> Response:
        """To the sign-in page, and back afterwards."""
        path, query = request.url.path, request.url.query
        # A form cannot be sent again after signing in.
        wanted = "/" if request.method == "POST" else f"{path}?{query}".rstrip("?")
        return RedirectResponse(f"/sign-in?next={quote(wanted, safe='/')}", 303)


def guarded_by(need: str, endpoint: Endpoint) -> Endpoint:
    """The endpoint with what it needs written on it, for the start's check."""

    async def guarded(request: Request) -> Response:
        return await endpoint(request)

    guarded.need = need  # type: ignore[attr-defined]
    return guarded


def must_all_be_guarded(routes: Sequence[BaseRoute], *, open_to_all: set[str]) -> None:
    """A route that neither names what it needs nor is open stops the start."""
    for route in routes:
        assert isinstance(route, Route)
        if route.path not in open_to_all:
            assert hasattr(route.endpoint, "need"), route.path


def address_of(request: Request) -> str:
    """The network address that a request came from."""
    return request.client.host if request.client else ""


def _newest(tx: Tx) -> str:
    return f"{timeline.last_id(tx)}.{directory.version(tx)}"


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
    # A browser that says neither is no browser that could be made to act for somebody.
    origin = request.headers.get("origin")
    if origin is None:
        return True
    return urlsplit(str(origin)).netloc == request.headers.get("host", "")


def local(address: str, *, otherwise: str = "/") -> str:
    """`address` if it is a path of this site, else `otherwise`: no form leads away."""
    good = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if good and address.isprintable() else otherwise


def local_referer(request: Request) -> str:
    """The page that a form was on, if it was ours; else the first page."""
    came = urlsplit(request.headers.get("referer", ""))
    if came.netloc != request.headers.get("host", ""):
        return "/"
    return local(came.path + (f"?{came.query}" if came.query else ""))
