"""Calendars of others: /schedules/{name}/calendar/{rotation} and /me/leave-calendar."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path
from pydantic import Field

from tocsin.api.access import allowed
from tocsin.api.alert_routes import ERRORS
from tocsin.api.bodies import Body
from tocsin.api.oncall.schedule_access import must_hold
from tocsin.api.problems import responses
from tocsin.api.shapes import time
from tocsin.core.excerpts import clean
from tocsin.core.people.permissions import LEAD, VIEWER
from tocsin.engine.calendar_imports import LeaveShown, Subscribed, leave_of
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store.calendar_imports import CalendarImport

_Part = Annotated[str, Path(max_length=100)]


class CalendarIn(Body):
    """The secret address of an iCalendar."""

    url: Annotated[str, Field(min_length=1, max_length=2000)]


# long because: each route is a closure over the desk.
def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(tags=["on call"], responses={**ERRORS, **responses(409, 422)})

    def place_of(name: str, rotation: str, caller: Viewer) -> str:
        found = must_hold(desk, name, caller, LEAD)
        if rotation not in {one.name for one in found.rotations}:
            raise HTTPException(404, f"There is no rotation {clean(rotation)}.")
        return f"{name}/{rotation}"

    @router.get("/schedules/{name}/calendar/{rotation}")
    def show(
        name: _Part, rotation: _Part, caller: Viewer = allowed(desk, LEAD)
    ) -> dict[str, Any]:
        """How the last reading went; the address is not told."""
        return _shown(desk.imports.of(place_of(name, rotation, caller)))

    @router.put("/schedules/{name}/calendar/{rotation}")
    def put(
        name: _Part, rotation: _Part, body: CalendarIn,
        caller: Viewer = allowed(desk, LEAD),
    ) -> dict[str, Any]:  # fmt: skip
        """Read its shifts now and from now on."""
        place = place_of(name, rotation, caller)
        return _answer(desk.imports.subscribe(caller, place, clean(body.url)))

    @router.delete("/schedules/{name}/calendar/{rotation}", status_code=204)
    def delete(
        name: _Part, rotation: _Part, caller: Viewer = allowed(desk, LEAD)
    ) -> None:
        """Read it no more; what was to come is gone."""
        _answer(desk.imports.drop(caller, place_of(name, rotation, caller)))

    @router.put("/me/leave-calendar")
    def put_own(
        body: CalendarIn, caller: Viewer = allowed(desk, VIEWER)
    ) -> dict[str, Any]:
        """Read one's own days away from a calendar."""
        place = leave_of(caller.person)
        return _answer(desk.imports.subscribe(caller, place, clean(body.url)))

    @router.post("/me/leave-calendar/preview")
    def preview_own(
        body: CalendarIn, caller: Viewer = allowed(desk, VIEWER)
    ) -> dict[str, Any]:
        """The days that it would take. Nothing is written."""
        shown = desk.imports.show_leave(caller, clean(body.url))
        if shown.refused:
            raise HTTPException(_status(shown), shown.refused)
        days = [{"from": str(first), "to": str(last)} for first, last in shown.days]
        return {"days": days, "left_out": list(shown.left_out)}

    @router.delete("/me/leave-calendar", status_code=204)
    def delete_own(caller: Viewer = allowed(desk, VIEWER)) -> None:
        """Read it no more."""
        _answer(desk.imports.drop(caller, leave_of(caller.person)))

    return router


def _answer(answered: Subscribed) -> dict[str, Any]:
    if answered.refused:
        raise HTTPException(_status(answered), answered.refused)
    return _shown(answered.one)


def _status(refused: Subscribed | LeaveShown) -> int:
    return 403 if refused.forbidden else 422 if refused.bad_address else 409


def _shown(one: CalendarImport | None) -> dict[str, Any]:
    if one is None:
        return {"subscribed": False}
    return {
        "subscribed": True,
        "tried_at": time(one.tried_at),
        "good_at": time(one.good_at),
        "error": one.error or None,
        "found": one.found,
        "unknown": list(one.unknown),
    }
