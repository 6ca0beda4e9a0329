"""/outbox: what goes out and pages nobody, and what became of it; admins only.

Texts are not told: they may be of a private incident.
"""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query

from tocsin.api.access import allowed
from tocsin.api.alert_routes import ERRORS
from tocsin.api.bodies import Body, Text
from tocsin.api.shapes import time
from tocsin.core.excerpts import clean
from tocsin.core.people.permissions import ADMIN, RESPONDER
from tocsin.core.status import social
from tocsin.engine import sent_messages
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import outbox_lists as stored
from tocsin.store.outbox import Outgoing

Number = Annotated[int, Path(ge=1, le=2**62)]
_STATES = "^(due|sending|accepted|failed|cancelled)?$"


class PreviewIn(Body):
    """An external update, as it is written."""

    body: Text = ""


def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(tags=["outbox"], responses=ERRORS)

    @router.get("/outbox")
    def listing(
        viewer: Viewer = allowed(desk, ADMIN),
        lane: Annotated[str, Query(max_length=50)] = "",
        state: Annotated[str, Query(pattern=_STATES)] = "",
        before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> dict[str, Any]:
        """Newest first; `next` is the cursor for `before`."""
        found = desk.database.read(
            lambda tx: stored.listing(
                tx, lane=clean(lane), states=(state,) if state else (),
                before=before, limit=limit + 1,
            )
        )  # fmt: skip
        more = found[limit - 1].id if len(found) > limit else None
        return {"messages": [_shown(one) for one in found[:limit]], "next": more}

    _acting(router, desk)
    return router


def _acting(router: APIRouter, desk: FrontDesk) -> None:
    @router.post("/outbox/{number}/retry", status_code=202)
    def retry(number: Number, viewer: Viewer = allowed(desk, ADMIN)) -> dict[str, Any]:
        """Try again what has failed."""
        return _done(number, sent_messages.retry(desk, number, viewer), "due")

    @router.post("/outbox/{number}/cancel")
    def cancel(number: Number, viewer: Viewer = allowed(desk, ADMIN)) -> dict[str, Any]:
        """Call off what waits."""
        return _done(number, sent_messages.cancel(desk, number, viewer), "cancelled")

    @router.post("/social/preview")
    def preview(
        body: PreviewIn, viewer: Viewer = allowed(desk, RESPONDER)
    ) -> dict[str, Any]:
        """What an update would be as a post of each network."""
        found = social.drafts(clean(body.body), link=desk.social_link)
        return {
            "posts": [
                {
                    "network": one.network, "text": one.text, "length": one.length,
                    "limit": one.limit, "cut": one.is_cut,
                }
                for one in found
            ]
        }  # fmt: skip


def _done(number: int, refused: str, state: str) -> dict[str, Any]:
    if refused == sent_messages.UNKNOWN:
        raise HTTPException(404, refused)
    if refused:
        raise HTTPException(409, refused)
    return {"id": number, "state": state}


def _shown(one: Outgoing) -> dict[str, Any]:
    return {
        "id": one.id,
        "lane": one.lane,
        "channel": one.channel,
        "target": sent_messages.shown_target(one),
        "key": one.key,
        "incident": one.incident or None,
        "state": one.state,
        "tries": one.tries,
        "made_at": time(one.made_at),
        "due_at": time(one.due_at),
        "ended_at": time(one.ended_at) if one.ended_at else None,
        "answer": one.answer,
        "provider_id": one.provider_id,
    }
