"""The list of reviews: what is being written, read and agreed."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.incidents.incidents import Incident
from tocsin.core.reviews.reviews import OPEN, WORDS, Review, ReviewState, due_on
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.web.filters import whole_number
from tocsin.web.gate import Gate

PAGE = "/reviews"
_ROWS = 50
_TABS = {
    "open": tuple(sorted(OPEN)),
    "in_review": (ReviewState.IN_REVIEW,),
    "closed": (ReviewState.CLOSED, ReviewState.WAIVED),
    "all": (),
}


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The route."""
    return [gate.get(PAGE, _Pages(desk, gate).listing)]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def listing(self, request: Request, viewer: Viewer) -> Response:
        """Of the newest incident first."""
        chosen = request.query_params.get("state", "open")
        chosen = chosen if chosen in _TABS else "open"
        mine = request.query_params.get("mine") == "1"
        before = whole_number(request.query_params.get("before"))
        found = self._desk.database.read(
            lambda tx: self._desk.reviews.listing(
                tx,
                viewer,
                states=_TABS[chosen],
                person=viewer.person if mine else "",
                before=before,
                limit=_ROWS + 1,
            )
        )
        own = "&mine=1" if mine else ""
        return self._gate.page(
            "reviews.html",
            viewer,
            rows=[
                (one, incident, _due(one, incident)) for one, incident in found[:_ROWS]
            ],
            chosen=chosen,
            mine=mine,
            own=own,
            older=found[_ROWS - 1][0].incident if len(found) > _ROWS else None,
            words=WORDS,
            today=self._desk.clock.now().date(),
            directory=self._desk.directory(),
        )


def _due(review: Review, incident: Incident) -> object:
    """By when it is to be published; None once it is, or where nothing is owed."""
    if review.state not in (ReviewState.DRAFT, ReviewState.IN_REVIEW):
        return None
    ended = incident.times.get("resolved", incident.made_at)
    return due_on(incident.severity, ended.date())
