"""/schedules/{name}/cover-requests: asking others to take hours of one's own."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path
from fastapi.responses import JSONResponse
from pydantic import Field

from tocsin.api.access import allowed
from tocsin.api.alert_routes import ERRORS
from tocsin.api.bodies import Body, Name
from tocsin.api.instants import bounded, utc
from tocsin.api.oncall.schedule_access import must_hold, schedule_of
from tocsin.api.problems import refused_fields, responses
from tocsin.api.shapes import time
from tocsin.core.forms import Problem
from tocsin.core.people.permissions import RESPONDER, VIEWER
from tocsin.core.rotas.cover_requests import CoverRequest
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.oncall.cover_requests import Answered, CoverRequests
from tocsin.engine.signing_in.sign_in import Viewer

_Part = Annotated[str, Path(max_length=100)]


class CoverRequestIn(Body):
    """Hours of one's own that others are asked to take."""

    rotation: Name
    start: datetime
    end: datetime
    why: Annotated[str, Field(max_length=300)] = ""
    # A swap: whom it is asked of, and which hours of theirs are taken in return.
    of: Annotated[str, Field(max_length=100)] = ""
    back_start: datetime | None = None
    back_end: datetime | None = None


# long because: each route is a closure over the desk.
def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(
        prefix="/schedules/{name}/cover-requests",
        tags=["on call"],
        responses={**ERRORS, **responses(409, 422)},
    )
    requests = CoverRequests(desk)

    @router.get("")
    def listing(
        name: _Part, caller: Viewer = allowed(desk, VIEWER)
    ) -> dict[str, list[dict[str, Any]]]:
        """What is open, soonest first."""
        schedule_of(desk, name)
        return {"requests": [_shown(one) for one in requests.open_ones(name)]}

    @router.post("", status_code=201)
    def ask(
        name: _Part, body: CoverRequestIn, caller: Viewer = allowed(desk, RESPONDER)
    ) -> JSONResponse:
        """Ask those who could; they are told."""
        must_hold(desk, name, caller, RESPONDER)
        start, end = bounded(utc(body.start)), bounded(utc(body.end))
        back = None
        if body.of:
            if body.back_start is None or body.back_end is None:
                expected = "the hours of theirs, as of names somebody"
                return refused_fields([Problem("back_start", "nothing", expected)])
            back = (bounded(utc(body.back_start)), bounded(utc(body.back_end)))
        asked = requests.ask(
            caller, name, body.rotation, start, end, body.why, of=body.of, back=back
        )
        if asked.field:
            given = str(getattr(body, asked.field, body.back_start))
            return refused_fields([Problem(asked.field, given, asked.refused)])
        return JSONResponse(_answer(asked), 201)

    @router.post("/{request_id}/take")
    def take(
        name: _Part, request_id: _Part, caller: Viewer = allowed(desk, RESPONDER)
    ) -> dict[str, Any]:
        """The hours are the caller's from now on."""
        must_hold(desk, name, caller, RESPONDER)
        return _answer(requests.take(caller, request_id))

    @router.delete("/{request_id}")
    def withdraw(
        name: _Part, request_id: _Part, caller: Viewer = allowed(desk, RESPONDER)
    ) -> dict[str, Any]:
        """Nobody is asked any more."""
        must_hold(desk, name, caller, RESPONDER)
        return _answer(requests.withdraw(caller, request_id))

    return router


def _answer(answered: Answered) -> dict[str, Any]:
    if answered.missing:
        raise HTTPException(404, answered.refused)
    if answered.forbidden:
        raise HTTPException(403, answered.refused)
    if answered.request is None or not answered.done:
        raise HTTPException(409, answered.refused)
    return _shown(answered.request)


def _shown(one: CoverRequest) -> dict[str, Any]:
    return {
        "id": one.id,
        "schedule": one.schedule,
        "rotation": one.rotation,
        "person": one.person,
        "start": time(one.start),
        "end": time(one.end),
        "why": one.why,
        "state": one.state.value,
        "taker": one.taker or None,
        "of": one.of or None,
        "back": {"start": time(one.back[0]), "end": time(one.back[1])}
        if one.back
        else None,
    }
