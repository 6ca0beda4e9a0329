"""`/setup`: the first run, five steps to a page that somebody answered. Then it is gone."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.people.permissions import ADMIN
from tocsin.engine import first_page, first_run
from tocsin.engine import integrations as engine
from tocsin.engine.first_run import Progress
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.oncall import first_rota
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.store import directory as stored_directory
from tocsin.store.database import Tx
from tocsin.store.instants import from_micros_or_none
from tocsin.web.filters import whole_number
from tocsin.web.forms import Form
from tocsin.web.gate import Gate
from tocsin.web.integration_form import refused, values
from tocsin.web.oncall.rota_form import rota_of
from tocsin.web.sayings import Saying, done

PATH = "/setup"
STEPS = ("This installation", "You", "Mail", "Page me", "Your first team")
_TEXT = """This mail was asked for while Tocsin was set up.

It came, so pages and sign-in links can come by mail as well.
"""


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get(PATH, pages.show, need=ADMIN),
        gate.post(PATH, pages.act, need=ADMIN),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def show(
        self,
        request: Request,
        viewer: Viewer,
        *,
        step: int = 0,
        form: Form | None = None,
        status: int = 200,
    ) -> Response:
        """One step. Raises 404 when there is nothing to set up any more."""
        found = self._open()
        step = step or whole_number(request.query_params.get("step")) or found.step
        step = min(max(step, 1), len(STEPS))
        hops, acked = first_page.hops(self._desk, found)
        return self._gate.page(
            "setup.html",
            viewer,
            status=status,
            steps=STEPS,
            step=step,
            progress=found,
            form=form or Form(self._filled(step, viewer)),
            hops=hops,
            acked=acked,
            ready=self._desk.connections.ready,
            public_url=self._desk.public_url,
            host=str(request.base_url).rstrip("/"),
            me=self._desk.directory().people[viewer.person],
            senders=[
                (one.type, one.title)
                for one in self._desk.connections.senders
                if one.key not in ("vmalert", "amtool", "tocsin")
            ],
            **self._source(found),
        )

    def _source(self, found: Progress) -> dict[str, Any]:
        """The first integration with its snippets, and whether it was heard of."""
        directory = self._desk.directory()
        one = next((i for i in directory.integrations if i.name == found.source), None)
        if one is None:
            return {"source": None, "snippets": [], "heard_at": None}

        def work(tx: Tx) -> Any:
            pings = engine.pings(tx, one)
            heard = stored_directory.last_events(tx).get(one.id)
            return pings.last_at if pings else from_micros_or_none(heard)

        return {
            "source": one,
            "snippets": self._desk.connections.snippets(one, with_key=True),
            "heard_at": self._desk.database.read(work),
        }

    def _filled(self, step: int, viewer: Viewer) -> Mapping[str, str]:
        directory = self._desk.directory()
        person = directory.people[viewer.person]
        if step == 1:
            return {"organisation": directory.organisation, "time_zone": directory.zone}
        if step == 2:
            mail = "" if person.email.endswith("@localhost") else person.email
            return {
                "full_name": person.full_name,
                "email": mail,
                "time_zone": person.zone,
            }
        if step == 5:
            return {
                "team": "operations",
                "primary": viewer.person,
                "delay": "15",
                "repeats": "2",
                "source": "prometheus",
            }
        return {"by": "ntfy"}

    def act(self, request: Request, viewer: Viewer, sent: FormData) -> Response:
        """A form of one of the steps."""
        found = self._open()
        given = values(sent)
        word = given.get("do", "")
        acts = {
            "installation": self._installation,
            "you": self._you,
            "mail": self._mail,
            "contact": self._contact,
            "page": self._page_me,
            "rota": self._rota,
        }
        if word in acts:
            return acts[word](request, viewer, given)
        if word == "acknowledge" and found.test:
            acted = first_page.acknowledge(self._desk, viewer, found.test)
            form = Form({}, {}, acted.refused)
            if acted.refused:
                return self.show(request, viewer, step=4, form=form, status=409)
            return done(f"{PATH}?step=4")
        if word == "finish":
            first_run.finish(self._desk, viewer)
            return done("/", Saying("Tocsin is set up. Welcome on watch."))
        form = Form({}, {}, "Choose one of the buttons.")
        return self.show(request, viewer, form=form, status=422)

    def _installation(
        self, request: Request, viewer: Viewer, given: Mapping[str, str]
    ) -> Response:
        document = {
            "name": given.get("organisation", "").strip(),
            "time_zone": given.get("time_zone", "").strip(),
        }
        problems = {}
        if not document["name"]:
            problems["organisation"] = "Enter a name, such as that of your company."
        applied = None
        if not problems:
            applied = first_run.applied(self._desk, viewer, {"organisation": document})
            if applied.problems:
                problems["time_zone"] = (
                    "Enter an IANA time zone, such as Europe/Berlin."
                )
        if problems:
            form = Form(given, problems)
            return self.show(request, viewer, step=1, form=form, status=422)
        return self._next(2)

    def _you(
        self, request: Request, viewer: Viewer, given: Mapping[str, str]
    ) -> Response:
        change = {
            name: given.get(name, "").strip()
            for name in ("full_name", "email", "time_zone")
        }
        problems = {}
        if not change["full_name"]:
            problems["full_name"] = "Enter your name, as others know you."
        if not change["email"]:
            problems["email"] = "Enter your mail address, such as ana@example.com."
        if problems:
            form = Form(given, problems)
            return self.show(request, viewer, step=2, form=form, status=422)
        return self._edited(request, viewer, given, change, step=2)

    def _edited(
        self,
        request: Request,
        viewer: Viewer,
        given: Mapping[str, str],
        change: Mapping[str, object],
        *,
        step: int,
    ) -> Response:
        edited = first_run.me(self._desk, viewer, change)
        if edited.done:
            return self._next(step + 1)
        form = refused(given, edited)
        return self.show(request, viewer, step=step, form=form, status=422)

    def _mail(
        self, request: Request, viewer: Viewer, given: Mapping[str, str]
    ) -> Response:
        person = self._desk.directory().people[viewer.person]
        try:
            said = self._desk.connections.mail(person.email, "Mail works", _TEXT)
        except (DeliveryFailed, DeliveryUnknown, LookupError) as error:
            form = Form(given, {}, f"The mail could not be sent: {error}")
            return self.show(request, viewer, step=3, form=form, status=422)
        first_run.remember(self._desk, step=4)
        text = f"Sent to {person.email}; the server said: {said}"[:300]
        return done(f"{PATH}?step=3", Saying(text))

    def _contact(
        self, request: Request, viewer: Viewer, given: Mapping[str, str]
    ) -> Response:
        by, address = given.get("by", ""), given.get("address", "").strip()
        if not address:
            problems = {"address": "Enter a topic, or the address of a webhook."}
            form = Form(given, problems)
            return self.show(request, viewer, step=3, form=form, status=422)
        # No steps: the usual ones follow whatever contacts are added later.
        change = {"contacts": [{"by": by, "address": address}]}
        return self._edited(request, viewer, given, change, step=3)

    def _page_me(
        self, request: Request, viewer: Viewer, given: Mapping[str, str]
    ) -> Response:
        try:
            first_page.page_me(self._desk, viewer)
        except (ValueError, TimeoutError) as error:
            said = str(error) or "The alert was not answered in time."
            form = Form({}, {}, said)
            return self.show(request, viewer, step=4, form=form, status=422)
        first_run.remember(self._desk, step=4)
        return done(f"{PATH}?step=4")

    def _rota(
        self, request: Request, viewer: Viewer, given: Mapping[str, str]
    ) -> Response:
        answers, problems = rota_of(given)
        if answers is None:
            form = Form(given, problems)
            return self.show(request, viewer, step=5, form=form, status=422)
        applied, name = first_rota.rota(self._desk, viewer, answers)
        if applied.problems:
            form = Form(given, {}, " ".join(applied.problems[:5]))
            return self.show(request, viewer, step=5, form=form, status=422)
        first_run.remember(self._desk, source=name, step=5)
        return done(f"{PATH}?step=5", Saying(f"{answers.team} is on watch."))

    def _next(self, step: int) -> Response:
        first_run.remember(self._desk, step=step)
        return done(f"{PATH}?step={step}")

    def _open(self) -> Progress:
        def work(tx: Tx) -> Progress | None:
            directory = self._desk.directories.current(tx)
            if not first_run.is_open(tx, directory):
                return None
            return first_run.progress(tx) or Progress()

        found = self._desk.database.read(work)
        if found is None:
            raise HTTPException(404)
        return found
