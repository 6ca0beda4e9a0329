"""/me/leave: one's own days away."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import Field

from tocsin.api.access import allowed
from tocsin.api.alert_routes import ERRORS
from tocsin.api.bodies import Body
from tocsin.api.document_routes import refused
from tocsin.api.problems import responses
from tocsin.core.people.permissions import VIEWER
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.oncall.own_leave import OwnLeave
from tocsin.engine.signing_in.sign_in import Viewer

_Part = Annotated[str, Path(max_length=40)]


class LeaveIn(Body):
    """Whole days, both included, on one's own calendar."""

    first: date = Field(alias="from")
    last: date | None = Field(default=None, alias="to")
    rather_not: bool = False


# long because: each route is a closure over the desk.
def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(
        prefix="/me/leave",
        tags=["on call"],
        responses={**ERRORS, **responses(409, 422)},
    )
    leave = OwnLeave(desk)

    @router.get("")
    def listing(caller: Viewer = allowed(desk, VIEWER)) -> dict[str, Any]:
        """What is ahead and what has been, by day."""
        person = desk.directory().people.get(caller.person)
        return {
            "leave": [
                {
                    "from": str(one.first),
                    "to": str(one.last),
                    "rather_not": one.rather_not,
                }
                for one in (person.away if person is not None else ())
            ]
        }

    @router.post("", status_code=204)
    def add(body: LeaveIn, caller: Viewer = allowed(desk, VIEWER)) -> Response:
        """More days away; whoever has the turns then is told."""
        done = leave.add(
            caller, str(body.first), str(body.last or ""), rather_not=body.rather_not
        )
        return Response(status_code=204) if done.done else refused(done)

    @router.delete("/{first}/{last}", status_code=204)
    def take_back(
        first: _Part, last: _Part, caller: Viewer = allowed(desk, VIEWER)
    ) -> Response:
        """Not away then after all; days that are not on the list change nothing."""
        done = leave.take_back(caller, first, last)
        return Response(status_code=204) if done.done else refused(done)

    return router
