"""/schedules/{name}/overrides: what one would change, saving it, taking it back."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from tocsin.api.access import allowed
from tocsin.api.alert_routes import ERRORS
from tocsin.api.bodies import Body, Name
from tocsin.api.instants import bounded, utc
from tocsin.api.problems import refused_fields, responses
from tocsin.api.shapes import time
from tocsin.core.excerpts import clean
from tocsin.core.oncall.override_effect import Effect, sentences
from tocsin.core.people.permissions import RESPONDER
from tocsin.core.rotas.override_documents import written
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.oncall.overrides import Overrides, Placed, Plan, Wish
from tocsin.engine.signing_in.sign_in import Viewer

_Part = Annotated[str, Path(max_length=100)]


class OverrideIn(Body):
    """`person` instead of `leaving`; without `leaving` instead of whoever is on call."""

    rotation: Name
    start: datetime
    end: datetime
    person: Annotated[str, Field(max_length=100)] = ""
    leaving: Annotated[str, Field(max_length=100)] = ""
    also: bool = False


# long because: each route is a closure over the desk.
def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(
        prefix="/schedules/{name}/overrides",
        tags=["on call"],
        responses={**ERRORS, **responses(422)},
    )
    overrides = Overrides(desk)
    viewer = allowed(desk, RESPONDER)

    @router.post("/preview")
    def preview(name: _Part, body: OverrideIn, caller: Viewer = viewer) -> Response:
        """What saving it would change; nothing is written."""
        _must_respond(desk, name, caller)
        plan = overrides.plan(_wish(name, body))
        return _wrong(plan) or JSONResponse({"effect": _effect(plan.effect)})

    @router.post("", status_code=201)
    def place(name: _Part, body: OverrideIn, caller: Viewer = viewer) -> Response:
        """Save it. Who takes over themselves needs no lead."""
        _must_respond(desk, name, caller)
        placed = overrides.place(_wish(name, body), caller)
        wrong = _refused(placed)
        if wrong is not None:
            return wrong
        assert placed.plan.override is not None
        shown = written(placed.plan.override)
        return JSONResponse(
            {"override": shown, "effect": _effect(placed.plan.effect)}, 201
        )

    @router.delete("/{rotation}/{override_id}", status_code=204)
    def end(
        name: _Part, rotation: _Part, override_id: _Part, caller: Viewer = viewer
    ) -> Response:
        """Take it back; what of it has happened stays."""
        _must_respond(desk, name, caller)
        placed = overrides.end(name, rotation, override_id, caller)
        return _refused(placed) or Response(status_code=204)

    return router


def _must_respond(desk: FrontDesk, schedule: str, caller: Viewer) -> None:
    found = desk.directory().schedules.get(schedule)
    if found is None:
        raise HTTPException(404, f"There is no schedule {clean(schedule)}.")
    if not caller.may(RESPONDER, found.team):
        whose = f"the team {found.team}" if found.team else "the whole installation"
        raise HTTPException(403, f"This needs the role responder for {whose}.")


def _wish(schedule: str, body: OverrideIn) -> Wish:
    return Wish(
        schedule=schedule,
        rotation=body.rotation,
        start=bounded(utc(body.start)),
        end=bounded(utc(body.end)),
        person=body.person,
        leaving=body.leaving,
        also=body.also,
    )


def _refused(placed: Placed) -> Response | None:
    wrong = _wrong(placed.plan)
    if wrong is not None:
        return wrong
    if placed.edited.refused:
        raise HTTPException(403, placed.edited.refused)
    if placed.edited.problems:
        return refused_fields(placed.edited.problems)
    return None


def _wrong(plan: Plan) -> Response | None:
    if plan.missing:
        raise HTTPException(404, plan.missing)
    return refused_fields(plan.problems) if plan.problems else None


def _effect(effect: Effect | None) -> dict[str, Any]:
    assert effect is not None
    return {
        "changes": [
            {
                "person": one.person,
                "does": "starts" if one.starts else "stops",
                "start": time(one.start),
                "end": time(one.end),
            }
            for one in effect.changes
        ],
        "gap_minutes_before": int(effect.gap_before.total_seconds() // 60),
        "gap_minutes_after": int(effect.gap_after.total_seconds() // 60),
        "doubles": [
            {
                "person": one.person,
                "schedule": one.schedule,
                "rotation": one.rotation,
                "start": time(one.start),
                "end": time(one.end),
            }
            for one in effect.doubles
        ],
        "hours_in_a_row": round(effect.in_a_row.total_seconds() / 3600, 2),
        "on_leave": list(effect.away),
        "short_rests": [
            {"person": who, "minutes": int(rest.total_seconds() // 60)}
            for who, rest in effect.rests
        ],
        "told": list(effect.told),
        "said": [sentence for _, sentence in sentences(effect, str)],
    }
