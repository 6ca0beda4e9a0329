"""/incidents/…/runbook: the runbooks of its services as steps to tick off."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path
from fastapi.responses import Response

from tocsin.api.access import allowed
from tocsin.api.alert_routes import ERRORS
from tocsin.api.problems import problem
from tocsin.api.review_bodies import TickIn
from tocsin.api.review_shapes import book_json
from tocsin.core.people.permissions import RESPONDER, VIEWER
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.reviews.runbooks import Book, books_in, tick
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store.database import Tx

Number = Annotated[int, Path(ge=1, le=2**62, description="the incident's number")]
_GONE = "There is no incident with this number."


# long because: each route is a closure over the desk.
def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(prefix="/incidents", tags=["incidents"], responses=ERRORS)

    def shown(number: int, caller: Viewer) -> dict[str, Any]:
        """Raises 404."""

        def work(tx: Tx) -> list[Book] | None:
            incident = desk.incidents.seen(tx, number, caller)
            if incident is None:
                return None
            directory = desk.directories.current(tx)
            hidden = directory.hidden_from(caller.grant)
            return books_in(tx, incident, directory, hidden=hidden)

        found = desk.database.read(work)
        if found is None:
            raise HTTPException(404, _GONE)
        return {"runbooks": [book_json(one) for one in found]}

    @router.get("/{number}/runbook")
    def get_runbook(
        number: Number, caller: Viewer = allowed(desk, VIEWER)
    ) -> dict[str, Any]:
        """The steps, with what became of each."""
        return shown(number, caller)

    @router.post("/{number}/runbook/{step}", response_model=None)
    def tick_off(
        number: Number,
        step: Annotated[str, Path(max_length=40)],
        body: TickIn,
        caller: Viewer = allowed(desk, RESPONDER),
    ) -> Response | dict[str, Any]:
        """A step is done, skipped, or did not help; the log of the room says so."""
        done = desk.incidents.act(
            number, caller, "tick", lambda scene: tick(scene, step, body.result)
        )
        if done.incident is None:
            return problem(404, _GONE)
        if done.forbidden:
            return problem(403, done.refused)
        if done.refused:
            status = 422 if done.refused.startswith(("step:", "result:")) else 409
            return problem(status, done.refused)
        return shown(number, caller)

    return router
