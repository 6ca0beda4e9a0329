"""The sections of a review as its page draws them, and what is left to do there."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from tocsin.core.people.permissions import LEAD
from tocsin.core.reviews.postmortems import REQUIRED, missing
from tocsin.core.reviews.reviews import (
    MOVES,
    REQUIRED_FOR,
    Remark,
    ReviewState,
    digest_of,
)
from tocsin.engine.reviews.desk import Seen
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.web.markdown import html
from tocsin.web.reviews.prompts import ASKS


class Draft(Struct, frozen=True):
    """What somebody has typed and not saved; `theirs` is what stands there meanwhile."""

    heading: str
    text: str
    seen: str
    problem: str = ""
    preview: bool = False
    theirs: str | None = None


class Shown(Struct, frozen=True):
    """A section as the page draws it."""

    heading: str
    anchor: str
    text: str
    digest: str
    html: str
    is_filled: bool
    is_required: bool
    asks: str
    remarks: Sequence[Remark]
    draft: Draft | None
    rows: int


def sections_of(seen: Seen, draft: Draft | None) -> list[Shown]:
    """The sections in order; one that is being added stands at the end."""
    by_place: dict[str, list[Remark]] = {}
    for one in seen.remarks:
        by_place.setdefault(one.where, []).append(one)
    found = []
    sections = seen.review.document.sections
    pairs = [(one.heading, one.text, one.is_filled) for one in sections]
    known = {heading.casefold() for heading, _, _ in pairs}
    if draft is not None and draft.heading.casefold() not in known:
        pairs.append((draft.heading, "", False))
    for heading, text, is_filled in pairs:
        own = (
            draft if draft and draft.heading.casefold() == heading.casefold() else None
        )
        typed = own.text if own is not None else text
        found.append(
            Shown(
                heading=heading,
                anchor=anchor_of(heading),
                text=text,
                digest=digest_of(seen.review.document.section(heading)),
                html=html(own.text if own and own.preview else text),
                is_filled=is_filled,
                is_required=heading in REQUIRED,
                asks=ASKS.get(heading, ""),
                remarks=by_place.get(heading, ()),
                draft=own,
                rows=min(24, max(5, typed.count("\n") + 3)),
            )
        )
    return found


def anchor_of(heading: str) -> str:
    return "s-" + "-".join(
        "".join(char if char.isalnum() else " " for char in heading).lower().split()
    )


def moves_of(seen: Seen, viewer: Viewer) -> Mapping[str, bool]:
    """The states that may follow, as far as this viewer may ask for them."""
    review, incident = seen.review, seen.incident
    if not seen.may_act:
        return {}
    found = {one.value: True for one in MOVES[review.state]}
    is_required = incident.severity in REQUIRED_FOR
    if is_required and not viewer.may(LEAD, incident.team):
        found.pop(ReviewState.WAIVED.value, None)
    if viewer.person != review.reviewer:
        found.pop(ReviewState.REVIEWED.value, None)
    return found


def left_of(seen: Seen) -> list[tuple[str, str]]:
    """What is still to be done before the next state, each with where."""
    document = seen.review.document
    found: list[tuple[str, str]] = [
        (f"{heading} is empty", anchor_of(heading)) for heading in missing(document)
    ]
    found += [
        (f"{heading} is filled in and not confirmed", anchor_of(heading))
        for heading in document.unconfirmed
    ]
    wrong = [one for one in seen.remarks if one.is_error]
    if wrong:
        noun = "line has" if len(wrong) == 1 else "lines have"
        said = f"{len(wrong)} {noun} no owner or no day"
        found.append((said, anchor_of("Action Items")))
    return found
