"""The services: the catalogue, one service, and paging its owner by hand."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core import runbook_lint
from tocsin.core.alerts.alerts import AlertEvent, EventKind
from tocsin.core.alerts.silences import state
from tocsin.core.directory import Directory, Service
from tocsin.core.excerpts import clean, clean_title
from tocsin.core.labels import bounded_key, fingerprint
from tocsin.core.oncall.reachability import unreachable
from tocsin.core.people.permissions import LEAD, RESPONDER
from tocsin.core.severity import Severity
from tocsin.engine import inquiries, services
from tocsin.engine.arrivals import Arrival
from tocsin.engine.front_desk import FrontDesk, by_hand
from tocsin.engine.rehearsals import broken
from tocsin.engine.reviews.runbooks import books_of
from tocsin.engine.services import Asked
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.interfaces.arrivals import Answer, Reading
from tocsin.store import alert_lists, inbound
from tocsin.store import silences as stored_silences
from tocsin.store.database import Tx
from tocsin.store.instants import from_micros
from tocsin.web.forms import Form
from tocsin.web.gate import Gate
from tocsin.web.path_drawing import drawn
from tocsin.web.sayings import Saying, done

_ROWS = 50
_ALERTS = 10
_CHANGES_OF = timedelta(days=7)
_STATES = {
    "": "All",
    "firing": "Firing",
    "acknowledged": "Acknowledged",
    "calm": "Calm",
    "unready": "Not ready",
}
_OPEN = ("triggered", "acknowledged")


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get("/services", pages.services),
        gate.get("/services/{name}", pages.service),
        gate.post("/services/{name}/page", pages.page_owner, need=RESPONDER),
    ]


def known_service(directory: Directory, name: str, viewer: Viewer) -> Service:
    """The service, if the viewer may know of it. Raises a 404."""
    service = directory.services.get(name)
    if service is None or not viewer.sees(service):
        raise HTTPException(404)
    return service


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def services(self, request: Request, viewer: Viewer) -> Response:
        """The catalogue, by name."""
        asked = _asked(request.query_params)
        now = self._desk.clock.now()

        def work(tx: Tx) -> dict[str, Any]:
            directory = self._desk.directories.current(tx)
            rows, following = services.listing(
                tx,
                directory,
                asked,
                self._desk.contacts.channels(),
                viewer=viewer,
                now=now,
            )
            return {"directory": directory, "rows": rows, "following": following}

        values = self._desk.database.read(work)
        older = (
            _address(asked, after=values["following"]) if values["following"] else ""
        )
        return self._gate.page(
            "services.html",
            viewer,
            asked=asked,
            states=[(key, label, "") for key, label in _STATES.items()],
            addresses={key: _address(asked, state=key) for key in _STATES},
            older=older,
            first=_address(asked) if asked.after else "",
            may_add=viewer.may_somewhere(LEAD),
            **values,
        )

    def service(
        self,
        request: Request,
        viewer: Viewer,
        *,
        form: Form | None = None,
        status: int = 200,
    ) -> Response:
        """One service: what burns, who is paged, and what is missing."""
        name = request.path_params["name"]
        values = self._desk.database.read(lambda tx: self._all_of(tx, name, viewer))
        team = values["brief"].service.team
        return self._gate.page(
            "service.html",
            viewer,
            status=status,
            form=form or Form({"severity": "SEV2"}),
            may_page=viewer.may(RESPONDER, team),
            may_edit=viewer.may(LEAD, team),
            unreachable=lambda who: unreachable(
                values["directory"].person(who), self._desk.contacts.channels()
            ),
            **values,
        )

    def _all_of(self, tx: Tx, name: str, viewer: Viewer) -> dict[str, Any]:
        directory = self._desk.directories.current(tx)
        service = known_service(directory, name, viewer)
        now = self._desk.clock.now()
        alerts = alert_lists.listing(
            tx, statuses=_OPEN, before=None, limit=_ALERTS + 1, service=name
        )
        policy = directory.policy_of(name)
        path = broken(tx, directory, name, now)
        return {
            "directory": directory,
            "brief": services.one(
                tx, directory, name, self._desk.contacts.channels(), now=now
            ),
            "alerts": inquiries.briefs(
                tx, alerts[:_ALERTS], directory=directory, now=now
            ),
            "has_more": len(alerts) > _ALERTS,
            "policy": policy,
            "path": path,
            "drawing": drawn(path),
            "rows": [
                row
                for schedule in directory.schedules_of(service.name)
                for row in directory.who(now=now, schedule=schedule)
            ],
            "silences": _silences(tx, name, now=now),
            "changes": _changes(tx, name, now=now),
            **_runbook(directory, name),
        }

    def page_owner(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """An alert raised by hand: it takes the way of every other alert."""
        name = request.path_params["name"]
        service = known_service(self._desk.directory(), name, viewer)
        if not viewer.may(RESPONDER, service.team):
            return self._gate.forbidden(viewer, RESPONDER, team=service.team)
        title = clean_title(str(form.get("title", "")))
        level = str(form.get("severity", ""))
        wrong = {}
        if not title:
            wrong["title"] = "Say in a sentence what is wrong."
        if level not in Severity.__members__:
            wrong["severity"] = "Choose SEV1, SEV2, SEV3 or SEV4."
        if wrong:
            typed = Form({"title": title, "severity": level}, wrong)
            return self.service(request, viewer, form=typed, status=422)
        number = self._raise(name, title, Severity[level], viewer)
        said = f"ALR-{number} is raised: whoever is on call is being paged."
        return done(f"/alerts/{number}", Saying(said))

    def _raise(self, name: str, title: str, severity: Severity, viewer: Viewer) -> int:
        identity = {"title": title, "service": name}
        event = AlertEvent(
            kind=EventKind.TRIGGER,
            key=bounded_key(fingerprint(identity)),
            title=title,
            severity=severity,
            labels={"raised_by": viewer.person},
        )
        arrival = Arrival(
            by_hand(name),
            Reading([event], Answer(202)),
            f"/services/{quote(name)}/page",
            {"by": viewer.person},
            title.encode("utf-8", "replace"),
        )
        return self._desk.accept(arrival)[0].number


def _asked(query: Mapping[str, str]) -> Asked:
    state = query.get("state", "")
    return Asked(
        team=clean(query.get("team", ""), longest=100),
        state=state if state in services.STATES else "",
        text=clean(query.get("q", ""), longest=100),
        after=clean(query.get("after", ""), longest=100),
        limit=_ROWS,
    )


def _address(asked: Asked, **changed: str) -> str:
    """The list's address with other filters; a new filter begins at the first page."""
    kept = {"team": asked.team, "state": asked.state, "q": asked.text, **changed}
    query = urlencode({key: value for key, value in kept.items() if value})
    return f"/services?{query}".rstrip("?")


def _silences(tx: Tx, service: str, *, now: datetime) -> list[Any]:
    """Silences that are on the service, or will be."""
    return [
        one
        for one in stored_silences.listing(tx)
        if one.service in ("", service) and state(one, now=now) != "expired"
    ][:10]


def _changes(tx: Tx, service: str, *, now: datetime) -> list[tuple[datetime, str, str]]:
    rows = inbound.changes_before(tx, service, before=now, limit=20)
    found = [(from_micros(row[0]), row[1], row[2]) for row in rows]
    return [one for one in found if one[0] > now - _CHANGES_OF]


def _runbook(directory: Directory, name: str) -> dict[str, Any]:
    """The service's runbook, and what makes it hard to follow."""
    book = next(iter(books_of(directory, [name])), None)
    advice = (
        runbook_lint.lint(book.runbook, owner=directory.team_of(name)) if book else ()
    )
    return {"book": book, "advice": advice}
