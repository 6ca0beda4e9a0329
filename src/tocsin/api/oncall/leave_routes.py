"""Days away: one's own under /me/leave, those of one's team under /people/{person}/leave."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path
from fastapi.responses import Response
from pydantic import Field

from tocsin.api.access import allowed
from tocsin.api.alert_routes import ERRORS
from tocsin.api.bodies import Body
from tocsin.api.document_routes import refused
from tocsin.api.problems import responses
from tocsin.core.excerpts import clean
from tocsin.core.people.people import Person
from tocsin.core.people.permissions import LEAD, VIEWER
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.oncall.leave import DaysAway
from tocsin.engine.signing_in.sign_in import Viewer

_Part = Annotated[str, Path(max_length=40)]
_Name = Annotated[str, Path(max_length=100)]


class LeaveIn(Body):
    """Whole days, both included, on the calendar of whoever is away."""

    first: date = Field(alias="from")
    last: date | None = Field(default=None, alias="to")
    rather_not: bool = False


def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(tags=["on call"], responses={**ERRORS, **responses(409, 422)})
    leave = DaysAway(desk)
    _own(router, desk, leave)
    _of_others(router, desk, leave)
    return router


def _own(router: APIRouter, desk: FrontDesk, leave: DaysAway) -> None:
    @router.get("/me/leave")
    def listing(caller: Viewer = allowed(desk, VIEWER)) -> dict[str, Any]:
        """What is ahead and what has been, by day."""
        return _listed(desk.directory().people.get(caller.person))

    @router.post("/me/leave", status_code=204)
    def add(body: LeaveIn, caller: Viewer = allowed(desk, VIEWER)) -> Response:
        """More days away; whoever has the turns then is told."""
        return _added(leave, caller, caller.person, body)

    @router.delete("/me/leave/{first}/{last}", status_code=204)
    def take_back(
        first: _Part, last: _Part, caller: Viewer = allowed(desk, VIEWER)
    ) -> Response:
        """Not away then after all; 404 where nothing was entered for just these days."""
        done = leave.take_back(caller, caller.person, first, last)
        return Response(status_code=204) if done.done else refused(done)


def _of_others(router: APIRouter, desk: FrontDesk, leave: DaysAway) -> None:
    @router.get("/people/{person}/leave")
    def listing_of(person: _Name, _: Viewer = allowed(desk, VIEWER)) -> dict[str, Any]:
        """When somebody is away, what is ahead and what has been, by day."""
        known = desk.directory().people.get(person)
        if known is None:
            raise HTTPException(
                404, f"There is nobody with the handle {clean(person)!r}."
            )
        return _listed(known)

    @router.post("/people/{person}/leave", status_code=204)
    def add_for(
        person: _Name, body: LeaveIn, caller: Viewer = allowed(desk, LEAD)
    ) -> Response:
        """Days away of somebody in a team that one leads; they are told."""
        return _added(leave, caller, person, body)

    @router.delete("/people/{person}/leave/{first}/{last}", status_code=204)
    def take_back_for(
        person: _Name, first: _Part, last: _Part, caller: Viewer = allowed(desk, LEAD)
    ) -> Response:
        """Not away then after all; they are told."""
        done = leave.take_back(caller, person, first, last)
        return Response(status_code=204) if done.done else refused(done)


def _added(leave: DaysAway, caller: Viewer, person: str, body: LeaveIn) -> Response:
    first, last = str(body.first), str(body.last or "")
    done = leave.add(caller, person, first, last, rather_not=body.rather_not)
    return Response(status_code=204) if done.done else refused(done)


def _listed(person: Person | None) -> dict[str, Any]:
    return {
        "leave": [
            {"from": str(one.first), "to": str(one.last), "rather_not": one.rather_not}
            for one in (person.away if person is not None else ())
        ]
    }
