"""What `static/passkeys.js` asks: challenges, and what a browser's passkey answers."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tocsin.core.people.permissions import VIEWER
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.passkeys import Asked
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.web.gate import Gate, guarded_by, is_from_here
from tocsin.web.threshold import (
    FOREIGN,
    confirmed_first,
    own_path,
    seconds_of,
    set_session,
    too_often,
    visit_of,
)

_LARGEST = 64 * 1024
Endpoint = Callable[[Request], Awaitable[Response]]


class Signed(Struct):
    """What the script sends: which challenge, what the authenticator said."""

    flow: str
    response: dict[str, Any]
    label: str = ""
    next: str = ""


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes; those to add a passkey are for who signed in recently."""
    keys = _Keys(desk, gate)
    add = guarded_by(VIEWER, keys.add)
    ask_to_add = guarded_by(VIEWER, keys.ask_to_add)
    return [
        Route("/login/passkey/options", keys.ask, methods=["POST"]),
        Route("/login/passkey", keys.sign_in, methods=["POST"]),
        Route("/me/security/passkeys/options", ask_to_add, methods=["POST"]),
        Route("/me/security/passkeys", add, methods=["POST"]),
    ]


class _Keys:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate
        self._passkeys = desk.credentials.passkeys

    async def ask(self, request: Request) -> Response:
        """A challenge for any passkey of ours."""
        if not is_from_here(request):
            return _problem(403, FOREIGN)
        visit = visit_of(request, self._desk)
        return _asked(await run_in_threadpool(self._passkeys.ask_to_sign_in, visit))

    async def sign_in(self, request: Request) -> Response:
        """A session for a signed challenge."""
        signed = await _signed(request)
        if isinstance(signed, Response):
            return signed
        visit = visit_of(request, self._desk)
        entry = await run_in_threadpool(
            self._passkeys.sign_in, signed.flow, signed.response, visit
        )
        if entry.wait:
            return _wait(entry.wait)
        if not entry.session:
            return _problem(403, entry.refused)
        answer = JSONResponse({"next": own_path(signed.next)})
        set_session(answer, self._desk, entry)
        return answer

    async def ask_to_add(self, request: Request) -> Response:
        """A challenge for a new passkey of who is signed in."""
        viewer = await self._recent(request)
        if isinstance(viewer, Response):
            return viewer
        visit, name = visit_of(request, self._desk), viewer.person

        def work() -> Asked:
            person = self._desk.directory().people[name]
            return self._passkeys.ask_to_add(person, visit)

        return _asked(await run_in_threadpool(work))

    async def add(self, request: Request) -> Response:
        """Keep it."""
        viewer = await self._recent(request)
        if isinstance(viewer, Response):
            return viewer
        signed = await _signed(request)
        if isinstance(signed, Response):
            return signed
        visit, name, sent = visit_of(request, self._desk), viewer.person, signed

        def work() -> str:
            person = self._desk.directory().people[name]
            return self._passkeys.add(
                person, sent.flow, sent.response, sent.label, visit
            )

        problem = await run_in_threadpool(work)
        if problem:
            return _problem(403, problem)
        return JSONResponse({"next": "/me/security?did=passkey-added"})

    async def _recent(self, request: Request) -> Viewer | Response:
        """Who asks, if they signed in within the last ten minutes."""
        if not is_from_here(request):
            return _problem(403, FOREIGN)
        viewer = await run_in_threadpool(self._gate.viewer, request)
        if viewer is None:
            return _problem(401, "Sign in first.")
        away = await run_in_threadpool(
            confirmed_first, request, self._desk, then="/me/security"
        )
        if away is not None:
            return JSONResponse({"next": away.headers["location"]}, 403)
        return viewer


async def _signed(request: Request) -> Signed | Response:
    if not is_from_here(request):
        return _problem(403, FOREIGN)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            return _problem(413, f"The body is larger than {_LARGEST} bytes.")
    try:
        return msgspec.json.decode(body, type=Signed)
    except (msgspec.DecodeError, RecursionError) as error:
        return _problem(422, str(error))


def _asked(asked: Asked) -> Response:
    if asked.wait:
        return _wait(asked.wait)
    if asked.refused:
        return _problem(409, asked.refused)
    return JSONResponse({"flow": asked.flow, "options": dict(asked.options)})


def _wait(wait: Any) -> Response:
    answer = _problem(429, too_often(wait))
    answer.headers["retry-after"] = str(seconds_of(wait))
    return answer


def _problem(status: int, said: str) -> Response:
    return JSONResponse(
        {"status": status, "detail": said},
        status,
        media_type="application/problem+json",
    )
