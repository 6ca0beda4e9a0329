"""Silences: what is kept quiet, until when and why."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path
from fastapi.responses import Response

from tocsin.api.access import allowed, must
from tocsin.api.alert_routes import ERRORS
from tocsin.api.bodies import CoverIn, MatcherIn, SilenceIn
from tocsin.api.instants import bounded, utc
from tocsin.api.shapes import effect_json, silence_json
from tocsin.core.alerts import silences
from tocsin.core.alerts.silences import Matcher, Silence
from tocsin.core.excerpts import clean
from tocsin.core.people.permissions import RESPONDER
from tocsin.engine import quiet_effect
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import silences as stored_silences
from tocsin.store.database import Tx


def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(prefix="/silences", responses=ERRORS)
    _reading(router, desk)
    _writing(router, desk)
    return router


def _reading(router: APIRouter, desk: FrontDesk) -> None:
    @router.get("")
    def listing(caller: Viewer = allowed(desk, "viewer")) -> dict[str, Any]:
        """Silences, the latest end first."""
        found = desk.database.read(lambda tx: stored_silences.listing(tx, limit=200))
        now = desk.clock.now()
        hidden = desk.directory().hidden_from(caller.grant)
        seen = [one for one in found if one.service not in hidden]
        return {"silences": [silence_json(one, now=now) for one in seen]}

    @router.post("/effect")
    def effect(
        body: CoverIn, viewer: Viewer = allowed(desk, RESPONDER)
    ) -> dict[str, Any]:
        """What a silence would keep quiet now, and would have in the last 7 days."""
        now = desk.clock.now()
        matchers, service = _matchers(body.matchers), clean(body.service)
        wrong = silences.matcher_problems(matchers)
        if matchers and wrong:
            raise HTTPException(422, "; ".join(wrong))
        asked = Silence("", matchers, now, now, "", "", service)

        def work(tx: Tx) -> quiet_effect.Effect:
            hidden = desk.directories.current(tx).hidden_from(viewer.grant)
            return quiet_effect.of_silence(tx, asked, hidden=hidden, now=now)

        return effect_json(desk.database.read(work))

    @router.get("/{silence_id}")
    def get(
        silence_id: Annotated[str, Path(max_length=64)],
        caller: Viewer = allowed(desk, "viewer"),
    ) -> dict[str, Any]:
        """One silence."""
        known = _known(desk, clean(silence_id), caller)
        return silence_json(known, now=desk.clock.now())


# long because: each route is a closure over the desk.
def _writing(router: APIRouter, desk: FrontDesk) -> None:

    @router.post("", status_code=201)
    def make(
        body: SilenceIn, viewer: Viewer = allowed(desk, RESPONDER)
    ) -> dict[str, Any]:
        """Keep matching alerts quiet for a while; they are still recorded."""
        now = desk.clock.now()
        starts = utc(body.starts_at) if body.starts_at else now
        silence = Silence(
            id=desk.new_id(),
            matchers=_matchers(body.matchers),
            starts_at=max(starts, now),
            ends_at=bounded(utc(body.ends_at)),
            author=viewer.person,
            comment=clean(body.comment),
            service=clean(body.service),
            ticket=clean(body.ticket),
        )
        directory = desk.directory()
        must(viewer, RESPONDER, directory.team_of(silence.service))
        if silence.service in directory.hidden_from(viewer.grant):
            raise HTTPException(404, "There is no such service.")
        found = silences.problems(silence, now=now)
        if found:
            raise HTTPException(422, "; ".join(found))
        old = clean(body.replaces)
        if old:
            known = _known(desk, old, viewer)
            must(viewer, RESPONDER, directory.team_of(known.service))
        desk.silence(silence, viewer.actor, replaces=old)
        return silence_json(silence, now=now)

    @router.delete("/{silence_id}", status_code=204)
    def expire(
        silence_id: Annotated[str, Path(max_length=64)],
        caller: Viewer = allowed(desk, RESPONDER),
    ) -> Response:
        """End a silence now."""
        known = _known(desk, clean(silence_id), caller)
        must(caller, RESPONDER, desk.directory().team_of(known.service))
        desk.end_silence(known, caller.actor)
        return Response(status_code=204)


def _known(desk: FrontDesk, silence_id: str, viewer: Viewer) -> Silence:
    """A silence that the viewer may know of. Raises 404."""
    known = desk.database.read(lambda tx: stored_silences.get(tx, silence_id))
    if known is None or known.service in desk.directory().hidden_from(viewer.grant):
        raise HTTPException(404, "There is no silence with this id.")
    return known


def _matchers(given: Sequence[MatcherIn]) -> tuple[Matcher, ...]:
    return tuple(
        Matcher(clean(m.name), clean(m.value), m.is_regex, m.is_equal) for m in given
    )
