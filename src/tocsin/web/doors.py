"""Signing in and out: by a one-time link, printed at the start or sent by mail."""

from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.sign_in import MAILED_LINK_GOOD_FOR, SESSION_GOOD_FOR
from tocsin.interfaces import DeliveryFailed, DeliveryUnknown
from tocsin.web.gate import COOKIE, Gate, is_from_here, is_secure

_SENT = "If this address is known, a link is on its way. It is good for 20 minutes."


def routes(desk: FrontDesk, gate: Gate, mail: Callable[..., None]) -> list[Route]:
    """The routes."""
    doors = _Doors(desk, gate, mail)
    return [
        Route("/sign-in", doors.ask, methods=["GET"]),
        Route("/sign-in", doors.send, methods=["POST"]),
        Route("/sign-in/{token}", doors.confirm, methods=["GET"]),
        Route("/sign-in/{token}", doors.enter, methods=["POST"]),
        Route("/sign-out", doors.leave, methods=["POST"]),
    ]


class _Doors:
    def __init__(self, desk: FrontDesk, gate: Gate, mail: Callable[..., None]) -> None:
        self._desk = desk
        self._gate = gate
        self._mail = mail

    async def ask(self, request: Request) -> Response:
        """Which address a link is to be sent to."""
        return self._page(request)

    async def send(self, request: Request) -> Response:
        """Mail a link; the answer is the same whether the address is known or not."""
        if not is_from_here(request):
            return self._page(
                request, said="The form came from another site.", status=403
            )
        form = await request.form(max_fields=5, max_files=0)
        address = str(form.get("email", "")).strip()
        if "@" not in address or len(address) > 300:
            said = "Enter your mail address, such as ana@example.com."
            return self._page(request, said=said, status=422)
        problem = await run_in_threadpool(self._send_to, address)
        if problem:
            return self._page(request, said=problem, status=503)
        return self._page(request, sent=_SENT)

    async def confirm(self, request: Request) -> Response:
        """GET only shows: a mail scanner that opens the link uses nothing up."""
        token = request.path_params["token"]
        good = await run_in_threadpool(self._desk.sign_in.is_good, token)
        said = "" if good else "This link has been used or is too old. Ask for another."
        status = 200 if good else 410
        return self._page(
            request, token=token if good else "", said=said, status=status
        )

    async def enter(self, request: Request) -> Response:
        """Use the link up and sign in."""
        token = request.path_params["token"]
        session = await run_in_threadpool(self._desk.sign_in.redeem, token)
        if session is None:
            said = "This link has been used or is too old. Ask for another."
            return self._page(request, said=said, status=410)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(
            COOKIE,
            session,
            max_age=int(SESSION_GOOD_FOR.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=is_secure(self._desk),
        )
        return answer

    async def leave(self, request: Request) -> Response:
        """Sign out."""
        if is_from_here(request):
            session = request.cookies.get(COOKIE, "")
            await run_in_threadpool(self._desk.sign_in.sign_out, session)
        answer = RedirectResponse("/sign-in", 303)
        answer.delete_cookie(COOKIE)
        return answer

    def _send_to(self, address: str) -> str:
        directory = self._desk.directory()
        matching = [
            person
            for person in directory.people.values()
            if person.email.lower() == address.lower()
        ]
        if not matching or not self._desk.sign_in.may_mail(matching[0].name):
            return ""
        token = self._desk.sign_in.link_for(
            matching[0].name, good_for=MAILED_LINK_GOOD_FOR
        )
        link = f"{self._desk.public_url}/sign-in/{token}"
        text = f"Sign in to Tocsin:\n\n{link}\n\nGood for 20 minutes, once.\n"
        try:
            self._mail(matching[0].email, "Sign in to Tocsin", text)
        except (DeliveryFailed, DeliveryUnknown, LookupError) as error:
            return f"The mail could not be sent: {error}"
        return ""

    def _page(
        self,
        request: Request,
        *,
        said: str = "",
        sent: str = "",
        token: str = "",
        status: int = 200,
    ) -> Response:
        values: dict[str, Any] = {"said": said, "sent": sent, "token": token}
        return self._gate.page("sign_in.html", None, status=status, **values)
