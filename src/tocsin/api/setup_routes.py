"""Who is on call, configuration, policies, integrations and silences."""

# long because: routes of what is set up, each short.

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from tocsin.api.access import allowed
from tocsin.api.alert_routes import ERRORS
from tocsin.api.bodies import ConfigIn, SilenceIn
from tocsin.api.shapes import on_call_json, rehearsed_json, silence_json, time
from tocsin.core import configuration, silences
from tocsin.core.directory import Directory
from tocsin.core.excerpts import clean
from tocsin.core.schedules import final_schedule
from tocsin.core.severity import Severity
from tocsin.core.silences import Matcher, Silence
from tocsin.core.wallclock import Window
from tocsin.engine import inquiries
from tocsin.engine import silences as engine_silences
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.sign_in import Viewer
from tocsin.store import directory as stored_directory
from tocsin.store import inbound
from tocsin.store import silences as stored_silences
from tocsin.store.database import Tx
from tocsin.store.instants import from_micros, from_micros_or_none

_LONGEST_SPAN = timedelta(days=400)
Name = Annotated[str, Path(max_length=100)]
_EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(responses=ERRORS)
    _on_call(router, desk)
    _config(router, desk)
    _integrations(router, desk)
    _silences(router, desk)
    return router


# long because: each route is a closure over the desk.
def _on_call(router: APIRouter, desk: FrontDesk) -> None:
    viewer = allowed(desk, "viewer")

    @router.get("/oncall", tags=["on call"])
    def on_call(
        _: Viewer = viewer,
        at: datetime | None = None,
        schedule: Annotated[str, Query(max_length=100)] = "",
        service: Annotated[str, Query(max_length=100)] = "",
    ) -> dict[str, Any]:
        """Who is on call (at a time) in each rotation, of a schedule or service."""
        directory, now = desk.directory(), _instant(at, desk)
        wanted = _schedules(directory, schedule, service)
        rows = [row for name in wanted for row in directory.who(now=now, schedule=name)]
        return {"at": time(now), "on_call": on_call_json(rows)}

    @router.get("/schedules/{name}/final", tags=["on call"])
    def final(
        name: Name,
        start: Annotated[datetime, Query(alias="from")],
        end: Annotated[datetime, Query(alias="to")],
        _: Viewer = viewer,
    ) -> dict[str, Any]:
        """The final timeline of each rotation of a schedule, at most 400 days."""
        found = desk.directory().schedules.get(name)
        if found is None:
            raise HTTPException(404, f"There is no schedule {clean(name)}.")
        window = _window(start, end)
        return {
            "rotations": {
                rotation.name: _final(final_schedule(rotation, window))
                for rotation in found.rotations
            }
        }

    @router.get("/policies/{name}/test", tags=["on call"])
    def test_policy(
        name: Name,
        _: Viewer = viewer,
        severity: Annotated[str, Query(pattern="^SEV[1-4]$")] = "SEV2",
        at: datetime | None = None,
    ) -> dict[str, Any]:
        """Who would be paged for a service or policy if nobody answered."""
        directory = desk.directory()
        service = _service_with(directory, name)
        when = _instant(at, desk)
        pages = inquiries.rehearse(
            directory, service, severity=Severity[severity], at=when
        )
        return {"service": service, "at": time(when), "pages": rehearsed_json(pages)}


def _config(router: APIRouter, desk: FrontDesk) -> None:
    @router.get("/config", tags=["configuration"], response_class=PlainTextResponse)
    def export(_: Viewer = allowed(desk, "admin")) -> Response:
        """The whole configuration as YAML, keys included."""
        return PlainTextResponse(desk.export(), media_type="application/yaml")

    @router.post("/config", tags=["configuration"])
    def apply(body: ConfigIn, _: Viewer = allowed(desk, "admin")) -> JSONResponse:
        """Plan or apply files, all or nothing; 422 with every problem."""
        files = [(clean(one.name), one.text) for one in body.files]
        applied = desk.apply(files, prune=body.prune, dry_run=body.dry_run)
        plan = {
            "changes": [
                {
                    "kind": one.kind,
                    "noun": one.noun,
                    "name": one.name,
                    "notes": list(one.notes),
                }
                for one in applied.plan.changes
            ],
            "notes": list(applied.plan.notes),
            "problems": list(applied.problems),
            "applied": applied.done,
        }
        return JSONResponse(plan, 422 if applied.problems else 200)

    @router.get("/config.schema.json", tags=["configuration"])
    def schema(_: Viewer = allowed(desk, "viewer")) -> dict[str, Any]:
        """The JSON Schema of a configuration file."""
        return dict(configuration.schema())


def _integrations(router: APIRouter, desk: FrontDesk) -> None:
    @router.get("/integrations", tags=["integrations"])
    def listing(viewer: Viewer = allowed(desk, "viewer")) -> dict[str, Any]:
        """Integrations; their addresses are shown to leads and admins."""

        def work(tx: Tx) -> tuple[Directory, dict[int, int], dict[int, int | None]]:
            return (
                desk.directories.current(tx),
                inbound.reject_counts(tx),
                stored_directory.last_events(tx),
            )

        directory, rejects, heard = desk.database.read(work)
        return {
            "integrations": [
                {
                    "name": one.name,
                    "type": one.type,
                    "service": one.service,
                    "paused": one.paused,
                    "last_event_at": time(from_micros_or_none(heard.get(one.id))),
                    "rejected": rejects.get(one.id, 0),
                    "url": f"{desk.public_url}/in/{one.key}"
                    if viewer.may("lead")
                    else None,
                }
                for one in directory.integrations
            ]
        }

    @router.get("/integrations/{name}/rejects", tags=["integrations"])
    def rejects(name: Name, _: Viewer = allowed(desk, "lead")) -> dict[str, Any]:
        """What could not be read, raw, newest first."""
        known = {one.name: one.id for one in desk.directory().integrations}
        if name not in known:
            raise HTTPException(404, f"There is no integration {clean(name)}.")
        rows = desk.database.read(lambda tx: inbound.rejects(tx, known[name]))
        return {"rejects": [_reject(row) for row in rows]}


# long because: each route is a closure over the desk.
def _silences(router: APIRouter, desk: FrontDesk) -> None:
    @router.get("/silences", tags=["silences"])
    def listing(_: Viewer = allowed(desk, "viewer")) -> dict[str, Any]:
        """Silences, the latest end first."""
        found = desk.database.read(lambda tx: stored_silences.listing(tx, limit=200))
        now = desk.clock.now()
        return {"silences": [silence_json(one, now=now) for one in found]}

    @router.post("/silences", tags=["silences"], status_code=201)
    def make(
        body: SilenceIn, viewer: Viewer = allowed(desk, "responder")
    ) -> dict[str, Any]:
        """Keep matching alerts quiet for a while; they are still recorded."""
        now = desk.clock.now()
        starts = _utc(body.starts_at) if body.starts_at else now
        silence = Silence(
            id=desk.new_id(),
            matchers=tuple(
                Matcher(clean(m.name), clean(m.value), m.is_regex, m.is_equal)
                for m in body.matchers
            ),
            starts_at=max(starts, now),
            ends_at=_bounded(_utc(body.ends_at)),
            author=viewer.person,
            comment=clean(body.comment),
            service=clean(body.service),
        )
        found = silences.problems(silence, now=now)
        if found:
            raise HTTPException(422, "; ".join(found))
        desk.database.write(lambda tx: stored_silences.save(tx, silence, now=now))
        desk.wake()
        return silence_json(silence, now=now)

    @router.delete("/silences/{silence_id}", tags=["silences"], status_code=204)
    def expire(
        silence_id: Annotated[str, Path(max_length=64)],
        _: Viewer = allowed(desk, "responder"),
    ) -> Response:
        """End a silence now."""
        now = desk.clock.now()

        def work(tx: Tx) -> bool:
            known = stored_silences.get(tx, clean(silence_id))
            if known is None:
                return False
            directory = desk.directories.current(tx)
            engine_silences.end(tx, known, directory=directory, now=now)
            return True

        if not desk.database.write(work):
            raise HTTPException(404, "There is no silence with this id.")
        desk.wake()
        return Response(status_code=204)


def _schedules(directory: Directory, schedule: str, service: str) -> tuple[str, ...]:
    if service:
        if service not in directory.services:
            known = ", ".join(directory.services) or "none"
            raise HTTPException(404, f"There is no service {clean(service)} ({known}).")
        return directory.schedules_of(service)
    if schedule and schedule not in directory.schedules:
        raise HTTPException(404, f"There is no schedule {clean(schedule)}.")
    return (schedule,) if schedule else tuple(directory.schedules)


def _service_with(directory: Directory, name: str) -> str:
    if name in directory.services:
        return name
    for service in directory.services.values():
        if service.policy == name:
            return service.name
    raise HTTPException(
        404, f"There is no service or policy in use named {clean(name)}."
    )


def _final(final: Any) -> dict[str, Any]:
    return {
        "shifts": [
            {
                "start": time(one.start),
                "end": time(one.end),
                "user": one.user,
                "source": one.source,
            }
            for one in final.shifts
        ],
        "gaps": [
            {"start": time(one.start), "end": time(one.end)} for one in final.gaps
        ],
    }


def _window(start: datetime, end: datetime) -> Window:
    first, last = _bounded(_utc(start)), _bounded(_utc(end))
    if not first < last <= first + _LONGEST_SPAN:
        raise HTTPException(422, "to: expected a time after `from`, at most 400 days")
    return Window(first, last)


def _instant(at: datetime | None, desk: FrontDesk) -> datetime:
    return desk.clock.now() if at is None else _bounded(_utc(at))


def _utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError:
        raise HTTPException(422, "a time between 1980 and 2200 was expected") from None


def _bounded(at: datetime) -> datetime:
    if not _EARLIEST <= at <= _LATEST:
        raise HTTPException(422, "a time between 1980 and 2200 was expected")
    return at


def _reject(row: Any) -> dict[str, Any]:
    number, _, at, status, reason, path, _, body = row
    return {
        "id": number,
        "at": time(from_micros(at)),
        "answered": status,
        "reason": reason,
        "path": path,
        "body": bytes(body).decode("utf-8", "replace"),
    }
