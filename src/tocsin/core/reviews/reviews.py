"""The review of an incident: who owns it, who reviews it, and what may follow (domain 7).

    draft → in_review → reviewed → closed, and waived with a reason.

The document itself is in `postmortems.py`. Rules return the review afterwards, or a
sentence that says why not.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.advice import Advice
from tocsin.core.reviews import action_items, blameless
from tocsin.core.reviews.postmortems import Postmortem, Section, missing
from tocsin.core.severity import Severity


class ReviewState(StrEnum):
    """Where a review is."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    REVIEWED = "reviewed"
    CLOSED = "closed"
    WAIVED = "waived"


STATES = tuple(ReviewState)
WORDS: Mapping[ReviewState, str] = {
    ReviewState.DRAFT: "Draft",
    ReviewState.IN_REVIEW: "In review",
    ReviewState.REVIEWED: "Reviewed",
    ReviewState.CLOSED: "Closed",
    ReviewState.WAIVED: "Waived",
}
MOVES: Mapping[ReviewState, tuple[ReviewState, ...]] = {
    ReviewState.DRAFT: (ReviewState.IN_REVIEW, ReviewState.WAIVED),
    ReviewState.IN_REVIEW: (
        ReviewState.REVIEWED, ReviewState.DRAFT, ReviewState.WAIVED,
    ),
    ReviewState.REVIEWED: (ReviewState.CLOSED, ReviewState.DRAFT),
    ReviewState.CLOSED: (),
    ReviewState.WAIVED: (ReviewState.DRAFT,),
}  # fmt: skip
EDITABLE = frozenset({ReviewState.DRAFT, ReviewState.IN_REVIEW})
OPEN = frozenset({ReviewState.DRAFT, ReviewState.IN_REVIEW, ReviewState.REVIEWED})
# Of a less severe incident a review is offered, and waived without a lead.
REQUIRED_FOR = frozenset({Severity.SEV1, Severity.SEV2})
PUBLISHED_WITHIN_DAYS = 10
LONGEST_SECTION = 60_000


class Review(Struct, frozen=True):
    """One review. `dismissed` are the keys of advice that somebody waved away."""

    incident: int
    document: Postmortem
    owner: str
    drafted_at: datetime
    changed_at: datetime
    state: ReviewState = ReviewState.DRAFT
    reviewer: str = ""
    waived: str = ""
    reviewed_at: datetime | None = None
    closed_at: datetime | None = None
    dismissed: tuple[str, ...] = ()
    version: int = 1

    @property
    def is_editable(self) -> bool:
        """Whether its words may change."""
        return self.state in EDITABLE


class Step(Struct, frozen=True):
    """Who asks for which state. `incident_is_closed` counts for the last one."""

    to: ReviewState
    by: str
    reviewer: str = ""
    reason: str = ""
    incident_is_closed: bool = False
    day: date = date.min


def moved(review: Review, step: Step, *, now: datetime) -> Review | str:
    """The review in another state, or why not; a sentence that begins with a field
    is about what was given.
    """
    to = step.to
    if to not in MOVES[review.state]:
        could = " or ".join(WORDS[one].lower() for one in MOVES[review.state])
        what = f"can become {could}" if could else "stays so"
        return f"A review that is {WORDS[review.state].lower()} {what}."
    why = _why_not(review, step)
    if why:
        return why
    changed = replace(review, state=to, changed_at=now)
    if to is ReviewState.IN_REVIEW:
        return replace(changed, reviewer=step.reviewer)
    if to is ReviewState.REVIEWED:
        return replace(changed, reviewed_at=now)
    if to is ReviewState.CLOSED:
        return replace(changed, closed_at=now)
    if to is ReviewState.WAIVED:
        return replace(changed, waived=step.reason.strip(), closed_at=now)
    return replace(changed, waived="", reviewed_at=None, closed_at=None)


def _why_not(review: Review, step: Step) -> str:
    if step.to is ReviewState.IN_REVIEW:
        return _why_no_review(review, step)
    if step.to is ReviewState.REVIEWED:
        if step.by != review.reviewer:
            return f"{review.reviewer} reviews it; ask them, or name another reviewer."
        left = ", ".join(review.document.unconfirmed)
        return f"Nobody has confirmed: {left}." if left else ""
    if step.to is ReviewState.CLOSED:
        if step.incident_is_closed:
            return ""
        return "Close the incident first: its tasks and roles are still open."
    if review.state is ReviewState.WAIVED or step.reason.strip():
        return ""
    expected = {
        ReviewState.WAIVED: "why nothing is to be learned from it",
        ReviewState.DRAFT: "what has to change",
    }
    return f"reason: expected {expected[step.to]}"


def _why_no_review(review: Review, step: Step) -> str:
    if not review.owner:
        return "owner: expected who writes it, before somebody reviews it"
    if not step.reviewer:
        return "reviewer: expected who reads it"
    if step.reviewer == review.owner:
        return "reviewer: expected somebody else than its owner"
    empty = missing(review.document)
    if empty:
        return f"Still empty: {', '.join(empty)}."
    wrong = [one for one in item_advice(review, step.day) if one.is_error]
    if wrong:
        said = "; ".join(f"{one.given!r} {one.said}" for one in wrong[:5])
        return f"Action items: {said}"
    return ""


class Remark(Struct, frozen=True):
    """Advice on a review with the key by which it is waved away."""

    key: str
    code: str
    given: str
    said: str
    where: str
    is_error: bool = False


def item_advice(review: Review, day: date) -> tuple[Remark, ...]:
    """What keeps the items of a review from being done."""
    section = review.document.section("Action Items")
    items = action_items.items_of(section.text) if section else ()
    return tuple(
        _remark(one)
        for item in items
        for one in action_items.lint(item, document_date=day)
    )


def remarks(review: Review, *, people: Sequence[str], day: date) -> tuple[Remark, ...]:
    """All advice on the words of a review that nobody waved away, in their order."""
    found: list[Remark] = []
    for section in review.document.sections:
        found += [
            _remark(one)
            for one in blameless.lint(section.heading, section.text, people=people)
        ]
    found += item_advice(review, day)
    unique = {one.key: one for one in found}
    return tuple(one for key, one in unique.items() if key not in review.dismissed)


def dismissed(review: Review, key: str, *, now: datetime) -> Review:
    """The review with a piece of advice waved away."""
    if key in review.dismissed:
        return review
    return replace(review, dismissed=(*review.dismissed, key), changed_at=now)


def digest_of(section: Section | None) -> str:
    """What somebody sends back who changes a section: which text they saw."""
    text = section.text if section is not None else ""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def due_on(severity: Severity, resolved: date) -> date | None:
    """By when a review is to be published: ten working days, where one is required."""
    if severity not in REQUIRED_FOR:
        return None
    day, left = resolved, PUBLISHED_WITHIN_DAYS
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day


def _remark(one: Advice) -> Remark:
    key = hashlib.sha256(f"{one.code}\0{one.where}\0{one.given}".encode()).hexdigest()
    is_error = one.code in action_items.ERRORS
    return Remark(key[:12], one.code, one.given, one.said, one.where, is_error)
