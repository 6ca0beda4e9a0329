"""/incidents: declared, worked on, read. Every act answers with the room as it is then."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query
from fastapi.responses import PlainTextResponse, Response

from tocsin.api.access import allowed
from tocsin.api.alert_routes import ERRORS
from tocsin.api.incidents import incident_acts, incident_team_acts
from tocsin.api.incidents.incident_answers import Answering, impact_of
from tocsin.api.incidents.incident_bodies import DeclareIn
from tocsin.api.incidents.incident_shapes import (
    earlier_json,
    incident_json,
    line_json,
    room_json,
)
from tocsin.core.excerpts import clean, web_link
from tocsin.core.incidents.incidents import OPEN, State
from tocsin.core.people.permissions import RESPONDER
from tocsin.core.severity import Severity
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.incidents.declaring import Draft
from tocsin.engine.incidents.exporting import markdown
from tocsin.engine.incidents.related import Earlier, earlier
from tocsin.engine.incidents.rooms import Room, room_of
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store.database import Tx

Number = Annotated[int, Path(ge=1, le=2**62, description="the incident's number")]
_STATES: dict[str, Sequence[State]] = {
    "open": sorted(OPEN),
    "resolved": (State.RESOLVED,),
    "closed": (State.CLOSED, State.REVIEWED),
    "all": (),
}


def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(prefix="/incidents", tags=["incidents"], responses=ERRORS)
    answering = Answering(
        desk, lambda number, viewer: room_json(_room(desk, number, viewer))
    )
    _reading(router, desk)
    _declaring(router, desk, answering)
    incident_acts.add(router, desk, answering)
    incident_team_acts.add(router, desk, answering)
    return router


# long because: each route is a closure over the desk.
def _reading(router: APIRouter, desk: FrontDesk) -> None:
    viewer = allowed(desk, "viewer")

    @router.get("")
    def list_incidents(
        caller: Viewer = viewer,
        state: Annotated[str, Query(pattern="^(open|resolved|closed|all)$")] = "open",
        severity: Annotated[str, Query(pattern="^(SEV[1-4])?$")] = "",
        service: Annotated[str, Query(max_length=100)] = "",
        q: Annotated[str, Query(max_length=200)] = "",
        before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> dict[str, Any]:
        """Incidents, newest first; `next` is the cursor for `before`."""
        found = desk.database.read(
            lambda tx: desk.incidents.listing(
                tx,
                caller,
                states=_STATES[state],
                severity=Severity[severity] if severity else None,
                service=clean(service),
                text=clean(q),
                before=before,
                limit=limit + 1,
            )
        )
        more = found[limit - 1].number if len(found) > limit else None
        shown = [incident_json(one) for one in found[:limit]]
        return {"incidents": shown, "next": more}

    @router.get("/{number}")
    def get_incident(number: Number, caller: Viewer = viewer) -> dict[str, Any]:
        """All of a room but its log."""
        return room_json(_room(desk, number, caller))

    @router.get("/{number}/related")
    def get_related(number: Number, caller: Viewer = viewer) -> dict[str, Any]:
        """Earlier incidents of 90 days with the same alert, service or words."""

        def read(tx: Tx) -> list[Earlier] | None:
            incident = desk.incidents.seen(tx, number, caller)
            return earlier(tx, incident, caller) if incident is not None else None

        found = desk.database.read(read)
        if found is None:
            raise HTTPException(404, "There is no incident with this number.")
        return {"incidents": [earlier_json(one) for one in found]}

    @router.get("/{number}/log")
    def get_log(number: Number, caller: Viewer = viewer) -> dict[str, Any]:
        """Every entry once, oldest first."""
        room = _room(desk, number, caller)
        return {"log": [line_json(line) for line in room.log.lines]}

    @router.get("/{number}/log.md", response_class=PlainTextResponse)
    def get_markdown(number: Number, caller: Viewer = viewer) -> Response:
        """The whole room as Markdown."""
        room = _room(desk, number, caller)
        text = markdown(
            room.incident,
            room.log,
            holdings=list(room.holdings),
            updates=list(room.updates),
            figures=list(room.figures),
        )
        return PlainTextResponse(text, media_type="text/markdown; charset=utf-8")


def _declaring(router: APIRouter, desk: FrontDesk, answering: Answering) -> None:
    @router.post("", status_code=201)
    def declare(
        body: DeclareIn, caller: Viewer = allowed(desk, RESPONDER)
    ) -> dict[str, Any]:
        """Declare an incident; its services are paged unless an alert does so already."""
        draft = Draft(
            title=clean(body.title),
            severity=Severity[body.severity] if body.severity else None,
            services=tuple(dict.fromkeys(clean(one) for one in body.services)),
            impact=impact_of(body.impact),
            private=body.private,
            drill=body.drill,
            alerts=tuple(dict.fromkeys(body.alerts)),
            page=body.page,
            bridge=web_link(body.bridge),
            recurrence_of=body.recurrence_of,
        )
        return answering.of(desk.incidents.declare(draft, caller), caller)


def _room(desk: FrontDesk, number: int, viewer: Viewer) -> Room:
    """Raises 404."""

    def work(tx: Tx) -> Room | None:
        incident = desk.incidents.seen(tx, number, viewer)
        if incident is None:
            return None
        directory = desk.directories.current(tx)
        hidden = directory.hidden_from(viewer.grant)
        return room_of(tx, incident, directory, hidden=hidden)

    found = desk.database.read(work)
    if found is None:
        raise HTTPException(404, "There is no incident with this number.")
    return found
