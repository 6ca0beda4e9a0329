"""Status pages for those who keep them: all of them, one with its parts, its subscribers."""

from typing import Any
from urllib.parse import quote, urlencode

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.credentials import shown_address
from tocsin.core.excerpts import clean
from tocsin.core.people.permissions import LEAD
from tocsin.core.status.status_pages import LABELS, STAGES, StatusPage
from tocsin.core.status.subscribers import EMAIL, WEBHOOK, Subscriber
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.engine.status import keeping
from tocsin.engine.status.keeping import SETTABLE, Kept
from tocsin.engine.status.reading import snapshot
from tocsin.store import subscribers as stored
from tocsin.web.gate import Gate
from tocsin.web.sayings import Saying, done
from tocsin.web.status.public import address_of

PAGE = "/status-pages"
_ROWS = 50
_STATES = {
    "": "All",
    "confirmed": "Confirmed",
    "pending": "Asked",
    "suppressed": "Came back",
    "ended": "Left",
}
# How each state looks: the classes of a pill.
LOOKS = {
    "operational": "ok", "maintenance": "plan", "degraded": "warn",
    "partial_outage": "warn", "major_outage": "bad",
}  # fmt: skip


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get(PAGE, pages.all),
        gate.get(f"{PAGE}/{{name}}", pages.one),
        gate.post(f"{PAGE}/{{name}}", pages.set_state, need=LEAD),
        gate.get(f"{PAGE}/{{name}}/subscribers", pages.subscribers, need=LEAD),
        gate.post(f"{PAGE}/{{name}}/subscribers", pages.change, need=LEAD),
    ]


def known_page(desk: FrontDesk, name: str) -> StatusPage:
    """The page. Raises a 404."""
    page = desk.directory().status_pages.get(name)
    if page is None:
        raise HTTPException(404)
    return page


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def all(self, request: Request, viewer: Viewer) -> Response:
        """Every page: what customers read now, and how many are told."""
        now = self._desk.clock.now()
        pages = sorted(
            self._desk.directory().status_pages.values(), key=lambda one: one.title
        )
        rows = self._desk.database.read(
            lambda tx: [
                (snapshot(tx, one, now=now), stored.counts(tx, one.name))
                for one in pages
            ]
        )
        return self._gate.page(
            "status_pages.html",
            viewer,
            rows=rows,
            looks=LOOKS,
            labels=LABELS,
            may_add=viewer.may_somewhere(LEAD),
        )

    def one(
        self, request: Request, viewer: Viewer, *, said: str = "", status: int = 200
    ) -> Response:
        """One page."""
        page = known_page(self._desk, request.path_params["name"])
        now = self._desk.clock.now()
        found: Kept = self._desk.database.read(
            lambda tx: keeping.kept(tx, page, now=now)
        )
        hidden = self._desk.directory().hidden_from(viewer.grant)
        return self._gate.page(
            "status_page.html",
            viewer,
            status=status,
            said=said,
            page=page,
            kept=found,
            hidden=hidden,
            by_hand=[(one, LABELS[one]) for one in SETTABLE],
            looks=LOOKS,
            labels=LABELS,
            stages=STAGES,
            address=address_of(self._desk, page),
            may_keep=keeping.may_keep(viewer, page),
        )

    def set_state(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """What a component is, by hand."""
        page = known_page(self._desk, request.path_params["name"])
        if not keeping.may_keep(viewer, page):
            return self._gate.forbidden(viewer, LEAD, team=page.team)
        component = clean(str(form.get("component", "")), longest=100)
        refused = keeping.set_state(
            self._desk, viewer, page, component, str(form.get("state", "")),
            reason=clean(str(form.get("reason", "")), longest=500),
        )  # fmt: skip
        if refused:
            return self.one(request, viewer, said=_sentence(refused), status=422)
        return done(f"{PAGE}/{quote(page.name)}", Saying("Customers read it now."))

    def subscribers(
        self, request: Request, viewer: Viewer, *, said: str = "", status: int = 200
    ) -> Response:
        """Who is told, and whose mail came back."""
        page = known_page(self._desk, request.path_params["name"])
        if not keeping.may_keep(viewer, page):
            return self._gate.forbidden(viewer, LEAD, team=page.team)
        asked = request.query_params
        state = asked.get("state", "")
        state = state if state in _STATES else ""
        text = clean(asked.get("q", ""), longest=100)
        after = clean(asked.get("after", ""), longest=100)
        found = keeping.listed(
            self._desk, page, text=text, state=state, after=after, limit=_ROWS
        )
        counts = self._desk.database.read(lambda tx: stored.counts(tx, page.name))
        return self._gate.page(
            "status_subscribers.html",
            viewer,
            status=status,
            said=said,
            page=page,
            rows=[(one, shown(one.subscriber)) for one in found[:_ROWS]],
            titles={one.name: one.title for one in page.components},
            state_tabs=[
                (key, word, sum(counts.values()) if not key else counts.get(key, 0))
                for key, word in _STATES.items()
            ],
            addresses={key: _address(page.name, state=key, q=text) for key in _STATES},
            q=text,
            state=state,
            older=_address(
                page.name, state=state, q=text, after=found[_ROWS - 1].subscriber.id
            )
            if len(found) > _ROWS
            else "",
            newer=_address(page.name, state=state, q=text) if after else "",
        )

    def change(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Free somebody's address, or forget them."""
        page = known_page(self._desk, request.path_params["name"])
        if not keeping.may_keep(viewer, page):
            return self._gate.forbidden(viewer, LEAD, team=page.team)
        act = keeping.remove if form.get("do") == "remove" else keeping.free
        subscriber = clean(str(form.get("subscriber", "")), longest=100)
        refused = act(self._desk, viewer, page, subscriber)
        if refused:
            return self.subscribers(request, viewer, said=refused, status=409)
        said = (
            "They are forgotten." if form.get("do") == "remove"
            else "They may ask for mails again."
        )  # fmt: skip
        return done(f"{PAGE}/{quote(page.name)}/subscribers", Saying(said))


def shown(one: Subscriber) -> str:
    """An address for those who keep a page; of hooks it is a secret."""
    return one.address if one.kind == EMAIL else shown_address(WEBHOOK, one.address)


def _address(name: str, **asked: Any) -> str:
    query = urlencode({key: value for key, value in asked.items() if value})
    return f"{PAGE}/{quote(name)}/subscribers?{query}".rstrip("?")


def _sentence(refused: str) -> str:
    field, mark, rest = refused.partition(": ")
    return f"{field.capitalize()}: {rest}." if mark else refused
