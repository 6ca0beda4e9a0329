"""/reviews: drafted, written section by section, reviewed, exported.

Whoever changes a section sends the ETag of what they saw of it (If-Match), so that two
people who write different sections are in nobody's way.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Path, Query
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from tocsin.api.access import allowed
from tocsin.api.alert_routes import ERRORS
from tocsin.api.problems import problem, responses
from tocsin.api.review_bodies import (
    DismissIn,
    HeadingIn,
    OwnerIn,
    ReviewIn,
    ReviewStateIn,
    SectionIn,
)
from tocsin.api.review_shapes import review_json, seen_json
from tocsin.core.excerpts import clean
from tocsin.core.people.permissions import RESPONDER, VIEWER
from tocsin.core.reviews.postmortems import render
from tocsin.core.reviews.reviews import OPEN, STATES, ReviewState
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.reviews import acts
from tocsin.engine.reviews.acts import Act
from tocsin.engine.reviews.desk import Changed, Seen
from tocsin.engine.signing_in.sign_in import Viewer

Number = Annotated[int, Path(ge=1, le=2**62, description="the incident's number")]
_ASKED = {
    "open": tuple(sorted(OPEN)), "all": (), **{one.value: (one,) for one in STATES},
}  # fmt: skip
_STATES = "|".join(_ASKED)


def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(prefix="/reviews", tags=["reviews"], responses=ERRORS)
    _reading(router, desk)
    _writing(router, desk)
    return router


def _reading(router: APIRouter, desk: FrontDesk) -> None:
    viewer = allowed(desk, VIEWER)

    @router.get("")
    def list_reviews(
        caller: Viewer = viewer,
        state: Annotated[str, Query(pattern=f"^({_STATES})$")] = "open",
        person: Annotated[str, Query(max_length=100)] = "",
        before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> dict[str, Any]:
        """Of the newest incident first; `next` is the cursor for `before`."""
        found = desk.database.read(
            lambda tx: desk.reviews.listing(
                tx,
                caller,
                states=_ASKED[state],
                person=clean(person),
                before=before,
                limit=limit + 1,
            )
        )
        more = found[limit - 1][0].incident if len(found) > limit else None
        shown = [review_json(review, incident) for review, incident in found[:limit]]
        return {"reviews": shown, "next": more}

    @router.get("/{number}")
    def get_review(number: Number, caller: Viewer = viewer) -> Response:
        """All of a review, with the advice on its words."""
        return _answer(_seen(desk, number, caller))

    @router.get("/{number}/review.md", response_class=PlainTextResponse)
    def get_document(number: Number, caller: Viewer = viewer) -> Response:
        """The document as Markdown, in the form of the template."""
        text = render(_seen(desk, number, caller).review.document)
        return PlainTextResponse(text, media_type="text/markdown; charset=utf-8")


# long because: each route is a closure over the desk.
def _writing(router: APIRouter, desk: FrontDesk) -> None:
    responder = allowed(desk, RESPONDER)

    def acted(number: int, caller: Viewer, action: str, act: Act) -> Response:
        return _after(desk, desk.reviews.act(number, caller, action, act), caller)

    @router.post("", status_code=201)
    def request(body: ReviewIn, caller: Viewer = responder) -> Response:
        """A draft for an incident that is over; one that it has stays as it is."""
        made = desk.reviews.request(body.incident, caller)
        return _after(desk, made, caller, status=201)

    @router.put("/{number}/sections/{heading}", responses=responses(412, 428))
    def put_section(
        number: Number,
        heading: Annotated[str, Path(max_length=100)],
        body: SectionIn,
        caller: Viewer = responder,
        if_match: Annotated[str, Header(max_length=200)] = "",
    ) -> Response:
        """A section in somebody's words; `If-Match` is its etag, or that of no text."""
        seen = if_match.strip().removeprefix("W/").strip('"')
        if not seen:
            said = "Send the etag of the section that you saw as If-Match."
            return problem(428, said)
        text = clean(body.text, longest=60_000)
        return acted(
            number,
            caller,
            "write",
            lambda case: acts.save_section(case, clean(heading), text, seen=seen),
        )

    @router.post("/{number}/confirm")
    def confirm(
        number: Number, body: HeadingIn, caller: Viewer = responder
    ) -> Response:
        """A section that was filled in is right as it is."""
        heading = clean(body.heading)
        return acted(
            number, caller, "confirm", lambda case: acts.confirm(case, heading)
        )

    @router.post("/{number}/dismiss")
    def dismiss(
        number: Number, body: DismissIn, caller: Viewer = responder
    ) -> Response:
        """A piece of advice is waved away."""
        return acted(
            number, caller, "dismiss", lambda case: acts.dismiss(case, body.key)
        )

    @router.put("/{number}/owner")
    def put_owner(
        number: Number, body: OwnerIn, caller: Viewer = responder
    ) -> Response:
        """Somebody else writes it."""
        owner = clean(body.owner)
        return acted(number, caller, "assign", lambda case: acts.assign(case, owner))

    @router.post("/{number}/state")
    def set_state(
        number: Number, body: ReviewStateIn, caller: Viewer = responder
    ) -> Response:
        """To another state; 409 says what has to be done before."""
        return acted(
            number,
            caller,
            body.state,
            lambda case: acts.move(
                case,
                ReviewState(body.state),
                reviewer=clean(body.reviewer),
                reason=clean(body.reason),
            ),
        )


def refused(changed: Changed) -> Response:
    """Why it was not done, as a problem."""
    if changed.forbidden:
        return problem(403, changed.refused)
    if changed.conflict:
        return problem(412, changed.refused)
    if changed.incident is None:
        return problem(404, changed.refused)
    # A sentence that begins with a field is about the request.
    field = changed.refused.partition(":")[0]
    return problem(422 if field.isidentifier() else 409, changed.refused)


def _after(
    desk: FrontDesk, changed: Changed, viewer: Viewer, *, status: int = 200
) -> Response:
    if not changed.done:
        return refused(changed)
    assert changed.review is not None
    return _answer(_seen(desk, changed.review.incident, viewer), status)


def _answer(seen: Seen, status: int = 200) -> Response:
    return JSONResponse(
        seen_json(seen), status, headers={"etag": f'"{seen.review.version}"'}
    )


def _seen(desk: FrontDesk, number: int, viewer: Viewer) -> Seen:
    """Raises 404."""
    found = desk.database.read(lambda tx: desk.reviews.seen(tx, number, viewer))
    if found is None:
        said = "There is no review of an incident with this number."
        raise HTTPException(404, said)
    return found
