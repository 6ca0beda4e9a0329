"""To the identity provider and back. A link, not a form: it leads to another site."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tocsin.core.people.permissions import VIEWER
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.visits import Entry
from tocsin.engine.single_sign_on import BACK, VISIT_GOOD_FOR, Started
from tocsin.web.gate import Gate, guarded_by
from tocsin.web.threshold import (
    Busy,
    Threads,
    own_path,
    seconds_of,
    too_often,
    visit_of,
    welcomed,
)

OFF = "Single sign-on is not set up here."
_BUSY = "Many people are signing in at this moment. Try again in a few seconds."


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes; the first and the last are for everybody."""
    pages = _Pages(desk, gate, Threads("sso"))
    confirm = guarded_by(VIEWER, pages.confirm)
    return [
        Route("/login/sso", pages.leave, methods=["GET"]),
        Route("/login/sso/confirm", confirm, methods=["GET"]),
        Route(BACK, pages.back, methods=["GET"]),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate, threads: Threads) -> None:
        self._desk = desk
        self._gate = gate
        self._threads = threads
        self._sso = desk.credentials.sso
        # Lax: the way back comes from another site, by a link that a browser follows.
        self._cookie = "__Host-tocsin_sso" if desk.is_secure else "tocsin_sso"

    async def leave(self, request: Request) -> Response:
        """To the provider."""
        return await self._begin(request, "")

    async def confirm(self, request: Request) -> Response:
        """To the provider, which asks for the proof again."""
        viewer = await self._threads.run(lambda: self._gate.viewer(request))
        if viewer is None:
            return self._gate.sign_in_first(request)
        return await self._begin(request, viewer.person)

    async def back(self, request: Request) -> Response:
        """From the provider."""
        sso, query = self._sso, request.query_params
        if sso is None:
            return await self._login(OFF, 404)
        visit = visit_of(request, self._desk)
        secret = request.cookies.get(self._cookie, "")
        try:
            entry, wanted = await self._threads.run(
                lambda: sso.finish(
                    visit,
                    state=query.get("state", "")[:500],
                    code=query.get("code", "")[:4000],
                    issuer=query.get("iss", ""),
                    error=query.get("error", ""),
                    secret=secret,
                )
            )
        except Busy:
            return await self._login(_BUSY, 503)
        answer = (
            welcomed(self._desk, entry, wanted)
            if entry.session
            else await self._refused(entry)
        )
        answer.delete_cookie(
            self._cookie, path="/", secure=self._desk.is_secure, httponly=True
        )
        return answer

    async def _begin(self, request: Request, confirms: str) -> Response:
        sso = self._sso
        if sso is None:
            return await self._login(OFF, 404)
        visit = visit_of(request, self._desk)
        wanted = own_path(request.query_params.get("next", ""))
        try:
            started = await self._threads.run(
                lambda: sso.begin(visit, wanted=wanted, confirms=confirms)
            )
        except Busy:
            return await self._login(_BUSY, 503)
        if not started.address:
            return await self._refused(_entry(started), status=503)
        answer = RedirectResponse(started.address, 303)
        answer.set_cookie(
            self._cookie,
            started.secret,
            max_age=int(VISIT_GOOD_FOR.total_seconds()),
            path="/",
            httponly=True,
            samesite="lax",
            secure=self._desk.is_secure,
        )
        answer.headers["cache-control"] = "no-store"
        # The provider need not learn which page they came from.
        answer.headers["referrer-policy"] = "no-referrer"
        return answer

    async def _refused(self, entry: Entry, *, status: int = 403) -> Response:
        if not entry.wait:
            return await self._login(entry.refused, status)
        answer = await self._login(too_often(entry.wait), 429)
        answer.headers["retry-after"] = str(seconds_of(entry.wait))
        return answer

    async def _login(self, said: str, status: int) -> Response:
        return self._gate.page(
            "sign_in.html",
            None,
            status=status,
            said=said,
            sent="",
            account="",
            **ways(self._desk, "/"),
        )


def ways(desk: FrontDesk, wanted: str) -> dict[str, Any]:
    """What the sign-in page offers."""
    credentials = desk.credentials
    return {
        "wanted": wanted,
        "passwords": credentials.passwords.are_on,
        "links": credentials.links.are_on and credentials.links.can_mail,
        "passkeys": not credentials.passkeys.why_not,
        "sso": credentials.sso.name if credentials.sso is not None else "",
    }


def _entry(started: Started) -> Entry:
    return Entry(refused=started.refused, wait=started.wait)
