"""Reading a calendar of others: shifts of a rotation, one's own leave."""

from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.directory import NamedSchedule
from tocsin.core.excerpts import clean
from tocsin.core.people.permissions import LEAD, VIEWER
from tocsin.engine.calendar_imports import LeaveShown, Subscribed, leave_of
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.web.forms import Form
from tocsin.web.gate import Gate
from tocsin.web.sayings import Saying, done

_LONGEST = 2000


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get("/schedules/{name}/calendar", pages.show, need=LEAD),
        gate.post("/schedules/{name}/calendar", pages.act, need=LEAD),
        gate.get("/me/leave", pages.own),
        gate.post("/me/leave", pages.own_act, need=VIEWER),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def show(self, request: Request, viewer: Viewer) -> Response:
        """Each rotation, and the calendar that it is read from."""
        schedule = self._schedule(request)
        if not viewer.may(LEAD, schedule.team):
            return self._gate.forbidden(viewer, LEAD, team=schedule.team)
        return self._page(viewer, schedule, Form())

    def act(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Subscribe, read again, or end it."""
        schedule = self._schedule(request)
        if not viewer.may(LEAD, schedule.team):
            return self._gate.forbidden(viewer, LEAD, team=schedule.team)
        rotation = clean(str(form.get("rotation", "")), longest=100)
        place = f"{schedule.name}/{rotation}"
        answered, said, field = self._acted(viewer, place, form)
        if answered.refused:
            wrong = Form({field: _url(form)}, {field: answered.refused})
            return self._page(viewer, schedule, wrong, status=422)
        home = f"/schedules/{quote(schedule.name, safe='')}/calendar"
        return done(home, Saying(said))

    def own(self, request: Request, viewer: Viewer) -> Response:
        """The calendar that one's own leave is read from."""
        return self._own(viewer, Form())

    def own_act(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """The same for oneself; `show` the days before they are taken."""
        if form.get("do") == "show":
            return self._show(viewer, form)
        answered, said, field = self._acted(viewer, leave_of(viewer.person), form)
        if answered.refused:
            wrong = Form({field: _url(form)}, {field: answered.refused})
            return self._own(viewer, wrong, status=403 if answered.forbidden else 422)
        return done("/me/leave", Saying(said))

    def _show(self, viewer: Viewer, form: FormData) -> Response:
        imports, url = self._desk.imports, _url(form)
        held = imports.of(leave_of(viewer.person))
        shown = imports.show_leave(viewer, url or (held.url if held else ""))
        typed = Form({"url-0": url}, {"url-0": shown.refused} if shown.refused else {})
        if shown.refused:
            return self._own(viewer, typed, status=403 if shown.forbidden else 422)
        return self._own(viewer, typed, shown=shown)

    def _acted(
        self, viewer: Viewer, place: str, form: FormData
    ) -> tuple[Subscribed, str, str]:
        imports = self._desk.imports
        field = f"url-{form.get('index', '0')}"
        if form.get("do") == "end":
            return imports.drop(viewer, place), "It is read no more.", field
        url = _url(form)
        held = imports.of(place)
        if not url and held is not None:
            url = held.url
        answered = imports.subscribe(viewer, place, url)
        found = answered.one.found if answered.one is not None else 0
        return answered, f"Read: {found} found.", field

    def _schedule(self, request: Request) -> NamedSchedule:
        found = self._desk.directory().schedules.get(request.path_params["name"])
        if found is None or not found.rotations:
            raise HTTPException(404)
        return found

    def _page(
        self, viewer: Viewer, schedule: NamedSchedule, form: Form, *, status: int = 200
    ) -> Response:
        return self._gate.page(
            "calendar_import.html",
            viewer,
            status=status,
            schedule=schedule,
            subscribed=[
                (one.name, self._desk.imports.of(f"{schedule.name}/{one.name}"))
                for one in schedule.rotations
            ],
            target=f"/schedules/{quote(schedule.name, safe='')}/calendar",
            form=form,
        )

    def _own(
        self,
        viewer: Viewer,
        form: Form,
        *,
        status: int = 200,
        shown: LeaveShown | None = None,
    ) -> Response:
        return self._gate.page(
            "leave_import.html",
            viewer,
            status=status,
            subscribed=self._desk.imports.of(leave_of(viewer.person)),
            shown=shown,
            form=form,
        )


def _url(form: FormData) -> str:
    return clean(str(form.get("url", "")), longest=_LONGEST).strip()
