"""/me/calendars: secret addresses that one's calendar subscribes to."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path
from fastapi.responses import Response
from pydantic import Field

from tocsin.api.access import allowed
from tocsin.api.alert_routes import ERRORS
from tocsin.api.bodies import Body
from tocsin.api.shapes import time
from tocsin.core.people.permissions import VIEWER
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.oncall.calendars import Calendars, Made
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store.calendars import Calendar

_Id = Annotated[str, Path(max_length=100)]


class CalendarIn(Body):
    """Whose shifts: one's own (without a name), a schedule's or a team's."""

    kind: Literal["person", "schedule", "team"]
    name: Annotated[str, Field(max_length=100)] = ""


# long because: each route is a closure over the desk.
def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(prefix="/me/calendars", tags=["me"], responses=ERRORS)
    calendars = Calendars(desk)
    viewer = allowed(desk, VIEWER)

    @router.get("")
    def listing(caller: Viewer = viewer) -> dict[str, Any]:
        """One's own, without their secrets."""
        return {"calendars": [_shown(one) for one in calendars.mine(caller)]}

    @router.post("", status_code=201)
    def make(body: CalendarIn, caller: Viewer = viewer) -> dict[str, Any]:
        """Make an address; it is told this once."""
        _must_keep_own(caller)
        made = calendars.make(caller, body.kind, body.name)
        if made.problem:
            raise HTTPException(422, f"name: {made.problem}")
        return _told(desk, made)

    @router.post("/{calendar_id}/turn")
    def turn(calendar_id: _Id, caller: Viewer = viewer) -> dict[str, Any]:
        """Another address for it; the former one leads nowhere from now on."""
        _must_keep_own(caller)
        made = calendars.turn(caller, calendar_id)
        if made is None:
            raise HTTPException(404, "You have no such calendar.")
        return _told(desk, made)

    @router.delete("/{calendar_id}", status_code=204)
    def end(calendar_id: _Id, caller: Viewer = viewer) -> Response:
        """The address leads nowhere any more."""
        _must_keep_own(caller)
        if not calendars.end(caller, calendar_id):
            raise HTTPException(404, "You have no such calendar.")
        return Response(status_code=204)

    return router


def _must_keep_own(caller: Viewer) -> None:
    """An address outlives the token that made it, so few tokens may make one."""
    if not caller.keeps_own:
        raise HTTPException(403, "This token may not make or end addresses of yours.")


def _told(desk: FrontDesk, made: Made) -> dict[str, Any]:
    assert made.calendar is not None
    return {
        "calendar": _shown(made.calendar),
        "url": f"{desk.public_url}/ical/{made.secret}.ics",
    }


def _shown(one: Calendar) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "name": one.name,
        "made_at": time(one.made_at),
        "read_at": time(one.read_at) if one.read_at else None,
    }
