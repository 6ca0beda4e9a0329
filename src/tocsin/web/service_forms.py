"""Making, changing and removing a service, with what that changes shown before."""

from typing import Any
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.directory import Directory
from tocsin.core.excerpts import clean
from tocsin.core.forms import Plain
from tocsin.core.people.permissions import LEAD
from tocsin.core.runbooks import LONGEST as LONGEST_RUNBOOK
from tocsin.engine.editing import Change, Edited, etag_of
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.previews import Preview
from tocsin.engine.rehearsals import broken
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import alert_lists
from tocsin.store import directory as stored
from tocsin.web.forms import Form, by_field
from tocsin.web.gate import Gate
from tocsin.web.sayings import Saying, done
from tocsin.web.services import known_service

_NOUN = "services"
_FIELDS = (
    "name", "team", "escalation_policy", "description", "private", "runbook",
)  # fmt: skip


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get("/new/service", pages.blank, need=LEAD),
        gate.post("/new/service", pages.create, need=LEAD),
        gate.get("/services/{name}/edit", pages.edit, need=LEAD),
        gate.post("/services/{name}/edit", pages.change, need=LEAD),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def blank(self, request: Request, viewer: Viewer) -> Response:
        """An empty form, with the team that one leads, and the address's policy."""
        mine = [one for one in self._desk.directory().teams if viewer.may(LEAD, one)]
        policy = clean(request.query_params.get("policy", ""), longest=100)
        chosen = {"team": mine[0] if mine else "", "escalation_policy": policy}
        return self._form(viewer, Form(chosen), name="")

    def create(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """A new service."""
        name = clean(str(form.get("name", "")), longest=100).strip()
        typed = _typed(form, name)
        if not name:
            problems = {"name": "Give the service a name of 1 to 100 characters."}
            return self._refused(viewer, Form(typed, problems), name="")
        change = Change(_NOUN, name, _without_empty(_document(typed)), "")
        if form.get("do") == "preview":
            return self._previewed(viewer, change, typed, name="")
        made = self._desk.edit(change, viewer, viewer.actor)
        if not made.done:
            return self._not_done(viewer, made, typed, name="")
        return done(f"/services/{quote(name)}", Saying(f"{name} is a service now."))

    def edit(self, request: Request, viewer: Viewer) -> Response:
        """The form of a service that is there."""
        name = request.path_params["name"]
        service = known_service(self._desk.directory(), name, viewer)
        if not viewer.may(LEAD, service.team):
            return self._gate.forbidden(viewer, LEAD, team=service.team)
        held = self._held(name)
        return self._form(viewer, Form(_values(held)), name=name, etag=etag_of(held))

    def change(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Save it, show what saving would change, or delete it."""
        name = request.path_params["name"]
        service = known_service(self._desk.directory(), name, viewer)
        if not viewer.may(LEAD, service.team):
            return self._gate.forbidden(viewer, LEAD, team=service.team)
        if form.get("do") == "delete":
            return self._delete(viewer, name, form)
        typed = _typed(form, name)
        etag = str(form.get("etag", ""))
        document = {**self._held(name), **_document(typed)}
        change = Change(_NOUN, name, _without_empty(document), etag)
        if form.get("do") == "preview":
            return self._previewed(viewer, change, typed, name=name)
        saved = self._desk.edit(change, viewer, viewer.actor)
        if not saved.done:
            return self._not_done(viewer, saved, typed, name=name)
        return done(f"/services/{quote(name)}", Saying("Saved."))

    def _delete(self, viewer: Viewer, name: str, form: FormData) -> Response:
        held = self._held(name)
        etag = etag_of(held)
        if str(form.get("confirm", "")).strip() != name:
            problems = {"confirm": f"Type {name} to confirm."}
            typed = Form(_values(held), problems)
            return self._refused(viewer, typed, name=name, etag=etag)
        gone = self._desk.edit(Change(_NOUN, name, None), viewer, viewer.actor)
        if not gone.done:
            return self._not_done(viewer, gone, _values(held), name=name)
        return done("/services", Saying(f"{name} is deleted; its alerts stay."))

    def _previewed(
        self, viewer: Viewer, change: Change, typed: dict[str, str], *, name: str
    ) -> Response:
        seen = self._desk.preview(change)
        problems, said = by_field(seen.problems, _FIELDS)
        status = 422 if seen.problems else 200
        return self._form(
            viewer,
            Form(typed, problems, said),
            name=name,
            etag=change.etag or "",
            status=status,
            effect=None if seen.problems else self._effect(seen, change.name),
        )

    def _effect(self, seen: Preview, name: str) -> list[tuple[str, str]]:
        """What saving changes, in sentences."""
        before, after = self._first(seen.before, name), self._first(seen.after, name)
        lines = []
        if not after:
            lines.append(("bad", "If it broke now, nobody would be paged."))
        elif before != after:
            instead = f" instead of {before}" if before else ""
            lines.append(("ok", f"If it broke now, {after} would be paged{instead}."))
        service, held = seen.after.services[name], seen.before.services.get(name)
        if held is not None and held.policy != service.policy:
            count = self._desk.database.read(
                lambda tx: sum(
                    alert_lists.open_by_service(tx, service=name).get(name, {}).values()
                )
            )
            if count:
                are = "alert keeps" if count == 1 else "alerts keep"
                said = f"{count} open {are} the policy they began with."
                lines.append(("warn", said))
        if held is not None and held.team != service.team:
            who = service.team or "nobody but the admins"
            lines.append(("warn", f"From then on {who} keeps it."))
        if service.private and (held is None or not held.private):
            lines.append(("warn", "Only its team and the admins will know of it."))
        if held is not None and held.private and not service.private:
            lines.append(("warn", "Everybody who signs in will see it and its alerts."))
        return lines

    def _first(self, directory: Directory, name: str) -> str:
        """Who is paged first for a service if it breaks now."""
        if name not in directory.services:
            return ""
        now = self._desk.clock.now()
        path = self._desk.database.read(lambda tx: broken(tx, directory, name, now))
        return " and ".join(one.person for one in path.pages if one.at == path.begins)

    def _not_done(
        self, viewer: Viewer, edited: Edited, typed: dict[str, str], *, name: str
    ) -> Response:
        if edited.refused:
            return self._gate.forbidden(viewer, LEAD, team=typed.get("team", ""))
        problems, said = by_field(edited.problems, _FIELDS)
        said = edited.conflict or edited.missing or said
        if edited.conflict and not name:
            problems, said = {"name": edited.conflict}, ""
        theirs = edited.document if edited.conflict and name else None
        return self._refused(
            viewer,
            Form(typed, problems, said),
            name=name,
            etag=edited.etag,
            theirs=theirs,
            status=409 if edited.conflict else 422,
        )

    def _refused(
        self, viewer: Viewer, form: Form, *, name: str, status: int = 422, **more: Any
    ) -> Response:
        return self._form(viewer, form, name=name, status=status, **more)

    def _form(
        self,
        viewer: Viewer,
        form: Form,
        *,
        name: str,
        etag: str = "",
        status: int = 200,
        effect: list[tuple[str, str]] | None = None,
        theirs: Plain | None = None,
    ) -> Response:
        directory = self._desk.directory()
        return self._gate.page(
            "service_form.html",
            viewer,
            status=status,
            form=form,
            name=name,
            etag=etag,
            effect=effect,
            theirs=theirs,
            teams=[("", "No team: kept by the admins")]
            + [(one, one) for one in sorted(directory.teams)],
            policies=[(one, one) for one in sorted(directory.policies)],
            users=[i.name for i in directory.integrations if i.service == name],
        )

    def _held(self, name: str) -> Plain:
        documents = self._desk.database.read(stored.documents)
        return documents[_NOUN].get(name, {})


def _typed(form: FormData, name: str) -> dict[str, str]:
    typed = {one: clean(str(form.get(one, ""))) for one in _FIELDS}
    # Browsers send two characters for a line's end; a runbook is long.
    runbook = str(form.get("runbook", "")).replace("\r\n", "\n")
    typed["runbook"] = clean(runbook, longest=LONGEST_RUNBOOK + 1)
    return {**typed, "name": name}


def _values(document: Plain) -> dict[str, str]:
    found = {one: str(document.get(one, "")) for one in _FIELDS}
    return {**found, "private": "on" if document.get("private") else ""}


def _document(typed: dict[str, str]) -> Plain:
    return {
        "team": typed["team"].strip() or None,
        "escalation_policy": typed["escalation_policy"].strip() or None,
        "description": typed["description"].strip() or None,
        "private": True if typed["private"] else None,
        "runbook": typed["runbook"].strip() or None,
    }


def _without_empty(document: Plain) -> Plain:
    return {key: value for key, value in document.items() if value is not None}
