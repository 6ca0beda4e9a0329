"""The board of actions: what was promised, by whom, until when; and one of them."""

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.excerpts import clean
from tocsin.core.reviews import action_board
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.incidents.desk import refusal
from tocsin.engine.reviews import acts
from tocsin.engine.reviews.acts import Act
from tocsin.engine.reviews.desk import Promise
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store.action_items import cursor_of
from tocsin.store.database import Tx
from tocsin.web.forms import Form
from tocsin.web.gate import Gate
from tocsin.web.sayings import Saying, done

PAGE = "/actions"
_ROWS = 100
_MOST = 2000
_TABS = {"open": "open", "done": "done", "all": ""}
_FIELDS = ("proof", "owner", "due", "ticket")
_SAID = {
    "finish": "Done. Its line in the review is ticked.",
    "reopen": "It is open again.",
    "promise": "Saved; its line in the review says so too.",
}


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get(PAGE, pages.listing),
        gate.get("/actions/{action}", pages.show),
        gate.post("/actions/{action}", pages.act),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def listing(self, request: Request, viewer: Viewer) -> Response:
        """The next day first, what has none last."""
        query = request.query_params
        chosen = query.get("state", "open")
        chosen = chosen if chosen in _TABS else "open"
        owner = clean(query.get("owner", ""), longest=100)
        overdue = query.get("overdue") == "1"
        after = _cursor(query.get("after", ""))
        today = self._desk.clock.now().date()

        def work(tx: Tx) -> tuple[list[Promise], list[Promise]]:
            reviews = self._desk.reviews
            rows = reviews.promises(
                tx,
                viewer,
                state=_TABS[chosen],
                owner=owner,
                due_before=today if overdue else None,
                after=after,
                limit=_ROWS + 1,
            )
            still = reviews.promises(tx, viewer, state="open", limit=_MOST)
            return rows, still

        rows, still = self._desk.database.read(work)
        owners = sorted({one.action.owner for one in still if one.action.owner})
        return self._gate.page(
            "actions.html",
            viewer,
            rows=rows[:_ROWS],
            chosen=chosen,
            owner=owner,
            owners=owners,
            overdue=overdue,
            older=_older(rows),
            counts=action_board.counts((one.action for one in still), today),
            today=today,
            directory=self._desk.directory(),
        )

    def show(self, request: Request, viewer: Viewer) -> Response:
        """One action."""
        return self._page(viewer, self._known(request, viewer), Form())

    def act(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Done, open again, or promised by somebody else."""
        promise = self._known(request, viewer)
        action_id = promise.action.id
        word = str(form.get("do", ""))
        values = {
            name: clean(str(form.get(name, "")), longest=2000) for name in _FIELDS
        }
        act = _act_of(word, action_id, values)
        if act is None:
            raise HTTPException(422)
        number = promise.action.incident
        changed = self._desk.reviews.act(number, viewer, word, act)
        if changed.forbidden:
            return self._gate.forbidden(viewer, "responder", changed.refused)
        if not changed.done:
            field, _, rest = changed.refused.partition(": ")
            problems = (
                {field: f"{rest[:1].upper()}{rest[1:]}."} if field in values else {}
            )
            said = "" if problems else changed.refused
            shown = Form(values, problems, said)
            return self._page(viewer, promise, shown, status=422)
        return done(f"/actions/{action_id}", Saying(_SAID[word]))

    def _known(self, request: Request, viewer: Viewer) -> Promise:
        wanted = clean(request.path_params["action"], longest=40)
        found = self._desk.database.read(
            lambda tx: self._desk.reviews.promise(tx, wanted, viewer)
        )
        if found is None:
            raise HTTPException(404)
        return found

    def _page(
        self, viewer: Viewer, promise: Promise, form: Form, *, status: int = 200
    ) -> Response:
        directory = self._desk.directory()
        return self._gate.page(
            "action.html",
            viewer,
            status=status,
            one=promise.action,
            incident=promise.incident,
            form=form,
            people=[("", "As it is")]
            + [
                (name, directory.people[name].full_name or name)
                for name in sorted(directory.active(directory.people))
            ],
            may_act=not refusal(viewer, promise.incident),
            today=self._desk.clock.now().date(),
            directory=directory,
        )


def _act_of(word: str, action_id: str, values: dict[str, str]) -> Act | None:
    if word == "finish":
        return lambda case: acts.finish(case, action_id, values["proof"])
    if word == "reopen":
        return lambda case: acts.reopen(case, action_id)
    if word == "promise":
        return lambda case: acts.promise(
            case,
            action_id,
            owner=values["owner"],
            due=values["due"],
            ticket=values["ticket"],
        )
    return None


def _older(rows: list[Promise]) -> str:
    """Where the next page begins, "" when there is none."""
    if len(rows) <= _ROWS:
        return ""
    at, name = cursor_of(rows[_ROWS - 1].action)
    return f"{at}.{name}"


def _cursor(text: str) -> tuple[int, str] | None:
    """Where the list goes on; a cursor that nobody made begins anew."""
    at, _, name = text.partition(".")
    if not at.isdecimal() or not name or len(at) > 18:
        return None
    return int(at), clean(name, longest=40)
