"""What a person changes of their own document, as one act each with its refusal.

Pages and the API end here; editing.py checks, writes and records.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tocsin.core.forms import Plain, Problem
from tocsin.core.pages.paging import steps
from tocsin.core.people import contacts
from tocsin.core.severity import Urgency
from tocsin.engine.editing import Change, Edited, etag_of
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import directory as stored

MOST_CONTACTS = 12
MOST_RULES = 20
STRANGER = (
    "You are not among the people of the configuration, so there is nothing to keep."
)
Edit = Callable[[Plain], Plain]


@dataclass(frozen=True)
class Own:
    """Made where pages and the API are built."""

    desk: FrontDesk

    def document(self, viewer: Viewer) -> Plain | None:
        """The viewer's own, as it is now."""
        people = self.desk.database.read(stored.documents).get("people", {})
        return people.get(viewer.person)

    def change(self, viewer: Viewer, fields: Plain) -> Edited:
        """Set fields of one's own document; None takes one away."""
        unknown = [name for name in fields if name not in contacts.OWN_FIELDS]
        if unknown:
            expected = "one of " + ", ".join(contacts.OWN_FIELDS)
            return Edited(
                problems=tuple(Problem(n, fields[n], expected) for n in unknown)
            )
        addresses = self._bad_addresses(viewer, fields)
        if addresses:
            return Edited(problems=addresses)

        def changed(document: Plain) -> Plain:
            merged = {**document, **fields}
            return {key: value for key, value in merged.items() if value is not None}

        return self._edit(viewer, changed)

    def add(self, viewer: Viewer, channel: str, address: str, label: str) -> Edited:
        """One more contact; it is not verified."""
        document = self.document(viewer)
        if document is None:
            return Edited(refused=STRANGER)
        held = document.get("contacts", [])
        problems = []
        if len(held) >= MOST_CONTACTS:
            expected = f"at most {MOST_CONTACTS} contacts"
            problems.append(Problem("address", len(held), expected))
        if any(contacts.place_of(one) == (channel, address) for one in held):
            problems.append(Problem("address", "", "an address that you do not have"))
        wrong = self.desk.contacts.problem(channel, address)
        if wrong:
            problems.append(Problem("address", "", wrong, is_secret=True))
        names = {name for one in held for name in (one["by"], one.get("label", ""))}
        names |= {"email"} if document.get("email") else set()
        if not label and channel in names:
            expected = f"a label, as you have another contact that is {channel}"
            problems.append(Problem("label", None, expected))
        if label and (label in names or label in self.desk.contacts.channels()):
            problems.append(Problem("label", label, "a label that is used once"))
        if problems:
            return Edited(problems=tuple(problems))
        return self._edit(
            viewer, lambda one: contacts.added(one, channel, address, label)
        )

    def with_contact(
        self, viewer: Viewer, contact_id: str, word: str, label: str = ""
    ) -> Edited:
        """Remove, move up or down, or name one of one's contacts."""

        def changed(document: Plain) -> Plain:
            held = document.get("contacts", [])
            index = _index(held, contact_id)
            if index is None:
                return document
            if word == "remove":
                return contacts.removed(document, index)
            if word == "label":
                return contacts.renamed(document, index, label)
            step = {"up": -1, "down": 1}.get(word, 0)
            return {**document, "contacts": contacts.moved(held, index, step)}

        return self._edit(viewer, changed)

    def with_rules(
        self, viewer: Viewer, urgency: str, change: Callable[[list[Any]], list[Any]]
    ) -> Edited:
        """Other steps for one urgency; the first change writes down the usual ones."""

        def changed(document: Plain) -> Plain:
            notify = dict(document.get("notify", {}))
            held = notify.get(urgency)
            if not held:
                held = self._usual(viewer, urgency)
            notify[urgency] = change(list(held))[:MOST_RULES]
            return {**document, "notify": notify}

        return self._edit(viewer, changed)

    def _usual(self, viewer: Viewer, urgency: str) -> list[Plain]:
        person = self.desk.directory().people.get(viewer.person)
        usual = steps(person, Urgency(urgency)) if person is not None else ()
        return [
            {"by": step.by, "after": f"{int(step.after.total_seconds())}s"}
            for step in usual
        ]

    def _bad_addresses(self, viewer: Viewer, fields: Plain) -> tuple[Problem, ...]:
        """Only what is new is judged: old troubles stop nobody from mending."""
        document = self.document(viewer) or {}
        known = {contacts.place_of(one) for one in document.get("contacts", [])}
        given = fields.get("contacts")
        found = []
        for index, one in enumerate(given if isinstance(given, list) else []):
            place = contacts.place_of(one) if isinstance(one, dict) else ("", "")
            wrong = "" if place in known else self.desk.contacts.problem(*place)
            if wrong:
                where = f"contacts[{index}].address"
                found.append(Problem(where, place[1], wrong, is_secret=True))
        return tuple(found)

    def _edit(self, viewer: Viewer, changed: Edit) -> Edited:
        document = self.document(viewer)
        if document is None:
            return Edited(refused=STRANGER)
        after = contacts.settled(document, changed(document))
        change = Change("people", viewer.person, after, etag_of(document))
        return self.desk.edit(change, viewer, viewer.actor)


def _index(held: list[Plain], contact_id: str) -> int | None:
    for index, one in enumerate(held):
        if contacts.id_of(*contacts.place_of(one)) == contact_id:
            return index
    return None
