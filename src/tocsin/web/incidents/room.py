"""The room of an incident: what is known, who does what, everything that happened."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from tocsin.core.alerts.alerts import Alert
from tocsin.core.directory import Directory
from tocsin.core.incidents.entries import EntryKind
from tocsin.core.incidents.hypotheses import MOVES
from tocsin.core.incidents.impact import derived, told
from tocsin.core.incidents.incidents import STEPS, Incident, State
from tocsin.core.incidents.roles import (
    DUTIES,
    RESPONSIBILITY,
    TITLES,
    Holding,
    Role,
    holder,
)
from tocsin.core.people.permissions import RESPONDER
from tocsin.core.reviews.reviews import WORDS, Review
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.incidents.desk import refusal
from tocsin.engine.incidents.exporting import markdown
from tocsin.engine.incidents.related import Earlier, earlier
from tocsin.engine.incidents.rooms import Room, room_of
from tocsin.engine.reviews.runbooks import Book, books_in
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import alerts as stored_alerts
from tocsin.store import postmortems
from tocsin.store.database import Tx
from tocsin.web.filters import whole_number
from tocsin.web.gate import Gate
from tocsin.web.incidents.acting import act_of

_SHOWN = STEPS[1:6]
# What a person did or said; the rest is told under "Everything".
_KEY = frozenset(EntryKind) - {
    EntryKind.PAGE, EntryKind.ALERT, EntryKind.REMINDER, EntryKind.TASK,
}  # fmt: skip
_UPDATES = frozenset({EntryKind.UPDATE_INTERNAL, EntryKind.UPDATE_EXTERNAL})
_PAGES = frozenset({EntryKind.PAGE, EntryKind.ACK, EntryKind.ALERT})
_FILTERS = {"": _KEY, "all": frozenset(EntryKind), "pages": _PAGES, "updates": _UPDATES}
_MOST_LINES = 100


class Seat(Struct, frozen=True):
    """One role: who holds it, who is asked."""

    role: Role
    title: str
    about: str
    duties: tuple[str, ...]
    person: str
    asked: str


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get("/incidents/{number:int}", pages.show),
        gate.post("/incidents/{number:int}", pages.act),
        gate.get("/incidents/{number:int}/log.txt", pages.log),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def show(
        self, request: Request, viewer: Viewer, *, said: str = "", status: int = 200
    ) -> Response:
        """The room; a duplicate leads to the other."""
        number = request.path_params["number"]
        room, directory, alerts = self._desk.database.read(
            lambda tx: self._read(tx, number, viewer)
        )
        if room is None:
            raise HTTPException(404)
        incident = room.incident
        if incident.duplicate_of and "stay" not in request.query_params and not said:
            return RedirectResponse(f"/incidents/{incident.duplicate_of}", 303)
        may_act = not refusal(viewer, incident) and viewer.may_somewhere(RESPONDER)
        books, review, before = self._desk.database.read(
            lambda tx: self._learned(tx, incident, viewer)
        )
        return self._gate.page(
            "incident.html",
            viewer,
            status=status,
            said=said,
            room=room,
            directory=directory,
            alerts=alerts,
            names=[name for name in directory.people if directory.person(name)],
            may_act=may_act,
            key=self._desk.new_id(),
            books=books,
            review=review,
            before=before,
            review_words=WORDS,
            **_log_values(room, request.query_params),
            **_values(room),
        )

    def _read(
        self, tx: Tx, number: int, viewer: Viewer
    ) -> tuple[Room | None, Directory, Sequence[Alert]]:
        directory = self._desk.directories.current(tx)
        incident = self._desk.incidents.seen(tx, number, viewer)
        if incident is None:
            return None, directory, ()
        hidden = directory.hidden_from(viewer.grant)
        room = room_of(tx, incident, directory, hidden=hidden)
        known = stored_alerts.get_many(tx, list(room.alerts))
        shown = [one for one in known.values() if one.service not in hidden]
        return room, directory, sorted(shown, key=lambda one: one.number)

    def _learned(
        self, tx: Tx, incident: Incident, viewer: Viewer
    ) -> tuple[list[Book], Review | None, list[Earlier]]:
        """The runbooks of its services, its review, and what happened before."""
        directory = self._desk.directories.current(tx)
        hidden = directory.hidden_from(viewer.grant)
        books = books_in(tx, incident, directory, hidden=hidden)
        review = postmortems.get(tx, incident.number)
        return books, review, earlier(tx, incident, viewer)

    def act(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """One form of the room."""
        number = request.path_params["number"]
        found = act_of(
            form, lambda tx, other: self._desk.incidents.seen(tx, other, viewer)
        )
        if found is None:
            return self.show(
                request,
                viewer,
                said="That is nothing that can be done here.",
                status=409,
            )
        done = self._desk.incidents.act(number, viewer, *found)
        if done.incident is None:
            raise HTTPException(404)
        if done.refused:
            status = 403 if done.forbidden else 409
            return self.show(
                request, viewer, said=_sentence(done.refused), status=status
            )
        place = str(form.get("at", ""))
        anchor = f"#{place}" if place.isalpha() and len(place) < 20 else ""
        return RedirectResponse(f"/incidents/{number}{anchor}", 303)

    def log(self, request: Request, viewer: Viewer) -> Response:
        """The whole room as Markdown."""
        number = request.path_params["number"]
        room, _, _ = self._desk.database.read(lambda tx: self._read(tx, number, viewer))
        if room is None:
            raise HTTPException(404)
        text = markdown(
            room.incident,
            room.log,
            holdings=list(room.holdings),
            updates=list(room.updates),
            figures=list(room.figures),
        )
        name = f"attachment; filename={room.incident.name}.md"
        return PlainTextResponse(text, headers={"content-disposition": name})


def _log_values(room: Room, asked: Mapping[str, str]) -> dict[str, Any]:
    """The lines that are shown, how many each choice has, how many are older.

    `until` counts from the oldest, so that what is written meanwhile moves nothing.
    """
    word = asked.get("show", "")
    chosen = word if word in _FILTERS else ""
    found = [one for one in room.log.lines if one.entry.kind in _FILTERS[chosen]]
    until = whole_number(asked.get("until", "")) or len(found)
    until = max(1, min(until, len(found)))
    older = max(0, until - _MOST_LINES)
    return {
        "chosen": chosen,
        "lines": found[older:until][::-1],
        "older": older,
        "newer": len(found) - until if found else 0,
        "counts": {
            one: sum(line.entry.kind in kinds for line in room.log.lines)
            for one, kinds in _FILTERS.items()
        },
    }


def _values(room: Room) -> dict[str, Any]:
    """What the masthead and the panels tell."""
    incident = room.incident
    return {
        "seats": _seats(room.holdings),
        "advice": room.advice,
        "commander": holder(room.holdings, Role.IC),
        "steps": _SHOWN,
        "stage": _stage(incident),
        "following": _following(incident),
        "suggested": derived(incident.impact),
        "impact": told(incident.impact),
        "moves": MOVES,
        "waiting": [one for one in room.updates if one.state == "proposed"],
    }


def _sentence(refused: str) -> str:
    """A refusal that names its field, as people read it."""
    field, mark, rest = refused.partition(": ")
    if mark and field.isidentifier() and field.islower():
        return f"{rest[:1].upper()}{rest[1:].rstrip('.')}."
    return refused


def _seats(holdings: Sequence[Holding]) -> list[Seat]:
    offers: dict[Role, str] = {
        one.role: one.person for one in holdings if one.state == "offered"
    }
    return [
        Seat(
            role, TITLES[role], RESPONSIBILITY[role], DUTIES[role],
            holder(holdings, role), offers.get(role, ""),
        )
        for role in Role
    ]  # fmt: skip


def _stage(incident: Incident) -> State:
    """Where it is on the way that the masthead shows."""
    if incident.state in _SHOWN:
        return incident.state
    return State.DECLARED if incident.is_open else State.RESOLVED


def _following(incident: Incident) -> list[tuple[str, str]]:
    """(state, what it says) of the states that it can be moved to."""
    words: dict[State, Any] = {
        State.INVESTIGATING: "Investigating: we look for the cause",
        State.IDENTIFIED: "Identified: we know the cause",
        State.MONITORING: "Monitoring: the impact has ended",
        State.RESOLVED: "Resolved: it stayed well",
        State.CLOSED: "Closed: nothing is left to do here",
        State.CANCELLED: "Cancelled: it was a false alarm",
    }
    if incident.state in (
        State.CLOSED,
        State.REVIEWED,
        State.CANCELLED,
        State.DUPLICATE,
    ):
        return []
    if incident.state is State.RESOLVED:
        allowed: tuple[State, ...] = (State.CLOSED, State.INVESTIGATING)
    else:
        allowed = tuple(
            one for one in words if one != incident.state and one is not State.CLOSED
        )
        if incident.state is State.MONITORING:
            allowed = tuple(one for one in allowed if one is not State.CANCELLED)
    return [(one.value, words[one]) for one in words if one in allowed]
