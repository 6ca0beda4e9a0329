"""`/find`: the page and the dialog of the `/` key; on a phone also the way to the rest."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.alerts.alerts import Alert
from tocsin.core.directory import Directory
from tocsin.core.excerpts import clean
from tocsin.core.incidents.incidents import Incident
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import alert_lists
from tocsin.store import alerts as stored_alerts
from tocsin.store.database import Tx
from tocsin.web import finding
from tocsin.web.gate import Gate

_LONGEST = 100
_MOST_ALERTS = 20


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The route; it needs somebody who is signed in."""

    def show(request: Request, viewer: Viewer) -> Response:
        query = clean(request.query_params.get("q", ""), longest=_LONGEST).strip()
        return _page(desk, gate, viewer, query)

    return [gate.get("/find", show)]


def _page(desk: FrontDesk, gate: Gate, viewer: Viewer, query: str) -> Response:
    def work(tx: Tx) -> tuple[Directory, list[Alert], list[Incident]]:
        directory = desk.directories.current(tx)
        if not query:
            return directory, [], []
        words = query.lower().removeprefix("inc-")
        meant = (
            desk.incidents.seen(tx, int(words), viewer) if words.isdecimal() else None
        )
        titled = desk.incidents.listing(tx, viewer, text=query, limit=_MOST_ALERTS)
        number = finding.number_of(query)
        exact = stored_alerts.get_many(tx, [number]) if number is not None else {}
        hidden = directory.hidden_from(viewer.grant)
        named = alert_lists.search(tx, query, limit=_MOST_ALERTS, hidden=hidden)
        return (
            directory,
            [
                *exact.values(),
                *(one for one in named if one.number not in exact),
            ],
            [*([meant] if meant else []), *(one for one in titled if one != meant)],
        )

    directory, alerts, incidents = desk.database.read(work)
    found = finding.find(
        query,
        viewer=viewer,
        directory=directory,
        alerts=alerts,
        entries=gate.navigation.entries(viewer),
        paths=gate.navigation.paths,
        incidents=incidents,
    )
    return gate.page("find.html", viewer, query=query, found=found)
