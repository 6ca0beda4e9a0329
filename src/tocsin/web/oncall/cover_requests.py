"""Asking for cover: the form, and what others do about it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.directory import Directory, NamedSchedule
from tocsin.core.excerpts import clean
from tocsin.core.oncall.own_shifts import OwnShift, whole_shifts_of
from tocsin.core.people.permissions import RESPONDER
from tocsin.core.rotas.cover_requests import LONGEST
from tocsin.core.rotas.whole_shifts import whole_schedule
from tocsin.core.wallclock import Window, this_minute
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.oncall.cover_requests import Answered, CoverRequests
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.web.forms import Form
from tocsin.web.gate import Gate
from tocsin.web.moments import BadMoment, instant_of, typed_as
from tocsin.web.rendering import dated_short
from tocsin.web.sayings import Saying, done

FIELDS = ("rotation", "start", "end", "why", "back")
_AHEAD = timedelta(weeks=8)
_MOST = 24
_FILLED_IN = timedelta(minutes=15)


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get("/schedules/{name}/cover", pages.blank, need=RESPONDER),
        gate.post("/schedules/{name}/cover", pages.ask, need=RESPONDER),
        gate.post("/schedules/{name}/cover/{id}", pages.act, need=RESPONDER),
    ]


def address(schedule: str, **fields: str) -> str:
    """The form's address, filled in."""
    query = f"?{urlencode(fields)}" if fields else ""
    return f"/schedules/{quote(schedule, safe='')}/cover{query}"


def ways_out(
    directory: Directory, viewer: Viewer, shifts: Iterable[OwnShift], *, now: datetime
) -> list[tuple[OwnShift, str]]:
    """Each shift with the form that gives it away; "" where the viewer may not ask."""
    shown = []
    for one in shifts:
        schedule = directory.schedules[one.schedule]
        may = viewer.may(RESPONDER, schedule.team)
        fields = _fields(one, schedule, now=now)
        shown.append((one, address(one.schedule, **fields) if may else ""))
    return shown


def _fields(
    shift: OwnShift, schedule: NamedSchedule, *, now: datetime
) -> dict[str, str]:
    """What is left of a shift, as the form holds it."""
    start = max(shift.start, this_minute(now))
    fields = {"rotation": shift.rotation, "start": typed_as(start, schedule.zone)}
    # Of what has no end, or one that is too far, the asker says how much.
    if not shift.is_endless and shift.end <= start + LONGEST:
        fields["end"] = typed_as(shift.end, schedule.zone)
    return fields


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate
        self._requests = CoverRequests(desk)

    def blank(self, request: Request, viewer: Viewer) -> Response:
        """Which hours of one's own, and why."""
        schedule = self._schedule(request)
        if not viewer.may(RESPONDER, schedule.team):
            return self._gate.forbidden(viewer, RESPONDER, team=schedule.team)
        values = {one: clean(request.query_params.get(one, "")) for one in FIELDS}
        if not values["start"]:
            values |= self._next(viewer, schedule, values["rotation"])
        values["rotation"] = values["rotation"] or schedule.rotations[0].name
        return self._form(viewer, schedule, Form(values))

    def ask(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Ask those who could take them."""
        schedule = self._schedule(request)
        if not viewer.may(RESPONDER, schedule.team):
            return self._gate.forbidden(viewer, RESPONDER, team=schedule.team)
        values = {one: clean(str(form.get(one, "")), longest=400) for one in FIELDS}
        times: dict[str, datetime] = {}
        problems: dict[str, str] = {}
        for field in ("start", "end"):
            try:
                times[field] = self._begins(instant_of(values[field], schedule.zone))
            except BadMoment as bad:
                problems[field] = str(bad)
        if problems:
            return self._form(viewer, schedule, Form(values, problems), status=422)
        of, back = _swap(values["back"])
        asked = self._requests.ask(
            viewer, schedule.name, values["rotation"], times["start"], times["end"],
            values["why"], of=of, back=back,
        )  # fmt: skip
        if not asked.done:
            wrong = {asked.field: asked.refused} if asked.field else {}
            shown = Form(values, wrong, "" if wrong else asked.refused)
            return self._form(viewer, schedule, shown, status=422)
        said = "Asked. Until somebody takes them the hours are yours."
        return done(_home(schedule), Saying(said))

    def act(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Take it, or withdraw it."""
        schedule = self._schedule(request)
        if not viewer.may(RESPONDER, schedule.team):
            return self._gate.forbidden(viewer, RESPONDER, team=schedule.team)
        number = str(request.path_params["id"])
        if form.get("do") == "withdraw":
            answered = self._requests.withdraw(viewer, number)
            return self._after(answered, schedule, "Withdrawn: the hours are yours.")
        answered = self._requests.take(viewer, number)
        return self._after(
            answered, schedule, "They are yours now; both of you are told."
        )

    def _next(
        self, viewer: Viewer, schedule: NamedSchedule, rotation: str
    ) -> dict[str, str]:
        """The hours of the viewer's own that come next."""
        now = this_minute(self._desk.clock.now())
        alone = Directory(schedules={schedule.name: schedule})
        for one in whole_shifts_of(alone, viewer.person, Window(now, now + _AHEAD)):
            if rotation in ("", one.rotation):
                return _fields(one, schedule, now=now)
        return {}

    def _begins(self, at: datetime) -> datetime:
        """What began while the form was open begins now."""
        now = this_minute(self._desk.clock.now())
        return now if now - _FILLED_IN <= at < now else at

    def _after(
        self, answered: Answered, schedule: NamedSchedule, said: str
    ) -> Response:
        if answered.missing:
            raise HTTPException(404)
        if answered.forbidden:
            raise HTTPException(403, answered.refused)
        return done(
            _home(schedule), Saying(said if answered.done else answered.refused)
        )

    def _schedule(self, request: Request) -> NamedSchedule:
        found = self._desk.directory().schedules.get(request.path_params["name"])
        if found is None or not found.rotations:
            raise HTTPException(404)
        return found

    def _form(
        self, viewer: Viewer, schedule: NamedSchedule, form: Form, *, status: int = 200
    ) -> Response:
        return self._gate.page(
            "cover.html",
            viewer,
            status=status,
            schedule=schedule,
            form=form,
            rotations=[(one.name, one.name) for one in schedule.rotations],
            swaps=self._others(viewer, schedule, form.value("rotation")),
            target=f"/schedules/{quote(schedule.name, safe='')}/cover",
        )

    def _others(
        self, viewer: Viewer, schedule: NamedSchedule, rotation: str
    ) -> list[tuple[str, str]]:
        """Coming shifts of others, to choose one that is taken in return."""
        directory, now = self._desk.directory(), this_minute(self._desk.clock.now())
        found = directory.rotation(f"{schedule.name}/{rotation}")
        if found is None:
            return []
        shown = [("", "Nothing: whoever is free is asked")]
        coming = whole_schedule(found, Window(now, now + _AHEAD))
        for one in coming.shifts[:_MOST]:
            # What has no end cannot be had in return.
            if (
                one.user == viewer.person
                or one.start <= now
                or one.end == coming.seen.end
            ):
                continue
            who = directory.people[one.user].full_name or one.user
            start, end = (
                dated_short(at, schedule.zone, now=now) for at in (one.start, one.end)
            )
            label = f"{who}: {start} to {end}"
            value = f"{one.user}|{one.start.isoformat()}|{one.end.isoformat()}"
            shown.append((value, label))
        return shown


def _swap(text: str) -> tuple[str, tuple[datetime, datetime] | None]:
    """Whose shift was chosen and which, as the option holds it."""
    parts = text.split("|")
    try:
        who, start, end = parts
        return who, (
            datetime.fromisoformat(start).astimezone(UTC),
            datetime.fromisoformat(end).astimezone(UTC),
        )
    except ValueError:
        return "", None


def _home(schedule: NamedSchedule) -> str:
    return f"/schedules/{quote(schedule.name, safe='')}#cover"
