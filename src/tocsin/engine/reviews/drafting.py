"""The first draft of a review, written as an incident is resolved or when asked for."""

from datetime import datetime

from msgspec.structs import replace

from tocsin.core.directory import Directory
from tocsin.core.incidents.incidents import Incident, State
from tocsin.core.incidents.roles import Role, holder
from tocsin.core.reviews.postmortem_draft import draft
from tocsin.core.reviews.postmortems import Postmortem
from tocsin.core.reviews.reviews import Review, ReviewState
from tocsin.engine.incidents.scene import Happened
from tocsin.engine.reviews.facts import facts_of
from tocsin.engine.reviews.items import synced
from tocsin.store import postmortems as stored
from tocsin.store import roles as stored_roles
from tocsin.store.database import Tx


class Drafting:
    """Follows every incident: a resolved one has a draft in the same commit."""

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url

    def __call__(self, tx: Tx, happened: Happened) -> None:
        """Called with what was written in a room."""
        if happened.entered and happened.after.state is State.RESOLVED:
            self.draft(tx, happened.after, happened.directory, now=happened.now)

    def draft(
        self, tx: Tx, incident: Incident, directory: Directory, *, now: datetime
    ) -> Review:
        """The review of an incident: new, or with what nobody has touched filled anew."""
        facts = facts_of(tx, incident, directory, public_url=self._public_url)
        document = draft(facts)
        held = stored.get(tx, incident.number)
        if held is None:
            owner = _commander(tx, incident) or incident.declared_by
            known = owner if directory.person(owner) else ""
            review = Review(incident.number, document, known, now, now)
            stored.insert(tx, review)
        elif held.state is not ReviewState.DRAFT:
            # Somebody reads it, or has; an incident that came back is for them to add.
            return held
        else:
            document = _refilled(held.document, document)
            review = replace(held, document=document, changed_at=now)
        review = synced(tx, review, incident, directory, now=now)
        stored.save(tx, review)
        return replace(review, version=review.version + 1)


def _refilled(held: Postmortem, new: Postmortem) -> Postmortem:
    """What a person wrote or confirmed stays; what was filled in, or empty, is new."""
    sections = []
    for section in new.sections:
        known = held.section(section.heading)
        keep = known is not None and known.text and not known.is_filled
        sections.append(known if keep and known is not None else section)
    have = {one.heading for one in sections}
    extra = [one for one in held.sections if one.heading not in have]
    return replace(held, sections=(*sections, *extra), opening=new.opening)


def _commander(tx: Tx, incident: Incident) -> str:
    """Who commands it, or did so last."""
    holdings = stored_roles.of_incident(tx, incident.number)
    held = [one.person for one in holdings if one.role is Role.IC and one.since]
    return holder(holdings, Role.IC) or (held[-1] if held else "")
