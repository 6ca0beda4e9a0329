"""What people do with a review: each act is a function of the case, or says why not."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from tocsin.core.directory import Directory
from tocsin.core.incidents.incidents import Incident, State
from tocsin.core.people.permissions import LEAD
from tocsin.core.reviews import action_board, postmortems, reviews
from tocsin.core.reviews.action_items import BadDue, due_on
from tocsin.core.reviews.reviews import (
    LONGEST_SECTION,
    REQUIRED_FOR,
    Review,
    ReviewState,
    Step,
)
from tocsin.engine.reviews import items
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import action_items as stored_items
from tocsin.store.database import Tx

CHANGED = "Somebody else changed this section meanwhile; both versions are below."
_NO_ITEM = "There is no action with this id."


@dataclass(frozen=True)
class Case:
    """Handed to every act."""

    tx: Tx
    incident: Incident
    review: Review
    directory: Directory
    viewer: Viewer
    now: datetime


Act = Callable[[Case], Review | str]


def save_section(case: Case, heading: str, text: str, *, seen: str) -> Review | str:
    """A section in somebody's words. `seen` is the digest of the text they began with.

    An optional section that is emptied goes; headings in the text move below its own.
    """
    review = case.review
    if not review.is_editable:
        word = reviews.WORDS[review.state].lower()
        return f"It is {word}; set it back to a draft to change its words."
    heading = postmortems.heading_of(heading)[:100].strip()
    if not heading:
        return "heading: expected the name of a section"
    if len(text) > LONGEST_SECTION:
        return f"text: expected at most {LONGEST_SECTION:,} characters"
    section = review.document.section(heading)
    if reviews.digest_of(section) != seen:
        return CHANGED
    if not text.strip() and heading not in postmortems.REQUIRED and section:
        left = tuple(one for one in review.document.sections if one is not section)
        document = replace(review.document, sections=left)
    else:
        document = postmortems.with_section(review.document, heading, text)
    changed = replace(review, document=document, changed_at=case.now)
    if heading == items.SECTION:
        return items.synced(
            case.tx, changed, case.incident, case.directory, now=case.now
        )
    return changed


def confirm(case: Case, heading: str) -> Review | str:
    """A section that was filled in is right as it is."""
    section = case.review.document.section(heading)
    if section is None:
        return "heading: expected a section of this review"
    if not section.is_filled:
        return f"{section.heading} is confirmed already."
    document = postmortems.confirmed(case.review.document, heading)
    return replace(case.review, document=document, changed_at=case.now)


def dismiss(case: Case, key: str) -> Review | str:
    """A piece of advice is waved away, for everybody and for good."""
    if not key.isalnum() or len(key) > 20:
        return "key: expected the key of a piece of advice"
    return reviews.dismissed(case.review, key, now=case.now)


def assign(case: Case, owner: str) -> Review | str:
    """Somebody else writes it."""
    if case.directory.person(owner) is None:
        return "owner: expected somebody who is known"
    if owner == case.review.reviewer and case.review.state is not ReviewState.DRAFT:
        return "owner: expected somebody else than its reviewer"
    return replace(case.review, owner=owner, changed_at=case.now)


def move(
    case: Case, to: ReviewState, *, reviewer: str = "", reason: str = ""
) -> Review | str:
    """To another state. A review that is required is waived by a lead only."""
    if reviewer and case.directory.person(reviewer) is None:
        return "reviewer: expected somebody who is known"
    incident, viewer = case.incident, case.viewer
    is_required = incident.severity in REQUIRED_FOR
    if to is ReviewState.WAIVED and is_required and not viewer.may(LEAD, incident.team):
        return f"The review of a {incident.severity.name} is waived by a lead."
    step = Step(
        to,
        viewer.person,
        reviewer=reviewer,
        reason=reason,
        incident_is_closed=incident.state in (State.CLOSED, State.REVIEWED),
        day=items.document_date(case.review, incident),
    )
    return reviews.moved(case.review, step, now=case.now)


def finish(case: Case, action_id: str, proof: str) -> Review | str:
    """An action is done; `proof` is what shows it, or why nothing does."""
    action = _action(case, action_id)
    if action is None:
        return _NO_ITEM
    done = action_board.finished(action, proof[:2000], now=case.now)
    return done if isinstance(done, str) else items.written(case.tx, case.review, done)


def reopen(case: Case, action_id: str) -> Review | str:
    """An action is to be done again."""
    action = _action(case, action_id)
    if action is None:
        return _NO_ITEM
    zone = items.zone_of(case.directory, action.owner, case.incident.zone)
    done = action_board.reopened(action, zone, now=case.now)
    return done if isinstance(done, str) else items.written(case.tx, case.review, done)


def promise(
    case: Case, action_id: str, *, owner: str = "", due: str = "", ticket: str = ""
) -> Review | str:
    """Somebody else, another day, or the ticket that follows it; empty stays as it is."""
    action = _action(case, action_id)
    if action is None:
        return _NO_ITEM
    if owner and case.directory.person(owner) is None:
        return "owner: expected one person who is known"
    if any(mark in f"{due}{ticket}" for mark in "()\n"):
        return "ticket: expected a number or an address without brackets"
    try:
        day = due_on(due.strip(), document_date=case.now.date())
    except BadDue as error:
        return f"due: {str(error).partition(': ')[2]}"
    changed = replace(
        action,
        owner=owner or action.owner,
        due=day.isoformat() if day else action.due,
        due_on=day or action.due_on,
        ticket=ticket.strip() or action.ticket,
    )
    zone = items.zone_of(case.directory, changed.owner, case.incident.zone)
    changed = action_board.with_reminder(changed, zone, now=case.now)
    return items.written(case.tx, case.review, changed)


def _action(case: Case, action_id: str) -> action_board.Action | None:
    found = stored_items.get(case.tx, action_id)
    return found if found and found.incident == case.review.incident else None
