"""API tokens: one's own for everybody, all of them for admins; made, shown once, ended."""

from datetime import timedelta

from msgspec import Struct
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.excerpts import clean
from tocsin.core.people.permissions import ADMIN, ROLE_FOR, VIEWER, Scope, scopes_of
from tocsin.engine import tokens
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import tokens as stored
from tocsin.store.tokens import Token
from tocsin.web.filters import whole_number
from tocsin.web.forms import Form
from tocsin.web.gate import Gate
from tocsin.web.refusals import typed
from tocsin.web.sayings import Saying, done

PAGE = "/admin/tokens"
ABOUT = {
    Scope.READ: "read: look at everything you may look at",
    Scope.SEND: "send: raise, acknowledge and resolve alerts as a source does",
    Scope.RESPOND: "respond: act on alerts, as a responder",
    Scope.CONFIGURE: "configure: change schedules, policies and integrations, as a lead",
    Scope.ADMIN: "admin: everything you may do",
    Scope.SCIM: "scim: a directory service keeps people and teams",
}
_FIELDS = ("label", "person", "team", "days")
_DAYS = (("30", "30 days"), ("90", "90 days"), ("365", "a year"), ("", "for ever"))


class Shown(Struct, frozen=True):
    """A token in the list."""

    held: Token
    expired: bool


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get(PAGE, pages.listing),
        gate.post(PAGE, pages.make, need=VIEWER),
        gate.post(f"{PAGE}/{{token_id}}/end", pages.end, need=VIEWER),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    # long because: the list and the form for another are one page.
    def listing(
        self,
        request: Request,
        viewer: Viewer,
        *,
        form: Form | None = None,
        made: tokens.Made | None = None,
        scopes: frozenset[Scope] = frozenset({Scope.READ}),
        status: int = 200,
    ) -> Response:
        """Tokens, the newest first, and the form for another."""
        admin = viewer.may(ADMIN)
        wanted = clean(request.query_params.get("person", ""), longest=200)
        whose: str | None = viewer.person
        if admin:
            whose = wanted or None
        now = self._desk.clock.now()
        found = self._desk.database.read(lambda tx: stored.listing(tx, person=whose))
        directory = self._desk.directory()
        values = {"label": "", "person": viewer.person, "team": "", "days": "90"}
        return self._gate.page(
            "tokens.html",
            viewer,
            status=status,
            form=form or Form(values),
            made=made,
            tokens=[
                Shown(one, one.expires_at is not None and one.expires_at <= now)
                for one in found
            ],
            directory=directory,
            whose=whose,
            wanted=wanted if admin else "",
            admin=admin,
            people=[
                (name, directory.people[name].full_name or name)
                for name in sorted(directory.active(directory.people))
            ],
            teams=[("", "Every team"), *((t, t) for t in sorted(directory.teams))],
            days=_DAYS,
            scopes=[
                (scope.value, text)
                for scope, text in ABOUT.items()
                if viewer.may_somewhere(ROLE_FOR[scope])
            ],
            chosen={one.value for one in scopes},
        )

    def make(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """A new one, whose secret this answer alone shows."""
        values = typed(form, _FIELDS)
        scopes = scopes_of(str(one) for one in form.getlist("scopes"))
        days = whole_number(values["days"])
        if values["days"] and (days is None or days > tokens.LONGEST.days):
            wrong = Form(values, {"days": f"Expected 1 to {tokens.LONGEST.days} days."})
            return self.listing(request, viewer, form=wrong, scopes=scopes, status=422)
        made = tokens.make(
            self._desk.sign_in,
            self._desk.directory(),
            viewer,
            self._desk.audit,
            person=values["person"] or viewer.person,
            label=values["label"],
            scopes=scopes,
            team=values["team"],
            good_for=timedelta(days=days) if days is not None else None,
        )
        if made.refused:
            return self.listing(
                request,
                viewer,
                form=_refused(values, made),
                scopes=scopes,
                status=403 if made.forbidden else 422,
            )
        return self.listing(request, viewer, made=made)

    def end(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Nobody can use it any more."""
        token_id = clean(request.path_params["token_id"], longest=64)
        if not tokens.end(self._desk.sign_in, viewer, self._desk.audit, token_id):
            raise HTTPException(404)
        return done(PAGE, Saying("The token has ended."))


def _refused(values: dict[str, str], made: tokens.Made) -> Form:
    """The engine's refusals begin with the field they are about."""
    field, colon, said = made.refused.partition(": ")
    if colon and field in (*_FIELDS, "scopes"):
        return Form(values, {field: said[:1].upper() + said[1:] + "."})
    return Form(values, {}, made.refused)
