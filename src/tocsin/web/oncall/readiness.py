"""Getting ready for a first shift: everybody's checklist, shadow shifts, settings."""

from datetime import datetime
from urllib.parse import quote

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.directory import NamedSchedule
from tocsin.core.excerpts import clean
from tocsin.core.oncall.growing import SIGNED_OFF, USUAL
from tocsin.core.people.permissions import LEAD
from tocsin.engine.editing import Edited
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.oncall.growing import Growing
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.web.forms import Form
from tocsin.web.gate import Gate
from tocsin.web.moments import BadMoment, instant_of
from tocsin.web.refusals import refused, status_of
from tocsin.web.sayings import Saying, done

_MOST_ITEMS = 20


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get("/schedules/{name}/readiness", pages.show),
        gate.post("/schedules/{name}/readiness", pages.act, need=LEAD),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate
        self._growing = Growing(desk)

    def show(self, request: Request, viewer: Viewer) -> Response:
        """Everybody's checklist."""
        return self._page(viewer, self._schedule(request), None)

    def act(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """A form of the page."""
        schedule = self._schedule(request)
        if not viewer.may(LEAD, schedule.team):
            return self._gate.forbidden(viewer, LEAD, team=schedule.team)
        word = str(form.get("do", ""))
        if word == "shadow":
            return self._shadow(viewer, schedule, form)
        if word == "settings":
            lines = _text(form, "items").splitlines()
            items = list(
                dict.fromkeys(one.strip()[:100] for one in lines if one.strip())
            )
            made = self._growing.set_up(
                viewer, schedule.name, contact_test=bool(form.get("contact_test")),
                items=items[:_MOST_ITEMS],
            )  # fmt: skip
            return self._after(viewer, schedule, made, form, "Saved.")
        if word.startswith("end-"):
            index = int(word[4:]) if word[4:].isdecimal() else -1
            made = self._growing.end_shadow(viewer, schedule.name, index)
            return self._after(
                viewer, schedule, made, form, "They follow it no longer."
            )
        person, item = _text(form, "person"), _text(form, "item")
        wrong = self._growing.tick(
            viewer, schedule.name, person, item, done=word != "untick"
        )
        if wrong:
            return self._page(viewer, schedule, Form({}, {}, wrong), status=422)
        said = f"{person} is signed off." if item == SIGNED_OFF else "Ticked."
        return done(
            _home(schedule), Saying(said if word != "untick" else "Taken back.")
        )

    def _shadow(
        self, viewer: Viewer, schedule: NamedSchedule, form: FormData
    ) -> Response:
        names = ("rotation", "user", "from", "until")
        values = {one: _text(form, one) for one in names}
        times: dict[str, datetime] = {}
        problems: dict[str, str] = {}
        for field in ("from", "until"):
            try:
                times[field] = instant_of(values[field], schedule.zone)
            except BadMoment as bad:
                problems[field] = str(bad)
        if not problems and times["from"] >= times["until"]:
            problems["until"] = "Expected a time after the first."
        if problems:
            return self._page(viewer, schedule, Form(values, problems), status=422)
        made = self._growing.shadow(
            viewer, schedule.name, values["rotation"], values["user"],
            times["from"], times["until"],
        )  # fmt: skip
        said = f"{values['user']} follows it and gets copies."
        return self._after(viewer, schedule, made, form, said)

    def _after(
        self,
        viewer: Viewer,
        schedule: NamedSchedule,
        made: Edited,
        form: FormData,
        said: str,
    ) -> Response:
        if made.done:
            return done(_home(schedule), Saying(said))
        typed = {key: str(value) for key, value in form.items()}
        again = refused(typed, made)
        return self._page(viewer, schedule, again, status=status_of(made))

    def _schedule(self, request: Request) -> NamedSchedule:
        found = self._desk.directory().schedules.get(request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        return found

    def _page(
        self,
        viewer: Viewer,
        schedule: NamedSchedule,
        form: Form | None,
        *,
        status: int = 200,
    ) -> Response:
        directory = self._desk.directory()
        people = [
            (name, directory.people[name].full_name or name)
            for name in sorted(directory.active(directory.people))
        ]
        return self._gate.page(
            "readiness.html",
            viewer,
            status=status,
            directory=directory,
            schedule=schedule,
            learners=self._growing.listing(schedule.name) or [],
            signed_off=SIGNED_OFF,
            may_change=viewer.may(LEAD, schedule.team),
            rotations=[(one.name, one.name) for one in schedule.rotations],
            people=people,
            target=_home(schedule),
            form=form or Form(),
            usual=USUAL,
            kept=Form(
                {
                    "items": "\n".join(schedule.readiness),
                    "contact_test": "on" if schedule.contact_test else "",
                }
            ),
        )


def _text(form: FormData, name: str) -> str:
    return clean(str(form.get(name, "")), longest=3000).strip()


def _home(schedule: NamedSchedule) -> str:
    return f"/schedules/{quote(schedule.name, safe='')}/readiness"
