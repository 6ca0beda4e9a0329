"""How one gets in oneself: password, passkeys, browsers; letting others in and out.

What changes a credential needs a sign-in of the last ten minutes; whoever's is older
confirms it first and comes back.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tocsin.core.people.people import Person
from tocsin.core.people.permissions import ADMIN, LEAD, VIEWER
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.engine.signing_in.visits import Entry
from tocsin.store import identities, links, passwords
from tocsin.store.database import Tx
from tocsin.web.agents import browser_of
from tocsin.web.gate import Gate, guarded_by, is_from_here
from tocsin.web.threshold import (
    CONFIRM,
    FOREIGN,
    Busy,
    Threads,
    confirmed_first,
    own_path,
    seconds_of,
    too_often,
    visit_of,
    welcomed,
)

PAGE = "/me/security"
_DONE = {
    "welcome": "Welcome. Choose a passkey or a password, so that you can come back.",
    "password": "Your password is set, and every other browser was signed out.",
    "no-password": "Your password is gone.",
    "passkey-added": "The passkey was added.",
    "passkey-removed": "The passkey was removed.",
    "ended": "That browser is signed out.",
    "others-ended": "Every other browser is signed out.",
    "email-sent": "A link is on its way to your mail address.",
    "email-verified": "Your mail address is confirmed.",
}
_EMPTY = "Enter your password, or choose another way."
_NO_OTHER = "It is your only way to sign in; add a passkey first."
Form = Callable[[Request, Viewer, FormData], Response]


def routes(desk: FrontDesk, gate: Gate, threads: Threads) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate, threads)
    ask, confirm = pages.ask_to_confirm, guarded_by(VIEWER, pages.confirm)
    recent = pages.recent
    return [
        gate.get(PAGE, pages.show),
        gate.post(f"{PAGE}/password", recent(pages.set_password), need=VIEWER),
        gate.post(f"{PAGE}/password/remove", recent(pages.no_password), need=VIEWER),
        gate.post(f"{PAGE}/passkeys/remove", recent(pages.no_passkey), need=VIEWER),
        gate.post(f"{PAGE}/sessions/end", pages.end_session, need=VIEWER),
        gate.post(f"{PAGE}/sessions/end-others", pages.end_others, need=VIEWER),
        gate.post(f"{PAGE}/email", pages.verify_email, need=VIEWER),
        gate.get(CONFIRM, ask),
        Route(CONFIRM, confirm, methods=["POST"]),
        gate.post("/people/{name}/invite", pages.invite, need=LEAD),
        gate.post("/people/{name}/sign-out", pages.sign_out, need=ADMIN),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate, threads: Threads) -> None:
        self._desk = desk
        self._gate = gate
        self._threads = threads
        self._credentials = desk.credentials

    def show(self, request: Request, viewer: Viewer) -> Response:
        """Everything by which one gets in."""
        done = _DONE.get(request.query_params.get("did", ""), "")
        return self._page(request, viewer, done=done)

    def recent(self, act: Form) -> Form:
        """`act`, for who proved within ten minutes who they are."""

        def guarded(request: Request, viewer: Viewer, form: FormData) -> Response:
            away = confirmed_first(request, self._desk, then=PAGE)
            return away if away is not None else act(request, viewer, form)

        return guarded

    def set_password(
        self, request: Request, viewer: Viewer, form: FormData
    ) -> Response:
        """Set or change it."""
        problem = self._credentials.passwords.put(
            self._person(viewer),
            str(form.get("password", "")),
            visit_of(request, self._desk),
        )
        if problem:
            return self._page(request, viewer, said=problem, status=422)
        return _back("password")

    def no_password(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Have none, if there is another way."""
        person = self._person(viewer)
        if not self._credentials.passkeys.of(person.name):
            return self._page(request, viewer, said=_NO_OTHER, status=409)
        self._credentials.passwords.drop(person, visit_of(request, self._desk))
        return _back("no-password")

    def no_passkey(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Forget a passkey."""
        self._credentials.passkeys.remove(
            self._person(viewer),
            str(form.get("credential", "")),
            visit_of(request, self._desk),
        )
        return _back("passkey-removed")

    def end_session(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Sign another browser out."""
        self._credentials.sessions.end_one(
            viewer.person, str(form.get("id", "")), visit_of(request, self._desk)
        )
        return _back("ended")

    def end_others(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Sign every other browser out."""
        visit = visit_of(request, self._desk)
        self._credentials.sessions.end_others(viewer.person, visit)
        return _back("others-ended")

    def verify_email(
        self, request: Request, viewer: Viewer, form: FormData
    ) -> Response:
        """Mail a link that proves the address."""
        entry = self._credentials.links.verify(
            self._person(viewer), visit_of(request, self._desk)
        )
        if entry.wait:
            said = too_often(entry.wait)
            page = self._page(request, viewer, said=said, status=429)
            page.headers["retry-after"] = str(seconds_of(entry.wait))
            return page
        return _back("email-sent")

    def ask_to_confirm(self, request: Request, viewer: Viewer) -> Response:
        """Who are you, once more."""
        return self._confirm_page(request.query_params.get("next", PAGE), viewer)

    async def confirm(self, request: Request) -> Response:
        """By password; a passkey signs in anew by itself."""
        form = await request.form(max_fields=5, max_files=0)
        wanted, password = str(form.get("next", "")), str(form.get("password", ""))
        viewer = await run_in_threadpool(self._gate.viewer, request)
        if viewer is None:
            return self._gate.sign_in_first(request)
        if not is_from_here(request):
            return await run_in_threadpool(
                self._gate.forbidden, viewer, VIEWER, FOREIGN
            )
        if not password:
            return await run_in_threadpool(
                self._confirm_page, wanted, viewer, Entry(refused=_EMPTY), 422
            )
        visit, name = visit_of(request, self._desk), viewer.person
        try:
            entry = await self._threads.run(
                lambda: self._credentials.passwords.sign_in(name, password, visit)
            )
        except Busy:
            entry = Entry(refused="Try again in a few seconds.")
        if entry.session:
            return welcomed(self._desk, entry, wanted)
        return await run_in_threadpool(self._confirm_page, wanted, viewer, entry)

    def invite(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """A link for somebody who was never here."""
        name = self._known(request)
        visit = visit_of(request, self._desk)
        invited = self._credentials.links.invite(name, viewer, visit)
        status = 403 if invited.refused else 200
        return self._gate.page(
            "invited.html", viewer, status=status, invited=invited, name=name
        )

    def sign_out(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """End every session of somebody else."""
        name = self._known(request)
        visit = visit_of(request, self._desk)
        self._credentials.sessions.end_of(name, visit, by=viewer.person)
        return RedirectResponse(f"/admin/people/{quote(name)}", 303)

    def _known(self, request: Request) -> str:
        name: str = request.path_params["name"]
        if name not in self._desk.directory().people:
            raise HTTPException(404)
        return name

    def _person(self, viewer: Viewer) -> Person:
        return self._desk.directory().people[viewer.person]

    def _page(
        self,
        request: Request,
        viewer: Viewer,
        *,
        said: str = "",
        done: str = "",
        status: int = 200,
    ) -> Response:
        credentials, person = self._credentials, self._person(viewer)
        visit = visit_of(request, self._desk)

        def facts(tx: Tx) -> dict[str, Any]:
            return {
                "password_at": passwords.set_at(tx, person.name),
                "verified_at": links.verified_at(tx, person.name, person.email),
                "identities": identities.of_person(tx, person.name),
            }

        return self._gate.page(
            "security.html",
            viewer,
            status=status,
            said=said,
            done=done,
            person=person,
            browser_of=browser_of,
            sessions=credentials.sessions.of(person.name),
            keys=credentials.passkeys.of(person.name),
            why_no_passkeys=credentials.passkeys.why_not,
            passwords=credentials.passwords.are_on,
            shortest=credentials.passwords.shortest,
            codes=credentials.emergency.left(person.name),
            can_mail=credentials.links.can_mail,
            is_recent=credentials.sessions.is_recent(visit.session),
            **self._desk.database.read(facts),
        )

    def _confirm_page(
        self,
        wanted: str,
        viewer: Viewer,
        entry: Entry | None = None,
        status: int = 403,
    ) -> Response:
        sso = self._credentials.sso
        refused = entry.refused if entry is not None else ""
        wait = entry.wait if entry is not None else None
        status = 429 if wait else status if refused else 200
        has_password = self._desk.database.read(
            lambda tx: passwords.set_at(tx, viewer.person) is not None
        )
        page = self._gate.page(
            "confirm.html",
            viewer,
            status=status,
            said=too_often(wait) if wait else refused,
            wanted=own_path(wanted),
            has_password=has_password and self._credentials.passwords.are_on,
            has_passkey=bool(self._credentials.passkeys.of(viewer.person)),
            sso=sso.name if sso is not None else "",
        )
        if wait:
            page.headers["retry-after"] = str(seconds_of(wait))
        return page


def _back(did: str) -> Response:
    return RedirectResponse(f"{PAGE}?did={did}", 303)
