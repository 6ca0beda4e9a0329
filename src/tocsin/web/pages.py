"""Home, alerts, one alert, on call, refused events, the kit."""

# long because: one page per route, each short; the folder would be fuller, not clearer.

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tocsin.core.directory import Directory
from tocsin.core.escalation import Target, TargetKind
from tocsin.core.excerpts import clean
from tocsin.core.severity import Severity
from tocsin.engine import answering, inquiries
from tocsin.engine.answering import Acted, Via
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.sign_in import Viewer
from tocsin.store import alert_lists, inbound
from tocsin.store import alerts as stored_alerts
from tocsin.store import directory as stored_directory
from tocsin.store.database import Tx
from tocsin.store.instants import from_micros, from_micros_or_none
from tocsin.web.gate import Gate, is_from_here

_TABS: dict[str, tuple[tuple[str, ...], bool | None]] = {
    "firing": (("triggered",), False),
    "acknowledged": (("acknowledged",), False),
    "quiet": (("triggered", "acknowledged"), True),
    "closed": (("resolved",), None),
}
_ROWS = 50
Show = Callable[[Request, Viewer], Response]


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes; each needs somebody who is signed in."""
    pages = _Pages(desk, gate)
    return [
        Route("/", _for_people(gate, pages.home)),
        Route("/alerts", _for_people(gate, pages.alerts)),
        Route("/alerts/{number:int}", _for_people(gate, pages.alert), methods=["GET"]),
        Route("/alerts/{number:int}", pages.act, methods=["POST"]),
        Route("/oncall", _for_people(gate, pages.on_call)),
        Route("/integrations", _for_people(gate, pages.integrations)),
        Route("/kit", _for_people(gate, pages.kit)),
    ]


def _for_people(gate: Gate, show: Show) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        def work() -> Response:
            viewer = gate.viewer(request)
            if viewer is None:
                return gate.sign_in_first(request)
            return show(request, viewer)

        return await run_in_threadpool(work)

    return endpoint


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def home(self, request: Request, viewer: Viewer) -> Response:
        """What is on fire, who is on call, what comes next."""
        now = self._desk.clock.now()

        def work(tx: Tx) -> dict[str, Any]:
            directory = self._desk.directories.current(tx)
            worst = alert_lists.worst_open(tx, limit=12)
            closed = alert_lists.listing(
                tx, statuses=("resolved",), before=None, limit=1
            )
            return {
                "directory": directory,
                "burning": inquiries.briefs(tx, worst, directory=directory, now=now),
                "counts": alert_lists.counts(tx),
                "last": closed[0] if closed else None,
            }

        values = self._desk.database.read(work)
        directory: Directory = values["directory"]
        rows = directory.who(now=now)
        return self._gate.page(
            "home.html",
            viewer,
            on_call=rows,
            mine=_my_duty(rows, viewer.person),
            ahead=sorted((r for r in rows if r.until), key=_until)[:5],
            problems=self._desk.problems(),
            **values,
        )

    def alerts(self, request: Request, viewer: Viewer) -> Response:
        """The list, one tab at a time."""
        query = request.query_params
        tab = query.get("tab", "firing")
        if tab not in _TABS:
            tab = "firing"
        statuses, suppressed = _TABS[tab]
        service = clean(query.get("service", ""), longest=100)
        before = _number(query.get("before"))
        now = self._desk.clock.now()

        def work(tx: Tx) -> dict[str, Any]:
            directory = self._desk.directories.current(tx)
            found = alert_lists.listing(
                tx,
                statuses=statuses,
                before=before,
                limit=_ROWS + 1,
                service=service,
                suppressed=suppressed,
            )
            shown = found[:_ROWS]
            return {
                "directory": directory,
                "rows": inquiries.briefs(tx, shown, directory=directory, now=now),
                "older": shown[-1].number if len(found) > _ROWS else None,
                "counts": alert_lists.counts(tx),
            }

        values = self._desk.database.read(work)
        return self._gate.page(
            "alerts.html", viewer, tab=tab, service=service, **values
        )

    def alert(
        self, request: Request, viewer: Viewer, *, said: str = "", status: int = 200
    ) -> Response:
        """One alert: its delivery trail, and why whom was paged."""
        number = request.path_params["number"]
        now = self._desk.clock.now()

        def work(tx: Tx) -> tuple[inquiries.AlertStory | None, Directory, list[Any]]:
            directory = self._desk.directories.current(tx)
            found = (
                inquiries.story(tx, number, directory=directory, now=now)
                if 0 < number < 2**62
                else None
            )
            changes = (
                inbound.changes_before(
                    tx, found.alert.service, before=found.alert.first_at
                )
                if found is not None
                else []
            )
            return found, directory, changes

        story, directory, changes = self._desk.database.read(work)
        if story is None:
            raise HTTPException(404)
        return self._gate.page(
            "alert.html",
            viewer,
            status=status,
            said=said,
            story=story,
            directory=directory,
            changes=[(from_micros(row[0]), row[1], row[2]) for row in changes],
            raw=_raw(story),
            people=[n for n in directory.people if n != viewer.person],
            may_act=viewer.may("responder"),
        )

    async def act(self, request: Request) -> Response:
        """A form of the alert's page."""
        form = await request.form(max_fields=10, max_files=0)

        def work() -> Response:
            viewer = self._gate.viewer(request)
            if viewer is None:
                return self._gate.sign_in_first(request)
            if not is_from_here(request) or not viewer.may("responder"):
                said = "You may look, but not act; ask an admin for the role responder."
                return self.alert(request, viewer, said=said, status=403)
            number = request.path_params["number"]
            done = self._desk.act(
                lambda tx, directory, now: _act(
                    tx, number, dict(form), viewer.person, directory, now
                )
            )
            if done.alert is None:
                raise HTTPException(404)
            if done.refused:
                return self.alert(request, viewer, said=done.refused, status=409)
            back = "/alerts" if form.get("back") == "list" else f"/alerts/{number}"
            return RedirectResponse(back, 303)

        return await run_in_threadpool(work)

    def on_call(self, request: Request, viewer: Viewer) -> Response:
        """Who is on call now, and the path if a service broke."""
        now = self._desk.clock.now()
        directory = self._desk.directory()
        service = clean(request.query_params.get("service", ""), longest=100)
        if service not in directory.services:
            service = next(iter(directory.services), "")
        path = (
            inquiries.rehearse(
                directory, service, severity=Severity.SEV2, at=now, most=8
            )
            if service
            else []
        )
        rows = directory.who(now=now)
        return self._gate.page(
            "oncall.html",
            viewer,
            directory=directory,
            rows=rows,
            mine=_my_duty(rows, viewer.person),
            service=service,
            path=path,
            reachable=lambda name: inquiries.reachable(directory, name),
        )

    def integrations(self, request: Request, viewer: Viewer) -> Response:
        """Every sender: its address, when it was heard of, what could not be read."""
        chosen = request.query_params.get("rejects", "")

        def work(tx: Tx) -> dict[str, Any]:
            directory = self._desk.directories.current(tx)
            one = next((i for i in directory.integrations if i.name == chosen), None)
            return {
                "directory": directory,
                "heard": {
                    number: from_micros_or_none(at)
                    for number, at in stored_directory.last_events(tx).items()
                },
                "counts": inbound.reject_counts(tx),
                "rejects": [
                    (from_micros(row[2]), row[3], row[4], row[5], _text(row[7]))
                    for row in (inbound.rejects(tx, one.id) if one else [])
                ],
            }

        values = self._desk.database.read(work)
        return self._gate.page(
            "integrations.html",
            viewer,
            chosen=chosen,
            public_url=self._desk.public_url,
            may_see=viewer.may("lead"),
            **values,
        )

    def kit(self, request: Request, viewer: Viewer) -> Response:
        """Every component once."""
        return self._gate.page("kit.html", viewer)


def _act(
    tx: Tx,
    number: int,
    form: dict[str, Any],
    by: str,
    directory: Directory,
    now: datetime,
) -> Acted:
    word = str(form.get("do", ""))
    simple = {
        "acknowledge": answering.acknowledge,
        "undo": answering.undo,
        "resolve": answering.resolve,
        "escalate": answering.escalate,
    }
    if word in simple:
        return simple[word](
            tx, number, by=by, via=Via.WEB, directory=directory, now=now
        )
    if word == "note":
        text = clean(str(form.get("text", "")))
        return answering.note(tx, number, text=text, by=by, via=Via.WEB, now=now)
    if word == "pass":
        target = Target(TargetKind.USER, str(form.get("to", "")))
        return answering.pass_on(
            tx, number, to=target, by=by, via=Via.WEB, directory=directory, now=now
        )
    if word == "snooze":
        minutes = _number(str(form.get("minutes", ""))) or 0
        until = now + timedelta(minutes=min(minutes, 100_000))
        return answering.snooze(
            tx, number, until=until, by=by, via=Via.WEB, directory=directory, now=now
        )
    found = stored_alerts.get(tx, number) if 0 < number < 2**62 else None
    return Acted(found, "That is nothing that can be done here.")


def _my_duty(rows: list[Any], person: str) -> Any:
    return next((row for row in rows if person in row.people), None)


def _until(row: Any) -> datetime:
    at: datetime = row.until
    return at


def _number(text: str | None) -> int | None:
    return (
        int(text)
        if text and text.isascii() and text.isdigit() and len(text) < 18
        else None
    )


def _raw(story: inquiries.AlertStory) -> str:
    return _text(story.raw.body) if story.raw is not None else ""


def _text(body: bytes) -> str:
    return bytes(body).decode("utf-8", "replace")[:20_000]
