"""What sends to us: when it was heard of and what could not be read."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path

from tocsin.api.access import allowed, must
from tocsin.api.alert_routes import ERRORS
from tocsin.api.shapes import time
from tocsin.core.directory import Directory
from tocsin.core.excerpts import clean
from tocsin.core.permissions import LEAD
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.sign_in import Viewer
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
        directory = desk.directory()
        hidden = directory.hidden_from(caller.grant)
        known = {i.name: i for i in directory.integrations if i.service not in hidden}
        if name not in known:
            raise HTTPException(404, f"There is no integration {clean(name)}.")
        must(caller, LEAD, directory.team_of(known[name].service))
        rows = desk.database.read(lambda tx: inbound.rejects(tx, known[name].id))
        return {"rejects": [_reject(row) for row in rows]}

    return router


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
