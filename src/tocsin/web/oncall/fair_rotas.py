"""A fair rota, proposed: whose turns change hands, and what it does to everybody's load."""

from datetime import UTC, datetime
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.directory import NamedSchedule
from tocsin.core.excerpts import clean
from tocsin.core.people.permissions import LEAD
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.oncall.fair_rotas import WEEKS, FairRotas, Proposal
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.web.forms import Form
from tocsin.web.gate import Gate
from tocsin.web.sayings import Saying, done


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get("/schedules/{name}/fair", pages.blank, need=LEAD),
        gate.post("/schedules/{name}/fair", pages.act, need=LEAD),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate
        self._fair = FairRotas(desk)

    def blank(self, request: Request, viewer: Viewer) -> Response:
        """Which rotation, and for how long."""
        schedule = self._schedule(request)
        if not viewer.may(LEAD, schedule.team):
            return self._gate.forbidden(viewer, LEAD, team=schedule.team)
        rotation = clean(request.query_params.get("rotation", ""))
        values = {"rotation": rotation or schedule.rotations[0].name, "weeks": "13"}
        return self._page(viewer, schedule, Form(values))

    def act(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Propose, or save what was proposed."""
        schedule = self._schedule(request)
        if not viewer.may(LEAD, schedule.team):
            return self._gate.forbidden(viewer, LEAD, team=schedule.team)
        rotation = clean(str(form.get("rotation", "")))
        weeks = str(form.get("weeks", ""))
        number = int(weeks) if weeks in map(str, WEEKS) else WEEKS[0]
        values = {"rotation": rotation, "weeks": str(number)}
        if form.get("do") != "accept":
            found = self._fair.propose(schedule.name, rotation, number)
            status = 422 if found.problem else 200
            shown = Form(values, {}, found.problem)
            return self._page(viewer, schedule, shown, found, status=status)
        names = [str(one) for one in form.getlist("who")]
        try:
            since = datetime.fromisoformat(str(form.get("since", ""))).astimezone(UTC)
        except ValueError:
            since = self._desk.clock.now()
        unrested = [str(one) for one in form.getlist("unrested")]
        edited, problem = self._fair.accept(
            schedule.name, rotation, number, since, names, viewer, shown=unrested
        )
        if edited.refused:
            return self._gate.forbidden(viewer, LEAD, team=schedule.team)
        if problem or not edited.done:
            said = problem or edited.conflict or "; ".join(map(str, edited.problems))
            return self._page(viewer, schedule, Form(values, {}, said), status=409)
        to = f"/schedules/{quote(schedule.name, safe='')}"
        return done(to, Saying("The rota is saved; whoever's hours change is told."))

    def _schedule(self, request: Request) -> NamedSchedule:
        found = self._desk.directory().schedules.get(request.path_params["name"])
        if found is None or not found.rotations:
            raise HTTPException(404)
        return found

    def _page(
        self,
        viewer: Viewer,
        schedule: NamedSchedule,
        form: Form,
        found: Proposal | None = None,
        *,
        status: int = 200,
    ) -> Response:
        shown = found if found is not None and found.puzzle is not None else None
        loads = sorted(shown.loads().items()) if shown else []
        return self._gate.page(
            "fair.html",
            viewer,
            status=status,
            directory=self._desk.directory(),
            schedule=schedule,
            form=form,
            rotations=[(one.name, one.name) for one in schedule.rotations],
            lengths=[(str(one), f"{one} weeks") for one in WEEKS],
            found=shown,
            loads=loads,
            heaviest=max((max(pair) for _, pair in loads), default=1.0) or 1.0,
            evenness=shown.evenness() if shown else (0.0, 0.0),
            target=f"/schedules/{quote(schedule.name, safe='')}/fair",
        )
