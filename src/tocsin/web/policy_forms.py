"""The sentence editor of escalation policies, with the dry run of what is not saved yet."""

from typing import Any
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.directory import Directory
from tocsin.core.excerpts import clean
from tocsin.core.forms import Plain
from tocsin.core.people.permissions import LEAD
from tocsin.engine.editing import Change, Edited, etag_of
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import directory as stored
from tocsin.web import policy_drafts
from tocsin.web.forms import Form
from tocsin.web.gate import Gate
from tocsin.web.policies import NOUN, Answered, answer, question
from tocsin.web.policy_drafts import Draft, problems_of
from tocsin.web.sayings import Saying, done


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get("/new/policy", pages.blank, need=LEAD),
        gate.post("/new/policy", pages.create, need=LEAD),
        gate.get("/policies/{name}/edit", pages.edit, need=LEAD),
        gate.post("/policies/{name}/edit", pages.change, need=LEAD),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def blank(self, request: Request, viewer: Viewer) -> Response:
        """A policy of two levels to begin with; the first pages `rotation`, if named."""
        directory = self._desk.directory()
        mine = [one for one in directory.teams if viewer.may(LEAD, one)]
        rotation = clean(request.query_params.get("rotation", ""), longest=200)
        known = directory.schedules.get(rotation.partition("/")[0])
        if directory.rotation(rotation) is None or known is None:
            rotation = ""
        elif known.team in mine:
            mine = [known.team]
        draft = policy_drafts.blank(mine[0] if mine else "", rotation)
        return self._form(viewer, draft, FormData())

    def create(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """A new policy, or another look at it."""
        draft = policy_drafts.of_form(form)
        if form.get("do") != "save":
            return self._changed(viewer, draft, form)
        name = draft.values["name"]
        if not name:
            problems = {"name": "Give the policy a name of 1 to 100 characters."}
            return self._form(viewer, draft, form, problems=problems, status=422)
        change = Change(NOUN, name, draft.document(), "")
        made = self._desk.edit(change, viewer, viewer.actor)
        if not made.done:
            return self._not_done(viewer, made, draft, form)
        return done(f"/policies/{quote(name)}", Saying(f"{name} is made."))

    def edit(self, request: Request, viewer: Viewer) -> Response:
        """The editor of a policy that is there."""
        name = request.path_params["name"]
        held = self._held(name)
        team = str(held.get("team", ""))
        if not viewer.may(LEAD, team):
            return self._gate.forbidden(viewer, LEAD, team=team)
        draft = policy_drafts.of_document(held)
        return self._form(viewer, draft, FormData(), name=name, etag=etag_of(held))

    def change(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """A button of the editor."""
        name = request.path_params["name"]
        held = self._held(name)
        team = str(held.get("team", ""))
        if not viewer.may(LEAD, team):
            return self._gate.forbidden(viewer, LEAD, team=team)
        word = form.get("do")
        if word == "delete":
            return self._delete(viewer, name, held, form)
        draft = policy_drafts.of_form(form, name=name)
        if word != "save":
            return self._changed(viewer, draft, form, name=name)
        etag = str(form.get("etag", ""))
        change = Change(NOUN, name, draft.document(), etag)
        saved = self._desk.edit(change, viewer, viewer.actor)
        if not saved.done:
            return self._not_done(viewer, saved, draft, form, name=name)
        said = "Saved. Alerts that are open keep the policy they began with."
        return done(f"/policies/{quote(name)}", Saying(said))

    def _delete(
        self, viewer: Viewer, name: str, held: Plain, form: FormData
    ) -> Response:
        draft, etag = policy_drafts.of_document(held), etag_of(held)
        if str(form.get("confirm", "")).strip() != name:
            problems = {"confirm": f"Type {name} to confirm."}
            return self._form(
                viewer, draft, FormData(),
                name=name, etag=etag, problems=problems, status=422,
            )  # fmt: skip
        gone = self._desk.edit(Change(NOUN, name, None), viewer, viewer.actor)
        if not gone.done:
            return self._not_done(viewer, gone, draft, form, name=name)
        return done("/policies", Saying(f"{name} is deleted."))

    def _changed(
        self, viewer: Viewer, draft: Draft, form: FormData, *, name: str = ""
    ) -> Response:
        """The form again after a button that saves nothing."""
        draft.change(str(form.get("do", "")))
        etag = str(form.get("etag", ""))
        return self._form(viewer, draft, form, name=name, etag=etag)

    def _not_done(
        self,
        viewer: Viewer,
        edited: Edited,
        draft: Draft,
        form: FormData,
        *,
        name: str = "",
    ) -> Response:
        if edited.refused:
            return self._gate.forbidden(viewer, LEAD, team=draft.values["team"])
        problems, said = problems_of(edited.problems)
        said = edited.conflict or edited.missing or said
        if edited.conflict and not name:
            problems, said = {"name": edited.conflict}, ""
        theirs = edited.document if edited.conflict and name else None
        return self._form(
            viewer,
            draft,
            form,
            name=name,
            etag=edited.etag or str(form.get("etag", "")),
            problems=problems,
            said=said,
            theirs=policy_drafts.of_document(theirs) if theirs else None,
            status=409 if edited.conflict else 422,
        )

    def _form(
        self,
        viewer: Viewer,
        draft: Draft,
        form: FormData,
        *,
        name: str = "",
        etag: str = "",
        problems: dict[str, str] | None = None,
        said: str = "",
        theirs: Draft | None = None,
        status: int = 200,
    ) -> Response:
        directory = self._desk.directory()
        answered, why_not = self._dry_run(viewer, draft, form)
        return self._gate.page(
            "policy_form.html",
            viewer,
            status=status,
            draft=draft,
            form=Form(_flat(draft), problems or {}, said),
            name=name,
            etag=etag,
            theirs=theirs,
            answered=answered,
            # Nobody is told of a mistake that they had no time to make.
            why_not=why_not if form else "",
            directory=directory,
            team=directory.teams.get(draft.values.get("team", "")),
            targets=_choices(directory),
            severities=policy_drafts.SEVERITIES,
            teams=[("", "No team: kept by the admins")]
            + [(one, one) for one in sorted(directory.teams)],
            services=sorted(
                one.name
                for one in directory.services.values()
                if one.policy == name and viewer.sees(one)
            ),
        )

    def _dry_run(
        self, viewer: Viewer, draft: Draft, form: FormData
    ) -> tuple[Answered | None, str]:
        """Who would be paged by what the form holds, or why that cannot be told yet."""
        document = draft.document()
        draft_name = document["name"] or "new policy"
        change = Change(NOUN, draft_name, {**document, "name": draft_name})
        seen = self._desk.preview(change)
        if seen.problems:
            problems, said = problems_of(seen.problems)
            return None, next(iter(problems.values()), said)
        now = self._desk.clock.now()
        asked = question(form, viewer, seen.after, now)
        policy = seen.after.policies[draft_name]
        found = self._desk.database.read(
            lambda tx: answer(tx, seen.after, policy, asked)
        )
        return found, ""

    def _held(self, name: str) -> Plain:
        documents = self._desk.database.read(stored.documents)
        found = documents.get(NOUN, {}).get(name)
        if found is None:
            raise HTTPException(404)
        return found


def _flat(draft: Draft) -> dict[str, Any]:
    """The values that the macros of `_forms.html` look up by name."""
    found = dict(draft.values)
    for index, level in enumerate(draft.levels):
        found[f"after-{index}"] = level.after
        found.update({f"{one}-{index}": text for one, text in level.when.items()})
        for severity in policy_drafts.SEVERITIES:
            found[f"after-{index}-{severity}"] = level.by_severity.get(severity, "")
    found.update({f"ack-{name}": text for name, text in draft.ack.items()})
    return found


def _choices(directory: Directory) -> list[tuple[str, list[tuple[str, str]]]]:
    """Everything a level can page, in groups: (value, label)."""
    rotations = [
        (f"rotation:{schedule.name}/{one.name}", f"{one.name} of {schedule.name}")
        for schedule in directory.schedules.values()
        for one in schedule.rotations
    ]
    return [
        ("Who is on call", rotations),
        (
            "Everybody on call",
            [(f"schedule:{n}", f"everybody of {n}") for n in directory.schedules],
        ),
        (
            "People",
            [(f"user:{n}", p.full_name or n) for n, p in directory.people.items()],
        ),
        ("Teams", [(f"team:{n}", f"the whole team {n}") for n in directory.teams]),
    ]
