"""Making, changing and removing a status page."""

from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.forms import Plain, Problem
from tocsin.core.people.permissions import LEAD
from tocsin.engine.editing import Change, Edited, etag_of
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.engine.status.keeping import may_keep
from tocsin.store import directory as stored
from tocsin.web.forms import Form, by_field
from tocsin.web.gate import Gate
from tocsin.web.sayings import Saying, done
from tocsin.web.status import drafts
from tocsin.web.status.drafts import FIELDS, FLAGS, Draft
from tocsin.web.status.keeping import PAGE, known_page

_NOUN = "status_pages"
_NEW = "/new/status-page"


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get(_NEW, pages.blank, need=LEAD),
        gate.post(_NEW, pages.create, need=LEAD, files=1),
        gate.get(f"{PAGE}/{{name}}/edit", pages.edit, need=LEAD),
        gate.post(f"{PAGE}/{{name}}/edit", pages.change, need=LEAD, files=1),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def blank(self, request: Request, viewer: Viewer) -> Response:
        """An empty form, with the team that one leads chosen."""
        mine = [one for one in self._desk.directory().teams if viewer.may(LEAD, one)]
        return self._form(viewer, drafts.blank(mine[0] if mine else ""))

    def create(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """A new page, or another look at the form."""
        draft = drafts.of_form(form)
        if form.get("do") != "save":
            draft.change(str(form.get("do", "")))
            return self._form(viewer, draft)
        name = draft.values["name"]
        if not name:
            problems = {"title": "Say what stands on top, such as Meridian Pay."}
            return self._form(viewer, draft, problems=problems, status=422)
        change = Change(_NOUN, name, draft.document(), "")
        made = self._desk.edit(change, viewer, viewer.actor)
        if not made.done:
            return self._not_done(viewer, made, draft)
        said = f"{draft.values['title']} is a status page now."
        return done(f"{PAGE}/{quote(name)}", Saying(said))

    def edit(self, request: Request, viewer: Viewer) -> Response:
        """The form of a page that is there."""
        page = known_page(self._desk, request.path_params["name"])
        if not may_keep(viewer, page):
            return self._gate.forbidden(viewer, LEAD, team=page.team)
        held = self._held(page.name)
        draft = drafts.of_document(held)
        return self._form(viewer, draft, name=page.name, etag=etag_of(held))

    def change(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Save it, another look at the form, or delete it."""
        page = known_page(self._desk, request.path_params["name"])
        if not may_keep(viewer, page):
            return self._gate.forbidden(viewer, LEAD, team=page.team)
        word = str(form.get("do", ""))
        if word == "delete":
            return self._delete(viewer, page.name, form)
        etag = str(form.get("etag", ""))
        kept = str(self._held(page.name).get("logo", ""))
        draft = drafts.of_form(form, name=page.name, logo=kept)
        if word != "save":
            draft.change(word)
            return self._form(viewer, draft, name=page.name, etag=etag)
        if form.get("no-logo"):
            draft.change("drop-logo")
        change = Change(_NOUN, page.name, draft.document(), etag)
        saved = self._desk.edit(change, viewer, viewer.actor)
        if not saved.done:
            return self._not_done(viewer, saved, draft, name=page.name)
        return done(f"{PAGE}/{quote(page.name)}", Saying("Saved."))

    def _delete(self, viewer: Viewer, name: str, form: FormData) -> Response:
        held = self._held(name)
        draft, etag = drafts.of_document(held), etag_of(held)
        if str(form.get("confirm", "")).strip() != name:
            problems = {"confirm": f"Type {name} to confirm."}
            return self._form(
                viewer, draft, name=name, etag=etag, problems=problems, status=422
            )
        gone = self._desk.edit(Change(_NOUN, name, None), viewer, viewer.actor)
        if not gone.done:
            return self._not_done(viewer, gone, draft, name=name)
        return done(PAGE, Saying(f"{name} is deleted; incidents keep their updates."))

    def _not_done(
        self, viewer: Viewer, edited: Edited, draft: Draft, *, name: str = ""
    ) -> Response:
        if edited.refused:
            team = draft.values.get("team", "")
            return self._gate.forbidden(viewer, LEAD, team=team)
        own, parts = _sorted(edited.problems)
        problems, said = by_field(own, (*FIELDS, *FLAGS, "logo"))
        said = edited.conflict or edited.missing or " ".join([said, *parts]).strip()
        if edited.conflict and not name:
            problems, said = {"title": edited.conflict}, ""
        return self._form(
            viewer, draft, name=name, etag=edited.etag, problems=problems, said=said,
            theirs=edited.document if edited.conflict and name else None,
            status=409 if edited.conflict else 422,
        )  # fmt: skip

    def _form(
        self,
        viewer: Viewer,
        draft: Draft,
        *,
        name: str = "",
        etag: str = "",
        problems: dict[str, str] | None = None,
        said: str = "",
        theirs: Plain | None = None,
        status: int = 200,
    ) -> Response:
        directory = self._desk.directory()
        return self._gate.page(
            "status_form.html",
            viewer,
            status=status,
            form=Form(draft.values, problems or {}, said),
            draft=draft,
            name=name,
            etag=etag,
            theirs=theirs,
            teams=[("", "No team: kept by the admins")]
            + [(one, one) for one in sorted(directory.teams)],
            services=[
                one.name for one in directory.services.values() if viewer.sees(one)
            ],
        )

    def _held(self, name: str) -> Plain:
        documents = self._desk.database.read(stored.documents)
        return documents[_NOUN].get(name, {})


def _sorted(
    found: tuple[Problem, ...] | list[Problem],
) -> tuple[list[Problem], list[str]]:
    """Problems of the page's own fields, and those of components as sentences."""
    own = [one for one in found if ".components" not in one.where]
    parts = [
        f"{one.where.partition('.')[2]}: expected {one.expected}, not "
        f"{str(one.given)[:80]!r}."
        for one in found
        if ".components" in one.where
    ]
    return own, parts
