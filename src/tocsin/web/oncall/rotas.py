"""Rotas made and changed by a form: who takes turns, and when they change hands."""

from collections.abc import Mapping
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.directory import Directory
from tocsin.core.excerpts import clean
from tocsin.core.oncall.rota_effect import RotaEffect
from tocsin.core.people.permissions import LEAD
from tocsin.core.rotas.rota_patterns import Pattern
from tocsin.core.rotas.rota_reading import Shown
from tocsin.core.rotas.seams import seams
from tocsin.core.wallclock import this_minute
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.oncall.rotas import Rotas, zone_of
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.web.forms import Form, by_field
from tocsin.web.gate import Gate
from tocsin.web.moments import typed_as
from tocsin.web.oncall.rota_fields import (
    AWAY,
    DAYS,
    FIELDS,
    HOURS,
    UNITS,
    Filled,
    filled_in,
    moved_up,
    people_of,
    values_of,
    wish_of,
)
from tocsin.web.sayings import Saying, done

_MOST_MOVED = 16


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
            **values_of(Pattern(())),
            "team": team, "name": _free_name(team, directory), "rotation": "Primary",
            "begins": typed_as(
                this_minute(self._desk.clock.now()), zone_of("", team, directory)
            ),
        }  # fmt: skip
        order = people_of(team, directory)
        members = directory.teams[team].people if team in directory.teams else ()
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
        found = self._rotas.shown(name, rotation)
        if rotation and found is None:
            raise HTTPException(404)
        if found is not None and found.pattern is None:
            return self._in_its_file(viewer, name, rotation, found)
        pattern = found.pattern if found and found.pattern else Pattern(())
        begins = found.begins if found else this_minute(self._desk.clock.now())
        values = {
            **values_of(pattern),
            "team": schedule.team, "name": name,
            "rotation": rotation or ("Secondary" if schedule.rotations else "Primary"),
            "begins": typed_as(begins, schedule.zone),
        }  # fmt: skip
        others = people_of(schedule.team, directory)
        order = tuple(dict.fromkeys((*pattern.people, *others)))
        return self._form(viewer, name, Filled(values, order, pattern.people))

    def change(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Show what it changes, or save it."""
        name = self._known(request)
        team = self._desk.directory().schedules[name].team
        if not viewer.may(LEAD, team):
            return self._gate.forbidden(viewer, LEAD, team=team)
        rotation = clean(str(form.get("rotation", "")))
        found = self._rotas.shown(name, rotation)
        if found is not None and found.pattern is None:
            return self._in_its_file(viewer, name, rotation, found, status=409)
        return self._act(viewer, name, form)

    def _in_its_file(
        self, viewer: Viewer, name: str, rotation: str, found: Shown, status: int = 200
    ) -> Response:
        """Of a rotation that says more than the form can: what, and its file."""
        directory, now = self._desk.directory(), self._desk.clock.now()
        return self._gate.page(
            "rota_file.html",
            viewer,
            status=status,
            directory=directory,
            clock=directory.schedules[name].zone,
            seams=seams(directory.schedules[name].rotations, now=now),
            name=name,
            rotation=rotation,
            beyond=found.beyond,
            file=self._desk.export_one("schedules", name),
        )

    def _known(self, request: Request) -> str:
        name = str(request.path_params["name"])
        if name not in self._desk.directory().schedules:
            raise HTTPException(404)
        return name

    def _act(self, viewer: Viewer, name: str, form: FormData) -> Response:
        directory = self._desk.directory()
        filled = filled_in(form, name, directory)
        word = str(form.get("do", ""))
        if word.startswith("up:"):
            return self._form(viewer, name, moved_up(filled, word[3:]))
        if word == "team":
            order = people_of(filled.values["team"], directory)
            return self._form(viewer, name, Filled(filled.values, order, filled.chosen))
        wish, problems = wish_of(filled, name, directory, self._desk.clock.now())
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
            units=UNITS,
            days=DAYS,
            hours=HOURS,
            away=AWAY,
            clock=zone_of(name, team, directory),
            target=target,
            effect=effect,
            moved=effect.moved[:_MOST_MOVED] if effect else (),
            left=max(0, len(effect.moved) - _MOST_MOVED) if effect else 0,
        )


def _led(viewer: Viewer, directory: Directory) -> list[str]:
    return [one for one in sorted(directory.teams) if viewer.may(LEAD, one)]


def _free_name(team: str, directory: Directory) -> str:
    name, number = team, 2
    while name in directory.schedules:
        name, number = f"{team}-{number}", number + 1
    return name
