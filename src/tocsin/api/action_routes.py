"""/actions: what reviews have promised, by whom and until when."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query
from fastapi.responses import JSONResponse, Response

from tocsin.api.access import allowed
from tocsin.api.alert_routes import ERRORS
from tocsin.api.review_bodies import PromiseIn, ProofIn
from tocsin.api.review_routes import refused
from tocsin.api.review_shapes import promise_json
from tocsin.core.excerpts import clean
from tocsin.core.people.permissions import RESPONDER, VIEWER
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.reviews import acts
from tocsin.engine.reviews.acts import Act
from tocsin.engine.reviews.desk import Promise
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store.action_items import cursor_of

Id = Annotated[str, Path(max_length=40, pattern=r"^ACT-[0-9]+$")]
_GONE = "There is no action with this id."


def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(prefix="/actions", tags=["actions"], responses=ERRORS)
    _reading(router, desk)
    _writing(router, desk)
    return router


def _reading(router: APIRouter, desk: FrontDesk) -> None:
    @router.get("")
    def list_actions(
        caller: Viewer = allowed(desk, VIEWER),
        state: Annotated[str, Query(pattern="^(open|done|all)$")] = "open",
        owner: Annotated[str, Query(max_length=100)] = "",
        *,
        overdue: bool = False,
        after: Annotated[str, Query(max_length=60)] = "",
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> dict[str, Any]:
        """The next day first, without a day last; `next` is the cursor for `after`."""
        today = desk.clock.now().date()
        found = desk.database.read(
            lambda tx: desk.reviews.promises(
                tx,
                caller,
                state="" if state == "all" else state,
                owner=clean(owner),
                due_before=today if overdue else None,
                after=cursor(after),
                limit=limit + 1,
            )
        )
        more = None
        if len(found) > limit:
            at, name = cursor_of(found[limit - 1].action)
            more = f"{at}.{name}"
        return {"actions": [promise_json(one) for one in found[:limit]], "next": more}

    @router.get("/{action_id}")
    def get_action(
        action_id: Id, caller: Viewer = allowed(desk, VIEWER)
    ) -> dict[str, Any]:
        """One action."""
        return promise_json(_known(desk, action_id, caller))


def _writing(router: APIRouter, desk: FrontDesk) -> None:
    responder = allowed(desk, RESPONDER)

    def acted(action_id: str, caller: Viewer, action: str, act: Act) -> Response:
        number = _known(desk, action_id, caller).action.incident
        changed = desk.reviews.act(number, caller, action, act)
        if not changed.done:
            return refused(changed)
        return JSONResponse(promise_json(_known(desk, action_id, caller)))

    @router.post("/{action_id}/done")
    def finish(action_id: Id, body: ProofIn, caller: Viewer = responder) -> Response:
        """It is done; its box in the review is ticked."""
        proof = clean(body.proof)
        return acted(
            action_id, caller, "finish", lambda c: acts.finish(c, action_id, proof)
        )

    @router.post("/{action_id}/reopen")
    def reopen(action_id: Id, caller: Viewer = responder) -> Response:
        """It is to be done again."""
        return acted(action_id, caller, "reopen", lambda c: acts.reopen(c, action_id))

    @router.post("/{action_id}/promise")
    def promise(action_id: Id, body: PromiseIn, caller: Viewer = responder) -> Response:
        """Somebody else, another day, or a ticket; its line in the review follows."""
        return acted(
            action_id,
            caller,
            "promise",
            lambda case: acts.promise(
                case,
                action_id,
                owner=clean(body.owner),
                due=clean(body.due),
                ticket=clean(body.ticket),
            ),
        )


def _known(desk: FrontDesk, action_id: str, viewer: Viewer) -> Promise:
    """Raises 404."""
    found = desk.database.read(lambda tx: desk.reviews.promise(tx, action_id, viewer))
    if found is None:
        raise HTTPException(404, _GONE)
    return found


def cursor(text: str) -> tuple[int, str] | None:
    """Where a listing goes on; None when it begins. Raises 422."""
    if not text:
        return None
    at, _, name = text.partition(".")
    if not at.lstrip("-").isdecimal() or not name or len(at) > 18:
        raise HTTPException(422, f"after: {text!r}: expected the `next` of a list")
    return int(at), name
