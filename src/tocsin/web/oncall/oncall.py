"""On call now: who it is, until when, and the path if a service broke."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.excerpts import clean
from tocsin.core.oncall.reachability import unreachable
from tocsin.core.people.permissions import RESPONDER
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.rehearsals import broken
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.web.gate import Gate


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The route."""
    return [gate.get("/oncall", _Pages(desk, gate).on_call)]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def on_call(self, request: Request, viewer: Viewer) -> Response:
        """Who is on call now, and the path if a service broke."""
        now = self._desk.clock.now()
        directory = self._desk.directory()
        service = clean(request.query_params.get("service", ""), longest=100)
        hidden = directory.hidden_from(viewer.grant)
        services = sorted(set(directory.services) - hidden)
        if service not in services:
            service = services[0] if services else ""
        path = (
            self._desk.database.read(
                lambda tx: broken(tx, directory, service, now)
            ).pages[:8]
            if service
            else []
        )
        rows = directory.who(now=now)
        return self._gate.page(
            "oncall.html",
            viewer,
            directory=directory,
            rows=rows,
            may_thank=viewer.may_somewhere(RESPONDER),
            mine=my_duty(rows, viewer.person),
            service=service,
            services=services,
            path=path,
            unreachable=lambda name: unreachable(
                directory.person(name), self._desk.contacts.channels()
            ),
        )


def my_duty(rows: list[Any], person: str) -> Any:
    """The rotation that a person is on call in now."""
    return next((row for row in rows if person in row.people), None)
