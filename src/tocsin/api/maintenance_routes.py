"""Maintenance windows: services that are worked on; their alerts are recorded, quiet."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path
from fastapi.responses import Response
from msgspec.structs import replace

from tocsin.api.access import allowed, must
from tocsin.api.alert_routes import ERRORS
from tocsin.api.bodies import MaintenanceIn
from tocsin.api.instants import bounded, utc
from tocsin.api.shapes import maintenance_json
from tocsin.core.alerts import maintenance
from tocsin.core.alerts.maintenance import Maintenance
from tocsin.core.excerpts import clean
from tocsin.core.people.permissions import RESPONDER
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import maintenance as stored

Id = Annotated[str, Path(max_length=64)]


# long because: each route is a closure over the desk.
def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(prefix="/maintenance", responses=ERRORS, tags=["maintenance"])

    @router.get("")
    def listing(caller: Viewer = allowed(desk, "viewer")) -> dict[str, Any]:
        """Windows, the latest end first."""
        found = desk.database.read(lambda tx: stored.listing(tx, limit=200))
        now = desk.clock.now()
        hidden = desk.directory().hidden_from(caller.grant)
        seen = [_seen(one, hidden) for one in found if not hidden >= set(one.services)]
        return {"maintenance": [maintenance_json(one, now=now) for one in seen]}

    @router.post("", status_code=201)
    def make(
        body: MaintenanceIn, viewer: Viewer = allowed(desk, RESPONDER)
    ) -> dict[str, Any]:
        """Keep the alerts of services quiet while they are worked on."""
        now = desk.clock.now()
        starts = bounded(utc(body.starts_at)) if body.starts_at else now
        window = Maintenance(
            id=desk.new_id(),
            services=tuple(dict.fromkeys(clean(one) for one in body.services)),
            starts_at=starts,
            ends_at=bounded(utc(body.ends_at)),
            author=viewer.person,
            reason=clean(body.reason),
            ticket=clean(body.ticket),
            public_text=clean(body.public_text),
        )
        directory = desk.directory()
        hidden = directory.hidden_from(viewer.grant)
        known = [name for name in directory.services if name not in hidden]
        found = maintenance.problems(window, services=known, now=now)
        if found:
            raise HTTPException(422, "; ".join(found))
        for service in window.services:
            must(viewer, RESPONDER, directory.team_of(service))
        desk.maintain(window, viewer.actor)
        return maintenance_json(window, now=now)

    @router.get("/{window_id}")
    def get(window_id: Id, caller: Viewer = allowed(desk, "viewer")) -> dict[str, Any]:
        """One window, with what came and went once it is over."""
        hidden = desk.directory().hidden_from(caller.grant)
        known = _seen(_known(desk, window_id, caller), hidden)
        return maintenance_json(known, now=desk.clock.now())

    @router.delete("/{window_id}", status_code=204)
    def end(window_id: Id, caller: Viewer = allowed(desk, RESPONDER)) -> Response:
        """End it now; what still fires pages five minutes later."""
        known = _known(desk, window_id, caller)
        for service in known.services:
            must(caller, RESPONDER, desk.directory().team_of(service))
        desk.end_maintenance(known, caller.actor)
        return Response(status_code=204)

    return router


def _seen(window: Maintenance, hidden: frozenset[str]) -> Maintenance:
    """Without the services that the caller may not know of."""
    services = tuple(one for one in window.services if one not in hidden)
    return replace(window, services=services)


def _known(desk: FrontDesk, window_id: str, viewer: Viewer) -> Maintenance:
    """A window that the viewer may know of. Raises 404."""
    wanted = clean(window_id)
    known = desk.database.read(lambda tx: stored.get(tx, wanted))
    hidden = desk.directory().hidden_from(viewer.grant)
    if known is None or hidden.issuperset(known.services):
        raise HTTPException(404, "There is no maintenance window with this id.")
    return known
