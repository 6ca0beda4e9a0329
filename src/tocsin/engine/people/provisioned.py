"""Our people and teams as SCIM resources, and SCIM resources as our documents."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any

from msgspec import Struct

from tocsin.core.configuration import FORMS, Documents
from tocsin.core.directory import Directory
from tocsin.core.forms import Plain, Problem
from tocsin.core.people.permissions import VIEWER
from tocsin.core.people.scim import Kind, Resource, ScimRefused
from tocsin.engine import hour_words
from tocsin.engine.audit import Actor, Auditor
from tocsin.engine.editing import new_problems, record
from tocsin.store import directory as stored_directory
from tocsin.store import scim as stored
from tocsin.store.database import Tx
from tocsin.store.scim import Known

NOUNS: Mapping[str, str] = {"User": "people", "Group": "teams"}
# What is told from the documents and the columns, not from what the service sent.
DERIVED = ("active", "externalId", "members")
_ODD = re.compile(r"[^a-z0-9._-]+")


class Entry(Struct, frozen=True):
    """One person or team, and what the service calls it."""

    known: Known
    document: Plain


class Shelf(Struct, frozen=True):
    """Everything there is at one moment."""

    documents: Documents
    directory: Directory
    known: Mapping[str, Mapping[str, Known]]  # kind, then id
    base: str
    now: datetime

    def resources(self, kind: Kind) -> list[Resource]:
        """All of a kind, the oldest first."""
        groups = self._groups() if kind.name == "User" else {}
        return [
            self._resource(kind, self._entry(kind, known), groups)
            for known in self.known[kind.name].values()
        ]

    def resource(self, kind: Kind, scim_id: str) -> Resource:
        """One. Raises ScimRefused (404)."""
        groups = self._groups() if kind.name == "User" else {}
        return self._resource(kind, self.entry(kind, scim_id), groups)

    def entry(self, kind: Kind, scim_id: str) -> Entry:
        """One with its document. Raises ScimRefused (404)."""
        known = self.known[kind.name].get(scim_id)
        if known is None:
            raise ScimRefused(404, "", f"There is no {kind.name} {scim_id[:60]!r}.")
        return self._entry(kind, known)

    def settable(self, kind: Kind, entry: Entry) -> Resource:
        """What the service may set of it, as it is now."""
        whole = self._resource(kind, entry, {})
        return {k: v for k, v in whole.items() if k not in ("id", "meta", "groups")}

    def document(self, kind: Kind, name: str) -> Plain | None:
        """The document of a name, None when there is none."""
        return self.documents[NOUNS[kind.name]].get(name)

    def must_be_free(self, kind: Kind, wanted: Resource, *, but: str = "") -> None:
        """Nobody else has the name that must be somebody's own. Raises ScimRefused."""
        field = "userName" if kind.name == "User" else "displayName"
        name = wanted[field].casefold()
        for scim_id, known in self.known[kind.name].items():
            held = self.settable(kind, self._entry(kind, known))
            if scim_id != but and str(held.get(field, "")).casefold() == name:
                raise ScimRefused(409, "uniqueness", f"{field}: it is taken.")

    def new_name(self, kind: Kind, wanted: Resource) -> str:
        """A handle for somebody or something new: of who left before, their own."""
        given = wanted["userName" if kind.name == "User" else "displayName"]
        base = given.partition("@")[0] if kind.name == "User" else given
        base = _ODD.sub("-", base.casefold()).strip("-._")[:60] or kind.name.lower()
        live = {one.name for one in self.known[kind.name].values()}
        taken = self.documents[NOUNS[kind.name]]
        if base not in taken:
            return base
        is_back = base not in live and self._is_same(kind, taken[base], wanted)
        return base if is_back else _free(base, taken)

    def members(self, team: str) -> list[tuple[str, Plain]]:
        """(name, document) of everybody in a team."""
        return [
            (name, one)
            for name, one in self.documents["people"].items()
            if team in one.get("teams", [])
        ]

    def people_of(self, members: Sequence[Mapping[str, Any]]) -> list[str]:
        """The handles that members mean. Raises ScimRefused for who is unknown."""
        found = []
        for one in members:
            known = self.known["User"].get(str(one.get("value", "")))
            if known is None:
                said = f"members: there is no User {str(one.get('value'))[:60]!r}."
                raise ScimRefused(400, "invalidValue", said)
            found.append(known.name)
        return list(dict.fromkeys(found))

    def _entry(self, kind: Kind, known: Known) -> Entry:
        return Entry(known, self.documents[NOUNS[kind.name]][known.name])

    def _is_same(self, kind: Kind, held: Plain, wanted: Resource) -> bool:
        """Whether somebody who left has come back: their address is the same."""
        if kind.name != "User" or held.get("active", True):
            return False
        return str(held.get("email", "")).casefold() == _email(wanted).casefold()

    def _groups(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for scim_id, known in self.known["Group"].items():
            group = {
                "value": scim_id,
                "$ref": f"{self.base}/Groups/{scim_id}",
                "display": known.data.get("displayName", known.name),
            }
            for person, _ in self.members(known.name):
                found.setdefault(person, []).append(group)
        return found

    def _resource(
        self, kind: Kind, entry: Entry, groups: Mapping[str, list[Resource]]
    ) -> Resource:
        known = entry.known
        found: Resource = {"schemas": [kind.schema], "id": known.id}
        if known.external_id:
            found["externalId"] = known.external_id
        if kind.name == "User":
            found |= _user(known, entry.document)
            if groups.get(known.name):
                found["groups"] = groups[known.name]
        else:
            found["displayName"] = known.data.get("displayName", known.name)
            found |= self._member_values(known.name)
        location = f"{self.base}/{kind.path}/{known.id}"
        found["meta"] = {
            "resourceType": kind.name,
            "created": known.made_at.isoformat().replace("+00:00", "Z"),
            "lastModified": known.changed_at.isoformat().replace("+00:00", "Z"),
            "location": location,
        }
        return found

    def _member_values(self, team: str) -> Resource:
        ids = {known.name: scim_id for scim_id, known in self.known["User"].items()}
        values = [
            {
                "value": ids[name],
                "$ref": f"{self.base}/Users/{ids[name]}",
            }
            for name, _ in self.members(team)
            if name in ids
        ]
        return {"members": values} if values else {}


def enrolled(
    tx: Tx, kind: str, documents: Mapping[str, Plain]
) -> tuple[dict[str, Known], list[str]]:
    """Every live one by id, and the names of those who have no id yet."""
    live = [one for one in stored.listing(tx, kind) if one.name in documents]
    named = {one.name for one in live}
    missing = sorted(name for name in documents if name not in named)
    buried = stored.buried(tx, kind) if missing else set()
    return (
        {one.id: one for one in live},
        [n for n in missing if n not in buried or documents[n].get("active", True)],
    )


def enrol(
    tx: Tx,
    kind: str,
    documents: Mapping[str, Plain],
    *,
    new_id: Callable[[], str],
    now: datetime,
) -> None:
    """Who was made by hand gets an id, who is gone loses it."""
    for one in stored.listing(tx, kind):
        if one.name not in documents:
            stored.bury(tx, kind, one.id)
    for name in enrolled(tx, kind, documents)[1]:
        stored.save(tx, kind, Known(new_id(), name, "", {}, now, now))


def person_of(name: str, held: Plain | None, wanted: Resource) -> Plain:
    """The document of a User; what SCIM does not know of stays as it is."""
    # A company is larger than its rota: who is only known may look, no more.
    document: Plain = {"role": VIEWER} if held is None else {**held}
    document |= {"name": name, "email": _email(wanted)}
    full_name = _full_name(wanted)
    document.pop("full_name", None)
    document.pop("active", None)
    if full_name:
        document["full_name"] = full_name
    # Who left does not come back because a request does not speak of it.
    if not wanted.get("active", (held or {}).get("active", True)):
        document["active"] = False
    return document


def checked_write(
    tx: Tx,
    before: Documents,
    changes: Mapping[tuple[str, str], Plain | None],
    auditor: Auditor,
    actor: Actor,
    *,
    now: datetime,
) -> None:
    """Write documents together, each with its entry in the record, or none at all."""
    after = {noun: dict(held) for noun, held in before.items()}
    problems: list[Problem] = []
    for (noun, name), document in changes.items():
        if document is None:
            after[noun].pop(name, None)
        else:
            where = f"{noun}[{name}]"
            after[noun][name] = FORMS[noun].read(document, where, problems)
    problems += new_problems(tx, before, after)
    if problems:
        gone = any(document is None for document in changes.values())
        status, word = (409, "") if gone else (400, "invalidValue")
        raise ScimRefused(status, word, "; ".join(str(one) for one in problems[:5]))
    for noun, name in changes:
        held, document = before[noun].get(name), after[noun].get(name)
        if document == held:
            continue
        if document is None:
            stored_directory.delete(tx, noun, name)
        else:
            stored_directory.save(tx, noun, name, document)
        record(tx, auditor, actor, noun, name, held, document, after, now=now)
        hour_words.tell(tx, actor, noun, name, held, after, now=now)


def _user(known: Known, document: Plain) -> Resource:
    """What the service said, unless somebody has changed it here meanwhile."""
    data = known.data
    email = str(document.get("email", ""))
    found: Resource = {"userName": data.get("userName") or email or known.name}
    if _full_name(data) == document.get("full_name", ""):
        found |= {key: data[key] for key in ("name", "displayName") if key in data}
    elif document.get("full_name"):
        found["displayName"] = document["full_name"]
    if "emails" in data and _email(data) == email:
        found["emails"] = data["emails"]
    elif email:
        found["emails"] = [{"value": email, "type": "work", "primary": True}]
    found["active"] = document.get("active", True)
    return found


def _email(wanted: Mapping[str, Any]) -> str:
    """The primary address, else the first."""
    emails = wanted.get("emails") or []
    ordered = sorted(emails, key=lambda one: not one.get("primary", False))
    return next((str(one["value"]) for one in ordered if one.get("value")), "")


def _full_name(wanted: Mapping[str, Any]) -> str:
    parts = wanted.get("name") or {}
    both = f"{parts.get('givenName', '')} {parts.get('familyName', '')}".strip()
    return str(wanted.get("displayName") or parts.get("formatted") or both)


def _free(base: str, taken: Collection[str]) -> str:
    return next(name for n in count(2) if (name := f"{base}-{n}") not in taken)
