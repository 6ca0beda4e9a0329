"""The message log: who was sent what, by which channel, and what the provider said."""

from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData, QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.directory import Directory
from tocsin.core.excerpts import clean
from tocsin.core.people.permissions import ADMIN, LEAD
from tocsin.engine import messages as engine
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import messages as stored
from tocsin.store.database import Tx
from tocsin.store.messages import Message, Wanted
from tocsin.web.filters import whole_number
from tocsin.web.gate import Gate
from tocsin.web.sayings import Saying, done

HOME = "/admin/messages"
_ROWS = 50
_OUTCOMES = {
    "taken": ("accepted",),
    "failed": engine.FAILED,
    "in doubt": ("unknown", ""),
}
_FILTERS = ("person", "channel", "outcome", "from", "to")


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes; a team's leads see the messages of its services."""
    pages = _Pages(desk, gate)
    return [
        gate.get(HOME, pages.messages, need=LEAD),
        gate.post(HOME, pages.resend, need=LEAD),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def messages(
        self, request: Request, viewer: Viewer, *, said: str = "", status: int = 200
    ) -> Response:
        """The log, as it is filtered by the address."""
        query = request.query_params
        chosen = {name: clean(query.get(name, ""), longest=200) for name in _FILTERS}

        def work(tx: Tx) -> tuple[Directory, list[Message]]:
            directory = self._desk.directories.current(tx)
            wanted = _wanted(chosen, viewer, directory)
            before = _cursor(query)
            found = stored.listing(tx, wanted, before=before, limit=_ROWS + 1)
            return directory, found

        directory, found = self._desk.database.read(work)
        shown = found[:_ROWS]
        older = ""
        if len(found) > _ROWS:
            older = _address({**chosen, "before": stored.cursor(shown[-1])})
        return self._gate.page(
            "messages.html",
            viewer,
            status=status,
            said=said,
            directory=directory,
            messages=shown,
            chosen=chosen,
            is_filtered=any(chosen.values()),
            outcomes=list(_OUTCOMES),
            channels=[one.channel for one in self._desk.connections.channels],
            failed=engine.FAILED,
            here_again=_address(chosen),
            sees_outbox=viewer.may(ADMIN),
            older=older,
            newer=_address(chosen) if query.get("before") else "",
        )

    def resend(self, request: Request, viewer: Viewer, sent: FormData) -> Response:
        """A failed one once more."""
        number = whole_number(str(sent.get("message", "")))
        if not number:
            raise HTTPException(404)
        acted = engine.resend(self._desk, number, viewer)
        if acted.alert is None:
            raise HTTPException(404)
        if acted.refused:
            status = 403 if acted.forbidden else 409
            return self.messages(request, viewer, said=acted.refused, status=status)
        back = _address({name: request.query_params.get(name, "") for name in _FILTERS})
        return done(back, Saying("It is sent again; its line comes on top."))


def _wanted(chosen: dict[str, str], viewer: Viewer, directory: Directory) -> Wanted:
    zone = ZoneInfo(viewer.zone)
    until = _day(chosen["to"], zone)
    return Wanted(
        person=chosen["person"],
        channel=chosen["channel"],
        outcomes=_OUTCOMES.get(chosen["outcome"], ()),
        since=_day(chosen["from"], zone),
        until=until + timedelta(days=1) if until is not None else None,
        services=engine.services_of(viewer, directory),
        hidden=directory.hidden_from(viewer.grant),
    )


def _day(text: str, zone: ZoneInfo) -> datetime | None:
    """Midnight of a date in the reader's zone; what is no date filters nothing."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=zone).date()
    except ValueError:
        return None
    if not 1970 < day.year < 9000:
        return None
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _cursor(query: QueryParams) -> tuple[int, int] | None:
    at, _, number = query.get("before", "").partition("-")
    found = whole_number(at), whole_number(number)
    return (
        (found[0], found[1]) if found[0] is not None and found[1] is not None else None
    )


def _address(pairs: dict[str, str]) -> str:
    text = urlencode([(name, value) for name, value in pairs.items() if value])
    return f"{HOME}?{text}" if text else HOME
