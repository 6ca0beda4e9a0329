"""Home: what is on fire, who is on call, what comes next."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tocsin.core.directory import Directory, OnCallRow
from tocsin.core.incidents.incidents import Incident
from tocsin.core.incidents.roles import TITLES
from tocsin.core.incidents.tasks import Task
from tocsin.core.oncall.own_shifts import OwnShift, whole_shifts_of
from tocsin.core.people.permissions import ADMIN, RESPONDER
from tocsin.core.severity import Severity
from tocsin.core.wallclock import Window, this_minute
from tocsin.engine import first_run, inquiries
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.oncall.cover_requests import CoverRequests
from tocsin.engine.oncall.handoffs import Handoffs
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import alert_lists, inbound
from tocsin.store import roles as stored_roles
from tocsin.store import tasks as stored_tasks
from tocsin.store.database import Tx
from tocsin.store.instants import from_micros
from tocsin.web.forms import Form
from tocsin.web.gate import Gate
from tocsin.web.incidents import listing as incident_list
from tocsin.web.oncall.cover_requests import ways_out
from tocsin.web.oncall.oncall import my_duty
from tocsin.web.oncall.override_form import about

_DAY = timedelta(days=1)
_AHEAD = timedelta(weeks=8)
_MOST_ROWS = 8
_MOST_CHANGES = 6
_MOST_PAGED = 4
_MOST_SHIFTS = 3
_KIT_FORM = Form(
    values={"name": "checkout", "by": "email", "urgency": "high", "on": "on"},
    problems={"mail": "Enter a mail address, such as ana@example.com."},
)


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The route."""
    pages = _Pages(desk, gate)
    return [gate.get("/", pages.home), gate.get("/kit", pages.kit)]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def home(self, request: Request, viewer: Viewer) -> Response:
        """What is on fire, who is on call, what comes next."""
        now = self._desk.clock.now()
        if viewer.may(ADMIN) and self._desk.database.read(self._is_new):
            return RedirectResponse("/setup", 303)

        values = self._desk.database.read(lambda tx: self._read(tx, viewer, now))
        directory: Directory = values["directory"]
        rows = directory.who(now=now)
        return self._gate.page(
            "home.html",
            viewer,
            on_call=_nearest(rows, directory, viewer)[:_MOST_ROWS],
            rotations=len(rows),
            mine=my_duty(rows, viewer.person),
            shifts=_own_shifts(directory, viewer, now),
            ahead=_handovers(rows, now),
            problems=self._desk.problems(),
            may_declare=viewer.may_somewhere(RESPONDER),
            wanted=[
                (one, about(me))
                for one, me in CoverRequests(self._desk).offered_to(viewer)
                if me.available
            ][:_MOST_ROWS],
            to_accept=Handoffs(self._desk).for_person(viewer.person),
            **values,
        )

    def _read(self, tx: Tx, viewer: Viewer, now: datetime) -> dict[str, Any]:
        directory = self._desk.directories.current(tx)
        hidden = directory.hidden_from(viewer.grant)
        worst = alert_lists.worst_open(tx, limit=_MOST_ROWS, hidden=hidden)
        paging = alert_lists.paging(tx, viewer.person, limit=_MOST_PAGED)
        closed = alert_lists.listing(
            tx, statuses=("resolved",), before=None, limit=1, hidden=hidden
        )
        changes = inbound.latest_changes(
            tx, since=now - _DAY, limit=_MOST_CHANGES, hidden=hidden
        )
        return {
            "directory": directory,
            "burning": inquiries.briefs(tx, worst, directory=directory, now=now),
            "incidents": incident_list.open_rows(tx, self._desk, viewer),
            "asked": self._asked(tx, viewer),
            "tasks": self._tasks(tx, viewer),
            "promised": self._desk.reviews.promises(
                tx, viewer, state="open", owner=viewer.person, limit=_MOST_ROWS
            ),
            "today": now.date(),
            "counts": alert_lists.counts(tx, hidden=hidden),
            "last": closed[0] if closed else None,
            "for_you": paging,
            "held": alert_lists.held_by(tx, viewer.person, limit=_MOST_ROWS),
            "unwell": _unwell(alert_lists.open_by_service(tx), hidden),
            "changes": [(from_micros(row[0]), *row[1:]) for row in changes],
        }

    def _asked(self, tx: Tx, viewer: Viewer) -> list[tuple[Incident, str, str]]:
        """Roles that the viewer was asked to take: (incident, role, its title)."""
        found = []
        for number, one in stored_roles.of_person(tx, viewer.person):
            incident = self._desk.incidents.seen(tx, number, viewer)
            if one.state == "offered" and incident is not None and incident.is_open:
                found.append((incident, one.role.value, TITLES[one.role]))
        return found[:_MOST_ROWS]

    def _tasks(self, tx: Tx, viewer: Viewer) -> list[tuple[Incident, Task]]:
        """What the viewer still has to do in incidents."""
        found = []
        for number, task in stored_tasks.of_person(tx, viewer.person):
            incident = self._desk.incidents.seen(tx, number, viewer)
            if incident is not None and incident.is_open:
                found.append((incident, task))
        return found[:_MOST_ROWS]

    def _is_new(self, tx: Tx) -> bool:
        return first_run.is_open(tx, self._desk.directories.current(tx))

    def kit(self, request: Request, viewer: Viewer) -> Response:
        """Every component once."""
        return self._gate.page("kit.html", viewer, form=_KIT_FORM)


def _until(row: OnCallRow) -> datetime:
    assert row.until is not None
    return row.until


def _handovers(rows: Sequence[OnCallRow], now: datetime) -> list[OnCallRow]:
    """Who takes over from whom within a day, soonest first."""
    found = [row for row in rows if row.until is not None and row.until <= now + _DAY]
    return sorted(found, key=_until)[:_MOST_ROWS]


def _nearest(
    rows: Sequence[OnCallRow], directory: Directory, viewer: Viewer
) -> list[OnCallRow]:
    """Gaps first, then the rotations of the viewer's own teams."""
    teams = directory.team_roles.get(viewer.person, {})

    def distance(row: OnCallRow) -> tuple[bool, bool]:
        schedule = directory.schedules.get(row.schedule)
        return bool(row.people), schedule is None or schedule.team not in teams

    return sorted(rows, key=distance)


def _own_shifts(
    directory: Directory, viewer: Viewer, now: datetime
) -> list[tuple[OwnShift, str]]:
    """What the viewer is on call for now and next, with the form that gives it away."""
    start = this_minute(now)
    ahead = Window(start, start + _AHEAD)
    shifts = whole_shifts_of(directory, viewer.person, ahead)[:_MOST_SHIFTS]
    return ways_out(directory, viewer, shifts, now=now)


def _unwell(
    counts: Mapping[str, Mapping[tuple[int, str], int]], hidden: Collection[str]
) -> list[tuple[str, Severity, int]]:
    """Services with alerts that are not silenced: (name, the worst, how many)."""
    found = []
    for service, one in counts.items():
        loud = {key: n for key, n in one.items() if key[1] != "suppressed"}
        if loud and service not in hidden:
            worst = Severity(min(severity for severity, _ in loud))
            found.append((service, worst, sum(loud.values())))
    return sorted(found, key=_worst_first)[:_MOST_ROWS]


def _worst_first(one: tuple[str, Severity, int]) -> tuple[int, int, str]:
    service, worst, count = one
    return int(worst), -count, service
