"""The lines of a review's action items and the actions of the board, kept the same.

The text is what people edit, and the board what reminds them; whichever of them changes
writes the other in the same transaction.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from tocsin.core.directory import Directory
from tocsin.core.incidents.incidents import Incident
from tocsin.core.reviews import action_items
from tocsin.core.reviews.action_board import Action, with_reminder
from tocsin.core.reviews.action_items import ActionItem, BadDue
from tocsin.core.reviews.postmortems import Postmortem
from tocsin.core.reviews.reviews import Review
from tocsin.core.wallclock import wall_time, zone_named
from tocsin.store import action_items as stored
from tocsin.store.database import Tx

SECTION = "Action Items"


def synced(
    tx: Tx, review: Review, incident: Incident, directory: Directory, *, now: datetime
) -> Review:
    """The review with an id on each of its items, and the board as its lines say."""
    section = review.document.section(SECTION)
    text = section.text if section is not None else ""
    known = {one.id: one for one in stored.of_incident(tx, review.incident)}
    lines = action_items.items_of(text)
    # What names its action keeps it, also from a line with the same words above.
    free = known.keys() - {item.id for item in lines}
    used: set[str] = set()
    items: list[ActionItem] = []
    for position, item in enumerate(lines):
        held = _held(item, known, used, free)
        action = _action(item, held, review, incident, directory, now)
        action = replace(action, position=position)
        if held is None:
            action = _numbered(tx, action)
        else:
            stored.save(tx, action)
        used.add(action.id)
        items.append(action_items.with_value(item, "Id", action.id))
    for one in known.values():
        if one.id not in used and one.state != "removed":
            stored.save(tx, replace(one, state="removed", remind_at=None))
    return _with_lines(review, action_items.rewritten(text, items))


def written(tx: Tx, review: Review, action: Action) -> Review:
    """The review with the line of one action as the board has it now; saves that."""
    stored.save(tx, action)
    section = review.document.section(SECTION)
    text = section.text if section is not None else ""
    items = [
        _line(one, action) if one.id == action.id else one
        for one in action_items.items_of(text)
    ]
    return _with_lines(review, action_items.rewritten(text, items))


def document_date(review: Review, incident: Incident) -> date:
    """The day that a due date without a year counts from."""
    return wall_time(review.drafted_at, zone_named(incident.zone)).date()


def person_named(directory: Directory, name: str) -> str:
    """The handle of who is meant by a name that people write; "" when unclear."""
    wanted = " ".join(name.split()).removeprefix("@").casefold()
    if not wanted:
        return ""
    found = [
        one.name
        for one in directory.people.values()
        if one.active and wanted in (one.name.casefold(), one.full_name.casefold())
    ] or [
        one.name
        for one in directory.people.values()
        if one.active and one.full_name.casefold().split()[:1] == [wanted]
    ]
    return found[0] if len(found) == 1 else ""


def zone_of(directory: Directory, owner: str, otherwise: str) -> ZoneInfo:
    """The zone on whose wall somebody's day begins."""
    person = directory.person(owner)
    return zone_named(person.zone if person is not None else otherwise)


def _held(
    item: ActionItem,
    known: Mapping[str, Action],
    used: Collection[str],
    free: Collection[str],
) -> Action | None:
    """The action that a line is about: by its id, else by the same words."""
    if item.id:
        return known.get(item.id) if item.id not in used else None
    same = (one for one in known.values() if one.text == item.text)
    return next((one for one in same if one.id in free and one.id not in used), None)


def _action(
    item: ActionItem,
    held: Action | None,
    review: Review,
    incident: Incident,
    directory: Directory,
    now: datetime,
) -> Action:
    """What a line promises; its proof and its id are those it had."""
    try:
        day = action_items.due_on(
            item.due, document_date=document_date(review, incident)
        )
    except BadDue:
        # Kept as written; the review says that it names no day.
        day = None
    owner = person_named(directory, item.owner) or item.owner
    zone = zone_of(directory, owner, incident.zone)
    state = "done" if item.is_done else "open"
    done_at = (held.done_at if held and held.done_at else now) if item.is_done else None
    action = Action(
        id=held.id if held else "",
        incident=review.incident,
        text=item.text,
        owner=owner,
        due=item.due,
        due_on=day,
        made_at=held.made_at if held else now,
        priority=item.value("Priority"),
        type=item.value("Type"),
        ticket=item.value("Ticket"),
        state=state,
        proof=held.proof if held and item.is_done else "",
        done_at=done_at,
    )
    return with_reminder(action, zone, now=now)


def _numbered(tx: Tx, action: Action) -> Action:
    """The action with the next free number, inserted."""
    number = stored.count(tx) + 1
    while not stored.insert(tx, replace(action, id=f"ACT-{number}")):
        number += 1
    return replace(action, id=f"ACT-{number}")


def _line(item: ActionItem, action: Action) -> ActionItem:
    """The line with what has changed on the board; the rest stays as it was written."""
    item = action_items.ticked(item, done=action.state == "done")
    pairs: Sequence[tuple[str, str]] = (
        ("Owner", action.owner), ("Due", action.due), ("Ticket", action.ticket),
    )  # fmt: skip
    for key, value in pairs:
        if value and item.value(key).casefold() != value.casefold():
            item = action_items.with_value(item, key, value)
    return item


def _with_lines(review: Review, text: str) -> Review:
    document: Postmortem = review.document
    sections = tuple(
        replace(one, text=text) if one.heading == SECTION else one
        for one in document.sections
    )
    return replace(review, document=replace(document, sections=sections))
