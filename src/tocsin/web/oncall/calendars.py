"""Calendars to subscribe to: one's own addresses, and what they hold."""

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.excerpts import clean
from tocsin.core.people.permissions import VIEWER
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.oncall.calendars import PERSON, SCHEDULE, TEAM, Calendars, Made
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.web.forms import Form
from tocsin.web.gate import Gate
from tocsin.web.oncall.ical import rendered
from tocsin.web.sayings import Saying, done

PAGE = "/me/calendars"


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The guarded routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get(PAGE, pages.listing),
        gate.post(PAGE, pages.make, need=VIEWER),
        gate.post(f"{PAGE}/{{calendar_id}}", pages.change, need=VIEWER),
    ]


def open_routes(desk: FrontDesk) -> list[Route]:
    """What calendar programs fetch; the secret in the address is the key."""
    calendars = Calendars(desk)

    def fetch(request: Request) -> Response:
        fetched = calendars.fetch(request.path_params["secret"])
        if fetched is None:
            raise HTTPException(404)
        return Response(
            rendered(fetched, desk.public_url),
            media_type="text/calendar; charset=utf-8",
            headers={"cache-control": "private, max-age=300"},
        )

    return [Route("/ical/{secret}.ics", fetch)]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate
        self._calendars = Calendars(desk)

    def listing(
        self,
        request: Request,
        viewer: Viewer,
        *,
        form: Form | None = None,
        made: Made | None = None,
        status: int = 200,
    ) -> Response:
        """One's own addresses, and the form for another."""
        directory = self._desk.directory()
        of = clean(request.query_params.get("of", ""), longest=200)
        of = of or (f"{PERSON}:" if viewer.person in directory.people else "")
        choices = [(f"{PERSON}:", "My own shifts")]
        choices += [
            (f"{SCHEDULE}:{one}", f"Schedule {one}")
            for one in sorted(directory.schedules)
        ]
        choices += [(f"{TEAM}:{one}", f"Team {one}") for one in sorted(directory.teams)]
        secret = made.secret if made is not None else ""
        return self._gate.page(
            "calendars.html",
            viewer,
            status=status,
            form=form or Form({"of": of}),
            calendars=self._calendars.mine(viewer),
            choices=choices,
            address=f"{self._desk.public_url}/ical/{secret}.ics" if secret else "",
        )

    def make(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Another address, which this answer alone shows."""
        of = clean(str(form.get("of", "")), longest=200)
        kind, _, name = of.partition(":")
        made = self._calendars.make(viewer, kind, name)
        if made.problem:
            wrong = Form({"of": of}, {"of": made.problem})
            return self.listing(request, viewer, form=wrong, status=422)
        return self.listing(request, viewer, made=made)

    def change(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Another secret for an address, or its end."""
        calendar_id = request.path_params["calendar_id"]
        if form.get("do") == "end":
            if not self._calendars.end(viewer, calendar_id):
                raise HTTPException(404)
            return done(PAGE, Saying("The address leads nowhere any more."))
        made = self._calendars.turn(viewer, calendar_id)
        if made is None:
            raise HTTPException(404)
        return self.listing(request, viewer, made=made)
