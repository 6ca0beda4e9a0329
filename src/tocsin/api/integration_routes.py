"""What sends to us: when it was heard of and what could not be read."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path

from tocsin.api.access import allowed, must
from tocsin.api.alert_routes import ERRORS
from tocsin.api.bodies import TestIn
from tocsin.api.shapes import time
from tocsin.core.directory import Directory, Integration
from tocsin.core.excerpts import clean
from tocsin.core.people.permissions import LEAD, VIEWER
from tocsin.engine import integrations
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import directory as stored_directory
from tocsin.store import inbound
from tocsin.store.database import Tx
from tocsin.store.instants import from_micros, from_micros_or_none

Name = Annotated[str, Path(max_length=100)]


# long because: each route is a closure over the desk.
def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(responses=ERRORS)

    @router.get("/integrations")
    def listing(viewer: Viewer = allowed(desk, "viewer")) -> dict[str, Any]:
        """Integrations; their addresses are shown to leads and admins."""

        def work(tx: Tx) -> tuple[Directory, dict[int, int], dict[int, int | None]]:
            return (
                desk.directories.current(tx),
                inbound.reject_counts(tx),
                stored_directory.last_events(tx),
            )

        directory, rejects, heard = desk.database.read(work)
        hidden = directory.hidden_from(viewer.grant)
        return {
            "integrations": [
                {
                    "name": one.name,
                    "type": one.type,
                    "service": one.service,
                    "paused": one.paused,
                    "last_event_at": time(from_micros_or_none(heard.get(one.id))),
                    "rejected": rejects.get(one.id, 0),
                    "url": f"{desk.public_url}/in/{one.key}"
                    if viewer.may(LEAD, directory.team_of(one.service))
                    else None,
                }
                for one in directory.integrations
                if one.service not in hidden
            ]
        }

    @router.get("/integrations/{name}/rejects")
    def rejects(name: Name, caller: Viewer = allowed(desk, LEAD)) -> dict[str, Any]:
        """What could not be read, raw, newest first."""
        number = _kept(desk, name, caller).id
        rows = desk.database.read(lambda tx: inbound.rejects(tx, number))
        return {"rejects": [_reject(row) for row in rows]}

    _keeping(router, desk)
    return router


def _keeping(router: APIRouter, desk: FrontDesk) -> None:
    @router.get("/integrations/{name}/last")
    def last(name: Name, caller: Viewer = allowed(desk, VIEWER)) -> dict[str, Any]:
        """How its newest request that changed something was read, field by field."""
        integration = _known(desk, name, caller)
        found = desk.database.read(
            lambda tx: integrations.last_request(tx, desk, integration)
        )
        return {"last": _last(found) if found is not None else None}

    @router.post("/integrations/{name}/test")
    def test(
        name: Name, body: TestIn, caller: Viewer = allowed(desk, LEAD)
    ) -> dict[str, Any]:
        """Send a real request of its sender; the alert is resolved unless it pages."""
        integration = _kept(desk, name, caller)
        try:
            found = integrations.tested(desk, integration, caller, pages=body.pages)
        except TimeoutError:
            raise HTTPException(503, "The test was not answered in time.") from None
        return {
            "answered": found.answer.status,
            "body": found.answer.body.decode("utf-8", "replace"),
            "alert": found.number or None,
        }

    @router.post("/integrations/{name}/key")
    def key(name: Name, caller: Viewer = allowed(desk, LEAD)) -> dict[str, Any]:
        """Make another key; the former one is good for 24 hours more."""
        _kept(desk, name, caller)
        done = integrations.new_key(desk, name, caller)
        if done.document is None or not done.done:
            said = done.refused or done.conflict or done.missing
            raise HTTPException(403 if done.refused else 409, said)
        return {
            "url": f"{desk.public_url}/in/{done.document['key']}",
            "former_key_until": done.document["key_before_until"],
        }


def _known(desk: FrontDesk, name: str, caller: Viewer) -> Integration:
    directory = desk.directory()
    hidden = directory.hidden_from(caller.grant)
    for one in directory.integrations:
        if one.name == name and one.service not in hidden:
            return one
    raise HTTPException(404, f"There is no integration {clean(name)}.")


def _kept(desk: FrontDesk, name: str, caller: Viewer) -> Integration:
    found = _known(desk, name, caller)
    must(caller, LEAD, desk.directory().team_of(found.service))
    return found


def _last(found: integrations.LastRequest) -> dict[str, Any]:
    return {
        "at": time(found.at),
        "path": found.path,
        "body": found.body.decode("utf-8", "replace"),
        "problem": found.problem or None,
        "alerts": found.trace.events,
        "fields": [
            {
                "field": one.field,
                "value": one.value,
                "made_from": list(one.paths),
                "note": one.note or None,
            }
            for one in found.trace.fields
        ],
        "not_used": list(found.trace.unused),
    }


def _reject(row: Any) -> dict[str, Any]:
    number, _, at, status, reason, path, _, body = row
    return {
        "id": number,
        "at": time(from_micros(at)),
        "answered": status,
        "reason": reason,
        "path": path,
        "body": bytes(body).decode("utf-8", "replace"),
    }
