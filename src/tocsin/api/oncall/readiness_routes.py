"""/schedules/{name}/readiness: checklists before first shifts. Shadow shifts and the
list itself are fields of the schedule's document."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path

from tocsin.api.access import allowed
from tocsin.api.alert_routes import ERRORS
from tocsin.api.oncall.schedule_access import must_hold, schedule_of
from tocsin.api.problems import responses
from tocsin.api.shapes import time
from tocsin.core.excerpts import clean
from tocsin.core.people.permissions import LEAD, VIEWER
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.oncall.growing import Growing, Learner
from tocsin.engine.signing_in.sign_in import Viewer

_Part = Annotated[str, Path(max_length=100)]


# long because: each route is a closure over the desk.
def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(
        prefix="/schedules/{name}/readiness",
        tags=["on call"],
        responses={**ERRORS, **responses(409)},
    )
    growing = Growing(desk)

    def tick(caller: Viewer, name: str, person: str, item: str, *, done: bool) -> None:
        must_hold(desk, name, caller, LEAD)
        wrong = growing.tick(caller, name, clean(person), clean(item), done=done)
        if wrong:
            raise HTTPException(409, wrong)

    @router.get("")
    def listing(name: _Part, caller: Viewer = allowed(desk, VIEWER)) -> dict[str, Any]:
        """Everybody's checklist; who is not signed off comes first."""
        schedule_of(desk, name)
        return {"people": [_shown(one) for one in growing.listing(name) or []]}

    @router.put("/{person}/{item}", status_code=204)
    def ticked(
        name: _Part, person: _Part, item: _Part, caller: Viewer = allowed(desk, LEAD)
    ) -> None:
        """Tick a line; `signed off` closes the list."""
        tick(caller, name, person, item, done=True)

    @router.delete("/{person}/{item}", status_code=204)
    def unticked(
        name: _Part, person: _Part, item: _Part, caller: Viewer = allowed(desk, LEAD)
    ) -> None:
        """Take a tick back."""
        tick(caller, name, person, item, done=False)

    return router


def _shown(one: Learner) -> dict[str, Any]:
    return {
        "person": one.ready.person,
        "items": [
            {"item": item.text, "done": item.done, "said": item.said or None}
            for item in one.ready.items
        ],
        "signed_off_by": one.ready.signed_by or None,
        "signed_off_at": time(one.ready.signed_at),
        "next_shift": time(one.next_shift),
    }
