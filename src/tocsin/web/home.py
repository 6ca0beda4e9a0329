"""Home: what is on fire, who is on call, what comes next."""

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tocsin.core.directory import Directory
from tocsin.core.permissions import ADMIN
from tocsin.engine import first_run, inquiries
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.sign_in import Viewer
from tocsin.store import alert_lists
from tocsin.store.database import Tx
from tocsin.web.forms import Form
from tocsin.web.gate import Gate
from tocsin.web.oncall import my_duty

_KIT_FORM = Form(
    values={"name": "checkout", "by": "email", "urgency": "high", "on": "on"},
    problems={"mail": "Enter a mail address, such as ana@example.com."},
)


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The route."""
    pages = _Pages(desk, gate)
    return [gate.get("/", pages.home), gate.get("/kit", pages.kit)]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def home(self, request: Request, viewer: Viewer) -> Response:
        """What is on fire, who is on call, what comes next."""
        now = self._desk.clock.now()
        if viewer.may(ADMIN) and self._desk.database.read(self._is_new):
            return RedirectResponse("/setup", 303)

        def work(tx: Tx) -> dict[str, Any]:
            directory = self._desk.directories.current(tx)
            hidden = directory.hidden_from(viewer.grant)
            worst = alert_lists.worst_open(tx, limit=12, hidden=hidden)
            closed = alert_lists.listing(
                tx, statuses=("resolved",), before=None, limit=1, hidden=hidden
            )
            return {
                "directory": directory,
                "burning": inquiries.briefs(tx, worst, directory=directory, now=now),
                "counts": alert_lists.counts(tx, hidden=hidden),
                "last": closed[0] if closed else None,
            }

        values = self._desk.database.read(work)
        directory: Directory = values["directory"]
        rows = directory.who(now=now)
        return self._gate.page(
            "home.html",
            viewer,
            on_call=rows,
            mine=my_duty(rows, viewer.person),
            ahead=sorted((r for r in rows if r.until), key=_until)[:5],
            problems=self._desk.problems(),
            **values,
        )

    def _is_new(self, tx: Tx) -> bool:
        return first_run.is_open(tx, self._desk.directories.current(tx))

    def kit(self, request: Request, viewer: Viewer) -> Response:
        """Every component once."""
        return self._gate.page("kit.html", viewer, form=_KIT_FORM)


def _until(row: Any) -> datetime:
    at: datetime = row.until
    return at
