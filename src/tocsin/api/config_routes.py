"""Configuration as code, whole files at a time."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from tocsin.api.access import allowed
from tocsin.api.alert_routes import ERRORS
from tocsin.api.bodies import ConfigIn
from tocsin.core import configuration
from tocsin.core.excerpts import clean
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer


def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(responses=ERRORS)

    @router.get("/config", response_class=PlainTextResponse)
    def export(_: Viewer = allowed(desk, "admin")) -> Response:
        """The whole configuration as YAML, keys included."""
        return PlainTextResponse(desk.export(), media_type="application/yaml")

    @router.post("/config")
    def apply(body: ConfigIn, caller: Viewer = allowed(desk, "admin")) -> JSONResponse:
        """Plan or apply files, all or nothing; 422 with every problem."""
        files = [(clean(one.name), one.text) for one in body.files]
        applied = desk.apply(
            files, actor=caller.actor, prune=body.prune, dry_run=body.dry_run
        )
        plan = {
            "changes": [
                {
                    "kind": one.kind,
                    "noun": one.noun,
                    "name": one.name,
                    "notes": list(one.notes),
                }
                for one in applied.plan.changes
            ],
            "notes": list(applied.plan.notes),
            "problems": list(applied.problems),
            "applied": applied.done,
        }
        return JSONResponse(plan, 422 if applied.problems else 200)

    @router.get("/config.schema.json")
    def schema(_: Viewer = allowed(desk, "viewer")) -> dict[str, Any]:
        """The JSON Schema of a configuration file."""
        return dict(configuration.schema())

    return router
