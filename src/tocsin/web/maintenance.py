"""One maintenance window: written with its effect, looked at, ended."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.alerts import maintenance
from tocsin.core.alerts.maintenance import HOLD_OFF, Maintenance
from tocsin.core.excerpts import clean
from tocsin.core.people.permissions import RESPONDER
from tocsin.engine import quiet_effect
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.quiet_effect import Effect
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import maintenance as stored
from tocsin.store.database import Tx
from tocsin.web import quiet_times
from tocsin.web.forms import Form
from tocsin.web.gate import Gate
from tocsin.web.quiet import PAGE as LIST
from tocsin.web.refusals import typed
from tocsin.web.sayings import Saying, done

PAGE = f"{LIST}/maintenance"
_FIELDS = ("reason", "ticket", "public_text", *quiet_times.FIELDS)
_PLACES = {"ends_at": "ends", "starts_at": "starts"}


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get(f"{PAGE}/new", pages.new, need=RESPONDER),
        gate.post(f"{PAGE}/new", pages.write, need=RESPONDER),
        gate.get(f"{PAGE}/{{window_id}}", pages.show),
        gate.post(f"{PAGE}/{{window_id}}", pages.end, need=RESPONDER),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def new(self, request: Request, viewer: Viewer) -> Response:
        """The form."""
        service = clean(request.query_params.get("service", ""), longest=200)
        return self._page(viewer, {"lasts": "1h"}, [service] if service else [])

    def write(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """The effect, or the window itself."""
        values = typed(form, _FIELDS)
        services = [clean(str(s), longest=200) for s in form.getlist("services")]
        window, problems = self._read(values, services, viewer)
        if problems:
            return self._page(viewer, values, services, problems, status=422)
        if form.get("do") != "save" or form.get("seen") != " ".join(sorted(services)):
            # Nobody saves what they have not seen the effect of.
            return self._page(viewer, values, services)
        directory = self._desk.directory()
        for service in window.services:
            team = directory.team_of(service)
            if not viewer.may(RESPONDER, team):
                return self._gate.forbidden(viewer, RESPONDER, team=team)
        self._desk.maintain(window, viewer.actor)
        return done(f"{PAGE}/{quote(window.id)}", Saying("The window is made."))

    def show(self, request: Request, viewer: Viewer) -> Response:
        """One window; once it is over, with what came and went."""
        window = self._known(request.path_params["window_id"], viewer)
        now = self._desk.clock.now()
        directory = self._desk.directory()
        hidden = directory.hidden_from(viewer.grant)
        teams = {directory.team_of(service) for service in window.services}
        # The summary names alerts of every service of the window.
        is_whole = not hidden.intersection(window.services)
        return self._gate.page(
            "maintenance.html",
            viewer,
            window=window,
            services=[one for one in window.services if one not in hidden],
            state=maintenance.state(window, now=now),
            effect=self._effect(window.services, viewer),
            directory=directory,
            pages_at=window.ends_at + HOLD_OFF,
            is_whole=is_whole,
            may_act=all(viewer.may(RESPONDER, team) for team in teams),
        )

    def end(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """End it now."""
        window = self._known(request.path_params["window_id"], viewer)
        directory = self._desk.directory()
        for service in window.services:
            team = directory.team_of(service)
            if not viewer.may(RESPONDER, team):
                return self._gate.forbidden(viewer, RESPONDER, team=team)
        self._desk.end_maintenance(window, viewer.actor)
        said = "The window is over. What still fires pages in five minutes."
        return done(f"{PAGE}/{quote(window.id)}", Saying(said))

    def _known(self, window_id: str, viewer: Viewer) -> Maintenance:
        wanted = clean(window_id, longest=64)
        known = self._desk.database.read(lambda tx: stored.get(tx, wanted))
        hidden = self._desk.directory().hidden_from(viewer.grant)
        if known is None or hidden.issuperset(known.services):
            raise HTTPException(404)
        return known

    def _page(
        self,
        viewer: Viewer,
        values: Mapping[str, str],
        services: Sequence[str],
        problems: Mapping[str, str] | None = None,
        *,
        status: int = 200,
    ) -> Response:
        directory = self._desk.directory()
        hidden = directory.hidden_from(viewer.grant)
        return self._gate.page(
            "maintenance_new.html",
            viewer,
            status=status,
            form=Form(values, problems or {}),
            services=[
                (name, name)
                for name in sorted(directory.services)
                if name not in hidden and viewer.may(RESPONDER, directory.team_of(name))
            ],
            chosen=services,
            effect=self._effect(services, viewer) if services else None,
            seen=" ".join(sorted(services)),
        )

    def _effect(self, services: Sequence[str], viewer: Viewer) -> Effect:
        now = self._desk.clock.now()

        def work(tx: Tx) -> Effect:
            hidden = self._desk.directories.current(tx).hidden_from(viewer.grant)
            return quiet_effect.of_services(tx, services, hidden=hidden, now=now)

        return self._desk.database.read(work)

    def _read(
        self, values: Mapping[str, str], services: Sequence[str], viewer: Viewer
    ) -> tuple[Maintenance, dict[str, str]]:
        """The window of a form, and what is wrong with it by field."""
        now = self._desk.clock.now()
        start, end, problems = quiet_times.span_of(values, viewer.zone, now=now)
        window = Maintenance(
            id=self._desk.new_id(),
            services=tuple(dict.fromkeys(services)),
            starts_at=start,
            ends_at=end,
            author=viewer.person,
            reason=values.get("reason", ""),
            ticket=values.get("ticket", ""),
            public_text=values.get("public_text", ""),
        )
        directory = self._desk.directory()
        hidden = directory.hidden_from(viewer.grant)
        known = [name for name in directory.services if name not in hidden]
        for said in maintenance.problems(window, services=known, now=now):
            field, _, what = said.partition(": ")
            place = _PLACES.get(field, field)
            if place == "ends" and not values.get("ends"):
                place = "lasts"
            problems.setdefault(place, f"{what[:1].upper()}{what[1:]}.")
        return window, problems
