"""The outbox: what goes out and pages nobody, what waits, and what failed."""

from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.pages.outbox import LANES
from tocsin.core.people.permissions import ADMIN
from tocsin.engine import sent_messages
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import outbox_lists as stored
from tocsin.web.filters import whole_number
from tocsin.web.gate import Gate
from tocsin.web.sayings import Saying, done

HOME = "/admin/outbox"
_ROWS = 50
# What each lane carries, for people.
_KINDS = {
    "nudge": "a word to one person",
    "recall": "an end of ringing",
    "chat": "a chat",
    "reply": "an answer in a chat",
    "status": "a status page",
    "mail": "a mail to a subscriber",
    "social": "a post",
    "webhook": "a webhook",
}
_STATES = {
    "waiting": ("due", "sending"),
    "failed": ("failed",),
    "taken": ("accepted",),
    "called off": ("cancelled",),
}


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """Admins only: a message's place in the list may tell of a private incident."""
    pages = _Pages(desk, gate)
    return [
        gate.get(HOME, pages.outbox, need=ADMIN),
        gate.post(HOME, pages.act, need=ADMIN),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def outbox(
        self, request: Request, viewer: Viewer, *, said: str = "", status: int = 200
    ) -> Response:
        """The list, as it is filtered by the address."""
        query = request.query_params
        lane = query.get("lane", "") if query.get("lane", "") in LANES else ""
        state = query.get("state", "") if query.get("state", "") in _STATES else ""
        before = whole_number(query.get("before", ""))
        found = self._desk.database.read(
            lambda tx: stored.listing(
                tx, lane=lane, states=_STATES.get(state, ()), before=before,
                limit=_ROWS + 1,
            )
        )  # fmt: skip
        shown = found[:_ROWS]
        chosen = {"lane": lane, "state": state}
        older = ""
        if len(found) > _ROWS:
            older = _address({**chosen, "before": str(shown[-1].id)})
        return self._gate.page(
            "outbox.html",
            viewer,
            status=status,
            said=said,
            messages=[
                (one, sent_messages.shown_target(one), sent_messages.about(one))
                for one in shown
            ],
            kinds=_KINDS,
            people=self._desk.directory().people,
            chosen=chosen,
            is_filtered=bool(lane or state),
            lanes=[(one, _KINDS[one]) for one in LANES],
            states=list(_STATES),
            here_again=_address(chosen),
            older=older,
            newer=_address(chosen) if before else "",
        )

    def act(self, request: Request, viewer: Viewer, sent: FormData) -> Response:
        """Try one again, or call it off."""
        for field, act, saying in (
            ("retry", sent_messages.retry, "It is tried again."),
            ("cancel", sent_messages.cancel, "It is called off."),
        ):
            number = whole_number(str(sent.get(field, "")))
            if not number:
                continue
            refused = act(self._desk, number, viewer)
            if refused == sent_messages.UNKNOWN:
                raise HTTPException(404)
            if refused:
                return self.outbox(request, viewer, said=refused, status=409)
            query = request.query_params
            back = {name: query.get(name, "") for name in ("lane", "state")}
            return done(_address(back), Saying(saying))
        raise HTTPException(404)


def _address(pairs: dict[str, str]) -> str:
    text = urlencode([(name, value) for name, value in pairs.items() if value])
    return f"{HOME}?{text}" if text else HOME
