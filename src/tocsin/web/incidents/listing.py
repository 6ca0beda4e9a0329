"""The list of incidents: those that are open as mastheads, then all others as rows."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.excerpts import clean
from tocsin.core.incidents.impact import told
from tocsin.core.incidents.incidents import OPEN, Incident, State
from tocsin.core.incidents.roles import Role, holder
from tocsin.core.people.permissions import RESPONDER
from tocsin.core.severity import Severity
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import roles as stored_roles
from tocsin.store.database import Tx
from tocsin.web.filters import whole_number
from tocsin.web.gate import Gate

_ROWS = 50
_MOST_OPEN = 20
_STATES: dict[str, Sequence[State]] = {
    "": (),
    "resolved": (State.RESOLVED,),
    "closed": (State.CLOSED, State.REVIEWED),
    "cancelled": (State.CANCELLED, State.DUPLICATE),
}


class Row(Struct, frozen=True):
    """One incident with who commands it."""

    incident: Incident
    commander: str
    impact: str


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The route."""
    pages = _Pages(desk, gate)
    return [gate.get("/incidents", pages.listing)]


def open_rows(tx: Tx, desk: FrontDesk, viewer: Viewer) -> list[Row]:
    """Those that somebody works on, worst first."""
    found = desk.incidents.listing(tx, viewer, states=sorted(OPEN), limit=_MOST_OPEN)
    return rows_of(tx, sorted(found, key=lambda one: (one.severity, -one.number)))


def rows_of(tx: Tx, incidents: Sequence[Incident]) -> list[Row]:
    """Each with who commands it."""
    return [
        Row(
            one,
            holder(stored_roles.of_incident(tx, one.number), Role.IC),
            told(one.impact),
        )
        for one in incidents
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def listing(self, request: Request, viewer: Viewer) -> Response:
        """Everything, narrowed by what the address says."""
        query = request.query_params
        chosen = _chosen(query)
        before = whole_number(query.get("before", ""))

        def work(tx: Tx) -> dict[str, Any]:
            directory = self._desk.directories.current(tx)
            found = self._desk.incidents.listing(
                tx,
                viewer,
                states=_STATES[chosen["state"]],
                severity=Severity[chosen["severity"]] if chosen["severity"] else None,
                service=chosen["service"],
                text=chosen["q"],
                before=before,
                limit=_ROWS + 1,
            )
            shown = found[:_ROWS]
            return {
                "directory": directory,
                "burning": open_rows(tx, self._desk, viewer),
                "rows": rows_of(tx, shown),
                "older": shown[-1].number if len(found) > _ROWS else None,
                "services": sorted(
                    set(directory.services) - directory.hidden_from(viewer.grant)
                ),
            }

        return self._gate.page(
            "incidents.html",
            viewer,
            chosen=chosen,
            may_act=viewer.may_somewhere(RESPONDER),
            **self._desk.database.read(work),
        )


def _chosen(query: Mapping[str, str]) -> dict[str, str]:
    """What the address says; a word that means nothing narrows nothing."""
    state, word = query.get("state", ""), query.get("severity", "")
    return {
        "state": state if state in _STATES else "",
        "severity": word if word in Severity.__members__ else "",
        "service": clean(query.get("service", ""), longest=100),
        "q": clean(query.get("q", ""), longest=200),
    }
