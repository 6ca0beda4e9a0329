"""API tokens: made, listed and ended. A token's secret is given once, when it is made."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path
from fastapi.responses import Response

from tocsin.api.access import allowed
from tocsin.api.alert_routes import ERRORS
from tocsin.api.bodies import TokenIn
from tocsin.api.shapes import time
from tocsin.core.excerpts import clean
from tocsin.core.people.permissions import ADMIN, VIEWER, Scope
from tocsin.engine import tokens
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store.tokens import Token


# long because: each route is a closure over the desk.
def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(prefix="/tokens", responses=ERRORS, tags=["tokens"])

    @router.get("")
    def listing(viewer: Viewer = allowed(desk, VIEWER)) -> dict[str, Any]:
        """Your tokens; an admin sees everybody's."""
        whose = None if viewer.may(ADMIN) else viewer.person
        found = desk.database.read(lambda tx: tokens.listing(tx, person=whose))
        return {"tokens": [_token(one) for one in found]}

    @router.post("", status_code=201)
    def make(body: TokenIn, viewer: Viewer = allowed(desk, VIEWER)) -> dict[str, Any]:
        """A token that may do no more than you; its secret is in this answer only."""
        made = tokens.make(
            desk.sign_in,
            desk.directory(),
            viewer,
            desk.audit,
            person=clean(body.person) or viewer.person,
            label=clean(body.label),
            scopes=frozenset(Scope(word) for word in body.scopes),
            team=clean(body.team),
            good_for=timedelta(days=body.days) if body.days is not None else None,
        )
        if made.refused:
            raise HTTPException(403 if made.forbidden else 422, made.refused)
        assert made.held is not None
        return {**_token(made.held), "token": made.secret}

    @router.delete("/{token_id}", status_code=204)
    def end(
        token_id: Annotated[str, Path(max_length=64)],
        viewer: Viewer = allowed(desk, VIEWER),
    ) -> Response:
        """Nobody can use it any more."""
        if not tokens.may_keep(viewer):
            raise HTTPException(403, tokens.KEEPS_NONE)
        if not tokens.end(desk.sign_in, viewer, desk.audit, clean(token_id)):
            raise HTTPException(404, "There is no token of yours with this id.")
        return Response(status_code=204)

    return router


def _token(held: Token) -> dict[str, Any]:
    return {
        "id": held.id,
        "person": held.person,
        "label": held.label,
        "scopes": held.scopes.split(),
        "team": held.team or None,
        "made_at": time(held.made_at),
        "made_by": held.made_by,
        "expires_at": time(held.expires_at),
        "last_used_at": time(held.last_used_at),
        "last_address": held.last_address or None,
    }
