"""/status-pages: what a page says now, a component's state by hand, its subscribers.

The pages themselves are documents like all configuration (document_routes.py).
"""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Response

from tocsin.api.access import allowed, must
from tocsin.api.alert_routes import ERRORS
from tocsin.api.bodies import Body, Text
from tocsin.api.shapes import time
from tocsin.core.credentials import shown_address
from tocsin.core.excerpts import clean
from tocsin.core.people.permissions import LEAD, VIEWER
from tocsin.core.status.status_pages import StatusPage
from tocsin.core.status.subscribers import EMAIL, WEBHOOK
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.engine.status import keeping
from tocsin.store.subscribers import Listed

Name = Annotated[str, Path(max_length=100)]
_STATES = "^(pending|confirmed|suppressed|ended)?$"


class StateIn(Body):
    """What a component is; "" lets it be as incidents and planned work say."""

    state: Text = ""
    reason: Text = ""


# long because: each route is a closure over the desk.
def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(prefix="/status-pages", tags=["status pages"], responses=ERRORS)

    @router.get("/{name}/now")
    def now(name: Name, viewer: Viewer = allowed(desk, VIEWER)) -> dict[str, Any]:
        """Each component's state, what customers read, how many are told."""
        page, at = _page(desk, name), desk.clock.now()
        found = desk.database.read(lambda tx: keeping.kept(tx, page, now=at))
        return {
            "headline": found.shot.headline,
            "components": [
                {
                    "name": one.name,
                    "title": one.title,
                    "state": found.shot.states[one.name],
                    "by_hand": found.hands.get(one.name) or None,
                    "uptime": found.shot.uptimes[one.name],
                }
                for one in page.components
            ],
            "incidents": [one.incident for one in found.shot.open],
            "planned": [
                {
                    "id": one.id, "text": one.text, "starts_at": time(one.starts_at),
                    "ends_at": time(one.ends_at), "components": list(one.components),
                }
                for one in found.shot.planned
            ],
            "subscribers": dict(found.counts),
        }  # fmt: skip

    @router.post("/{name}/components/{component}")
    def set_state(
        name: Name, component: Name, body: StateIn, viewer: Viewer = allowed(desk, LEAD)
    ) -> dict[str, Any]:
        """Say what a component is, or let it be as incidents say."""
        page = _kept(desk, name, viewer)
        state = clean(body.state)
        refused = keeping.set_state(
            desk, viewer, page, clean(component), state, reason=clean(body.reason)
        )
        if refused:
            raise HTTPException(409 if refused[-1] == "." else 422, refused)
        return {"component": component, "by_hand": state or None}

    _subscribers(router, desk)
    return router


def _subscribers(router: APIRouter, desk: FrontDesk) -> None:
    lead = allowed(desk, LEAD)

    @router.get("/{name}/subscribers")
    def listing(
        name: Name,
        viewer: Viewer = lead,
        q: Annotated[str, Query(max_length=100)] = "",
        state: Annotated[str, Query(pattern=_STATES)] = "",
        after: Annotated[str, Query(max_length=100)] = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> dict[str, Any]:
        """Who asked to be told; `next` is the cursor for `after`."""
        page = _kept(desk, name, viewer)
        found = keeping.listed(
            desk, page, text=clean(q), state=state, after=clean(after), limit=limit
        )
        more = found[limit - 1].subscriber.id if len(found) > limit else None
        return {"subscribers": [_shown(one) for one in found[:limit]], "next": more}

    @router.post("/{name}/subscribers/{subscriber}/free")
    def free(name: Name, subscriber: Name, viewer: Viewer = lead) -> dict[str, Any]:
        """Whose mail came back may ask for it again."""
        page = _kept(desk, name, viewer)
        _done(keeping.free(desk, viewer, page, clean(subscriber)))
        return {"id": subscriber, "state": "ended"}

    @router.delete("/{name}/subscribers/{subscriber}", status_code=204)
    def remove(name: Name, subscriber: Name, viewer: Viewer = lead) -> Response:
        """Forget somebody and their address."""
        page = _kept(desk, name, viewer)
        _done(keeping.remove(desk, viewer, page, clean(subscriber)))
        return Response(status_code=204)


def _page(desk: FrontDesk, name: str) -> StatusPage:
    page = desk.directory().status_pages.get(name)
    if page is None:
        raise HTTPException(404, f"There is no {name!r} among the status-pages.")
    return page


def _kept(desk: FrontDesk, name: str, viewer: Viewer) -> StatusPage:
    page = _page(desk, name)
    must(viewer, LEAD, page.team)
    return page


def _done(refused: str) -> None:
    if refused == keeping.UNKNOWN:
        raise HTTPException(404, refused)
    if refused:
        raise HTTPException(409, refused)


def _shown(one: Listed) -> dict[str, Any]:
    who = one.subscriber
    address = who.address if who.kind == EMAIL else shown_address(WEBHOOK, who.address)
    return {
        "id": who.id,
        "kind": who.kind,
        "address": address,
        "components": list(who.components),
        "state": who.state,
        "since": time(who.made_at),
        "failures": one.failures,
        "answer": one.answer,
    }
