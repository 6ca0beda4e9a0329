"""Declaring an incident: a title is enough; who will be paged is said before."""

from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tocsin.core.directory import Directory
from tocsin.core.excerpts import clean
from tocsin.core.incidents.impact import Impact
from tocsin.core.people.permissions import RESPONDER
from tocsin.core.severity import Severity
from tocsin.core.severity_table import TABLE
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.incidents.declaring import Draft
from tocsin.engine.responding import visible
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store.database import Tx
from tocsin.web.filters import whole_number
from tocsin.web.forms import Form
from tocsin.web.gate import Gate
from tocsin.web.incidents.listing import open_rows

_FIELDS = ("title", "severity", "impact", "private", "drill", "page", "alert", "key")


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get("/incidents/new", pages.form, need=RESPONDER),
        gate.post("/incidents/new", pages.declare, need=RESPONDER),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def form(self, request: Request, viewer: Viewer) -> Response:
        """The form; from an alert it knows what it is about."""
        query = request.query_params
        values = {"page": "on", "severity": "SEV2", "key": self._desk.new_id()}
        services = [clean(one, longest=100) for one in query.getlist("service")]
        number = whole_number(query.get("alert", ""))
        if number is not None:
            alert = self._desk.database.read(
                lambda tx: visible(
                    tx, number, viewer=viewer,
                    directory=self._desk.directories.current(tx),
                )
            )  # fmt: skip
            if alert is not None:
                values |= {
                    "alert": str(alert.number),
                    "title": alert.title,
                    "severity": alert.severity.name,
                }
                services = [alert.service]
        return self._page(viewer, values, services)

    def declare(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """To its room, or back to the form with what is missing."""
        values = {name: clean(str(form.get(name, ""))) for name in _FIELDS}
        services = [clean(str(one), longest=100) for one in form.getlist("services")]
        if form.get("do") == "show":
            return self._page(viewer, values, services)
        title = values["title"].strip()
        if not title:
            said = {"title": "Say in a sentence what is wrong."}
            return self._page(viewer, values, services, said, status=422)
        number = whole_number(values["alert"])
        word = values["severity"]
        draft = Draft(
            title=title,
            severity=Severity[word] if word in Severity.__members__ else None,
            services=tuple(dict.fromkeys(services)),
            impact=Impact(text=values["impact"].strip()),
            private=bool(values["private"]),
            drill=bool(values["drill"]),
            alerts=(number,) if number else (),
            page=bool(values["page"]),
            key=f"web:{values['key'][:100]}" if values["key"] else "",
        )
        done = self._desk.incidents.declare(draft, viewer)
        if done.incident is None:
            if done.forbidden:
                return self._gate.forbidden(viewer, RESPONDER, done.refused)
            return self._page(viewer, values, services, said=done.refused, status=422)
        return RedirectResponse(f"/incidents/{done.incident.number}", 303)

    def _page(
        self,
        viewer: Viewer,
        values: dict[str, str],
        services: list[str],
        problems: dict[str, str] | None = None,
        *,
        said: str = "",
        status: int = 200,
    ) -> Response:
        def work(tx: Tx) -> dict[str, Any]:
            directory = self._desk.directories.current(tx)
            hidden = directory.hidden_from(viewer.grant)
            known = sorted(set(directory.services) - hidden)
            chosen = [one for one in services if one in known]
            return {
                "directory": directory,
                "services": [(name, name) for name in known],
                "chosen": chosen,
                "paged": _paged(directory, chosen, now=self._desk.clock.now()),
                "going_on": open_rows(tx, self._desk, viewer),
            }

        return self._gate.page(
            "incident_new.html",
            viewer,
            status=status,
            form=Form(values, problems or {}, said),
            severities=[
                (
                    row.severity.name,
                    f"{row.severity.name} {row.impact}",
                    f"{row.example}. Response time: {row.response_time}",
                )
                for row in TABLE
            ],
            **self._desk.database.read(work),
        )


def _paged(directory: Directory, services: list[str], *, now: Any) -> list[str]:
    """Who is paged at once for some services, by the first level of each policy."""
    found: list[str] = []
    for service in services:
        levels = directory.policy_of(service).levels
        for target in levels[0].targets if levels else ():
            found += directory.resolve(target, now=now)
    return list(dict.fromkeys(found))
