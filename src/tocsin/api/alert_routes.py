"""/alerts: what fires, its story, and what people do about it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, HTTPException, Path, Query

from tocsin.api.access import SEND, allowed, must
from tocsin.api.bodies import AlertIn, NoteIn, PassIn, SnoozeIn
from tocsin.api.problems import responses
from tocsin.api.shapes import alert_json, story_json
from tocsin.core.alerts.alerts import AlertEvent, EventKind
from tocsin.core.directory import Directory, Integration
from tocsin.core.excerpts import clean, clean_all, clean_title, web_link
from tocsin.core.labels import bounded_key, fingerprint
from tocsin.core.pages.escalation import Target, TargetKind
from tocsin.core.severity import Severity
from tocsin.engine import answering, inquiries
from tocsin.engine.alerts import Arrival
from tocsin.engine.answering import Acted, Via
from tocsin.engine.front_desk import FrontDesk, by_hand
from tocsin.engine.responding import visible
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.interfaces.arrivals import Answer, Reading
from tocsin.store import alert_lists
from tocsin.store.database import Tx

Number = Annotated[int, Path(ge=1, le=2**62, description="the alert's number")]
ERRORS = responses(400, 401, 403, 404, 405, 409, 413, 415, 422, 503)
_STATUSES = {
    "open": ("triggered", "acknowledged"),
    "triggered": ("triggered",),
    "acknowledged": ("acknowledged",),
    "resolved": ("resolved",),
    "all": ("triggered", "acknowledged", "resolved"),
}


def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(prefix="/alerts", tags=["alerts"], responses=ERRORS)
    _reading(router, desk)
    _sending(router, desk)
    _acting(router, desk)
    return router


def _reading(router: APIRouter, desk: FrontDesk) -> None:
    viewer = allowed(desk, "viewer")

    @router.get("")
    def list_alerts(
        caller: Viewer = viewer,
        status: Annotated[
            str, Query(pattern="^(open|triggered|acknowledged|resolved|all)$")
        ] = "open",
        service: Annotated[str, Query(max_length=100)] = "",
        before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> dict[str, Any]:
        """Alerts, newest first; `next` is the cursor for `before`."""

        def work(tx: Tx) -> list[inquiries.Brief]:
            directory = desk.directories.current(tx)
            found = alert_lists.listing(
                tx,
                statuses=_STATUSES[status],
                before=before,
                limit=limit + 1,
                service=clean(service),
                hidden=directory.hidden_from(caller.grant),
            )
            now = desk.clock.now()
            return inquiries.briefs(tx, found, directory=directory, now=now)

        found = desk.database.read(work)
        more = found[limit - 1].alert.number if len(found) > limit else None
        return {"alerts": [alert_json(one) for one in found[:limit]], "next": more}

    @router.get("/{number}")
    def get_alert(number: Number, caller: Viewer = viewer) -> dict[str, Any]:
        """One alert with its timeline, pages and attempts."""
        return _story(desk, number, caller)


def _sending(router: APIRouter, desk: FrontDesk) -> None:
    @router.post("", status_code=202)
    def send_alert(
        body: AlertIn,
        viewer: Viewer = allowed(desk, SEND),
        idempotency_key: Annotated[str, Header(max_length=200)] = "",
    ) -> dict[str, Any]:
        """Raise, acknowledge or resolve an alert; stored before the answer."""
        directory = desk.directory()
        integration = _integration(directory, body, viewer)
        team = directory.team_of(integration.service)
        if not viewer.grant.may_send(team):
            must(viewer, "responder", team)
        event = _event(body, clean(idempotency_key))
        reading = Reading([event], Answer(202))
        headers = {"by": viewer.person}
        raw = body.model_dump_json().encode("utf-8", "replace")
        arrival = Arrival(integration, reading, "/api/v1/alerts", headers, raw)
        outcome = desk.accept(arrival)[0]
        return {
            "outcome": outcome.outcome.value,
            "number": outcome.number or None,
            "key": event.key,
        }


def _integration(directory: Directory, body: AlertIn, viewer: Viewer) -> Integration:
    hidden = directory.hidden_from(viewer.grant)
    if body.integration:
        open_to = [i for i in directory.integrations if i.service not in hidden]
        for one in open_to:
            if one.name == body.integration:
                return one
        known = ", ".join(one.name for one in open_to) or "none"
        message = f"integration: expected a known one ({known})"
        raise HTTPException(422, message)
    if body.service not in directory.services or body.service in hidden:
        known = ", ".join(n for n in directory.services if n not in hidden) or "none"
        message = f"service: expected a known one ({known}), or name an integration"
        raise HTTPException(422, message)
    return by_hand(body.service)


def _event(body: AlertIn, event_id: str) -> AlertEvent:
    kind = EventKind(body.action)
    title = clean_title(body.title)
    if kind is EventKind.TRIGGER and not title:
        raise HTTPException(422, "title: expected a sentence that says what is wrong")
    if kind is not EventKind.TRIGGER and not body.key and not title:
        raise HTTPException(422, "key: expected the key of the alert that is meant")
    labels = clean_all(body.labels)
    identity = {**labels, "title": title, "service": body.service}
    key = clean(body.key) or fingerprint(identity)
    return AlertEvent(
        kind=kind,
        key=bounded_key(key),
        title=title,
        severity=Severity[body.severity],
        labels=labels,
        details={"description": clean(body.description)} if body.description else {},
        event_id=event_id,
        link=web_link(body.link),
    )


# long because: each route is a closure over the desk.
def _acting(router: APIRouter, desk: FrontDesk) -> None:
    responder = allowed(desk, "responder")
    simple: dict[str, Callable[..., Acted]] = {
        "acknowledge": answering.acknowledge,
        "undo": answering.undo,
        "resolve": answering.resolve,
        "escalate": answering.escalate,
    }
    for verb, act in simple.items():
        _add_simple(router, desk, responder, verb, act)

    @router.post("/{number}/snooze")
    def snooze(
        number: Number, body: SnoozeIn, viewer: Viewer = responder
    ) -> dict[str, Any]:
        """Quiet until a time in the next 24 hours."""
        until = body.until if body.until.tzinfo else body.until.replace(tzinfo=UTC)

        def work(tx: Tx, directory: Directory, now: datetime) -> Acted:
            return answering.snooze(
                tx, number, until=until, by=viewer.person, via=Via.API,
                directory=directory, now=now,
            )  # fmt: skip

        return _done(desk, number, viewer, desk.respond(number, "snooze", work, viewer))

    @router.post("/{number}/pass")
    def pass_on(
        number: Number, body: PassIn, viewer: Viewer = responder
    ) -> dict[str, Any]:
        """Hand it to a person, a team or a rotation."""
        target = _target(body)

        def work(tx: Tx, directory: Directory, now: datetime) -> Acted:
            return answering.pass_on(
                tx, number, to=target, by=viewer.person, via=Via.API,
                directory=directory, now=now,
            )  # fmt: skip

        return _done(desk, number, viewer, desk.respond(number, "pass", work, viewer))

    @router.post("/{number}/note")
    def note(
        number: Number, body: NoteIn, viewer: Viewer = responder
    ) -> dict[str, Any]:
        """A line of your own in the timeline."""

        def work(tx: Tx, _: Directory, now: datetime) -> Acted:
            text = clean(body.text)
            return answering.note(
                tx, number, text=text, by=viewer.person, via=Via.API, now=now
            )

        return _done(desk, number, viewer, desk.respond(number, "note", work, viewer))


def _add_simple(
    router: APIRouter,
    desk: FrontDesk,
    responder: Any,
    verb: str,
    act: Callable[..., Acted],
) -> None:
    def endpoint(number: Number, viewer: Viewer = responder) -> dict[str, Any]:
        def work(tx: Tx, directory: Directory, now: datetime) -> Acted:
            return act(
                tx, number, by=viewer.person, via=Via.API, directory=directory, now=now
            )

        return _done(desk, number, viewer, desk.respond(number, verb, work, viewer))

    endpoint.__doc__ = (act.__doc__ or "").split("\n")[0]
    router.post(f"/{{number}}/{verb}", name=verb)(endpoint)


def _target(body: PassIn) -> Target:
    given = [
        (TargetKind.USER, body.person),
        (TargetKind.TEAM, body.team),
        (TargetKind.ROTATION, body.rotation),
    ]
    chosen = [Target(kind, clean(name)) for kind, name in given if name]
    if len(chosen) != 1:
        raise HTTPException(422, "expected exactly one of person, team and rotation")
    return chosen[0]


def _done(desk: FrontDesk, number: int, viewer: Viewer, acted: Acted) -> dict[str, Any]:
    if acted.alert is None:
        raise HTTPException(404, acted.refused)
    if acted.forbidden:
        raise HTTPException(403, acted.refused)
    if acted.refused:
        raise HTTPException(409, acted.refused)
    return _story(desk, number, viewer)


def _story(desk: FrontDesk, number: int, viewer: Viewer) -> dict[str, Any]:
    def work(tx: Tx) -> inquiries.AlertStory | None:
        directory = desk.directories.current(tx)
        if visible(tx, number, viewer=viewer, directory=directory) is None:
            return None
        return inquiries.story(tx, number, directory=directory, now=desk.clock.now())

    found = desk.database.read(work)
    if found is None:
        raise HTTPException(404, f"There is no alert {number}.")
    return story_json(found)
