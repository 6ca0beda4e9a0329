"""/schedules/{name}/rotations/{rotation}: another name for it, or its end."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response

from tocsin.api.access import allowed
from tocsin.api.alert_routes import ERRORS
from tocsin.api.bodies import Body, Name
from tocsin.api.document_routes import refused
from tocsin.api.problems import responses
from tocsin.core.people.permissions import LEAD
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.oncall.rotation_names import RotationNames
from tocsin.engine.signing_in.sign_in import Viewer

_Part = Annotated[str, Path(max_length=100)]


class RenameIn(Body):
    """What it is called from now on."""

    name: Name


def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(
        prefix="/schedules/{name}/rotations/{rotation}",
        tags=["on call"],
        responses={**ERRORS, **responses(409, 422)},
    )
    names = RotationNames(desk)

    @router.post("/rename", status_code=204)
    def rename(
        name: _Part,
        rotation: _Part,
        body: RenameIn,
        caller: Viewer = allowed(desk, LEAD),
    ) -> Response:
        """Rename it wherever it is named; what has been keeps the old name."""
        done = names.rename(name, rotation, body.name, caller)
        return Response(status_code=204) if done.done else refused(done)

    @router.delete("", status_code=204)
    def remove(
        name: _Part, rotation: _Part, caller: Viewer = allowed(desk, LEAD)
    ) -> Response:
        """End it; refused while a policy pages it, and what has been stays."""
        done = names.remove(name, rotation, caller)
        return Response(status_code=204) if done.done else refused(done)

    return router
