"""Every sender: its address, when it was heard of, what could not be read."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.permissions import LEAD
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.sign_in import Viewer
from tocsin.store import directory as stored_directory
from tocsin.store import inbound
from tocsin.store.database import Tx
from tocsin.store.instants import from_micros, from_micros_or_none
from tocsin.web.gate import Gate
from tocsin.web.rendering import text_of


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes; the second is the address of the first release."""
    page = _Pages(desk, gate).integrations
    return [gate.get("/admin/integrations", page), gate.get("/integrations", page)]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def integrations(self, request: Request, viewer: Viewer) -> Response:
        """Every sender: its address, when it was heard of, what could not be read."""
        chosen = request.query_params.get("rejects", "")

        def work(tx: Tx) -> dict[str, Any]:
            directory = self._desk.directories.current(tx)
            hidden = directory.hidden_from(viewer.grant)
            shown = [i for i in directory.integrations if i.service not in hidden]
            kept = {
                i.name for i in shown if viewer.may(LEAD, directory.team_of(i.service))
            }
            one = next((i for i in shown if i.name == chosen), None)
            return {
                "directory": directory,
                "shown": shown,
                "kept": kept,
                "heard": {
                    number: from_micros_or_none(at)
                    for number, at in stored_directory.last_events(tx).items()
                },
                "counts": inbound.reject_counts(tx),
                "rejects": [
                    (from_micros(row[2]), row[3], row[4], row[5], text_of(row[7]))
                    for row in (
                        inbound.rejects(tx, one.id) if one and chosen in kept else []
                    )
                ],
            }

        values = self._desk.database.read(work)
        return self._gate.page(
            "integrations.html",
            viewer,
            chosen=chosen,
            public_url=self._desk.public_url,
            **values,
        )
