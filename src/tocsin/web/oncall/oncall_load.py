"""A schedule's load: who carried what, how evenly, and what should be mended."""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import quote

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.csv_cells import row
from tocsin.core.oncall.oncall_load import Load
from tocsin.core.oncall.oncall_proof import Limits, proofs, window_from
from tocsin.core.oncall.shift_records import ShiftRecord
from tocsin.core.people.permissions import LEAD
from tocsin.core.wallclock import Window, this_minute
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.oncall.oncall_load import record, report
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.web.filters import whole_number
from tocsin.web.gate import Gate

_PERIODS = {"28": 28, "91": 91, "365": 365}
_COLUMNS = (
    "person", "schedule", "rotation", "start", "end", "hours", "night hours",
    "weekend hours", "holiday hours", "pages", "sleep broken",
)  # fmt: skip
_LONGEST_RECORD = 400
_LABELS = {"28": "4 weeks", "91": "Quarter", "365": "Year"}


class Bar(Struct, frozen=True):
    """A person's hours as a bar, in hundredths of the longest."""

    load: Load
    length: float
    night: float


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get("/schedules/{name}/load", pages.load),
        gate.get("/schedules/{name}/record.csv", pages.record),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def load(self, request: Request, viewer: Viewer) -> Response:
        """The load of the last weeks and the findings of the checks."""
        name = request.path_params["name"]
        asked = request.query_params.get("days", "28")
        period = asked if asked in _PERIODS else "28"
        found = report(self._desk, name, days=_PERIODS[period], viewer=viewer)
        if found is None:
            raise HTTPException(404)
        schedule, now = found.directory.schedules[name], self._desk.clock.now()
        limits = _limits(request.query_params)
        return self._gate.page(
            "load.html",
            viewer,
            directory=found.directory,
            schedule=schedule,
            report=found,
            leads=viewer.may(LEAD, schedule.team),
            people=_bars(found.loads),
            period=period,
            periods=[(key, label, "") for key, label in _LABELS.items()],
            limits=limits,
            rest=int(limits.rest.total_seconds() // 3600),
            proofs=proofs(found.directory, name, limits, now=now),
            until=window_from(now).end,
        )

    def record(self, request: Request, viewer: Viewer) -> Response:
        """Each shift of the last months as CSV: a lead has everybody's, others their own."""
        name = request.path_params["name"]
        now = this_minute(self._desk.clock.now())
        schedule = self._desk.directory().schedules.get(name)
        days = whole_number(request.query_params.get("days", "91"))
        if schedule is None:
            raise HTTPException(404)
        if days is None or not 1 <= days <= _LONGEST_RECORD:
            said = f"days: expected a whole number from 1 to {_LONGEST_RECORD}.\n"
            return Response(said, 422, media_type="text/plain; charset=utf-8")
        only = "" if viewer.may(LEAD, schedule.team) else viewer.person
        window = Window(now - timedelta(days=days), now)
        rows = record(self._desk, name, window, only=only) or []
        text = row(_COLUMNS) + "".join(_line(one) for one in rows)
        shown = quote(f"{name}-shifts-{now:%Y-%m-%d}.csv")
        headers = {
            "content-disposition": f"attachment; filename*=UTF-8''{shown}",
            "cache-control": "no-store",
        }
        return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def _line(one: ShiftRecord) -> str:
    load = one.load
    hours = (load.hours, load.night, load.weekend, load.holiday)
    return row(
        (
            one.person, one.shift.schedule, one.shift.rotation, one.shift.start,
            one.shift.end, *(round(value, 2) for value in hours), load.pages,
            load.interruptions,
        )
    )  # fmt: skip


def _limits(query: Mapping[str, str]) -> Limits:
    """The limits that were asked for; what is none of them is the usual one."""
    nights = whole_number(query.get("nights", ""))
    rest = whole_number(query.get("rest", ""))
    usual = Limits()
    return Limits(
        nights if nights is not None and 1 <= nights <= 31 else usual.nights,
        timedelta(hours=rest) if rest is not None and rest <= 72 else usual.rest,
    )


def _bars(loads: list[Load]) -> list[Bar]:
    longest = max((one.hours for one in loads), default=0) or 1
    return [
        Bar(
            one,
            round(one.hours / longest * 100, 2),
            round(one.night / longest * 100, 2),
        )
        for one in loads
    ]
