"""The audit log: who changed what, from where, before and after."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query

from tocsin.api.access import allowed
from tocsin.api.alert_routes import ERRORS
from tocsin.api.instants import bounded, utc
from tocsin.api.shapes import time
from tocsin.core.excerpts import clean
from tocsin.core.people.permissions import ADMIN, LEAD
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import audit

Text = Annotated[str, Query(max_length=400)]


def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    # long because: each route is a closure over the desk.
    router = APIRouter(prefix="/audit", responses=ERRORS, tags=["audit"])

    @router.get("")
    def listing(
        viewer: Viewer = allowed(desk, LEAD),
        actor: Text = "",
        noun: Text = "",
        name: Text = "",
        team: Text = "",
        since: Annotated[datetime | None, Query()] = None,
        until: Annotated[datetime | None, Query()] = None,
        before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> dict[str, Any]:
        """Entries, newest first; `next` is the cursor for `before`.

        Admins see all, leads those of the teams they lead.
        """
        teams = viewer.record_of(desk.directory().teams)
        if team:
            wanted = clean(team)
            mine = teams is None or wanted in teams
            teams = frozenset({wanted}) if mine else frozenset()
        found = desk.database.read(
            lambda tx: audit.listing(
                tx,
                before=before,
                limit=limit + 1,
                actor=clean(actor),
                noun=clean(noun),
                name=clean(name),
                teams=teams,
                since=bounded(utc(since)) if since else None,
                until=bounded(utc(until)) if until else None,
            )
        )
        more = found[limit - 1].id if len(found) > limit else None
        return {"entries": [_entry(one) for one in found[:limit]], "next": more}

    @router.get("/chain")
    def chain(_: Viewer = allowed(desk, ADMIN)) -> dict[str, Any]:
        """Whether every entry is as it was written."""
        broken = desk.audit.broken(desk.database)
        return {"whole": not broken, "problem": broken}

    return router


def _entry(one: audit.Entry) -> dict[str, Any]:
    return {
        "id": one.id,
        "at": time(one.at),
        "actor": one.actor,
        "via": one.via,
        "address": one.address,
        "action": one.action,
        "noun": one.noun,
        "name": one.name,
        "team": one.team or None,
        "before": one.before,
        "after": one.after,
    }
