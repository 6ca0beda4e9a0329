"""What is configured, one document at a time: teams, people, schedules, policies,
services, integrations and status pages, with the fields of the configuration files.

Whoever replaces or deletes a document sends the ETag of what they saw (If-Match);
`If-None-Match: *` makes a new one only.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, HTTPException, Path, Query
from fastapi.responses import JSONResponse, Response

from tocsin.api.access import allowed
from tocsin.api.alert_routes import ERRORS
from tocsin.api.problems import problem, refused_fields, responses
from tocsin.core.configuration import FORMS, Documents
from tocsin.core.forms import Plain
from tocsin.core.people.permissions import LEAD, VIEWER
from tocsin.engine.editing import Change, Edited, etag_of, seen_by
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import directory as stored

# The path of each noun; the same word is the key of a list's answer.
PATHS: Mapping[str, str] = {
    "teams": "teams",
    "people": "people",
    "schedules": "schedules",
    "policies": "escalation_policies",
    "services": "services",
    "integrations": "integrations",
    "status-pages": "status_pages",
}
Name = Annotated[str, Path(max_length=100)]
Etag = Annotated[str, Header(max_length=200)]


def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(
        responses={**ERRORS, **responses(412, 428)}, tags=["configuration"]
    )
    for path, noun in PATHS.items():
        _reading(router, desk, path, noun)
        _writing(router, desk, path, noun)
    return router


def _reading(router: APIRouter, desk: FrontDesk, path: str, noun: str) -> None:
    if path != "integrations":  # whose list also says what was heard of each

        @router.get(f"/{path}", name=f"list_{path}")
        def listing(
            viewer: Viewer = allowed(desk, VIEWER),
            after: Annotated[str, Query(max_length=100)] = "",
            limit: Annotated[int, Query(ge=1, le=200)] = 50,
        ) -> dict[str, Any]:
            """By name; `next` is the cursor for `after`."""
            seen = seen_by(viewer, noun, _documents(desk))
            names = [name for name in sorted(seen) if name > after]
            more = names[limit - 1] if len(names) > limit else None
            return {path: [seen[name] for name in names[:limit]], "next": more}

    @router.get(f"/{path}/{{name}}", name=f"get_{path}")
    def get(name: Name, viewer: Viewer = allowed(desk, VIEWER)) -> Response:
        """One document; its ETag is what a change of it has to send."""
        documents = _documents(desk)
        found = seen_by(viewer, noun, documents).get(name)
        if found is None:
            raise HTTPException(404, f"There is no {name!r} among the {path}.")
        etag = etag_of(documents[noun][name])
        return JSONResponse(found, headers={"etag": f'"{etag}"'})


def _writing(router: APIRouter, desk: FrontDesk, path: str, noun: str) -> None:
    shape = {"content": {"application/json": {"schema": dict(FORMS[noun].schema())}}}

    @router.put(
        f"/{path}/{{name}}", name=f"put_{path}", openapi_extra={"requestBody": shape}
    )
    def put(
        name: Name,
        document: Annotated[dict[str, Any], Body()],
        viewer: Viewer = allowed(desk, LEAD),
        if_match: Etag = "",
        if_none_match: Etag = "",
    ) -> Response:
        """Make or replace one; 422 names every field that is wrong."""
        _must_be_seen(desk, viewer, noun, name)
        etag = "" if if_none_match.strip() == "*" else _etag(if_match)
        change = Change(noun, name, document, etag, needs_etag=True)
        return _answer(desk.edit(change, viewer, viewer.actor), viewer, noun, desk)

    @router.delete(f"/{path}/{{name}}", name=f"delete_{path}", status_code=204)
    def delete(
        name: Name, viewer: Viewer = allowed(desk, LEAD), if_match: Etag = ""
    ) -> Response:
        """Remove one that nothing refers to."""
        _must_be_seen(desk, viewer, noun, name)
        change = Change(noun, name, None, _etag(if_match), needs_etag=True)
        done = desk.edit(change, viewer, viewer.actor)
        return Response(status_code=204) if done.done else refused(done)


def _must_be_seen(desk: FrontDesk, viewer: Viewer, noun: str, name: str) -> None:
    """What a caller may not know of is not there for them. Raises 404."""
    documents = _documents(desk)
    if name in documents.get(noun, {}) and name not in seen_by(viewer, noun, documents):
        raise HTTPException(404, f"There is no {name!r}.")


def _documents(desk: FrontDesk) -> Documents:
    return desk.database.read(stored.documents)


def _etag(header: str) -> str | None:
    text = header.strip().removeprefix("W/").strip('"')
    return text or None


def _answer(done: Edited, viewer: Viewer, noun: str, desk: FrontDesk) -> Response:
    if not done.done:
        return refused(done)
    assert done.document is not None
    seen: Mapping[str, Plain] = seen_by(viewer, noun, _documents(desk))
    body = seen.get(str(done.document.get("name")), {})
    status = 201 if done.created else 200
    return JSONResponse(body, status, {"etag": f'"{done.etag}"'})


def refused(done: Edited) -> Response:
    """Why a change was not done, as a problem."""
    if done.refused:
        return problem(403, done.refused)
    if done.missing:
        return problem(404, done.missing)
    if done.conflict:
        return problem(412 if done.etag_given else 428, done.conflict)
    return refused_fields(done.problems)
