"""The preflight list: every check with its state, a sentence and what to do."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.web.gate import Gate


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The route."""

    def health(request: Request, viewer: Viewer) -> Response:
        """What is wrong first."""
        checks = desk.preflight.checks()
        counts = {
            state: sum(one.state == state for one in checks)
            for state in ("bad", "warn", "ok", "off")
        }
        return gate.page(
            "health.html",
            viewer,
            checks=sorted(checks, key=lambda one: list(counts).index(one.state)),
            counts=counts,
            problems=desk.problems(),
        )

    return [gate.get("/admin/health", health)]
