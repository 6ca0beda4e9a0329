"""Quiet times: every silence and maintenance window, active, pending and expired."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.alerts import maintenance, silences
from tocsin.core.people.permissions import RESPONDER
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import maintenance as stored_maintenance
from tocsin.store import silences as stored_silences
from tocsin.store.database import Tx
from tocsin.web.filters import whole_number
from tocsin.web.gate import Gate

PAGE = "/quiet"
STATES = ("active", "pending", "expired")
_ROWS = 50
_MOST = 5000


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The route."""
    return [gate.get(PAGE, _Pages(desk, gate).listing)]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def listing(self, request: Request, viewer: Viewer) -> Response:
        """One state at a time, the next end first; what is over, newest first."""
        chosen = request.query_params.get("state", "active")
        chosen = chosen if chosen in STATES else "active"
        skip = whole_number(request.query_params.get("skip")) or 0
        now = self._desk.clock.now()

        def work(tx: Tx) -> Any:
            directory = self._desk.directories.current(tx)
            hidden = directory.hidden_from(viewer.grant)
            found: list[tuple[str, str, Any]] = [
                ("silence", silences.state(one, now=now), one)
                for one in stored_silences.listing(tx, limit=_MOST)
                if one.service not in hidden
            ]
            found += [
                ("maintenance", maintenance.state(one, now=now), one)
                for one in stored_maintenance.listing(tx, limit=_MOST)
                if not hidden.issuperset(one.services)
            ]
            return directory, hidden, found

        directory, hidden, found = self._desk.database.read(work)
        rows = sorted(
            (one for one in found if one[1] == chosen),
            key=lambda one: one[2].ends_at,
            reverse=chosen == "expired",
        )
        return self._gate.page(
            "quiet.html",
            viewer,
            directory=directory,
            hidden=hidden,
            rows=rows[skip : skip + _ROWS],
            chosen=chosen,
            counts={s: sum(one[1] == s for one in found) for s in STATES},
            older=skip + _ROWS if len(rows) > skip + _ROWS else None,
            newer=max(0, skip - _ROWS) if skip else None,
            may_act=viewer.may_somewhere(RESPONDER),
        )
