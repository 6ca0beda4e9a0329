"""Rotas made and changed by a form: who takes turns, and when they change hands."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from urllib.parse import quote

from msgspec import Struct
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.directory import Directory
from tocsin.core.excerpts import clean
from tocsin.core.layers import Unit
from tocsin.core.permissions import LEAD
from tocsin.core.rota_effect import RotaEffect
from tocsin.core.rota_patterns import Pattern, pattern_of
from tocsin.core.schedules import next_handoffs
from tocsin.core.wallclock import this_minute, zone_named
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.rotas import Rotas, RotaWish, zone_of
from tocsin.engine.sign_in import Viewer
from tocsin.store import directory as stored
from tocsin.web.filters import whole_number
from tocsin.web.forms import Form, by_field
from tocsin.web.gate import Gate
from tocsin.web.moments import BadMoment, instant_of, typed_as
from tocsin.web.sayings import Saying, done

FIELDS = (
    "name", "team", "rotation", "people", "count", "unit", "weekday", "at", "weekend",
    "begins",
)  # fmt: skip
_UNITS = [
    (Unit.WEEK.value, "weeks"),
    (Unit.DAY.value, "days"),
    (Unit.HOUR.value, "hours"),
]
_DAYS = [
    (str(n), name)
    for n, name in enumerate(
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        1,
    )
]
_MOST_MOVED = 16
_STILL_NOW = timedelta(minutes=15)


class Filled(Struct, frozen=True):
    """What the form holds: `order` everybody who can be chosen, `chosen` who is."""

    values: Mapping[str, str]
    order: tuple[str, ...]
    chosen: tuple[str, ...]


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get("/new/rota", pages.blank, need=LEAD),
        gate.post("/new/rota", pages.make, need=LEAD),
        gate.get("/schedules/{name}/rota", pages.edit, need=LEAD),
        gate.post("/schedules/{name}/rota", pages.change, need=LEAD),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate
        self._rotas = Rotas(desk)

    def blank(self, request: Request, viewer: Viewer) -> Response:
        """A new rota: the viewer's team and all of its people are chosen already."""
        directory = self._desk.directory()
        teams = _led(viewer, directory)
        team = clean(request.query_params.get("team", "")) or (
            teams[0] if teams else ""
        )
        values = {
            "team": team, "name": _free_name(team, directory), "rotation": "Primary",
            "count": "1", "unit": "week", "weekday": "1", "at": "09:00",
            "begins": typed_as(
                this_minute(self._desk.clock.now()), zone_of("", team, directory)
            ),
        }  # fmt: skip
        order = _people(team, directory)
        members = directory.teams[team].members if team in directory.teams else ()
        chosen = tuple(one for one in order if one in members)
        return self._form(viewer, "", Filled(values, order, chosen))

    def make(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Show what it makes, or save it."""
        return self._act(viewer, "", form)

    def edit(self, request: Request, viewer: Viewer) -> Response:
        """A rotation as it is, to be changed from its next handoff on."""
        name, directory = self._known(request), self._desk.directory()
        schedule = directory.schedules[name]
        if not viewer.may(LEAD, schedule.team):
            return self._gate.forbidden(viewer, LEAD, team=schedule.team)
        rotation = clean(request.query_params.get("rotation", ""))
        held = self._desk.database.read(stored.documents)["schedules"][name]
        known = {str(one.get("name")): one for one in held.get("rotations", [])}
        now, zone = self._desk.clock.now(), zone_named(schedule.zone)
        pattern = Pattern(())
        begins = this_minute(now)
        if rotation in known:
            pattern = pattern_of(known[rotation], now=now, zone=zone)
            found = directory.rotation(f"{name}/{rotation}")
            coming = next_handoffs(found, now=now, count=1) if found else ()
            begins = coming[0].at if coming else begins
        values = {
            "team": schedule.team, "name": name,
            "rotation": rotation or ("Primary" if not known else "Secondary"),
            "count": str(pattern.count), "unit": pattern.unit.value,
            "weekday": str(pattern.weekday), "at": pattern.at.strftime("%H:%M"),
            "weekend": "on" if pattern.weekend else "",
            "begins": typed_as(begins, schedule.zone),
        }  # fmt: skip
        others = _people(schedule.team, directory)
        order = tuple(dict.fromkeys((*pattern.people, *others)))
        return self._form(viewer, name, Filled(values, order, pattern.people))

    def change(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Show what it changes, or save it."""
        name = self._known(request)
        team = self._desk.directory().schedules[name].team
        if not viewer.may(LEAD, team):
            return self._gate.forbidden(viewer, LEAD, team=team)
        return self._act(viewer, name, form)

    def _known(self, request: Request) -> str:
        name = str(request.path_params["name"])
        if name not in self._desk.directory().schedules:
            raise HTTPException(404)
        return name

    def _act(self, viewer: Viewer, name: str, form: FormData) -> Response:
        directory = self._desk.directory()
        filled = _filled(form, name, directory)
        word = str(form.get("do", ""))
        if word.startswith("up:"):
            return self._form(viewer, name, _moved_up(filled, word[3:]))
        if word == "team":
            order = _people(filled.values["team"], directory)
            return self._form(viewer, name, Filled(filled.values, order, filled.chosen))
        wish, problems = _wish(filled, name, directory, self._desk.clock.now())
        if wish is None:
            return self._form(viewer, name, filled, problems=problems, status=422)
        if not viewer.may(LEAD, wish.team):
            return self._gate.forbidden(viewer, LEAD, team=wish.team)
        if word != "save":
            plan = self._rotas.plan(wish)
            problems, said = by_field(plan.problems, FIELDS)
            return self._form(
                viewer, name, filled, effect=plan.effect, problems=problems, said=said,
                status=422 if plan.problems else 200,
            )  # fmt: skip
        saved = self._rotas.save(wish, viewer)
        if saved.edited.refused:
            return self._gate.forbidden(viewer, LEAD, team=wish.team)
        if not saved.done:
            found = (*saved.plan.problems, *saved.edited.problems)
            problems, said = by_field(found, FIELDS)
            return self._form(
                viewer, name, filled, problems=problems, status=422,
                said=said or saved.edited.conflict,
            )  # fmt: skip
        to = f"/schedules/{quote(wish.schedule, safe='')}"
        return done(to, Saying("The rota is saved; whoever's hours change is told."))

    def _form(
        self,
        viewer: Viewer,
        name: str,
        filled: Filled,
        *,
        effect: RotaEffect | None = None,
        problems: Mapping[str, str] | None = None,
        said: str = "",
        status: int = 200,
    ) -> Response:
        directory = self._desk.directory()
        target = f"/schedules/{quote(name, safe='')}/rota" if name else "/new/rota"
        team = filled.values.get("team", "")
        return self._gate.page(
            "rota.html",
            viewer,
            status=status,
            directory=directory,
            name=name,
            existing=directory.rotation(f"{name}/{filled.values['rotation']}")
            is not None,
            form=Form(filled.values, problems or {}, said),
            order=filled.order,
            chosen=filled.chosen,
            teams=[(one, one) for one in _led(viewer, directory)],
            units=_UNITS,
            days=_DAYS,
            clock=zone_of(name, team, directory),
            target=target,
            effect=effect,
            moved=effect.moved[:_MOST_MOVED] if effect else (),
            left=max(0, len(effect.moved) - _MOST_MOVED) if effect else 0,
        )


def _led(viewer: Viewer, directory: Directory) -> list[str]:
    return [one for one in sorted(directory.teams) if viewer.may(LEAD, one)]


def _people(team: str, directory: Directory) -> tuple[str, ...]:
    """The team's people first, then everybody else."""
    known = directory.teams.get(team)
    members = known.members if known is not None else ()
    return directory.active((*members, *sorted(directory.people)))


def _free_name(team: str, directory: Directory) -> str:
    name, number = team, 2
    while name in directory.schedules:
        name, number = f"{team}-{number}", number + 1
    return name


def _filled(form: FormData, name: str, directory: Directory) -> Filled:
    values = {one: clean(str(form.get(one, ""))) for one in FIELDS}
    if name:
        values |= {"name": name, "team": directory.schedules[name].team}
    given = [str(one) for one in form.getlist("order")]
    everybody = _people(values["team"], directory)
    order = tuple(
        dict.fromkeys(one for one in (*given, *everybody) if one in everybody)
    )
    chosen = [str(one) for one in form.getlist("people")]
    return Filled(values, order, tuple(one for one in order if one in chosen))


def _moved_up(filled: Filled, person: str) -> Filled:
    order = list(filled.order)
    if person in order:
        place = order.index(person)
        order.insert(max(0, place - 1), order.pop(place))
    chosen = tuple(one for one in order if one in filled.chosen)
    return Filled(filled.values, tuple(order), chosen)


def _wish(
    filled: Filled, name: str, directory: Directory, now: datetime
) -> tuple[RotaWish | None, dict[str, str]]:
    """The wish, or a sentence for each field that cannot be read."""
    values = filled.values
    problems: dict[str, str] = {}
    count = whole_number(values["count"])
    if count is None or not 1 <= count <= 52:
        problems["count"] = "Enter a whole number from 1 to 52."
    try:
        at = time.fromisoformat(values["at"] or "09:00")
    except ValueError:
        at = time(9)
        problems["at"] = "Enter a time such as 09:00."
    team = values["team"]
    try:
        begins = instant_of(values["begins"], zone_of(name, team, directory))
    except BadMoment as bad:
        begins, problems["begins"] = now, str(bad)
    if not name and values["name"] in directory.schedules:
        problems["name"] = "This name is taken; open that schedule, or choose another."
    if not name and team and team not in directory.teams:
        problems["team"] = "Choose a team that is known."
    weekday = values["weekday"] if values["weekday"] in dict(_DAYS) else "1"
    unit = values["unit"] if values["unit"] in dict(_UNITS) else "week"
    if problems or count is None:
        return None, problems
    pattern = Pattern(
        filled.chosen, Unit(unit), count, int(weekday), at, values["weekend"] == "on"
    )
    # What began a minute ago while the form was open begins now.
    if timedelta(0) < this_minute(now) - begins < _STILL_NOW:
        begins = this_minute(now)
    return RotaWish(values["name"], values["rotation"], pattern, begins, team), {}
