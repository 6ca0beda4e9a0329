"""The caller: who they are, and how they are reached, which they keep themselves."""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path
from fastapi.responses import JSONResponse, Response

from tocsin.api.access import allowed
from tocsin.api.alert_routes import ERRORS
from tocsin.api.bodies import CodeIn, ContactIn, MeIn, TestPageIn
from tocsin.api.problems import problem, responses
from tocsin.core.pages.paging import all_methods, methods, steps
from tocsin.core.people.contacts import id_of, shown
from tocsin.core.people.permissions import VIEWER
from tocsin.core.severity import Urgency
from tocsin.engine.editing import Edited
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.own import Own
from tocsin.engine.people.contacts import Told
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.engine.trials import Trial, Trials

ContactId = Annotated[str, Path(max_length=40)]


def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(responses={**ERRORS, **responses(422, 429)}, tags=["me"])
    own, trials = Own(desk), Trials(desk)
    _about(router, desk, own)
    _contacts(router, desk, own)
    _test(router, desk, trials)
    return router


def _about(router: APIRouter, desk: FrontDesk, own: Own) -> None:
    @router.get("/me")
    def me(viewer: Viewer = allowed(desk, VIEWER)) -> dict[str, Any]:
        """Who the token belongs to, and how they are reached."""
        return _me(desk, viewer)

    @router.patch("/me")
    def change(fields: MeIn, viewer: Viewer = allowed(desk, VIEWER)) -> Response:
        """Change what one keeps oneself; an address that is new is not verified."""
        given = fields.model_dump(exclude_unset=True, by_alias=True)
        return _answer(own.change(viewer, given), desk, viewer)


def _contacts(router: APIRouter, desk: FrontDesk, own: Own) -> None:
    @router.post("/me/contacts", status_code=201)
    def add(contact: ContactIn, viewer: Viewer = allowed(desk, VIEWER)) -> Response:
        """Add a contact and send a code to it."""
        edited = own.add(_keeper(viewer), contact.by, contact.address, contact.label)
        if not edited.done:
            return _answer(edited, desk, viewer)
        told = desk.contacts.send_code(viewer, id_of(contact.by, contact.address))
        body = {**_me(desk, viewer), "said": told.text or told.problem}
        return JSONResponse(body, 201)

    @router.delete("/me/contacts/{contact_id}")
    def remove(
        contact_id: ContactId, viewer: Viewer = allowed(desk, VIEWER)
    ) -> Response:
        """Remove one, and the steps that named it."""
        return _answer(
            own.with_contact(_keeper(viewer), contact_id, "remove"), desk, viewer
        )

    @router.post("/me/contacts/{contact_id}/code")
    def send_code(
        contact_id: ContactId, viewer: Viewer = allowed(desk, VIEWER)
    ) -> Response:
        """Send a new code; once a minute."""
        return _told(desk.contacts.send_code(_keeper(viewer), contact_id))

    @router.post("/me/contacts/{contact_id}/verify")
    def verify(
        contact_id: ContactId, code: CodeIn, viewer: Viewer = allowed(desk, VIEWER)
    ) -> Response:
        """Enter the code that was sent; five tries in a quarter of an hour."""
        return _told(desk.contacts.verify(_keeper(viewer), contact_id, code.code))

    @router.post("/me/contacts/{contact_id}/test")
    def test(contact_id: ContactId, viewer: Viewer = allowed(desk, VIEWER)) -> Response:
        """Send a marked message to one contact and say what its provider answered."""
        return _told(desk.contacts.test(_keeper(viewer), contact_id))


def _test(router: APIRouter, desk: FrontDesk, trials: Trials) -> None:
    @router.post("/me/test", status_code=202)
    def begin(
        wanted: TestPageIn | None = None, viewer: Viewer = allowed(desk, VIEWER)
    ) -> Response:
        """Page oneself through the real path, marked as a test; once a minute."""
        urgency = Urgency(wanted.urgency) if wanted else Urgency.HIGH
        said = trials.begin(_keeper(viewer), urgency)
        if said:
            return problem(429, said)
        return JSONResponse(_trial(trials.newest(viewer.person)), 202)

    @router.get("/me/test")
    def newest(viewer: Viewer = allowed(desk, VIEWER)) -> dict[str, Any]:
        """How the newest test page went, hop by hop."""
        return _trial(trials.newest(viewer.person))


def _keeper(viewer: Viewer) -> Viewer:
    """Raises 403 for a token that may only look."""
    if not viewer.keeps_own:
        raise HTTPException(
            403, "This needs a token with the scope configure or admin."
        )
    return viewer


# long because: one field after the other.
def _me(desk: FrontDesk, viewer: Viewer) -> dict[str, Any]:
    person = desk.directory().people.get(viewer.person)
    found: dict[str, Any] = {
        "person": viewer.person,
        "full_name": viewer.full_name,
        "role": viewer.role,
        "time_zone": viewer.zone,
    }
    if person is None or not viewer.keeps_own:
        return found
    usable, quiet = methods(person), person.quiet
    return {
        **found,
        "full_name": person.full_name,
        "time_zone": person.zone,
        "region": person.region or None,
        "leave": [
            {
                "from": one.first.isoformat(),
                "to": one.last.isoformat(),
                "rather_not": one.rather_not,
            }
            for one in person.away
        ],
        "contacts": [
            {
                "id": id_of(one.channel, one.address),
                "by": one.channel,
                "address": shown({"by": one.channel, "address": one.address}),
                "label": one.label,
                "verified": one.verified,
                "used": one in usable,
            }
            for one in all_methods(person)
        ],
        "notify": {
            word: [
                {"by": rule.by, "after_seconds": int(rule.after.total_seconds())}
                for rule in rules
            ]
            for word, rules in (("high", person.high), ("low", person.low))
        },
        "steps": {
            urgency.value: [
                {"by": step.by, "after_seconds": int(step.after.total_seconds())}
                for step in steps(person, urgency)
            ]
            for urgency in Urgency
        },
        "quiet_hours": quiet
        and {"from": f"{quiet.start:%H:%M}", "to": f"{quiet.end:%H:%M}"},
    }


def _trial(trial: Trial | None) -> dict[str, Any]:
    if trial is None:
        return {"alert": None, "is_running": False, "hops": []}
    return {
        "alert": trial.alert.number,
        "is_running": trial.is_running,
        "hops": [
            {
                "at": hop.at.isoformat(),
                "text": hop.text,
                "kind": hop.kind,
                "took_seconds": hop.took.total_seconds() if hop.took else None,
            }
            for hop in trial.hops
        ],
    }


def _answer(edited: Edited, desk: FrontDesk, viewer: Viewer) -> Response:
    if edited.refused:
        return problem(403, edited.refused)
    if edited.conflict:
        return problem(409, edited.conflict)
    if edited.problems:
        errors = [
            {"field": one.where, "expected": one.expected} for one in edited.problems
        ]
        return problem(422, "There are fields that cannot be used.", errors=errors)
    return JSONResponse(_me(desk, viewer))


def _told(told: Told) -> Response:
    if told.problem:
        return problem(422, told.problem)
    took = told.took.total_seconds() if told.took else None
    return JSONResponse({"said": told.text, "took_seconds": took})
