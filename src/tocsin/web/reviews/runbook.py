"""The runbooks of an incident on a page of their own, and the target of their ticks.

The room shows the same by the macro of `_runbook.html`.
"""

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.excerpts import clean
from tocsin.core.incidents.incidents import Incident
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.incidents.desk import refusal
from tocsin.engine.reviews.runbooks import Book, books_in, tick
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store.database import Tx
from tocsin.web.gate import Gate, local
from tocsin.web.sayings import Saying, done


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get("/incidents/{number:int}/runbook", pages.show),
        gate.post("/incidents/{number:int}/runbook", pages.tick),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def show(self, request: Request, viewer: Viewer) -> Response:
        """Every runbook of its services."""
        return self._page(request, viewer)

    def tick(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """What became of a step; back to the page that the form was on."""
        number = request.path_params["number"]
        step = clean(str(form.get("step", "")), longest=40)
        result = str(form.get("result", ""))[:20]
        act = self._desk.incidents.act(
            number, viewer, "tick", lambda scene: tick(scene, step, result)
        )
        if act.forbidden:
            return self._gate.forbidden(viewer, "responder", act.refused)
        if act.incident is None:
            raise HTTPException(404)
        if act.refused:
            return self._page(request, viewer, act.refused, status=422)
        own = f"/incidents/{number}/runbook"
        back = local(str(form.get("back", "")), otherwise=own)
        return done(f"{back}#step-{step}", Saying("The log says so too."))

    def _page(
        self, request: Request, viewer: Viewer, problem: str = "", *, status: int = 200
    ) -> Response:
        number = request.path_params["number"]

        def work(tx: Tx) -> tuple[Incident, list[Book]] | None:
            incident = self._desk.incidents.seen(tx, number, viewer)
            if incident is None:
                return None
            directory = self._desk.directories.current(tx)
            hidden = directory.hidden_from(viewer.grant)
            return incident, books_in(tx, incident, directory, hidden=hidden)

        found = self._desk.database.read(work)
        if found is None:
            raise HTTPException(404)
        incident, books = found
        return self._gate.page(
            "runbook.html",
            viewer,
            status=status,
            incident=incident,
            books=books,
            problem=problem,
            may_act=not refusal(viewer, incident) and incident.is_open,
            directory=self._desk.directory(),
        )
