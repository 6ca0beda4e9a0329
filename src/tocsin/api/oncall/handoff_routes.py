"""/schedules/{name}/handoffs and /thanks: what one shift leaves to the next."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query
from fastapi.responses import JSONResponse
from pydantic import Field

from tocsin.api.access import allowed
from tocsin.api.alert_routes import ERRORS
from tocsin.api.bodies import Body, Name
from tocsin.api.oncall.schedule_access import must_hold, schedule_of
from tocsin.api.problems import refused_fields, responses
from tocsin.api.shapes import time
from tocsin.core.excerpts import clean
from tocsin.core.forms import Problem
from tocsin.core.oncall.handoffs import LONGEST_NOTE, Handoff
from tocsin.core.people.permissions import RESPONDER, VIEWER
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.oncall import thanks
from tocsin.engine.oncall.handoffs import Answered, Handoffs, Shown
from tocsin.engine.signing_in.sign_in import Viewer

_Part = Annotated[str, Path(max_length=100)]
_Rotation = Annotated[str, Query(max_length=100)]
# Stands for the number of the one that has not happened yet.
COMING = "coming"


class NoteIn(Body):
    """Words of the outgoing, in Markdown."""

    note: Annotated[str, Field(max_length=LONGEST_NOTE)]


class ThanksIn(Body):
    """A word to somebody."""

    to: Name
    text: Annotated[str, Field(min_length=1, max_length=thanks.LONGEST)]


# long because: each route is a closure over the desk.
def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(tags=["on call"], responses={**ERRORS, **responses(409, 422)})
    handoffs = Handoffs(desk)

    @router.get("/schedules/{name}/handoffs")
    def listing(
        name: _Part, caller: Viewer = allowed(desk, VIEWER)
    ) -> dict[str, list[dict[str, Any]]]:
        """Those that happened, newest first."""
        schedule_of(desk, name)
        found = handoffs.newest(name, limit=50)
        return {"handoffs": [_brief(one) for one in found]}

    @router.get("/schedules/{name}/handoffs/{number}")
    def show(
        name: _Part,
        number: _Part,
        rotation: _Rotation = "",
        caller: Viewer = allowed(desk, VIEWER),
    ) -> dict[str, Any]:
        """One with what is or was open; `coming` is the next of a rotation."""
        schedule_of(desk, name)
        if number == COMING:
            found = handoffs.coming(caller, name, rotation)
        else:
            found = handoffs.show(caller, number)
        if found is None or found.handoff.schedule != name:
            raise HTTPException(404, "There is no such hand-over.")
        return _whole(found)

    @router.put("/schedules/{name}/handoffs/{number}/note")
    def note(
        name: _Part,
        number: _Part,
        body: NoteIn,
        rotation: _Rotation = "",
        caller: Viewer = allowed(desk, RESPONDER),
    ) -> dict[str, Any]:
        """Words for the next; until it is accepted they can be changed."""
        must_hold(desk, name, caller, RESPONDER)
        of = "" if number == COMING else number
        return _answer(handoffs.note(caller, name, rotation, clean(body.note), of=of))

    @router.post("/schedules/{name}/handoffs/{number}/accept")
    def accept(
        name: _Part, number: _Part, caller: Viewer = allowed(desk, RESPONDER)
    ) -> dict[str, Any]:
        """Whoever came on call has read it."""
        must_hold(desk, name, caller, RESPONDER)
        return _answer(handoffs.accept(caller, number))

    @router.get("/thanks")
    def said(caller: Viewer = allowed(desk, VIEWER)) -> dict[str, Any]:
        """What was said lately."""
        return {
            "thanks": [
                {"to": one.to, "by": one.by, "text": one.text, "at": time(one.at)}
                for one in thanks.newest(desk)
            ]
        }

    @router.post("/thanks", status_code=201)
    def say(body: ThanksIn, caller: Viewer = allowed(desk, RESPONDER)) -> JSONResponse:
        """Say thanks to somebody; they get it as a message."""
        field, wrong = thanks.say(desk, caller, body.to, clean(body.text).strip())
        if wrong:
            return refused_fields([Problem(field, getattr(body, field), wrong)])
        return JSONResponse({"to": body.to}, 201)

    return router


def _answer(answered: Answered) -> dict[str, Any]:
    if answered.missing:
        raise HTTPException(404, "There is no such hand-over.")
    if answered.forbidden:
        raise HTTPException(403, answered.refused)
    if answered.handoff is None or answered.refused:
        raise HTTPException(409, answered.refused)
    return _brief(answered.handoff)


def _brief(one: Handoff) -> dict[str, Any]:
    return {
        "id": one.id or COMING,
        "schedule": one.schedule,
        "rotation": one.rotation,
        "at": time(one.at),
        "state": one.state.value,
        "outgoing": list(one.outgoing),
        "incoming": list(one.incoming),
        "note": one.note,
        "noted_by": one.noted_by or None,
        "accepted_by": one.accepted_by or None,
        "accepted_at": time(one.accepted_at),
    }


def _whole(shown: Shown) -> dict[str, Any]:
    return {
        **_brief(shown.handoff),
        "since": time(shown.handoff.since),
        "pages": shown.facts.pages,
        "sleep_interruptions": shown.facts.nights,
        "open": [
            {
                "kind": one.kind,
                "title": one.title,
                "said": one.said,
                "path": one.path or None,
                "service": one.service or None,
                "severity": one.severity or None,
            }
            for one in shown.facts.items
        ],
    }
