"""Thanks: a word to somebody, and what was said lately. No list of who has the most."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.excerpts import clean
from tocsin.core.people.permissions import RESPONDER
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.oncall.thanks import LONGEST, newest, say
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.web.forms import Form
from tocsin.web.gate import Gate
from tocsin.web.sayings import Saying, done

PAGE = "/thanks"


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get(PAGE, pages.show),
        gate.post(PAGE, pages.say, need=RESPONDER),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def show(self, request: Request, viewer: Viewer) -> Response:
        """The form and what was said."""
        to = clean(request.query_params.get("to", ""), longest=100)
        return self._page(viewer, Form({"to": to}))

    def say(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Say it."""
        to = clean(str(form.get("to", "")), longest=100)
        text = clean(str(form.get("text", "")), longest=LONGEST).strip()
        field, wrong = say(self._desk, viewer, to, text)
        if wrong:
            again = Form({"to": to, "text": text}, {field: wrong})
            return self._page(viewer, again, status=422)
        return done(PAGE, Saying("Said."))

    def _page(self, viewer: Viewer, form: Form, *, status: int = 200) -> Response:
        directory = self._desk.directory()
        people = [
            (name, directory.people[name].full_name or name)
            for name in sorted(directory.active(directory.people))
            if name != viewer.person
        ]
        return self._gate.page(
            "thanks.html",
            viewer,
            status=status,
            directory=directory,
            people=people,
            form=form,
            found=newest(self._desk),
        )
