"""The JSON API, `/api/v1`: for scripts, the command line and other programs."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response

from tocsin import __version__
from tocsin.api import (
    action_routes,
    alert_routes,
    audit_routes,
    change_routes,
    config_routes,
    document_routes,
    integration_routes,
    maintenance_routes,
    me_routes,
    message_routes,
    outbox_routes,
    people_routes,
    policy_routes,
    problems,
    review_routes,
    runbook_routes,
    silence_routes,
    status_routes,
    token_routes,
)
from tocsin.api.access import PREFIX, allowed, must_all_be_guarded
from tocsin.api.idempotency import Once
from tocsin.api.inbound import BODY_LIMIT
from tocsin.api.incidents import incident_routes
from tocsin.api.oncall import (
    calendar_import_routes,
    calendar_routes,
    cover_routes,
    handoff_routes,
    leave_routes,
    override_routes,
    readiness_routes,
    rotation_routes,
    schedule_routes,
)
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.preflight import as_json
from tocsin.engine.signing_in.sign_in import Viewer

_NOUNS = (
    alert_routes, schedule_routes, config_routes, integration_routes, silence_routes,
    document_routes, token_routes, audit_routes, policy_routes, message_routes,
    me_routes, people_routes, maintenance_routes, incident_routes, runbook_routes,
    review_routes, action_routes, outbox_routes, status_routes, change_routes,
    override_routes, calendar_routes, cover_routes, handoff_routes, readiness_routes, leave_routes, rotation_routes,
    calendar_import_routes,
)  # fmt: skip
__all__ = ["PREFIX", "build"]
_DEEPEST = 32
_LARGEST_CONFIG = 8 * 1024 * 1024


def build(desk: FrontDesk) -> FastAPI:
    """The application; it expects whole paths."""
    api = FastAPI(
        title="Tocsin",
        version=__version__,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    problems.install(api)
    for noun in _NOUNS:
        api.include_router(noun.routes(desk), prefix=PREFIX)

    @api.get(f"{PREFIX}/health", tags=["me"], responses=alert_routes.ERRORS)
    def health(_: Viewer = allowed(desk, "viewer")) -> dict[str, Any]:
        """What is wrong with Tocsin itself, and every check with what to do."""
        found = list(desk.problems())
        checks = as_json(desk.preflight.checks())
        return {"healthy": not found, "problems": found, "checks": checks}

    must_all_be_guarded(api)
    # The one named last is asked first.
    api.middleware("http")(Once(desk))
    api.middleware("http")(_within_limits)
    return api


async def _within_limits(
    request: Request, call_next: Callable[[Request], Awaitable[Response]]
) -> Response:
    """A trailing slash is the same path; bodies have a size and a depth."""
    path = request.scope["path"]
    if path != "/" and path.endswith("/"):
        request.scope["path"] = path.rstrip("/")
    limit = _LARGEST_CONFIG if path.rstrip("/").endswith("/config") else BODY_LIMIT
    if int(request.headers.get("content-length") or 0) > limit:
        return problems.problem(413, f"The body is larger than {limit} bytes.")
    if request.method in ("POST", "PUT", "PATCH"):
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                return problems.problem(413, f"The body is larger than {limit} bytes.")
        if _is_too_deep(body):
            return problems.problem(400, f"The body nests deeper than {_DEEPEST}.")
        request._body = body
    return await call_next(request)


def _is_too_deep(body: bytes) -> bool:
    depth = deepest = 0
    for byte in body:
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest > _DEEPEST
