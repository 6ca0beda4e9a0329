"""Somebody stands in: the form of an override, with what it changes shown before."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from msgspec import Struct
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.directory import Directory, NamedSchedule
from tocsin.core.durations import words
from tocsin.core.excerpts import clean
from tocsin.core.oncall.override_effect import Candidate, candidates, sentences
from tocsin.core.people.permissions import LEAD, RESPONDER
from tocsin.core.rotas.schedules import final_schedule, on_call_at
from tocsin.core.wallclock import Window, this_minute
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.oncall.overrides import LONGEST, Overrides, Plan, Wish
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.web.forms import Form, by_field
from tocsin.web.gate import Gate
from tocsin.web.moments import BadMoment, instant_of, typed_as
from tocsin.web.oncall.cover_requests import address as cover_form
from tocsin.web.sayings import Saying, done

FIELDS = ("rotation", "start", "end", "person", "leaving")
_USUAL = timedelta(hours=8)


class Typed(Struct, frozen=True):
    """What was typed, as far as it can be read."""

    values: Mapping[str, str]
    problems: Mapping[str, str]
    start: datetime | None = None
    end: datetime | None = None


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get("/schedules/{name}/override", pages.blank, need=RESPONDER),
        gate.post("/schedules/{name}/override", pages.save, need=RESPONDER),
        gate.post("/schedules/{name}/override/end", pages.end, need=RESPONDER),
    ]


def address(schedule: str, **fields: str) -> str:
    """The form's address, filled in."""
    query = urlencode({key: value for key, value in fields.items() if value})
    return f"/schedules/{quote(schedule, safe='')}/override?{query}"


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate
        self._overrides = Overrides(desk)

    def blank(self, request: Request, viewer: Viewer) -> Response:
        """The form, for the hours of the address or the next eight."""
        schedule = self._schedule(request)
        if not viewer.may(RESPONDER, schedule.team):
            return self._gate.forbidden(viewer, RESPONDER, team=schedule.team)
        values = {one: clean(request.query_params.get(one, "")) for one in FIELDS}
        now = this_minute(self._desk.clock.now())
        if not values["rotation"]:
            values["rotation"] = schedule.rotations[0].name
        for field, at in (("start", now), ("end", now + _USUAL)):
            values[field] = values[field] or typed_as(at, schedule.zone)
        typed = _typed(values, schedule)
        if not values["person"]:
            values["person"] = self._first_choice(schedule, typed, viewer)
        return self._form(viewer, schedule, typed)

    def save(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Show what it changes, or save it."""
        schedule = self._schedule(request)
        if not viewer.may(RESPONDER, schedule.team):
            return self._gate.forbidden(viewer, RESPONDER, team=schedule.team)
        values = {one: clean(str(form.get(one, ""))) for one in FIELDS}
        typed = _typed(values, schedule)
        if typed.problems or typed.start is None or typed.end is None:
            return self._form(viewer, schedule, typed, status=422)
        wish = Wish(
            schedule=schedule.name,
            rotation=values["rotation"],
            # What began a minute ago while the form was open begins now.
            start=self._begins(typed.start),
            end=typed.end,
            person=values["person"],
            leaving=values["leaving"],
        )
        if form.get("do") != "save":
            return self._planned(viewer, schedule, typed, self._overrides.plan(wish))
        placed = self._overrides.place(wish, viewer)
        if placed.edited.refused:
            return self._gate.forbidden(viewer, LEAD, team=schedule.team)
        if not placed.done:
            return self._planned(viewer, schedule, typed, placed.plan)
        first = wish.start.date().isoformat()
        to = f"/schedules/{quote(schedule.name, safe='')}?from={first}"
        override = placed.plan.override
        undo = {"rotation": wish.rotation, "override": override.id if override else ""}
        return done(
            to,
            Saying(
                "The override is saved.",
                f"/schedules/{quote(schedule.name, safe='')}/override/end",
                undo,
            ),
        )

    def end(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Take an override back."""
        schedule = self._schedule(request)
        if not viewer.may(RESPONDER, schedule.team):
            return self._gate.forbidden(viewer, RESPONDER, team=schedule.team)
        placed = self._overrides.end(
            schedule.name,
            clean(str(form.get("rotation", ""))),
            clean(str(form.get("override", ""))),
            viewer,
        )
        if placed.edited.refused:
            return self._gate.forbidden(viewer, LEAD, team=schedule.team)
        said = "The override is taken back; what of it has happened stays."
        if not placed.done:
            wrong = [f"Expected {one.expected}." for one in placed.plan.problems]
            said = placed.plan.missing or " ".join(wrong)
        return done(f"/schedules/{quote(schedule.name, safe='')}", Saying(said))

    def _begins(self, start: datetime) -> datetime:
        now = this_minute(self._desk.clock.now())
        return now if now - timedelta(minutes=15) <= start < now else start

    def _schedule(self, request: Request) -> NamedSchedule:
        found = self._desk.directory().schedules.get(request.path_params["name"])
        if found is None or not found.rotations:
            raise HTTPException(404)
        return found

    def _first_choice(
        self, schedule: NamedSchedule, typed: Typed, viewer: Viewer
    ) -> str:
        if not viewer.may(LEAD, schedule.team):
            return viewer.person
        found = self._candidates(self._desk.directory(), schedule, typed)
        return found[0].person if found and found[0].free else ""

    def _candidates(
        self, directory: Directory, schedule: NamedSchedule, typed: Typed
    ) -> list[Candidate]:
        rotation = directory.rotation(f"{schedule.name}/{typed.values['rotation']}")
        hours = _hours(typed)
        if rotation is None or hours is None:
            return []
        channels = self._desk.contacts.channels()
        return candidates(directory, schedule, rotation, hours, channels)

    def _planned(
        self, viewer: Viewer, schedule: NamedSchedule, typed: Typed, plan: Plan
    ) -> Response:
        directory = self._desk.directory()
        if plan.effect is None:
            problems, said = by_field(plan.problems, FIELDS)
            said = said or plan.missing
            wrong = Typed(typed.values, problems, typed.start, typed.end)
            return self._form(viewer, schedule, wrong, said=said, status=422)

        def called(name: str) -> str:
            person = directory.people.get(name)
            return (person.full_name if person else "") or name

        effect = sentences(plan.effect, called)
        return self._form(viewer, schedule, typed, effect=effect)

    def _form(
        self,
        viewer: Viewer,
        schedule: NamedSchedule,
        typed: Typed,
        *,
        effect: list[tuple[str, str]] | None = None,
        said: str = "",
        status: int = 200,
    ) -> Response:
        directory = self._desk.directory()
        leads = viewer.may(LEAD, schedule.team)
        found = self._candidates(directory, schedule, typed)
        if not leads:
            found = [one for one in found if one.person == viewer.person]
        return self._gate.page(
            "override.html",
            viewer,
            status=status,
            directory=directory,
            schedule=schedule,
            form=Form(typed.values, typed.problems, said),
            rotations=[(one.name, one.name) for one in schedule.rotations],
            candidates=[(one, about(one)) for one in found],
            on_then=_on_then(directory, schedule, typed),
            instead=[
                (one, person.full_name or one)
                for one in _on_then(directory, schedule, typed)
                if (person := directory.people.get(one)) is not None
            ],
            leads=leads,
            # Who cannot hand hours on can ask others to take them.
            ask_cover=_own_hours_given_away(directory, schedule, typed, viewer.person),
            effect=effect,
            target=f"/schedules/{quote(schedule.name, safe='')}/override",
        )


def _own_hours_given_away(
    directory: Directory, schedule: NamedSchedule, typed: Typed, person: str
) -> str:
    """The form that asks for cover, where `person` is on call in all of the hours."""
    rotation = directory.rotation(f"{schedule.name}/{typed.values['rotation']}")
    hours = _hours(typed)
    if rotation is None or hours is None:
        return ""
    final = final_schedule(rotation, hours)
    if final.gaps or {one.user for one in final.shifts} != {person}:
        return ""
    fields = {one: typed.values[one] for one in ("rotation", "start", "end")}
    return cover_form(schedule.name, **fields)


def _typed(values: dict[str, str], schedule: NamedSchedule) -> Typed:
    problems: dict[str, str] = {}
    times: dict[str, Any] = {}
    for field in ("start", "end"):
        try:
            times[field] = instant_of(values[field], schedule.zone)
        except BadMoment as bad:
            problems[field] = str(bad)
    return Typed(values, problems, times.get("start"), times.get("end"))


def _hours(typed: Typed) -> Window | None:
    if typed.start is None or typed.end is None or typed.end <= typed.start:
        return None
    return Window(typed.start, min(typed.end, typed.start + LONGEST))


def _on_then(
    directory: Directory, schedule: NamedSchedule, typed: Typed
) -> tuple[str, ...]:
    """Who is on call when the override would begin."""
    rotation = directory.rotation(f"{schedule.name}/{typed.values['rotation']}")
    if rotation is None or typed.start is None:
        return ()
    shifts = on_call_at(rotation, now=typed.start)
    return tuple(dict.fromkeys(one.user for one in shifts))


def about(one: Candidate) -> str:
    """A line that says what speaks for or against somebody."""
    if one.away:
        return "on leave then"
    if one.busy:
        return f"on call then already: {one.busy}"
    hours = round(one.hours.total_seconds() / 3600)
    said = f"free, {hours} h in 28 days; would make {words(one.in_a_row)} in a row"
    if one.rest is not None:
        apart = f"only {words(one.rest)} off call" if one.rest else "no time off call"
        said = f"free, but {apart} beside another shift"
    return f"{said}; not reachable: {one.unreachable}" if one.unreachable else said
