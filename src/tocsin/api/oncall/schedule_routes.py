"""Who is on call, and when."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query

from tocsin.api.access import allowed
from tocsin.api.alert_routes import ERRORS
from tocsin.api.instants import bounded, utc
from tocsin.api.shapes import on_call_json, time
from tocsin.core.directory import Directory
from tocsin.core.excerpts import clean
from tocsin.core.oncall.oncall_proof import MOST_NIGHTS, Limits, proofs, window_from
from tocsin.core.rotas.overrides import kind_of
from tocsin.core.rotas.schedules import final_schedule
from tocsin.core.wallclock import Window
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.oncall.oncall_load import Report, report
from tocsin.engine.signing_in.sign_in import Viewer

_LONGEST_SPAN = timedelta(days=400)
Name = Annotated[str, Path(max_length=100)]


# long because: each route is a closure over the desk.
def routes(desk: FrontDesk) -> APIRouter:
    """The router."""
    router = APIRouter(responses=ERRORS, tags=["on call"])
    viewer = allowed(desk, "viewer")

    @router.get("/oncall")
    def on_call(
        caller: Viewer = viewer,
        at: datetime | None = None,
        schedule: Annotated[str, Query(max_length=100)] = "",
        service: Annotated[str, Query(max_length=100)] = "",
    ) -> dict[str, Any]:
        """Who is on call (at a time) in each rotation, of a schedule or service."""
        directory, now = desk.directory(), _instant(at, desk)
        wanted = _schedules(directory, schedule, service, caller)
        rows = [row for name in wanted for row in directory.who(now=now, schedule=name)]
        return {"at": time(now), "on_call": on_call_json(rows)}

    @router.get("/schedules/{name}/final")
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
                rotation.name: _final(timeline)
                for rotation in found.ever
                for timeline in [final_schedule(rotation, window)]
                # Of those that are gone only what was.
                if rotation in found.rotations or timeline.shifts
            }
        }

    @router.get("/schedules/{name}/load")
    def load(
        name: Name,
        days: Annotated[int, Query(ge=1, le=366)] = 28,
        caller: Viewer = viewer,
    ) -> dict[str, Any]:
        """Who carried what in the last days, how evenly, and what should be mended."""
        found = report(desk, name, days=days, viewer=caller)
        if found is None:
            raise HTTPException(404, f"There is no schedule {clean(name)}.")
        return _load(found)

    @router.get("/schedules/{name}/proof")
    def proof(
        name: Name,
        nights: Annotated[int, Query(ge=1, le=31)] = MOST_NIGHTS,
        rest_hours: Annotated[int, Query(ge=0, le=72)] = 11,
        _: Viewer = viewer,
    ) -> dict[str, Any]:
        """What holds for the next 13 months, or when it first does not."""
        directory, now = desk.directory(), desk.clock.now()
        if name not in directory.schedules:
            raise HTTPException(404, f"There is no schedule {clean(name)}.")
        limits = Limits(nights, timedelta(hours=rest_hours))
        found = proofs(directory, name, limits, now=now)
        window = window_from(now)
        return {
            "from": time(window.start),
            "to": time(window.end),
            "claims": [
                {
                    "claim": one.claim,
                    "holds": one.holds,
                    "broken_at": time(one.broken_at) if one.broken_at else None,
                    "said": one.said,
                }
                for one in found
            ],
        }

    return router


def _load(found: Report) -> dict[str, Any]:
    return {
        "from": time(found.window.start),
        "to": time(found.window.end),
        "loads": [
            {
                "person": one.person,
                "hours": round(one.hours, 2),
                "night_hours": round(one.night, 2),
                "weekend_hours": round(one.weekend, 2),
                "holiday_hours": round(one.holiday, 2),
                "shifts": one.shifts,
                "pages": one.pages,
                "sleep_interruptions": one.interruptions,
                "weighted": round(one.weighted, 2),
            }
            for one in found.loads
        ],
        "fairness": {
            "compared": list(found.fairness.people),
            "gini": round(found.fairness.gini, 4),
            "max_to_mean": round(found.fairness.max_to_mean, 4),
            "pairwise": round(found.fairness.pairwise, 4),
            "uneven": found.fairness.is_uneven,
        },
        "response_times_missed": found.missed,
        "findings": [
            {
                "check": one.check,
                "weight": one.weight.value,
                "said": one.said,
                "source": one.source,
                "person": one.person,
                "rotation": one.rotation,
            }
            for one in found.findings
        ],
    }


def _schedules(
    directory: Directory, schedule: str, service: str, caller: Viewer
) -> tuple[str, ...]:
    if service:
        seen = [one.name for one in directory.services.values() if caller.sees(one)]
        if service not in seen:
            known = ", ".join(seen) or "none"
            raise HTTPException(404, f"There is no service {clean(service)} ({known}).")
        return directory.schedules_of(service)
    if schedule and schedule not in directory.schedules:
        raise HTTPException(404, f"There is no schedule {clean(schedule)}.")
    return (schedule,) if schedule else tuple(directory.schedules)


def _final(final: Any) -> dict[str, Any]:
    return {
        "shifts": [
            {
                "start": time(one.start),
                "end": time(one.end),
                "user": one.user,
                "source": one.source,
                "kind": kind_of(one.source),
            }
            for one in final.shifts
        ],
        "gaps": [
            {"start": time(one.start), "end": time(one.end)} for one in final.gaps
        ],
    }


def _window(start: datetime, end: datetime) -> Window:
    first, last = bounded(utc(start)), bounded(utc(end))
    if not first < last <= first + _LONGEST_SPAN:
        raise HTTPException(422, "to: expected a time after `from`, at most 400 days")
    return Window(first, last)


def _instant(at: datetime | None, desk: FrontDesk) -> datetime:
    return desk.clock.now() if at is None else bounded(utc(at))
