"""The list of alerts, and one alert with its delivery trail and why whom was paged."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tocsin.core.alerts.alerts import Alert
from tocsin.core.directory import Directory
from tocsin.core.excerpts import clean
from tocsin.core.pages.escalation import Target, TargetKind
from tocsin.core.people.permissions import RESPONDER
from tocsin.engine import answering, inquiries
from tocsin.engine.answering import Acted, Via
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.responding import refusal, visible
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import alert_lists, inbound
from tocsin.store import alerts as stored_alerts
from tocsin.store import incidents as stored_incidents
from tocsin.store.database import Tx
from tocsin.store.instants import from_micros
from tocsin.web import alerts_csv
from tocsin.web.filters import wanted, whole_number
from tocsin.web.gate import Gate, local
from tocsin.web.rendering import text_of
from tocsin.web.sayings import Saying
from tocsin.web.sayings import done as done_with

_ROWS = 50
_MOST_ALIKE = 5


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get("/alerts", pages.alerts),
        gate.post("/alerts", pages.act_on_many),
        gate.get("/alerts.csv", partial(alerts_csv.download, desk)),
        gate.get("/alerts/{number:int}", pages.alert),
        gate.post("/alerts/{number:int}", pages.act),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def alerts(self, request: Request, viewer: Viewer) -> Response:
        """The list, one tab at a time."""
        chosen = wanted(request.query_params)
        now = self._desk.clock.now()

        def work(tx: Tx) -> dict[str, Any]:
            directory = self._desk.directories.current(tx)
            hidden = directory.hidden_from(viewer.grant)
            found = alert_lists.listing(
                tx,
                statuses=chosen.statuses,
                before=chosen.before,
                limit=_ROWS + 1,
                service=chosen.service,
                suppressed=chosen.suppressed,
                hidden=hidden,
                narrowed=chosen.narrowed(directory, viewer.person),
            )
            shown = found[:_ROWS]
            return {
                "directory": directory,
                "rows": inquiries.briefs(tx, shown, directory=directory, now=now),
                "older": shown[-1].number if len(found) > _ROWS else None,
                "counts": alert_lists.counts(tx, hidden=hidden),
                "services": sorted(set(directory.services) - hidden),
            }

        values = self._desk.database.read(work)
        return self._gate.page(
            "alerts.html",
            viewer,
            tab=chosen.tab,
            chosen=chosen,
            may_act=viewer.may_somewhere(RESPONDER),
            **values,
        )

    def act_on_many(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Acknowledge those that were ticked; each that may not be is left alone."""
        numbers = [
            number
            for text in form.getlist("number")
            if (number := whole_number(str(text))) is not None
        ]
        chosen = list(dict.fromkeys(numbers))[:_ROWS]
        results = [
            self._desk.respond(
                number,
                "acknowledge",
                partial(_acknowledge, number, viewer.person),
                viewer,
            )
            for number in chosen
        ]
        taken = sum(1 for one in results if one.done)
        if results and all(one.forbidden for one in results):
            return self._gate.forbidden(viewer, RESPONDER, results[0].refused)
        back = local(str(form.get("back", "")), otherwise="/alerts")
        left = len(chosen) - taken
        said = f"You have {taken} more alert{'' if taken == 1 else 's'}."
        if left:
            said += f" {left} could not be taken: somebody has them, or you may not."
        return done_with(back, Saying(said if numbers else "Tick some alerts first."))

    def alert(
        self, request: Request, viewer: Viewer, *, said: str = "", status: int = 200
    ) -> Response:
        """One alert: its delivery trail, and why whom was paged."""
        number = request.path_params["number"]
        story, directory, changes, earlier = self._desk.database.read(
            lambda tx: self._story(tx, number, viewer)
        )
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
            earlier=earlier,
            link=_safe(story.alert.link),
            raw=text_of(story.raw.body) if story.raw is not None else "",
            people=[n for n in directory.people if n != viewer.person],
            may_act=not refusal(viewer, story.alert, directory),
            incident=self._desk.database.read(
                lambda tx: self._desk.incidents.seen(
                    tx, stored_incidents.of_alert(tx, number), viewer
                )
            ),
        )

    def _story(
        self, tx: Tx, number: int, viewer: Viewer
    ) -> tuple[inquiries.AlertStory | None, Directory, list[Any], list[Alert]]:
        directory = self._desk.directories.current(tx)
        known = 0 < number < 2**62 and visible(
            tx, number, viewer=viewer, directory=directory
        )
        if not known:
            return None, directory, [], []
        now = self._desk.clock.now()
        found = inquiries.story(tx, number, directory=directory, now=now)
        assert found is not None
        changes = inbound.changes_before(
            tx, found.alert.service, before=found.alert.first_at
        )
        earlier = alert_lists.alike(tx, found.alert, limit=_MOST_ALIKE)
        return found, directory, changes, earlier

    def act(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """A form of the alert's page."""
        number = request.path_params["number"]
        if not 0 < number < 2**62:
            raise HTTPException(404)
        word = str(form.get("do", ""))
        done = self._desk.respond(
            number,
            word if word in _VERBS else "act",
            lambda tx, directory, now: _act(
                tx, number, dict(form), viewer.person, directory, now
            ),
            viewer,
        )
        if done.alert is None:
            raise HTTPException(404)
        if done.refused:
            status = 403 if done.forbidden else 409
            return self.alert(request, viewer, said=done.refused, status=status)
        back = str(form.get("back", ""))
        back = "/alerts" if back == "list" else back
        to = local(back, otherwise=f"/alerts/{number}")
        if word != "acknowledge":
            return RedirectResponse(to, 303)
        said = f"You have ALR-{number}; nobody else is paged for it."
        undo = Saying(said, f"/alerts/{number}", {"do": "undo", "back": to})
        return done_with(to, undo)


_VERBS = (
    "acknowledge", "undo", "resolve", "escalate", "note", "pass", "snooze",
)  # fmt: skip


def _safe(link: str) -> str:
    """A sender's link, if a browser may follow it."""
    return link if link.startswith(("https://", "http://")) else ""


def _acknowledge(
    number: int, by: str, tx: Tx, directory: Directory, now: datetime
) -> Acted:
    return answering.acknowledge(
        tx, number, by=by, via=Via.WEB, directory=directory, now=now
    )


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
        minutes = whole_number(str(form.get("minutes", ""))) or 0
        until = now + timedelta(minutes=min(minutes, 100_000))
        return answering.snooze(
            tx, number, until=until, by=by, via=Via.WEB, directory=directory, now=now
        )
    found = stored_alerts.get(tx, number)
    return Acted(found, "That is nothing that can be done here.")
