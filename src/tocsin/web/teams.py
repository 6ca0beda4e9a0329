"""Teams: who is in them and as what, and what they own."""

from functools import partial
from typing import Any
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.excerpts import clean
from tocsin.core.forms import Plain
from tocsin.core.level_times import days_typed
from tocsin.core.people.memberships import GIVEN
from tocsin.core.people.permissions import ADMIN, LEAD
from tocsin.engine.editing import Change, Edited, etag_of
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import directory as stored
from tocsin.store.database import Tx
from tocsin.web.forms import Form
from tocsin.web.gate import Gate
from tocsin.web.refusals import refused, status_of, typed
from tocsin.web.sayings import Saying, done

PAGE = "/admin/teams"
_FIELDS = ("name", "time_zone")
_KEPT = ("time_zone", "region", "from", "to", "days")


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get(PAGE, pages.listing),
        gate.get(f"{PAGE}/new", partial(pages.new, form=Form()), need=ADMIN),
        gate.post(f"{PAGE}/new", pages.create, need=ADMIN),
        gate.get(f"{PAGE}/{{name}}", pages.show),
        gate.post(f"{PAGE}/{{name}}", pages.act, need=LEAD),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def listing(self, request: Request, viewer: Viewer) -> Response:
        """Every team."""
        directory = self._desk.directory()
        q = clean(request.query_params.get("q", ""), longest=200)
        hidden = directory.hidden_from(viewer.grant)
        owned: dict[str, int] = {}
        for service in directory.services.values():
            if service.name not in hidden:
                owned[service.team] = owned.get(service.team, 0) + 1
        return self._gate.page(
            "teams.html",
            viewer,
            directory=directory,
            teams=[
                one
                for name, one in sorted(directory.teams.items())
                if q.casefold() in name.casefold()
            ],
            owned=owned,
            q=q,
            admin=viewer.may(ADMIN),
        )

    def new(
        self, request: Request, viewer: Viewer, *, form: Form, status: int = 200
    ) -> Response:
        """The form for a new team."""
        return self._gate.page("team_new.html", viewer, status=status, form=form)

    def create(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """A new team."""
        values = typed(form, _FIELDS)
        name = values["name"]
        if not name:
            wrong = Form(values, {"name": "Expected a name such as payments."})
            return self.new(request, viewer, form=wrong, status=422)
        document = {key: value for key, value in values.items() if value}
        made = self._desk.edit(
            Change("teams", name, document, ""), viewer, viewer.actor
        )
        if not made.done:
            again = refused(values, made)
            return self.new(request, viewer, form=again, status=status_of(made))
        return done(_of(name), Saying(f"The team {name} is made. Add its members."))

    # long because: one read of all that the page shows.
    def show(
        self,
        request: Request,
        viewer: Viewer,
        *,
        form: Form | None = None,
        status: int = 200,
    ) -> Response:
        """One team."""
        name = request.path_params["name"]

        def work(tx: Tx) -> dict[str, Any] | None:
            directory = self._desk.directories.current(tx)
            documents = stored.documents(tx)
            held = documents["teams"].get(name)
            if held is None or name not in directory.teams:
                return None
            hidden = directory.hidden_from(viewer.grant)
            team = directory.teams[name]
            members = dict.fromkeys((*team.leads, *team.members))
            return {
                "directory": directory,
                "team": team,
                "members": [
                    (one, directory.team_roles[one].get(name, ""))
                    for one in members
                    if one in directory.people
                ],
                "others": [
                    one
                    for one in sorted(directory.active(directory.people))
                    if one not in members
                ],
                "services": [
                    one.name
                    for one in directory.services.values()
                    if one.team == name and one.name not in hidden
                ],
                "schedules": [
                    one.name for one in directory.schedules.values() if one.team == name
                ],
                "policies": [
                    policy
                    for policy, one in documents["escalation_policies"].items()
                    if one.get("team") == name
                ],
                "etag": etag_of(held),
                "given_values": _values(held),
            }

        found = self._desk.database.read(work)
        if found is None:
            raise HTTPException(404)
        values = {**found.pop("given_values"), "role": "responder"}
        return self._gate.page(
            "team.html",
            viewer,
            status=status,
            form=form or Form(values),
            given=GIVEN,
            admin=viewer.may(ADMIN),
            keeps=viewer.may(LEAD, name),
            paths=self._gate.navigation.paths,
            **found,
        )

    def act(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """A form of the team's page."""
        name = request.path_params["name"]
        held = self._desk.database.read(stored.documents)["teams"].get(name)
        if held is None:
            raise HTTPException(404)
        if not viewer.may(LEAD, name):
            return self._gate.forbidden(viewer, LEAD, team=name)
        word = str(form.get("do", "save"))
        if word in ("put", "remove"):
            return self._member(request, viewer, form, name, word)
        if word == "delete":
            if str(form.get("confirm", "")).strip() != name:
                wrong = Form({}, {"confirm": f"Type {name} exactly."})
                return self.show(request, viewer, form=wrong, status=422)
            change = Change("teams", name, None, None)
        else:
            change = Change(
                "teams", name, _changed(held, form), str(form.get("etag", "")) or None
            )
        made = self._desk.edit(change, viewer, viewer.actor)
        if not made.done:
            return self._not_done(request, viewer, form, made)
        if change.document is None:
            return done(PAGE, Saying(f"The team {name} is gone."))
        return done(_of(name), Saying("Saved."))

    def _member(
        self, request: Request, viewer: Viewer, form: FormData, team: str, word: str
    ) -> Response:
        person = clean(str(form.get("person", "")), longest=200)
        role = str(form.get("role", "")) if word == "put" else None
        made = self._desk.set_membership(team, person, role, viewer)
        if not made.done:
            return self._not_done(request, viewer, form, made)
        if role is None:
            undo = {"do": "put", "person": person, "role": str(form.get("was", ""))}
            said = f"{person} left the team."
            return done(_of(team), Saying(said, _of(team), undo))
        return done(_of(team), Saying(f"{person} is in the team as {role}."))

    def _not_done(
        self, request: Request, viewer: Viewer, form: FormData, made: Edited
    ) -> Response:
        again = refused(typed(form, (*_KEPT, "person", "role")), made)
        return self.show(request, viewer, form=again, status=status_of(made))


def _changed(held: Plain, form: FormData) -> Plain:
    given = typed(form, _KEPT)
    hours: Plain = {key: given[key] for key in ("from", "to") if given[key]}
    if given["days"]:
        hours["days"] = days_typed(given["days"])
    own: Plain = {
        "time_zone": given["time_zone"],
        "region": given["region"],
        "support_hours": hours,
    }
    kept = {key: value for key, value in held.items() if key not in own}
    return {**kept, **{key: value for key, value in own.items() if value}}


def _values(held: Plain) -> dict[str, str]:
    """The form's fields as the document has them."""
    hours = held.get("support_hours", {})
    return {
        "time_zone": str(held.get("time_zone", "")),
        "region": str(held.get("region", "")),
        "from": hours.get("from", ""),
        "to": hours.get("to", ""),
        "days": ", ".join(hours.get("days", ())),
    }


def _of(name: str) -> str:
    return f"{PAGE}/{quote(name)}"
