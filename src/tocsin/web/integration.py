"""One integration: what to paste, what came last, what could not be read, its test."""

from typing import Any

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.directory import Integration
from tocsin.core.people.permissions import LEAD
from tocsin.engine import inquiries
from tocsin.engine import integrations as engine
from tocsin.engine.editing import Change, Edited, etag_of
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import directory as stored_directory
from tocsin.store import inbound
from tocsin.store.database import Tx
from tocsin.store.instants import from_micros, from_micros_or_none
from tocsin.web import integration_form as forms
from tocsin.web.filters import whole_number
from tocsin.web.forms import Form
from tocsin.web.gate import Gate
from tocsin.web.integrations import HOME, path_of, services_of
from tocsin.web.rendering import text_of
from tocsin.web.sayings import Saying, done

_MOST_REJECTS = 10


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get(f"{HOME}/{{name}}", pages.one),
        gate.post(f"{HOME}/{{name}}", pages.act, need=LEAD),
        gate.get(f"{HOME}/{{name}}/edit", pages.edit, need=LEAD),
        gate.post(f"{HOME}/{{name}}/edit", pages.save, need=LEAD),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def one(
        self,
        request: Request,
        viewer: Viewer,
        *,
        form: Form | None = None,
        said: str = "",
        status: int = 200,
    ) -> Response:
        """Everything about it."""
        integration, team = self._known(request, viewer)
        keeps = viewer.may(LEAD, team)
        number = whole_number(request.query_params.get("tested"))
        values = self._desk.database.read(
            lambda tx: self._facts(tx, integration, keeps=keeps, tested=number)
        )
        connections = self._desk.connections
        return self._gate.page(
            "integration.html",
            viewer,
            status=status,
            one=integration,
            team=team,
            keeps=keeps,
            form=form or Form(),
            said=said,
            snippets=connections.snippets(integration, with_key=keeps),
            address=connections.address(integration, key="" if keeps else "•" * 8),
            example=engine.sample_trace(self._desk, integration)
            if values["last"] is None and integration.type != "heartbeat"
            else None,
            path=path_of(integration.name),
            text_of=text_of,
            **values,
        )

    def _facts(
        self, tx: Tx, integration: Integration, *, keeps: bool, tested: int | None
    ) -> dict[str, Any]:
        is_heartbeat = integration.type == "heartbeat"
        directory = self._desk.directories.current(tx)
        now = self._desk.clock.now()
        story = None
        if tested is not None:
            story = inquiries.story(tx, tested, directory=directory, now=now)
        ours = story is not None and story.alert.integration == str(integration.id)
        return {
            "heard_at": from_micros_or_none(
                stored_directory.last_events(tx).get(integration.id)
            ),
            "pings": engine.pings(tx, integration) if is_heartbeat else None,
            "last": engine.last_request(tx, self._desk, integration)
            if not is_heartbeat
            else None,
            "rejects": [
                (from_micros(row[2]), row[3], row[4], row[5], text_of(row[7]))
                for row in inbound.rejects(tx, integration.id, limit=_MOST_REJECTS)
            ]
            if keeps
            else [],
            "story": story if ours else None,
            "directory": directory,
        }

    def act(self, request: Request, viewer: Viewer, sent: FormData) -> Response:
        """Test, pause, resume, a new key, delete."""
        integration, team = self._known(request, viewer)
        if not viewer.may(LEAD, team):
            return self._gate.forbidden(viewer, LEAD, team=team)
        word = str(sent.get("do", ""))
        name = integration.name
        if word in ("test", "test-page"):
            return self._test(request, viewer, integration, pages=word == "test-page")
        if word == "delete":
            return self._delete(request, viewer, name, str(sent.get("confirm", "")))
        if word in ("pause", "resume"):
            change = {"paused": True if word == "pause" else None}
            edited = engine.changed(self._desk, name, viewer, change)
            text = f"{name} is paused: it answers 503, and senders try again later."
            if word == "resume":
                text = f"{name} takes events again."
            return self._after(request, viewer, edited, text)
        if word == "rotate":
            edited = engine.new_key(self._desk, name, viewer)
            text = "There is a new key. The former one is good for 24 hours."
            return self._after(request, viewer, edited, text)
        said = "Choose test, pause, resume, a new key or delete."
        return self.one(request, viewer, said=said, status=422)

    def _after(
        self, request: Request, viewer: Viewer, edited: Edited, text: str
    ) -> Response:
        if edited.done:
            return done(path_of(request.path_params["name"]), Saying(text))
        form = forms.refused({}, edited)
        return self.one(request, viewer, said=form.said, status=forms.status_of(edited))

    def _test(
        self, request: Request, viewer: Viewer, integration: Integration, *, pages: bool
    ) -> Response:
        try:
            found = engine.tested(self._desk, integration, viewer, pages=pages)
        except TimeoutError:
            said = "The test was not answered in time. Is the server overloaded?"
            return self.one(request, viewer, said=said, status=503)
        answer = found.answer
        body = answer.body[:300].decode("utf-8", "replace")
        if found.problem:
            return self.one(request, viewer, said=f"{found.problem} {body}", status=409)
        to = path_of(integration.name)
        text = f"The test was answered {answer.status} {body}".strip()
        if found.number:
            to += f"?tested={found.number}#tested"
        return done(to, Saying(text[:400]))

    def _delete(
        self, request: Request, viewer: Viewer, name: str, typed: str
    ) -> Response:
        if typed.strip() != name:
            form = Form({}, {"confirm": f"Type {name} to delete it."})
            return self.one(request, viewer, form=form, status=422)
        change = Change("integrations", name, None)
        edited = self._desk.edit(change, viewer, viewer.actor)
        if edited.done:
            return done(HOME, Saying(f"{name} is deleted; its alerts stay."))
        said = forms.refused({}, edited).said
        return self.one(request, viewer, said=said, status=forms.status_of(edited))

    def edit(
        self,
        request: Request,
        viewer: Viewer,
        *,
        form: Form | None = None,
        status: int = 200,
    ) -> Response:
        """The form of what can be changed."""
        integration, team = self._known(request, viewer)
        if not viewer.may(LEAD, team):
            return self._gate.forbidden(viewer, LEAD, team=team)
        document = self._document(integration.name)
        held = {**forms.of_document(document), "etag": etag_of(document)}
        directory = self._desk.directory()
        return self._gate.page(
            "integration_edit.html",
            viewer,
            status=status,
            one=integration,
            path=path_of(integration.name),
            services=[(name, name) for name in services_of(viewer, directory)],
            form=form or Form(held),
        )

    def save(self, request: Request, viewer: Viewer, sent: FormData) -> Response:
        """Write it, unless somebody else was faster."""
        integration, _ = self._known(request, viewer)
        name = integration.name
        values = forms.values(sent)
        fields, problems = forms.document(values, integration.type)
        if problems:
            form = Form(values, problems)
            return self.edit(request, viewer, form=form, status=422)
        merged = {**self._document(name), **fields}
        wanted = {key: value for key, value in merged.items() if value is not None}
        change = Change("integrations", name, wanted, values.get("etag") or None)
        edited = self._desk.edit(change, viewer, viewer.actor)
        if edited.done:
            return done(path_of(name), Saying("Saved."))
        form = forms.refused({**values, "etag": edited.etag}, edited)
        return self.edit(request, viewer, form=form, status=forms.status_of(edited))

    def _document(self, name: str) -> dict[str, Any]:
        documents = self._desk.database.read(stored_directory.documents)
        found = documents.get("integrations", {}).get(name)
        if found is None:
            raise HTTPException(404)
        return found

    def _known(self, request: Request, viewer: Viewer) -> tuple[Integration, str]:
        """The integration, and the team that keeps it. Raises 404."""
        directory = self._desk.directory()
        name = request.path_params["name"]
        found = next((i for i in directory.integrations if i.name == name), None)
        if found is None or found.service in directory.hidden_from(viewer.grant):
            raise HTTPException(404)
        return found, directory.team_of(found.service)
