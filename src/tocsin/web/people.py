"""People: who they are and how they are reached, invited, changed, and taken away."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.excerpts import clean
from tocsin.core.forms import Plain
from tocsin.core.oncall.leave_documents import away_ahead
from tocsin.core.people.permissions import (
    ADMIN,
    DEFAULT_ROLE,
    LEAD,
    RESPONDER,
    ROLES,
    VIEWER,
)
from tocsin.engine.editing import Change, Edited, etag_of, seen_by
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.leaving import leaving
from tocsin.engine.oncall.leave import DaysAway
from tocsin.engine.people.roster import REACHES, roster, row_of
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import directory as stored
from tocsin.store import people as stored_people
from tocsin.store import tokens as stored_tokens
from tocsin.store.database import Tx
from tocsin.web.forms import Form
from tocsin.web.gate import Gate
from tocsin.web.refusals import away_fields, refused, status_of, typed
from tocsin.web.sayings import Saying, done
from tocsin.web.threshold import visit_of

PAGE = "/admin/people"
_FILTERS = ("q", "team", "role", "reach")
_FIELDS = ("name", "full_name", "email", "role", "time_zone")
# What chats call the person: the field, and its name in their document.
_CHATS = {f"chat_{one}": one for one in ("matrix", "slack", "mattermost")}
_NOBODY = Form({"role": DEFAULT_ROLE})


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get(PAGE, pages.listing),
        gate.get(f"{PAGE}/new", partial(pages.new, form=_NOBODY), need=LEAD),
        gate.post(f"{PAGE}/new", pages.create, need=LEAD),
        gate.get(f"{PAGE}/{{name}}", pages.show),
        gate.post(f"{PAGE}/{{name}}", pages.act, need=LEAD),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate
        self._leave = DaysAway(desk)

    def listing(self, request: Request, viewer: Viewer) -> Response:
        """Everybody, narrowed by the address."""
        query = request.query_params
        wanted = {key: clean(query.get(key, ""), longest=200) for key in _FILTERS}
        after = clean(query.get("after", ""), longest=200)

        def work(tx: Tx) -> Any:
            directory = self._desk.directories.current(tx)
            found = roster(
                tx,
                directory,
                self._desk.contacts.channels(),
                text=wanted["q"],
                team=wanted["team"],
                role=wanted["role"],
                reach=wanted["reach"],
                after=after,
            )
            return directory, found

        directory, found = self._desk.database.read(work)
        return self._gate.page(
            "people.html",
            viewer,
            directory=directory,
            found=found,
            form=Form(wanted),
            roles=ROLES,
            reaches=REACHES,
            link=partial(_link, wanted),
            after=after,
            may_invite=viewer.may_somewhere(LEAD),
        )

    def new(
        self, request: Request, viewer: Viewer, *, form: Form, status: int = 200
    ) -> Response:
        """The form for somebody new."""
        directory = self._desk.directory()
        admin = viewer.may(ADMIN)
        return self._gate.page(
            "person_new.html",
            viewer,
            status=status,
            form=form,
            roles=ROLES if admin else (VIEWER, RESPONDER),
            teams=[(t, t) for t in sorted(directory.teams) if viewer.may(LEAD, t)],
            admin=admin,
            chosen=form.value("teams").split(),
        )

    def create(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Somebody new, and the link by which they get in."""
        values = typed(form, _FIELDS)
        teams = [clean(str(one), longest=200) for one in form.getlist("teams")]
        document: Plain = {key: value for key, value in values.items() if value}
        if teams:
            document["teams"] = teams
        name = values["name"]
        shown = {**values, "teams": " ".join(teams)}
        if not name:
            wrong = Form(shown, {"name": "Expected a handle such as alice."})
            return self.new(request, viewer, form=wrong, status=422)
        change = Change("people", name, document, "")
        made = self._desk.edit(change, viewer, viewer.actor)
        if not made.done:
            again = refused(shown, made)
            return self.new(request, viewer, form=again, status=status_of(made))
        return self._invited(request, viewer, name)

    # long because: one read of all that the page shows.
    def show(
        self,
        request: Request,
        viewer: Viewer,
        *,
        form: Form | None = None,
        status: int = 200,
    ) -> Response:
        """One person."""
        name = request.path_params["name"]
        now = self._desk.clock.now()

        def work(tx: Tx) -> dict[str, Any] | None:
            directory = self._desk.directories.current(tx)
            documents = stored.documents(tx)
            held = documents["people"].get(name)
            if held is None or name not in directory.people:
                return None
            tries = stored_people.last_tries(tx, [name])
            return {
                "directory": directory,
                "row": row_of(
                    directory,
                    name,
                    stored_people.last_seen(tx),
                    self._desk.contacts.channels(),
                ),
                "person": directory.people[name],
                "document": seen_by(viewer, "people", documents)[name],
                "etag": etag_of(held),
                "last": tries.get(name),
                "leaving": leaving(documents, directory, name, now=now),
                "tokens": len(stored_tokens.listing(tx, person=name)),
                "on_call": [r for r in directory.who(now=now) if name in r.people],
                "team_roles": dict(directory.team_roles.get(name, {})),
            }

        found = self._desk.database.read(work)
        if found is None:
            raise HTTPException(404)
        values = {key: str(found["document"].get(key, "")) for key in _FIELDS}
        values["role"] = found["row"].role
        chat = found["document"].get("chat", {})
        values |= {field: chat.get(one, "") for field, one in _CHATS.items()}
        admin = viewer.may(ADMIN)
        return self._gate.page(
            "person.html",
            viewer,
            status=status,
            form=_over(values, form),
            roles=ROLES,
            admin=admin,
            may_invite=admin or any(viewer.may(LEAD, t) for t in found["row"].teams),
            away=away_ahead(found["person"], now=now),
            sessions=self._desk.credentials.sessions.of(name) if admin else (),
            **found,
        )

    def act(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """A form of the person's page."""
        name = request.path_params["name"]
        documents = self._desk.database.read(stored.documents)
        held = documents["people"].get(name)
        if held is None:
            raise HTTPException(404)
        word = str(form.get("do", "save"))
        if word == "invite":
            return self._invited(request, viewer, name)
        if word in ("away", "remove"):
            return self._away(request, viewer, name, form, word)
        if not viewer.may(ADMIN):
            return self._gate.forbidden(viewer, ADMIN)
        if word == "sign-out":
            visit = visit_of(request, self._desk)
            self._desk.credentials.sessions.end_of(name, visit, by=viewer.person)
            return done(_of(name), Saying(f"{name} is signed out everywhere."))
        if word == "delete" and str(form.get("confirm", "")).strip() != name:
            wrong = Form({}, {"confirm": f"Type {name} exactly."})
            return self.show(request, viewer, form=wrong, status=422)
        document, said = _wanted(word, name, held, form)
        etag = str(form.get("etag", "")) or None
        made = self._desk.edit(
            Change("people", name, document, etag), viewer, viewer.actor
        )
        if not made.done:
            return self._not_done(request, viewer, form, made)
        return done(PAGE if document is None else _of(name), Saying(said))

    def _not_done(
        self, request: Request, viewer: Viewer, form: FormData, made: Edited
    ) -> Response:
        again = refused(typed(form, (*_FIELDS, *_CHATS)), made)
        return self.show(request, viewer, form=again, status=status_of(made))

    def _away(
        self, request: Request, viewer: Viewer, name: str, form: FormData, word: str
    ) -> Response:
        """Days away of somebody who cannot enter them: more, or some fewer."""
        values = typed(form, ("away_from", "away_to", "away_kind"))
        days = values["away_from"], values["away_to"]
        if word == "remove":
            edited = self._leave.take_back(viewer, name, *days)
        else:
            wishes = values["away_kind"] == "rather-not"
            edited = self._leave.add(viewer, name, *days, rather_not=wishes)
        if edited.done:
            said = "Taken back." if word == "remove" else "Saved."
            return done(f"{_of(name)}#away", Saying(f"{said} {name} is told."))
        again = refused(values, away_fields(edited))
        return self.show(request, viewer, form=again, status=status_of(edited))

    def _invited(self, request: Request, viewer: Viewer, name: str) -> Response:
        """The one call of the door's invitations."""
        visit = visit_of(request, self._desk)
        invited = self._desk.credentials.links.invite(name, viewer, visit)
        return self._gate.page(
            "invited.html",
            viewer,
            status=403 if invited.refused else 200,
            invited=invited,
            name=name,
        )


def _over(values: Mapping[str, str], form: Form | None) -> Form:
    """The page's values, and over them what was typed into one of its forms."""
    if form is None:
        return Form(values)
    return Form({**values, **form.values}, form.problems, form.said)


def _wanted(
    word: str, name: str, held: Plain, form: FormData
) -> tuple[Plain | None, str]:
    """(the document that is asked for, what is said when it is done)."""
    if word == "delete":
        return None, f"{name} is gone. Their sessions and tokens ended."
    if word == "deactivate":
        said = f"{name} is deactivated. Their sessions and tokens ended."
        return {**held, "active": False}, said
    if word == "activate":
        rest = {key: value for key, value in held.items() if key != "active"}
        return rest, f"{name} is active again; an invitation lets them in."
    values = typed(form, _FIELDS)
    kept = {key: value for key, value in held.items() if key not in _FIELDS}
    given = {k: v for k, v in values.items() if v and k != "name"}
    document: Plain = {"name": name, **given, **kept}
    if any(field in form for field in _CHATS):
        called = typed(form, tuple(_CHATS))
        chat = {one: called[field] for field, one in _CHATS.items() if called[field]}
        document = {key: value for key, value in document.items() if key != "chat"}
        document |= {"chat": chat} if chat else {}
    return document, "Saved."


def _of(name: str) -> str:
    return f"{PAGE}/{quote(name)}"


def _link(wanted: Mapping[str, str], **changed: str) -> str:
    """The list's address with some filters changed."""
    query = {key: value for key, value in {**wanted, **changed}.items() if value}
    return f"{PAGE}?{urlencode(query)}" if query else PAGE
