"""Signing in and out, by password, by a link or by an emergency code; a new password.

Passkeys are in passkeys.py. What a link does is shown by GET and done by POST.
"""

from datetime import timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tocsin.core.throttling import NO_WAIT
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.links import INVITE, RESET, SIGN_IN, VERIFY
from tocsin.engine.signing_in.passwords import OFF
from tocsin.engine.signing_in.visits import Entry
from tocsin.web.gate import Gate, is_from_here
from tocsin.web.single_sign_on import ways
from tocsin.web.threshold import (
    FOREIGN,
    STALE,
    Busy,
    Threads,
    own_path,
    seconds_of,
    too_often,
    visit_of,
    welcomed,
)

_SENT = "If this account is known, a link is on its way. It is good for {}, once."
_NO_MAIL = "No mail server is set up here (TOCSIN_SMTP_URL); ask an admin for a link."
_NO_LINKS = "Links to sign in are not mailed here; choose another way."
_WHO = "Enter your handle or your mail address, such as ana@example.com."
_BUSY = "Many people are signing in at this moment. Try again in a few seconds."
_TRY_SOON = timedelta(seconds=5)
SECURITY = "/me/security"


def routes(desk: FrontDesk, gate: Gate, threads: Threads) -> list[Route]:
    """The routes; each of them guards itself."""
    doors = _Doors(desk, gate, threads)
    return [
        Route("/login", doors.ask, methods=["GET"]),
        Route("/login", doors.by_password, methods=["POST"]),
        Route("/login/emergency", doors.ask_code, methods=["GET"]),
        Route("/login/emergency", doors.by_code, methods=["POST"]),
        Route("/login/reset", doors.ask_reset, methods=["GET"]),
        Route("/login/reset", doors.send_reset, methods=["POST"]),
        Route("/login/reset/{token}", doors.show_reset, methods=["GET"]),
        Route("/login/reset/{token}", doors.reset, methods=["POST"]),
        Route("/login/invitation/{token}", doors.show_invitation, methods=["GET"]),
        Route("/login/invitation/{token}", doors.accept, methods=["POST"]),
        Route("/login/verify/{token}", doors.show_proof, methods=["GET"]),
        Route("/login/verify/{token}", doors.prove, methods=["POST"]),
        Route("/sign-in", doors.ask, methods=["GET"]),
        Route("/sign-in", doors.send, methods=["POST"]),
        Route("/sign-in/{token}", doors.show_link, methods=["GET"]),
        Route("/sign-in/{token}", doors.by_link, methods=["POST"]),
        Route("/sign-out", doors.leave, methods=["POST"]),
    ]


class _Doors:
    def __init__(self, desk: FrontDesk, gate: Gate, threads: Threads) -> None:
        self._desk = desk
        self._gate = gate
        self._threads = threads
        self._credentials = desk.credentials

    async def ask(self, request: Request) -> Response:
        """Every way to sign in."""
        return self._login(request)

    async def by_password(self, request: Request) -> Response:
        """Handle or mail address, and a password."""
        form = await request.form(max_fields=5, max_files=0)
        account, password = _text(form, "account"), str(form.get("password", ""))
        if not is_from_here(request):
            return self._login(request, said=FOREIGN, status=403)
        if not account or not password:
            said = f"{_WHO} Then your password."
            return self._login(request, said=said, account=account, status=422)
        visit = visit_of(request, self._desk)
        try:
            entry = await self._threads.run(
                lambda: self._credentials.passwords.sign_in(account, password, visit)
            )
        except Busy:
            entry = Entry(wait=_TRY_SOON)
        if entry.session:
            return welcomed(self._desk, entry, _text(form, "next"))
        return self._login(request, entry=entry, account=account, form=form)

    async def send(self, request: Request) -> Response:
        """Mail a link; the answer is the same whether the account is known or not."""
        form = await request.form(max_fields=5, max_files=0)
        account = _text(form, "email")
        said, status = self._cannot_mail(request, account)
        if not said and not self._credentials.links.are_on:
            said, status = _NO_LINKS, 403
        if said:
            return self._login(request, said=said, status=status, form=form)
        visit = visit_of(request, self._desk)
        entry = await run_in_threadpool(
            self._credentials.links.ask, account, SIGN_IN, visit
        )
        sent = _SENT.format("20 minutes") if not entry.wait else ""
        return self._login(request, entry=entry, sent=sent, form=form)

    async def show_link(self, request: Request) -> Response:
        """GET only shows: a mail scanner that opens the link uses nothing up."""
        return await self._show(request, SIGN_IN, "/sign-in")

    async def by_link(self, request: Request) -> Response:
        """Use the link up and sign in."""
        return await self._enter(request, SIGN_IN, to="/")

    async def show_invitation(self, request: Request) -> Response:
        """What the invitation is."""
        return await self._show(request, INVITE, "/login/invitation")

    async def accept(self, request: Request) -> Response:
        """Sign in for the first time; then choose how to come back."""
        return await self._enter(request, INVITE, to=f"{SECURITY}?did=welcome")

    async def ask_reset(self, request: Request) -> Response:
        """Whose password is to be set anew."""
        return self._page("reset.html")

    async def send_reset(self, request: Request) -> Response:
        """Mail a link, or not; the answer is the same."""
        form = await request.form(max_fields=5, max_files=0)
        account = _text(form, "account")
        said, status = self._cannot_mail(request, account)
        if not said and not self._credentials.passwords.are_on:
            said, status = OFF, 403
        if said:
            return self._page("reset.html", said=said, status=status)
        visit = visit_of(request, self._desk)
        entry = await run_in_threadpool(
            self._credentials.links.ask, account, RESET, visit
        )
        sent = _SENT.format("an hour") if not entry.wait else ""
        return self._page("reset.html", entry=entry, sent=sent)

    async def show_reset(self, request: Request) -> Response:
        """The form for a new password."""
        token = request.path_params["token"]
        link = await run_in_threadpool(self._credentials.links.look, token)
        if link is None or link.purpose != RESET:
            return self._page("reset.html", said=STALE, status=410)
        return self._page("reset.html", token=token, person=link.person)

    async def reset(self, request: Request) -> Response:
        """Set it; every session ends and a new one begins."""
        token = request.path_params["token"]
        form = await request.form(max_fields=5, max_files=0)
        if not is_from_here(request):
            return self._page("reset.html", said=FOREIGN, status=403)
        password, visit = str(form.get("password", "")), visit_of(request, self._desk)
        try:
            entry = await self._threads.run(
                lambda: self._credentials.passwords.reset(token, password, visit)
            )
        except Busy:
            entry = Entry(wait=_TRY_SOON)
        if entry.session:
            return welcomed(self._desk, entry, SECURITY)
        if not entry.refused and not entry.wait:
            return self._page("reset.html", said=STALE, status=410)
        return self._page("reset.html", entry=entry, token=token, status=422)

    async def show_proof(self, request: Request) -> Response:
        """A button, since a mail scanner must not prove anything."""
        return await self._show(request, VERIFY, "/login/verify")

    async def prove(self, request: Request) -> Response:
        """The address is theirs."""
        token, visit = request.path_params["token"], visit_of(request, self._desk)
        if not is_from_here(request):
            return self._login(request, said=FOREIGN, status=403)
        person = await run_in_threadpool(self._credentials.links.prove, token, visit)
        if not person:
            return self._login(request, said=STALE, status=410)
        return RedirectResponse(f"{SECURITY}?did=email-verified", 303)

    async def ask_code(self, request: Request) -> Response:
        """The form for an emergency code."""
        return self._page("emergency.html")

    async def by_code(self, request: Request) -> Response:
        """An admin's session of an hour."""
        form = await request.form(max_fields=5, max_files=0)
        account, code = _text(form, "account"), _text(form, "code")
        if not is_from_here(request):
            return self._page("emergency.html", said=FOREIGN, status=403)
        if not account or not code:
            said = f"{_WHO} Then one of the printed codes."
            return self._page("emergency.html", said=said, status=422)
        visit = visit_of(request, self._desk)
        entry = await run_in_threadpool(
            self._credentials.emergency.sign_in, account, code, visit
        )
        if entry.session:
            return welcomed(self._desk, entry, "/")
        return self._page("emergency.html", entry=entry)

    async def leave(self, request: Request) -> Response:
        """Sign out."""
        if is_from_here(request):
            visit = visit_of(request, self._desk)
            await run_in_threadpool(self._credentials.sessions.leave, visit)
        answer = RedirectResponse("/sign-in", 303)
        answer.delete_cookie(
            self._desk.cookie, path="/", secure=self._desk.is_secure, httponly=True
        )
        return answer

    async def _show(self, request: Request, purpose: str, place: str) -> Response:
        token = request.path_params["token"]
        link = await run_in_threadpool(self._credentials.links.look, token)
        if link is None or link.purpose != purpose:
            return self._login(request, said=STALE, status=410)
        return self._page(
            "link.html",
            person=link.person,
            action=f"{place}/{token}",
            purpose=purpose,
        )

    async def _enter(self, request: Request, purpose: str, *, to: str) -> Response:
        token, visit = request.path_params["token"], visit_of(request, self._desk)
        if not is_from_here(request):
            return self._login(request, said=FOREIGN, status=403)
        entry = await run_in_threadpool(
            self._credentials.links.enter, token, purpose, visit
        )
        if entry.session:
            return welcomed(self._desk, entry, to)
        if entry.wait:
            return self._login(request, entry=entry)
        return self._login(request, said=STALE, status=410)

    def _cannot_mail(self, request: Request, account: str) -> tuple[str, int]:
        if not is_from_here(request):
            return FOREIGN, 403
        if not account or len(account) > 300:
            return _WHO, 422
        return ("", 200) if self._credentials.links.can_mail else (_NO_MAIL, 503)

    def _login(
        self,
        request: Request,
        *,
        account: str = "",
        form: FormData | None = None,
        **values: Any,
    ) -> Response:
        wanted = request.query_params.get("next", "")
        if form is not None:
            wanted = _text(form, "next")
        shown = ways(self._desk, own_path(wanted))
        return self._page("sign_in.html", account=account, **shown, **values)

    def _page(
        self,
        template: str,
        *,
        entry: Entry | None = None,
        said: str = "",
        sent: str = "",
        token: str = "",
        status: int = 200,
        **values: Any,
    ) -> Response:
        wait = entry.wait if entry is not None else NO_WAIT
        if entry is not None and entry.refused:
            said, status = entry.refused, max(status, 403)
        if wait:
            said, status = too_often(wait), 429
        values |= {"said": said, "sent": sent, "token": token}
        shortest = self._credentials.passwords.shortest
        page = self._gate.page(
            template, None, status=status, shortest=shortest, **values
        )
        if wait:
            page.headers["retry-after"] = str(seconds_of(wait))
        return page


def _text(form: FormData, name: str) -> str:
    return str(form.get(name, "")).strip()
