"""One silence: written with matchers and its effect, looked at, ended, replaced."""

from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from msgspec import Struct
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.alerts import silences
from tocsin.core.alerts.silences import Matcher, Silence
from tocsin.core.excerpts import clean
from tocsin.core.people.permissions import RESPONDER
from tocsin.engine import quiet_effect
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.quiet_effect import Effect
from tocsin.engine.responding import visible
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import silences as stored
from tocsin.store.database import Tx
from tocsin.web import quiet_times
from tocsin.web.filters import whole_number
from tocsin.web.forms import Form
from tocsin.web.gate import Gate
from tocsin.web.moments import typed_as
from tocsin.web.quiet import PAGE as LIST
from tocsin.web.refusals import typed
from tocsin.web.sayings import Saying, done

PAGE = f"{LIST}/silences"
OPERATORS = (
    ("=", "is"),
    ("!=", "is not"),
    ("=~", "matches"),
    ("!~", "does not match"),
)
_FIELDS = ("service", "comment", "ticket", "replaces", *quiet_times.FIELDS)
_MOST_ROWS = 20
# Which field a problem of core/alerts/silences.py is about.
_PLACES = {"endsAt": "ends", "comment": "comment", "matchers": "matchers"}


class Row(Struct, frozen=True):
    """One matcher as it was typed."""

    name: str = ""
    op: str = "="
    value: str = ""


class Draft(Struct, frozen=True):
    """A silence that is being written."""

    values: Mapping[str, str]
    rows: Sequence[Row]


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get(f"{PAGE}/new", pages.new, need=RESPONDER),
        gate.post(f"{PAGE}/new", pages.write, need=RESPONDER),
        gate.get(f"{PAGE}/{{silence_id}}", pages.show),
        gate.post(f"{PAGE}/{{silence_id}}", pages.end, need=RESPONDER),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def new(self, request: Request, viewer: Viewer) -> Response:
        """The form, filled in from an alert or from the silence it is to replace."""
        query = request.query_params
        draft = Draft({"lasts": "2h", "service": query.get("service", "")}, [Row()])
        number = whole_number(query.get("alert"))
        if number:
            draft = self._desk.database.read(
                partial(self._from_alert, number=number, viewer=viewer)
            )
        elif query.get("edit"):
            draft = self._from_silence(clean(query["edit"], longest=64), viewer)
        return self._page(viewer, draft)

    def write(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Another row, one less, the effect, or the silence itself."""
        draft = Draft(typed(form, _FIELDS), _rows(form))
        word = str(form.get("do", "look"))
        if word == "add":
            rows = [*draft.rows, Row()][:_MOST_ROWS]
            return self._page(viewer, Draft(draft.values, rows))
        if word.startswith("drop-"):
            gone = whole_number(word.removeprefix("drop-"))
            rows = [row for at, row in enumerate(draft.rows) if at != gone]
            return self._page(viewer, Draft(draft.values, rows or [Row()]))
        silence, problems = self._read(draft, viewer)
        if problems:
            return self._page(viewer, draft, problems, status=422)
        if word != "save" or str(form.get("seen", "")) != _seen(silence):
            # Nobody saves what they have not seen the effect of.
            return self._page(viewer, draft)
        refusal = self._refusal(viewer, silence, draft.values["replaces"])
        if refusal is not None:
            return refusal
        self._desk.silence(silence, viewer.actor, replaces=draft.values["replaces"])
        return done(f"{PAGE}/{quote(silence.id)}", Saying("The silence is made."))

    def show(self, request: Request, viewer: Viewer) -> Response:
        """One silence, with what it keeps quiet."""
        silence = self._known(request.path_params["silence_id"], viewer)
        now = self._desk.clock.now()
        directory = self._desk.directory()
        return self._gate.page(
            "silence.html",
            viewer,
            silence=silence,
            state=silences.state(silence, now=now),
            effect=self._effect(silence, viewer),
            directory=directory,
            may_act=viewer.may(RESPONDER, directory.team_of(silence.service)),
        )

    def end(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """End it now."""
        silence = self._known(request.path_params["silence_id"], viewer)
        team = self._desk.directory().team_of(silence.service)
        if not viewer.may(RESPONDER, team):
            return self._gate.forbidden(viewer, RESPONDER, team=team)
        self._desk.end_silence(silence, viewer.actor)
        return done(LIST, Saying("The silence is over. What still fires pages again."))

    def _known(self, silence_id: str, viewer: Viewer) -> Silence:
        wanted = clean(silence_id, longest=64)
        known = self._desk.database.read(lambda tx: stored.get(tx, wanted))
        hidden = self._desk.directory().hidden_from(viewer.grant)
        if known is None or known.service in hidden:
            raise HTTPException(404)
        return known

    def _page(
        self,
        viewer: Viewer,
        draft: Draft,
        problems: Mapping[str, str] | None = None,
        *,
        status: int = 200,
    ) -> Response:
        directory = self._desk.directory()
        hidden = directory.hidden_from(viewer.grant)
        silence, _ = self._read(draft, viewer)
        is_clear = not silences.matcher_problems(silence.matchers)
        return self._gate.page(
            "silence_new.html",
            viewer,
            status=status,
            form=Form(draft.values, problems or {}),
            rows=draft.rows,
            operators=OPERATORS,
            services=[
                ("", "Every service"),
                *((s, s) for s in sorted(directory.services) if s not in hidden),
            ],
            effect=self._effect(silence, viewer) if is_clear else None,
            seen=_seen(silence),
        )

    def _effect(self, silence: Silence, viewer: Viewer) -> Effect:
        now = self._desk.clock.now()

        def work(tx: Tx) -> Effect:
            hidden = self._desk.directories.current(tx).hidden_from(viewer.grant)
            return quiet_effect.of_silence(tx, silence, hidden=hidden, now=now)

        return self._desk.database.read(work)

    def _read(self, draft: Draft, viewer: Viewer) -> tuple[Silence, dict[str, str]]:
        """The silence of a draft, and what is wrong with it by field."""
        now = self._desk.clock.now()
        values = draft.values
        start, end, problems = quiet_times.span_of(values, viewer.zone, now=now)
        silence = Silence(
            id=self._desk.new_id(),
            matchers=tuple(_matcher(row) for row in draft.rows if row.name),
            starts_at=max(start, now),
            ends_at=end,
            author=viewer.person,
            comment=values.get("comment", ""),
            service=values.get("service", ""),
            ticket=values.get("ticket", ""),
        )
        for said in silences.problems(silence, now=now):
            field, _, what = said.partition(": ")
            place = _PLACES.get(field, "")
            if place == "ends" and not values.get("ends"):
                place = "lasts"
            problems.setdefault(place, f"{what[:1].upper()}{what[1:]}.")
        directory = self._desk.directory()
        hidden = directory.hidden_from(viewer.grant)
        service = silence.service
        if service and (service not in directory.services or service in hidden):
            problems["service"] = "Expected a service that there is."
        return silence, problems

    def _refusal(
        self, viewer: Viewer, silence: Silence, replaces: str
    ) -> Response | None:
        directory = self._desk.directory()
        teams = [directory.team_of(silence.service)]
        if replaces:
            teams.append(directory.team_of(self._known(replaces, viewer).service))
        for team in teams:
            if not viewer.may(RESPONDER, team):
                return self._gate.forbidden(viewer, RESPONDER, team=team)
        return None

    def _from_alert(self, tx: Tx, *, number: int, viewer: Viewer) -> Draft:
        directory = self._desk.directories.current(tx)
        alert = visible(tx, number, viewer=viewer, directory=directory)
        if alert is None:
            raise HTTPException(404)
        rows = [Row(name, "=", value) for name, value in sorted(alert.labels.items())]
        values = {"lasts": "2h", "service": alert.service}
        return Draft(values, rows[:_MOST_ROWS] or [Row()])

    def _from_silence(self, silence_id: str, viewer: Viewer) -> Draft:
        known = self._known(silence_id, viewer)
        now = self._desk.clock.now()
        rows = [Row(one.name, _op(one), one.value) for one in known.matchers]
        values: dict[str, Any] = {
            "service": known.service,
            "comment": known.comment,
            "ticket": known.ticket,
            "lasts": "2h",
        }
        if silences.state(known, now=now) != "expired":
            values["replaces"] = known.id
            values["ends"] = typed_as(known.ends_at, viewer.zone)
            if known.starts_at > now:
                values["starts"] = typed_as(known.starts_at, viewer.zone)
        return Draft(values, rows or [Row()])


def _rows(form: FormData) -> list[Row]:
    names, ops = form.getlist("m_name"), form.getlist("m_op")
    values = form.getlist("m_value")
    found = [
        Row(
            clean(str(name), longest=200).strip(),
            str(op),
            clean(str(value), longest=600),
        )
        for name, op, value in zip(names, ops, values, strict=False)
    ]
    return found[:_MOST_ROWS] or [Row()]


def _matcher(row: Row) -> Matcher:
    return Matcher(row.name, row.value, "~" in row.op, not row.op.startswith("!"))


def _op(matcher: Matcher) -> str:
    if matcher.is_regex:
        return "=~" if matcher.is_equal else "!~"
    return "=" if matcher.is_equal else "!="


def _seen(silence: Silence) -> str:
    """Changes when what it covers does."""
    told = repr((silence.service, silence.matchers))
    return sha256(told.encode("utf-8", "replace")).hexdigest()[:16]
