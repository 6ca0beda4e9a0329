"""One review: read, written section by section, sent on its way, exported."""

from msgspec.structs import replace
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.core.excerpts import clean
from tocsin.core.reviews.postmortems import OPTIONAL, render
from tocsin.core.reviews.reviews import LONGEST_SECTION, WORDS, ReviewState, digest_of
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.reviews import acts
from tocsin.engine.reviews.acts import Act
from tocsin.engine.reviews.desk import Changed, Seen
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.web.forms import Form
from tocsin.web.gate import Gate
from tocsin.web.reviews.sections import (
    Draft,
    anchor_of,
    left_of,
    moves_of,
    sections_of,
)
from tocsin.web.sayings import Saying, done

_SAID = {
    "confirm": "It stays as it is.",
    "dismiss": "That advice will not come back.",
    "assign": "The owner is told on the list.",
    "in_review": "It is in review.",
    "reviewed": "It is agreed.",
    "draft": "It is a draft again.",
    "closed": "It is published.",
    "waived": "The review is waived.",
}


def routes(desk: FrontDesk, gate: Gate) -> list[Route]:
    """The routes."""
    pages = _Pages(desk, gate)
    return [
        gate.get("/reviews/{number:int}", pages.show),
        gate.post("/reviews/{number:int}", pages.act),
        gate.get("/reviews/{number:int}/review.md", pages.export),
        gate.post("/incidents/{number:int}/review", pages.request),
    ]


class _Pages:
    def __init__(self, desk: FrontDesk, gate: Gate) -> None:
        self._desk = desk
        self._gate = gate

    def show(self, request: Request, viewer: Viewer) -> Response:
        """The review; `?add=Lessons` opens a section that it does not have."""
        seen = self._seen(request, viewer)
        wanted = clean(request.query_params.get("add", ""), longest=100)
        draft = None
        if wanted in OPTIONAL and seen.review.document.section(wanted) is None:
            draft = Draft(wanted, "", digest_of(None))
        return self._page(viewer, seen, draft)

    def export(self, request: Request, viewer: Viewer) -> Response:
        """The Markdown, as a file."""
        seen = self._seen(request, viewer)
        name = f"INC-{seen.review.incident}-post-mortem.md"
        return Response(
            render(seen.review.document),
            media_type="text/markdown; charset=utf-8",
            headers={
                "content-disposition": f'attachment; filename="{name}"',
                "x-content-type-options": "nosniff",
                "cache-control": "no-store",
            },
        )

    def request(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """A draft for an incident that is over and has none."""
        number = request.path_params["number"]
        made = self._desk.reviews.request(number, viewer)
        if made.forbidden:
            return self._gate.forbidden(viewer, "responder", made.refused)
        if made.incident is None:
            raise HTTPException(404)
        if made.refused:
            raise HTTPException(409, made.refused)
        return done(
            f"/reviews/{number}", Saying("The record is filled in; add the rest.")
        )

    def act(self, request: Request, viewer: Viewer, form: FormData) -> Response:
        """Save or preview a section, or one of the buttons."""
        number = request.path_params["number"]
        word = str(form.get("do", ""))
        if word in ("save", "preview"):
            return self._write(request, viewer, form, word)
        act = _act_of(word, form)
        if act is None:
            raise HTTPException(422)
        changed = self._desk.reviews.act(number, viewer, word, act)
        if not changed.done:
            return self._refused(request, viewer, changed, form)
        anchor = anchor_of(str(form.get("heading", ""))) if form.get("heading") else ""
        return done(f"/reviews/{number}{anchor and '#' + anchor}", Saying(_SAID[word]))

    def _write(
        self, request: Request, viewer: Viewer, form: FormData, word: str
    ) -> Response:
        number = request.path_params["number"]
        heading = clean(str(form.get("heading", "")), longest=100)
        # Browsers send two characters for a line's end.
        typed = str(form.get("text", "")).replace("\r\n", "\n")
        text = clean(typed, longest=LONGEST_SECTION)
        draft = Draft(heading, text, str(form.get("seen", ""))[:40])
        if word == "preview":
            shown = replace(draft, preview=True)
            return self._page(viewer, self._seen(request, viewer), shown)
        changed = self._desk.reviews.act(
            number,
            viewer,
            "write",
            lambda case: acts.save_section(case, heading, text, seen=draft.seen),
        )
        if changed.done:
            return done(f"/reviews/{number}#{anchor_of(heading)}", Saying("Saved."))
        return self._refused(request, viewer, changed, form, draft)

    def _refused(
        self,
        request: Request,
        viewer: Viewer,
        changed: Changed,
        form: FormData,
        draft: Draft | None = None,
    ) -> Response:
        """The page with why not; what was typed is kept."""
        if changed.forbidden:
            return self._gate.forbidden(viewer, "responder", changed.refused)
        if changed.incident is None:
            raise HTTPException(404)
        seen = self._seen(request, viewer)
        status = 409 if changed.conflict else 422
        if draft is not None:
            section = seen.review.document.section(draft.heading)
            theirs = (section.text if section else "") if changed.conflict else None
            again = digest_of(section) if changed.conflict else draft.seen
            draft = replace(draft, seen=again, problem=changed.refused, theirs=theirs)
            return self._page(viewer, seen, draft, status=status)
        values = {
            name: clean(str(form.get(name, "")), longest=2000)
            for name in ("reviewer", "owner", "reason")
        }
        field, _, rest = changed.refused.partition(": ")
        problems = {field: f"{rest[:1].upper()}{rest[1:]}."} if field in values else {}
        said = "" if problems else changed.refused
        return self._page(
            viewer, seen, form=Form(values, problems, said), status=status
        )

    def _seen(self, request: Request, viewer: Viewer) -> Seen:
        number = request.path_params["number"]
        seen = (
            self._desk.database.read(
                lambda tx: self._desk.reviews.seen(tx, number, viewer)
            )
            if number < 2**62
            else None
        )
        if seen is None:
            raise HTTPException(404)
        return seen

    def _page(
        self,
        viewer: Viewer,
        seen: Seen,
        draft: Draft | None = None,
        *,
        form: Form | None = None,
        status: int = 200,
    ) -> Response:
        review, directory = seen.review, self._desk.directory()
        have = {one.heading for one in review.document.sections}
        return self._gate.page(
            "review.html",
            viewer,
            status=status,
            seen=seen,
            review=review,
            incident=seen.incident,
            sections=sections_of(seen, draft),
            optional=[one for one in OPTIONAL if one not in have],
            form=form or Form(),
            moves=moves_of(seen, viewer),
            words=WORDS,
            left=left_of(seen),
            people=[("", "Choose somebody")]
            + [
                (name, directory.people[name].full_name or name)
                for name in sorted(directory.active(directory.people))
            ],
            actions=[one for one in seen.actions if one.state != "removed"],
            today=self._desk.clock.now().date(),
            may_act=seen.may_act,
            is_written=seen.may_act and review.is_editable,
            directory=directory,
        )


def _act_of(word: str, form: FormData) -> Act | None:
    """The act that a button stands for; None for a word that is none."""
    heading = clean(str(form.get("heading", "")), longest=100)
    if word == "confirm":
        return lambda case: acts.confirm(case, heading)
    if word == "dismiss":
        key = str(form.get("key", ""))
        return lambda case: acts.dismiss(case, key)
    if word == "assign":
        owner = clean(str(form.get("owner", "")), longest=100)
        return lambda case: acts.assign(case, owner)
    if word in (one.value for one in ReviewState):
        reviewer = clean(str(form.get("reviewer", "")), longest=100)
        reason = clean(str(form.get("reason", "")), longest=2000)
        return lambda case: acts.move(
            case, ReviewState(word), reviewer=reviewer, reason=reason
        )
    return None
