"""The schedules: who is on call now and next, and one schedule's weeks as lanes."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.directory import NamedSchedule
from tocsin.core.excerpts import clean
from tocsin.core.oncall.coverage import LISTED, Hole, holes_of
from tocsin.core.oncall.own_shifts import people_of
from tocsin.core.oncall.readiness import Outlook
from tocsin.core.people.permissions import LEAD, RESPONDER
from tocsin.core.rotas.schedules import Handoff, next_handoffs
from tocsin.core.wallclock import MINUTE, this_minute
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.oncall.cover_requests import CoverRequests
from tocsin.engine.oncall.handoffs import Handoffs
from tocsin.engine.oncall.overrides import LONGEST
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.web.gate import Gate
from tocsin.web.moments import typed_as
from tocsin.web.oncall.cover_requests import address as ask_cover
from tocsin.web.oncall.handoffs import draft_of
from tocsin.web.oncall.lanes import DAYS, Entry, calendar
from tocsin.web.oncall.override_form import about
from tocsin.web.oncall.override_form import address as stand_in

_ROWS = 50
_VIEWS = {"week": "Week", "2w": "2 weeks", "month": "Month", "list": "List"}
_HANDOFFS = 6
_NOTES = 3


class Asked(Struct, frozen=True):
    """Which days are to be shown, how, and on whose clock."""

    schedule: str
    view: str
    first: date
    zone: str
    own_zone: bool

    def address(self, **changed: Any) -> str:
        """The page's address with something else asked."""
        kept = {
            "from": self.first.isoformat(),
            "view": self.view,
            "clock": "mine" if self.own_zone else "",
            **changed,
        }
        query = urlencode({key: value for key, value in kept.items() if value})
        return f"/schedules/{quote(self.schedule, safe='')}?{query}"

    def moved(self, days: int) -> str:
        """The first day so many days later, as the address holds it."""
        return (self.first + timedelta(days=days)).isoformat()


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get("/schedules", pages.schedules),
        gate.get("/schedules/{name}", pages.schedule),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def schedules(self, request: Request, viewer: Viewer) -> Response:
        """All schedules: now, next, and the gaps of 30 days."""
        text = clean(request.query_params.get("q", ""), longest=100)
        team = clean(request.query_params.get("team", ""), longest=100)
        after = clean(request.query_params.get("after", ""), longest=100)
        directory, now = self._desk.directory(), self._desk.clock.now()
        names = [
            name
            for name, one in sorted(directory.schedules.items())
            if name > after
            and text.casefold() in name.casefold()
            and team in ("", one.team)
        ]
        outlook = Outlook(directory, now=now)
        rows = [
            (
                directory.schedules[name],
                directory.who(now=now, schedule=name),
                outlook.gaps_of(name),
                directory.unpaged(directory.schedules[name]),
            )
            for name in names[:_ROWS]
        ]
        return self._gate.page(
            "schedules.html",
            viewer,
            directory=directory,
            rows=rows,
            leads=viewer.may_somewhere(LEAD),
            text=text,
            team=team,
            after=after,
            following=names[_ROWS - 1] if len(names) > _ROWS else "",
        )

    def schedule(self, request: Request, viewer: Viewer) -> Response:
        """One schedule from a date on."""
        name = request.path_params["name"]
        directory, now = self._desk.directory(), self._desk.clock.now()
        found = directory.schedules.get(name)
        if found is None:
            raise HTTPException(404)
        asked = _asked(request.query_params, found, viewer, now=now)
        zone, days = ZoneInfo(asked.zone), DAYS[asked.view]
        shown = calendar(found, asked.first, days, zone=zone, now=now)
        return self._gate.page(
            "schedule.html",
            viewer,
            directory=directory,
            schedule=found,
            asked=asked,
            shown=shown,
            views=[(key, label, "") for key, label in _VIEWS.items()],
            addresses={key: asked.address(view=key) for key in _VIEWS},
            earlier=asked.address(**{"from": asked.moved(-days)}),
            later=asked.address(**{"from": asked.moved(days)}),
            current=asked.address(**{"from": ""}),
            clock=asked.address(clock="" if asked.own_zone else "mine"),
            handoffs=_handoffs(found, now),
            on_now=directory.who(now=now, schedule=name),
            may_change=bool(found.rotations) and viewer.may(RESPONDER, found.team),
            leads=viewer.may(LEAD, found.team),
            holes=holes_of(directory, found, now=now, ahead=LISTED),
            unpaged=directory.unpaged(found),
            wanted=CoverRequests(self._desk).open_ones(name),
            against=self._against(viewer, name),
            notes=Handoffs(self._desk).newest(name, limit=_NOTES),
            words_for=lambda rotation: draft_of(name, rotation),
            takes_turns=any(viewer.person in people_of(one) for one in found.rotations),
            ask_cover=lambda **fields: ask_cover(name, **fields),
            stand_in=lambda **fields: stand_in(name, **fields),
            hours_of=lambda one: _hours(one, found, shown.window.end, now=now),
            hole_fields=lambda hole: _of_hole(hole, found, now=now),
        )

    def _against(self, viewer: Viewer, schedule: str) -> dict[str, str]:
        """What the viewer should know before they take hours, by request."""
        found = CoverRequests(self._desk).offered_to(viewer, schedule)
        return {
            one.id: about(me) for one, me in found if not (me.available and me.rested)
        }


def _handoffs(schedule: NamedSchedule, now: datetime) -> list[tuple[str, Handoff]]:
    return [
        (rotation.name, one)
        for rotation in schedule.rotations
        for one in next_handoffs(rotation, now=now, count=_HANDOFFS)
    ]


def _hours(
    one: Entry, schedule: NamedSchedule, seen: datetime, *, now: datetime
) -> dict[str, str]:
    """What of an entry is still ahead, as a form's fields."""
    # Of what has no end, or none within what a form takes, as much as is shown.
    end = seen if one.always_after else one.end
    return _fields(one.rotation, one.start, end, schedule, now=now)


def _of_hole(hole: Hole, schedule: NamedSchedule, *, now: datetime) -> dict[str, str]:
    return _fields(hole.rotation, hole.start, hole.end, schedule, now=now)


def _fields(
    rotation: str,
    start: datetime,
    end: datetime,
    schedule: NamedSchedule,
    *,
    now: datetime,
) -> dict[str, str]:
    """The hours from now on, as much as a form takes."""
    start = max(start, this_minute(now))
    end = max(end, start + MINUTE)
    return {
        "rotation": rotation,
        "start": typed_as(start, schedule.zone),
        "end": typed_as(min(end, start + LONGEST), schedule.zone),
    }


def _asked(
    query: Mapping[str, str], schedule: NamedSchedule, viewer: Viewer, *, now: datetime
) -> Asked:
    view = query.get("view", "2w")
    own = query.get("clock") == "mine"
    today = now.astimezone(ZoneInfo(schedule.zone)).date()
    first = today - timedelta(days=today.weekday())
    try:
        given = date.fromisoformat(query.get("from", ""))
        if 2000 <= given.year <= 2100:
            first = given
    except ValueError:
        pass  # the week that we are in
    return Asked(
        schedule=schedule.name,
        view=view if view in DAYS else "2w",
        first=first,
        zone=viewer.zone if own else schedule.zone,
        own_zone=own,
    )
