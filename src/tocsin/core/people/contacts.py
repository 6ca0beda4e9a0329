"""How one is reached, as a person's own document says it: what its owner may change.

Works on the plain document of a person; people.py is what paging knows of it.
"""

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256

from tocsin.core.credentials import shown_address
from tocsin.core.forms import Plain

# What people keep themselves. Never role, teams or the address that lets them in.
OWN_FIELDS = (
    "full_name", "time_zone", "contacts", "notify", "quiet_hours", "leave", "region",
    "shift_reminders",
)  # fmt: skip
Place = tuple[str, str]


def is_only_own(before: Plain, after: Plain) -> bool:
    """Whether a document differs in nothing but what its owner keeps."""
    keys = {*before, *after} - {*OWN_FIELDS}
    return all(before.get(key) == after.get(key) for key in keys)


def refusal(person: str, before: Plain | None, after: Plain | None) -> str:
    """Why somebody who is no admin may not change a person's document so.

    `person` is who they are, "" where they may not even keep their own.
    """
    if before is None or after is None or not person or before.get("name") != person:
        return "People are kept by the admins."
    if not is_only_own(before, after):
        fields = ", ".join(OWN_FIELDS)
        return f"Of your own document you keep {fields}; the rest is the admins'."
    return ""


def place_of(contact: Plain) -> Place:
    """The channel and address of a contact."""
    return str(contact.get("by", "")), str(contact.get("address", ""))


def id_of(channel: str, address: str) -> str:
    """Names a contact on pages and in the API without showing its address."""
    return sha256(f"{channel}\n{address}".encode()).hexdigest()[:12]


def settled(before: Plain, after: Plain, proven: Collection[Place] = ()) -> Plain:
    """`after` as its owner may have it: a new address is not verified yet.

    `proven` are addresses whose code was entered just now.
    """
    if not isinstance(after.get("contacts"), list):
        return after
    trusted = {
        place_of(one)
        for one in before.get("contacts", [])
        if one.get("verified", True)
    } | set(proven)  # fmt: skip
    contacts = []
    for contact in after["contacts"]:
        kept = {key: value for key, value in contact.items() if key != "verified"}
        if place_of(contact) not in trusted:
            kept["verified"] = False
        contacts.append(kept)
    return {**after, "contacts": contacts}


def added(document: Plain, channel: str, address: str, label: str) -> Plain:
    """With one more contact, at the end."""
    contact = {"by": channel, "address": address, "verified": False}
    if label:
        contact["label"] = label
    return {**document, "contacts": [*document.get("contacts", []), contact]}


def removed(document: Plain, index: int) -> Plain:
    """Without a contact, and without the rules that named it and nothing else now."""
    contacts = list(document.get("contacts", []))
    gone = contacts.pop(index)
    left = {name for one in contacts for name in (one["by"], one.get("label", ""))}
    if document.get("email"):
        left.add("email")
    after = {**document, "contacts": contacts}
    names = {gone["by"], gone.get("label", "")} - left
    if isinstance(document.get("notify"), Mapping):
        after["notify"] = {
            urgency: [rule for rule in rules if rule.get("by") not in names]
            for urgency, rules in document["notify"].items()
        }
    return after


def renamed(document: Plain, index: int, label: str) -> Plain:
    """With another label on a contact; rules that used the old one follow."""
    contacts = [dict(one) for one in document.get("contacts", [])]
    old, contact = contacts[index].get("label", ""), contacts[index]
    contact.pop("label", None)
    if label:
        contact["label"] = label
    after = {**document, "contacts": contacts}
    if old and isinstance(document.get("notify"), Mapping):
        new = label or contact["by"]
        after["notify"] = {
            urgency: [
                {**rule, "by": new if rule.get("by") == old else rule.get("by")}
                for rule in rules
            ]
            for urgency, rules in document["notify"].items()
        }
    return after


def moved(items: Sequence[Plain], index: int, by: int) -> list[Plain]:
    """With one item `by` places further; the ends are as far as it goes."""
    found = list(items)
    item = found.pop(index)
    found.insert(max(0, min(len(found), index + by)), item)
    return found


def shown(contact: Plain) -> str:
    """The address as its owner sees it on a screen that others may see too."""
    return shown_address(*place_of(contact))
