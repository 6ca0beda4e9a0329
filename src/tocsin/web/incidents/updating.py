"""An update is written: for whom, in which words, until when; seen before it goes out."""

from datetime import datetime, timedelta
from typing import Any

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.excerpts import clean
from tocsin.core.incidents.cadence import following
from tocsin.core.incidents.incidents import Incident
from tocsin.core.incidents.roles import Role, holder
from tocsin.core.incidents.update_lint import lint
from tocsin.core.incidents.update_templates import TEMPLATES
from tocsin.core.incidents.updates_written import STAGES, Update, as_block
from tocsin.core.people.permissions import RESPONDER
from tocsin.core.status.social import TITLES, Draft, draft
from tocsin.core.status.status_pages import LABELS
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.incidents import updates
from tocsin.engine.incidents.desk import refusal
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import roles as stored_roles
from tocsin.store.database import Tx
from tocsin.web.filters import whole_number
from tocsin.web.forms import Form
from tocsin.web.gate import Gate
from tocsin.web.incidents import telling
from tocsin.web.sayings import Saying, done

_FIELDS = ("audience", "stage", "body", "impact", "team", "minutes", "key")
_STAGE_OF = {"declared": "investigating", "detected": "investigating"}


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get("/incidents/{number:int}/update", pages.form, need=RESPONDER),
        gate.post("/incidents/{number:int}/update", pages.write, need=RESPONDER),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def form(self, request: Request, viewer: Viewer) -> Response:
        """The form, with the stage that the incident is in."""
        incident, commander = self._known(request, viewer)
        now = self._desk.clock.now()
        soon = following(incident.severity, sent=now, promised=None) - now
        state = incident.state.value
        stage = _STAGE_OF.get(state, state)
        values = {
            "audience": request.query_params.get("audience", "internal"),
            "stage": stage if stage in STAGES else "update",
            "minutes": str(int(soon.total_seconds() // 60)) if incident.is_open else "",
            "key": self._desk.new_id(),
        }
        template = request.query_params.get("template", "")
        if template in TEMPLATES:
            values["body"] = TEMPLATES[template].text
        return self._page(viewer, incident, commander, values)

    def write(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Look at it, or send it."""
        incident, commander = self._known(request, viewer)
        forbidden = refusal(viewer, incident)
        if forbidden:
            return self._gate.forbidden(viewer, RESPONDER, forbidden)
        values = {name: clean(str(form.get(name, ""))) for name in _FIELDS}
        values |= telling.typed(form)
        update = self._update(values, viewer, form, incident)
        if form.get("do") != "send":
            return self._page(viewer, incident, commander, values, update)
        acted = self._desk.incidents.act(
            incident.number, viewer, "update",
            lambda scene: updates.write(scene, update, key=values["key"][:100]),
        )  # fmt: skip
        if acted.refused:
            field, mark, rest = acted.refused.partition(": ")
            known = {field: f"{rest[:1].upper()}{rest[1:]}."} if mark else {}
            said = "" if mark else acted.refused
            return self._page(
                viewer, incident, commander, values, update, known, said, status=409
            )
        waits = update.audience == "external" and commander != viewer.person
        said = "The update waits for the commander." if waits else "The update is out."
        return done(f"/incidents/{incident.number}", Saying(said))

    def _known(self, request: Request, viewer: Viewer) -> tuple[Incident, str]:
        number = request.path_params["number"]

        def work(tx: Tx) -> tuple[Incident | None, str]:
            found = self._desk.incidents.seen(tx, number, viewer)
            held = stored_roles.of_incident(tx, number) if found else []
            return found, holder(held, Role.IC)

        incident, commander = self._desk.database.read(work)
        if incident is None:
            raise HTTPException(404)
        return incident, commander

    def _update(
        self, values: dict[str, str], viewer: Viewer, form: FormData, incident: Incident
    ) -> Update:
        asked = form.getlist("social")
        is_outside = values["audience"] == "external"
        pages = self._desk.directory().status_pages.values()
        is_over = values["stage"] == "resolved"
        components = telling.chosen(form, pages, incident, is_over=is_over)
        now = self._desk.clock.now()
        return Update(
            audience="external" if is_outside else "internal",
            stage=values["stage"] if values["stage"] in STAGES else "update",
            body=values["body"],
            author=viewer.person,
            made_at=now,
            impact=values["impact"],
            team=values["team"],
            next_at=_later(values["minutes"], now),
            components=components if is_outside else {},
            channels=tuple(
                name
                for name in self._desk.social_networks
                if is_outside and name in asked
            ),
        )

    def _page(
        self,
        viewer: Viewer,
        incident: Incident,
        commander: str,
        values: dict[str, str],
        update: Update | None = None,
        problems: dict[str, str] | None = None,
        said: str = "",
        *,
        status: int = 200,
    ) -> Response:
        directory = self._desk.directory()
        shown = update if update is not None and update.body.strip() else None
        advice: Any = ()
        if shown is not None and shown.audience == "external":
            names = [*directory.people, *directory.teams, *directory.services]
            is_total = incident.impact.share == 100
            advice = lint(shown.body, names=names, is_total=is_total)
        return self._gate.page(
            "incident_update.html",
            viewer,
            status=status,
            incident=incident,
            directory=directory,
            commander=commander,
            form=Form(values, problems or {}, said),
            stages=[(one, one.capitalize()) for one in STAGES],
            templates=TEMPLATES,
            shown=shown,
            networks=[(one, TITLES[one]) for one in self._desk.social_networks],
            posted_on=shown.channels if shown else (),
            drafts=self._drafts(shown),
            block=as_block(shown, zone=incident.zone) if shown else "",
            advice=advice,
            places=self._places(incident, update, values),
            labels=LABELS,
        )

    def _places(
        self, incident: Incident, update: Update | None, values: dict[str, str]
    ) -> list[telling.Place]:
        pages = self._desk.directory().status_pages.values()
        said = update.components if update else {}
        is_over = values.get("stage") == "resolved"
        return self._desk.database.read(
            lambda tx: telling.places(tx, pages, incident, said, is_over=is_over)
        )

    def _drafts(self, update: Update | None) -> list[tuple[str, Draft]]:
        """What it would be as a post, under each network's name."""
        if update is None:
            return []
        link = self._desk.social_link
        return [
            (TITLES[name], draft(name, update.body, link=link))
            for name in update.channels
        ]


def _later(text: str, now: datetime) -> datetime | None:
    minutes = whole_number(text)
    if not minutes:
        return None
    return now + timedelta(minutes=min(minutes, 7 * 24 * 60))
