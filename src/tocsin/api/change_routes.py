"""/changes: what was deployed, switched and set, beside the incidents it may cause."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, HTTPException, Query
from pydantic import Field

from tocsin.api.access import SEND, allowed
from tocsin.api.alert_routes import ERRORS
from tocsin.api.bodies import Body, Text
from tocsin.api.incidents.incident_answers import when
from tocsin.api.shapes import time
from tocsin.core.directory import BY_HAND
from tocsin.core.excerpts import clean, clean_title, web_link
from tocsin.core.incidents import changes as rules
from tocsin.core.people.permissions import VIEWER
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.interfaces.arrivals import Change
from tocsin.store import inbound
from tocsin.store.database import Row, Tx
from tocsin.store.instants import from_micros

_data = msgspec.json.Decoder(dict[str, Any]).decode
_Word = Annotated[str, Field(max_length=200)]


class ChangeIn(Body):
    """A change of one or more services. What is sent twice with one `id` is kept once."""

    summary: Annotated[str, Field(min_length=1, max_length=1024)]
    services: Annotated[list[_Word], Field(min_length=1, max_length=50)]
    kind: Literal["", "deploy", "flag", "config", "infra", "data"] = ""
    at: datetime | None = None
    link: Annotated[str, Field(max_length=2048)] = ""
    id: _Word = ""
    environment: _Word = ""
    ref: _Word = ""
    rollback: Text = ""


# long because: each route is a closure over the desk.
def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(prefix="/changes", tags=["changes"], responses=ERRORS)

    @router.get("")
    def listing(
        viewer: Viewer = allowed(desk, VIEWER),
        service: Annotated[str, Query(max_length=100)] = "",
        before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> dict[str, Any]:
        """Newest first; `next` is the cursor for `before`."""

        def read(tx: Tx) -> list[Row]:
            hidden = desk.directories.current(tx).hidden_from(viewer.grant)
            return inbound.list_changes(
                tx, service=clean(service), before=before, hidden=hidden,
                limit=limit + 1,
            )  # fmt: skip

        found = desk.database.read(read)
        more = int(found[limit - 1][0]) if len(found) > limit else None
        return {"changes": [_shown(row) for row in found[:limit]], "next": more}

    @router.post("", status_code=201)
    def report(body: ChangeIn, viewer: Viewer = allowed(desk, SEND)) -> dict[str, Any]:
        """Tell what was changed; it is on record when this returns."""
        services = list(dict.fromkeys(clean(one) for one in body.services))
        directory = desk.directory()
        hidden = directory.hidden_from(viewer.grant)
        for one in services:
            if one not in directory.services or one in hidden:
                raise HTTPException(422, f"services: expected known ones, not {one!r}")
            if not viewer.grant.may_send(directory.team_of(one)):
                raise HTTPException(403, f"You may not send for {one}.")
        now = desk.clock.now()

        def work(tx: Tx) -> None:
            for one in services:
                inbound.add_changes(
                    tx, BY_HAND, one, [_change(body, one, viewer)], now=now
                )

        desk.database.write(work)
        return {"summary": clean_title(body.summary), "services": services}

    return router


def _change(body: ChangeIn, service: str, viewer: Viewer) -> Change:
    told = {
        "kind": body.kind, "environment": clean(body.environment),
        "ref": clean(body.ref), "rollback": clean(body.rollback), "by": viewer.person,
    }  # fmt: skip
    link = web_link(body.link)
    return Change(
        summary=clean_title(body.summary),
        source=viewer.person,
        occurred_at=when(body.at),
        details={name: text for name, text in told.items() if text},
        links=(link,) if link else (),
        event_id=f"{clean(body.id)} of {service}" if body.id.strip() else "",
    )


def _shown(row: Row) -> dict[str, Any]:
    data: Mapping[str, Any] = _data(row[5]) if row[5] else {}
    details = data.get("details") or {}
    links = data.get("links") or []
    return {
        "id": row[0],
        "service": row[1],
        "at": time(from_micros(row[2])),
        "summary": row[3],
        "source": row[4],
        "kind": rules.kind_of(row[3], str(details.get("kind", ""))),
        "link": str(links[0]) if links else "",
        "details": {str(name): str(text) for name, text in details.items()},
    }
