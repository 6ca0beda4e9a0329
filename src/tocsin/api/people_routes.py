"""What people are besides documents: members of teams, invited, and depended on."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import JSONResponse, Response

from tocsin.api.access import allowed
from tocsin.api.alert_routes import ERRORS
from tocsin.api.bodies import MemberIn
from tocsin.api.document_routes import refused
from tocsin.api.shapes import time
from tocsin.core.excerpts import clean
from tocsin.core.people.permissions import LEAD, VIEWER
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.leaving import leaving
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.engine.signing_in.visits import Visit
from tocsin.store import directory as stored
from tocsin.store.database import Tx

Name = Annotated[str, Path(max_length=100)]


# long because: each route is a closure over the desk.
def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(responses=ERRORS, tags=["people"])

    @router.put("/teams/{team}/members/{person}")
    def put_member(
        team: Name, person: Name, body: MemberIn, viewer: Viewer = allowed(desk, LEAD)
    ) -> Response:
        """Make somebody a member of a team, as what; for leads of the team."""
        done = desk.set_membership(clean(team), clean(person), body.role, viewer)
        if not done.done:
            return refused(done)
        return JSONResponse({"team": team, "person": person, "role": body.role})

    @router.delete("/teams/{team}/members/{person}", status_code=204)
    def delete_member(
        team: Name, person: Name, viewer: Viewer = allowed(desk, LEAD)
    ) -> Response:
        """Take somebody out of a team; for leads of the team."""
        done = desk.set_membership(clean(team), clean(person), None, viewer)
        return Response(status_code=204) if done.done else refused(done)

    @router.get("/people/{person}/leaving")
    def what_depends(person: Name, _: Viewer = allowed(desk, VIEWER)) -> dict[str, Any]:
        """What names a person, and the gaps on call that open without them."""
        now = desk.clock.now()

        def work(tx: Tx) -> dict[str, Any] | None:
            directory = desk.directories.current(tx)
            if person not in directory.people:
                return None
            found = leaving(stored.documents(tx), directory, person, now=now)
            return {
                "named_by": [
                    {"noun": noun, "name": name, "how": how}
                    for noun, name, how in found.named_by
                ],
                "gaps": [
                    {
                        "rotation": one.rotation,
                        "start": time(one.start),
                        "end": time(one.end),
                    }
                    for one in found.gaps
                ],
            }

        answer = desk.database.read(work)
        if answer is None:
            raise HTTPException(404, f"There is nobody with the handle {person!r}.")
        return answer

    @router.post("/people/{person}/invitation", status_code=201)
    def invite(
        person: Name, request: Request, viewer: Viewer = allowed(desk, LEAD)
    ) -> dict[str, Any]:
        """A link that signs somebody in once, within seven days."""
        visit = Visit(viewer.address, request.headers.get("user-agent", ""), via="API")
        invited = desk.credentials.links.invite(clean(person), viewer, visit)
        if invited.refused:
            raise HTTPException(403, invited.refused)
        return {"link": invited.link, "mailed_to": invited.mailed_to or None}

    return router
