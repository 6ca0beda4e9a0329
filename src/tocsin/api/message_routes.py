"""/messages: every message that was tried and what its provider said; leads only."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query

from tocsin.api.access import allowed
from tocsin.api.alert_routes import ERRORS
from tocsin.api.shapes import time
from tocsin.core.credentials import shown_address
from tocsin.core.excerpts import clean
from tocsin.core.people.permissions import LEAD
from tocsin.engine import messages
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import messages as stored
from tocsin.store.database import Tx
from tocsin.store.messages import Message, Wanted

Number = Annotated[int, Path(ge=1, le=2**62)]
_OUTCOMES = "^(accepted|permanent|temporary|unknown)?$"


def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(prefix="/messages", tags=["messages"], responses=ERRORS)

    @router.get("")
    def listing(
        viewer: Viewer = allowed(desk, LEAD),
        person: Annotated[str, Query(max_length=100)] = "",
        channel: Annotated[str, Query(max_length=50)] = "",
        outcome: Annotated[str, Query(pattern=_OUTCOMES)] = "",
        since: datetime | None = None,
        until: datetime | None = None,
        before: Annotated[str, Query(pattern=r"^(\d{1,17}-\d{1,17})?$")] = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> dict[str, Any]:
        """Newest first; `next` is the cursor for `before`."""
        _must_be_instants(since, until)
        at, _, number = before.partition("-")

        def work(tx: Tx) -> list[Message]:
            directory = desk.directories.current(tx)
            wanted = Wanted(
                person=clean(person),
                channel=clean(channel),
                outcomes=(outcome,) if outcome else (),
                since=since,
                until=until,
                services=messages.services_of(viewer, directory),
                hidden=directory.hidden_from(viewer.grant),
            )
            cursor = (int(at), int(number)) if before else None
            return stored.listing(tx, wanted, before=cursor, limit=limit + 1)

        found = desk.database.read(work)
        more = stored.cursor(found[limit - 1]) if len(found) > limit else None
        return {"messages": [_shown(one) for one in found[:limit]], "next": more}

    _acting(router, desk)
    return router


def _acting(router: APIRouter, desk: FrontDesk) -> None:
    @router.post("/{number}/resend", status_code=202)
    def resend(number: Number, viewer: Viewer = allowed(desk, LEAD)) -> dict[str, Any]:
        """Page the same person by the same contact again, for one that failed."""
        acted = messages.resend(desk, number, viewer)
        if acted.alert is None:
            raise HTTPException(404, acted.refused)
        if acted.refused:
            raise HTTPException(403 if acted.forbidden else 409, acted.refused)
        return {"alert": acted.alert.number, "status": "queued"}


def _must_be_instants(*given: datetime | None) -> None:
    for at in given:
        if at is not None and (at.tzinfo is None or not 1970 < at.year < 9000):
            raise HTTPException(422, "since and until need an offset from UTC.")


def _shown(one: Message) -> dict[str, Any]:
    return {
        "id": one.id,
        "alert": one.alert,
        "pages": one.members,
        "person": one.person,
        "channel": one.channel,
        "address": shown_address(one.channel, one.address),
        "service": one.service,
        "started_at": time(one.started_at),
        "ended_at": time(one.ended_at),
        "outcome": one.outcome or "running",
        "delivered": one.delivered or None,
        "delivered_at": time(one.delivered_at),
        "provider_id": one.provider_id,
        "answer": one.answer,
    }
