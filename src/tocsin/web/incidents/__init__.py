"""/incidents: the list, declaring, the room, the words to the outside."""

from starlette.routing import Route

from tocsin.engine.front_desk import FrontDesk
from tocsin.web.gate import Gate
from tocsin.web.incidents import declaring, listing, room, updating


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    return [
        *listing.routes(desk, gate),
        *declaring.routes(desk, gate),
        *updating.routes(desk, gate),
        *room.routes(desk, gate),
    ]
