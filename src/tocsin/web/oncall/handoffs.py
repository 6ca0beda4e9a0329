"""Hand-over notes: the coming one with its words, and those that happened."""

from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.excerpts import clean
from tocsin.core.oncall.handoffs import LONGEST_NOTE
from tocsin.core.people.permissions import RESPONDER
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.oncall.handoffs import Answered, Handoffs, Shown
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.web.forms import Form
from tocsin.web.gate import Gate
from tocsin.web.sayings import Saying, done


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get("/schedules/{name}/handoff", pages.coming),
        gate.post("/schedules/{name}/handoff", pages.write, need=RESPONDER),
        gate.get("/handoffs/{id}", pages.show),
        gate.post("/handoffs/{id}", pages.act, need=RESPONDER),
    ]


def draft_of(schedule: str, rotation: str) -> str:
    """Where words for the next hand-over are written."""
    place = quote(schedule, safe="")
    return f"/schedules/{place}/handoff?rotation={quote(rotation, safe='')}"


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate
        self._handoffs = Handoffs(desk)

    def coming(self, request: Request, viewer: Viewer) -> Response:
        """What would be handed over now, and the words for it."""
        return self._coming(request, viewer, None)

    def write(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Words for the next hand-over."""
        schedule = request.path_params["name"]
        rotation = clean(str(form.get("rotation", "")), longest=100)
        answered = self._handoffs.note(viewer, schedule, rotation, _words(form))
        self._must(answered)
        if answered.refused:
            raise HTTPException(409, answered.refused)
        return done(draft_of(schedule, rotation), Saying("Your words are kept."))

    def show(self, request: Request, viewer: Viewer) -> Response:
        """One that happened."""
        found = self._handoffs.show(viewer, request.path_params["id"])
        if found is None:
            raise HTTPException(404)
        return self._page(viewer, found, None)

    def act(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Accept it, or change its words."""
        number = request.path_params["id"]
        found = self._handoffs.show(viewer, number)
        if found is None:
            raise HTTPException(404)
        one = found.handoff
        if form.get("do") == "accept":
            answered = self._handoffs.accept(viewer, number)
            said = "Accepted. It is yours now."
        else:
            answered = self._handoffs.note(
                viewer, one.schedule, one.rotation, _words(form), of=number
            )
            said = "Your words are kept."
        self._must(answered)
        if answered.refused:
            form_of = Form({"note": _words(form)}, {}, answered.refused)
            return self._page(viewer, found, form_of, status=409)
        return done(f"/handoffs/{number}", Saying(said))

    def _must(self, answered: Answered) -> None:
        if answered.missing:
            raise HTTPException(404)
        if answered.forbidden:
            raise HTTPException(403, answered.refused)

    def _coming(self, request: Request, viewer: Viewer, form: Form | None) -> Response:
        name = request.path_params["name"]
        schedule = self._desk.directory().schedules.get(name)
        if schedule is None or not schedule.rotations:
            raise HTTPException(404)
        asked = clean(request.query_params.get("rotation", ""), longest=100)
        rotation = asked or schedule.rotations[0].name
        if rotation not in {one.name for one in schedule.rotations}:
            raise HTTPException(404)
        found = self._handoffs.coming(viewer, name, rotation)
        return self._page(viewer, found, form, place=(name, rotation))

    def _page(
        self,
        viewer: Viewer,
        found: Shown | None,
        form: Form | None,
        *,
        place: tuple[str, str] = ("", ""),
        status: int = 200,
    ) -> Response:
        one = found.handoff if found is not None else None
        schedule, rotation = (one.schedule, one.rotation) if one else place
        is_coming = bool(place[0])
        target = (
            f"/schedules/{quote(schedule, safe='')}/handoff"
            if is_coming or one is None
            else f"/handoffs/{one.id}"
        )
        return self._gate.page(
            "handoff.html",
            viewer,
            status=status,
            directory=self._desk.directory(),
            shown=found,
            one=one,
            schedule=self._desk.directory().schedules[schedule],
            rotation=rotation,
            is_coming=is_coming,
            target=target,
            longest=LONGEST_NOTE,
            form=form or Form({"note": one.note if one else ""}),
        )


def _words(form: FormData) -> str:
    return clean(str(form.get("note", "")), longest=LONGEST_NOTE).strip()
