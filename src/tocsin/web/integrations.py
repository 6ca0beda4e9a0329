"""What can be connected, and what is: every sender, when it was heard of, what failed."""

from typing import Any
from urllib.parse import quote, urlencode

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tocsin.core.directory import Directory, Integration
from tocsin.core.excerpts import clean
from tocsin.core.people.permissions import LEAD
from tocsin.engine.editing import Change
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.interfaces.arrivals import Channel, Sender
from tocsin.store import directory as stored_directory
from tocsin.store import inbound
from tocsin.store.database import Tx
from tocsin.store.instants import from_micros_or_none
from tocsin.web import integration_form as forms
from tocsin.web.forms import Form
from tocsin.web.gate import Gate
from tocsin.web.sayings import Saying, done

HOME = "/admin/integrations"
_ROWS = 50
_STATES = ("", "silent", "rejects", "paused")


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes; the last is the address of the first release."""
    pages = _Pages(desk, gate)
    return [
        gate.get(HOME, pages.integrations),
        gate.get(f"{HOME}/new", pages.new, need=LEAD),
        gate.post(f"{HOME}/new", pages.create, need=LEAD),
        gate.get("/integrations", pages.integrations),
    ]


def path_of(name: str) -> str:
    """The page of one integration."""
    return f"{HOME}/{quote(name, safe='')}"


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    # long because: one list with its filters, and the catalogue that they search too.
    def integrations(self, request: Request, viewer: Viewer) -> Response:
        """The list with its search, and the catalogue."""
        query = request.query_params
        if query.get("rejects"):
            return RedirectResponse(path_of(query["rejects"]) + "#rejects", 303)
        q = clean(query.get("q", ""), longest=200).strip()
        state = query.get("state", "")
        state = state if state in _STATES else ""
        after = clean(query.get("after", ""), longest=100)
        directory, heard, rejects = self._desk.database.read(self._facts)
        hidden = directory.hidden_from(viewer.grant)
        known = [i for i in directory.integrations if i.service not in hidden]
        found = [
            one
            for one in known
            if _matches(q, one.name, one.type, one.service)
            and _is_in(state, one, heard, rejects)
            and one.name > after
        ]
        found.sort(key=_name)
        shown = found[:_ROWS]
        return self._gate.page(
            "integrations.html",
            viewer,
            directory=directory,
            total=len(known),
            shown=shown,
            kept={i.name for i in shown if _keeps(viewer, directory, i)},
            heard=heard,
            rejects=rejects,
            q=q,
            state=state,
            chips=_chips(q, state),
            older=_address(q, state, shown[-1].name) if len(found) > _ROWS else "",
            newer=_address(q, state) if after else "",
            senders=[one for one in self._desk.connections.senders if _sends(q, one)],
            channels=[
                (one, one.channel in self._desk.connections.ready)
                for one in self._desk.connections.channels
                if _reaches(q, one)
            ],
            may_add=viewer.may_somewhere(LEAD),
            path_of=path_of,
        )

    def _facts(self, tx: Tx) -> tuple[Directory, dict[int, Any], dict[int, int]]:
        heard = {
            number: from_micros_or_none(at)
            for number, at in stored_directory.last_events(tx).items()
        }
        return self._desk.directories.current(tx), heard, inbound.reject_counts(tx)

    def new(
        self,
        request: Request,
        viewer: Viewer,
        *,
        form: Form | None = None,
        status: int = 200,
    ) -> Response:
        """The form of a new one."""
        asked = form.value("sender") if form is not None else ""
        sender = self._sender(asked or request.query_params.get("type", ""))
        directory = self._desk.directory()
        services = services_of(viewer, directory)
        given = clean(request.query_params.get("service", ""), longest=100)
        service = given if given in services else next(iter(services), "")
        first = {
            "sender": sender.key,
            "service": service,
            **forms.defaults(sender.type),
        }
        first["name"] = _free_name(directory, f"{service}-{sender.key}".strip("-"))
        filled = self._desk.connections.filled(sender, key="KEY", name=first["name"])
        return self._gate.page(
            "integration_new.html",
            viewer,
            status=status,
            sender=sender,
            snippets=filled,
            services=[(one, one) for one in services],
            form=form or Form(first),
        )

    def create(self, request: Request, viewer: Viewer, sent: FormData) -> Response:
        """Make it; the next page waits for its first event."""
        values = forms.values(sent)
        sender = self._sender(values.get("sender", ""))
        name = values.get("name", "").strip()
        document, problems = forms.document(values, sender.type)
        if not name:
            problems = {
                "name": "Give it a name, such as checkout-prometheus."
            } | problems
        if problems:
            return self.new(request, viewer, form=Form(values, problems), status=422)
        change = Change("integrations", name, {**document, "name": name}, "")
        made = self._desk.edit(change, viewer, viewer.actor)
        if not made.done:
            form = forms.refused(values, made)
            return self.new(request, viewer, form=form, status=forms.status_of(made))
        return done(path_of(name), Saying(f"{name} is ready. Paste what is below."))

    def _sender(self, key: str) -> Sender:
        senders = self._desk.connections.senders
        found = self._desk.connections.sender(key) or next(
            (one for one in senders if one.type == key), None
        )
        if found is None and key:
            raise HTTPException(404)
        return found or senders[0]


def services_of(viewer: Viewer, directory: Directory) -> list[str]:
    """The services that a viewer may connect something to."""
    return sorted(
        one.name for one in directory.services.values() if viewer.may(LEAD, one.team)
    )


def _keeps(viewer: Viewer, directory: Directory, one: Integration) -> bool:
    return viewer.may(LEAD, directory.team_of(one.service))


def _free_name(directory: Directory, wanted: str) -> str:
    taken = {one.name for one in directory.integrations}
    names = (wanted, *(f"{wanted}-{number}" for number in range(2, 1000)))
    return next((name for name in names if name not in taken), "")


def _matches(q: str, *texts: str) -> bool:
    return all(word in " ".join(texts).lower() for word in q.lower().split())


def _sends(q: str, one: Sender) -> bool:
    return _matches(q, one.title, one.type, one.about, one.words, *one.gives)


def _reaches(q: str, one: Channel) -> bool:
    return _matches(q, one.title, one.channel, one.about, one.setting)


def _is_in(
    state: str, one: Integration, heard: dict[int, Any], rejects: dict[int, int]
) -> bool:
    return {
        "silent": heard.get(one.id) is None,
        "rejects": one.id in rejects,
        "paused": one.paused,
    }.get(state, True)


def _address(q: str, state: str, after: str = "") -> str:
    pairs = [("q", q), ("state", state), ("after", after)]
    text = urlencode([(name, value) for name, value in pairs if value])
    return f"{HOME}?{text}" if text else HOME


def _chips(q: str, state: str) -> list[tuple[str, str, bool]]:
    words = (
        ("silent", "Nothing heard yet"),
        ("rejects", "Not readable"),
        ("paused", "Paused"),
    )
    return [
        (_address(q, "" if key == state else key), label, key == state)
        for key, label in words
    ]


def _name(one: Integration) -> str:
    return one.name
