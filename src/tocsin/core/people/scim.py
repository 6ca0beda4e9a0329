"""SCIM 2.0 users and groups as data (RFC 7643): attributes, their checks, the schemas.

One table per resource type gives what is read, what is refused and what is published,
so that the three cannot disagree. Knows no request and no database.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

Resource = dict[str, Any]

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
LONGEST_TEXT = 400
MOST_VALUES = 5000


class ScimRefused(Exception):
    """A request that cannot be done: HTTP status, SCIM's word for it, a sentence."""

    def __init__(self, status: int, scim_type: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.scim_type = scim_type
        self.detail = detail


class Attribute(Struct, frozen=True):
    """One attribute; `subs` are those of a complex one."""

    name: str
    about: str
    type: str = "string"
    multi: bool = False
    required: bool = False
    mutability: str = "readWrite"
    uniqueness: str = "none"
    exact: bool = False  # whether upper and lower case differ
    subs: tuple["Attribute", ...] = ()
    refers_to: tuple[str, ...] = ()


class Kind(Struct, frozen=True):
    """A resource type: its path below /scim/v2 and its attributes."""

    name: str
    path: str
    schema: str
    about: str
    attributes: tuple[Attribute, ...]

    def attribute(self, name: str) -> Attribute | None:
        """By name, whatever its case; those that every resource has too."""
        return find((*self.attributes, *_COMMON), name)


_COMMON = (
    Attribute("id", "Ours, never given again.", mutability="readOnly", exact=True),
    Attribute("externalId", "The directory service's own.", exact=True),
    Attribute(
        "meta",
        "When and where.",
        type="complex",
        mutability="readOnly",
        subs=(
            Attribute("resourceType", "User or Group.", mutability="readOnly"),
            Attribute("created", "When.", type="dateTime", mutability="readOnly"),
            Attribute("lastModified", "When.", type="dateTime", mutability="readOnly"),
            Attribute("location", "Its address.", mutability="readOnly"),
        ),
    ),
)
_PEOPLE = Kind(
    "User",
    "Users",
    USER,
    "A person who can be paged.",
    (
        Attribute(
            "userName", "By which they sign in.", required=True, uniqueness="server"
        ),
        Attribute(
            "name",
            "The parts of their name.",
            type="complex",
            subs=(
                Attribute("formatted", "The whole name."),
                Attribute("familyName", "The family name."),
                Attribute("givenName", "The given name."),
            ),
        ),
        Attribute("displayName", "As others know them."),
        Attribute("active", "False for who left.", type="boolean", required=True),
        Attribute(
            "emails",
            "Where they are paged and invited; the primary one counts.",
            type="complex",
            multi=True,
            required=True,
            subs=(
                Attribute("value", "A mail address.", required=True),
                Attribute("type", "Such as work."),
                Attribute("primary", "Whether it counts.", type="boolean"),
            ),
        ),
        Attribute(
            "groups",
            "The teams they are in.",
            type="complex",
            multi=True,
            mutability="readOnly",
            subs=(
                Attribute("value", "The group's id.", mutability="readOnly"),
                Attribute(
                    "$ref",
                    "Its address.",
                    type="reference",
                    mutability="readOnly",
                    refers_to=("Group",),
                ),
                Attribute("display", "Its name.", mutability="readOnly"),
            ),
        ),
    ),
)
_TEAMS = Kind(
    "Group",
    "Groups",
    GROUP,
    "A team.",
    (
        Attribute("displayName", "The team's name.", required=True),
        Attribute(
            "members",
            "Who is in it.",
            type="complex",
            multi=True,
            subs=(
                Attribute(
                    "value", "The user's id.", mutability="immutable", exact=True
                ),
                Attribute(
                    "$ref",
                    "Its address.",
                    type="reference",
                    mutability="immutable",
                    refers_to=("User",),
                ),
            ),
        ),
    ),
)
KINDS: Mapping[str, Kind] = {"User": _PEOPLE, "Group": _TEAMS}


def find(attributes: Sequence[Attribute], name: str) -> Attribute | None:
    """The attribute of this name; SCIM's names have no case."""
    folded = name.casefold()
    return next((one for one in attributes if one.name.casefold() == folded), None)


def read(kind: Kind, body: Mapping[str, Any]) -> Resource:
    """What a client may set, checked and with our spelling. Raises ScimRefused.

    What we do not know and what only we set is passed over (RFC 7644 3.3).
    """
    found: Resource = {}
    for key, value in body.items():
        attribute = kind.attribute(_without_urn(kind, str(key)))
        if attribute is None or attribute.mutability == "readOnly":
            continue
        checked = checked_value(attribute, value)
        if checked is not None:
            found[attribute.name] = checked
    if (
        kind.name == "User"
        and "emails" not in found
        and "@" in found.get("userName", "")
    ):
        # Directory services often name people by their address and send it once.
        found["emails"] = [{"value": found["userName"], "primary": True}]
    for attribute in kind.attributes:
        # Whoever is not said to be away is active, or stays as they are.
        is_assumed = attribute.name == "active"
        if attribute.required and not is_assumed and not found.get(attribute.name):
            raise ScimRefused(400, "invalidValue", f"{attribute.name} is required.")
    return found


def checked_value(attribute: Attribute, value: Any) -> Any:
    """The value of an attribute, None when there is none. Raises ScimRefused."""
    if attribute.multi:
        given = value if isinstance(value, list) else [value]
        if len(given) > MOST_VALUES:
            raise _wrong(attribute, f"at most {MOST_VALUES} values")
        values = [one for item in given if (one := _one(attribute, item)) is not None]
        primary = [
            one for one in values if isinstance(one, dict) and one.get("primary")
        ]
        if len(primary) > 1:
            raise _wrong(attribute, "one primary value at most")
        return values or None
    return _one(attribute, value)


def schema_of(kind: Kind) -> Resource:
    """As /Schemas publishes it (RFC 7643 7)."""
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": kind.schema,
        "name": kind.name,
        "description": kind.about,
        "attributes": [_published(one) for one in kind.attributes],
    }


def _without_urn(kind: Kind, name: str) -> str:
    prefix = f"{kind.schema}:"
    known = name.casefold().startswith(prefix.casefold())
    return name[len(prefix) :] if known else name


def _one(attribute: Attribute, value: Any) -> Any:
    if value is None:
        return None
    if attribute.type == "complex":
        return _complex(attribute, value)
    if attribute.type == "boolean":
        # One large directory service sends its booleans as words.
        words = {"true": True, "false": False}
        if isinstance(value, str) and value.casefold() in words:
            return words[value.casefold()]
        if not isinstance(value, bool):
            raise _wrong(attribute, "true or false")
        return value
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise _wrong(attribute, f"a text of at most {LONGEST_TEXT} characters")
    if not value.isprintable():
        raise _wrong(attribute, "a text without control characters")
    return value.strip() or None


def _complex(attribute: Attribute, value: Any) -> Resource | None:
    if isinstance(value, str) and attribute.multi:
        value = {"value": value}
    if not isinstance(value, Mapping):
        raise _wrong(attribute, "an object")
    found = {}
    for key, held in value.items():
        sub = find(attribute.subs, str(key))
        if sub is None or sub.mutability == "readOnly":
            continue
        one = _one(sub, held)
        if one is not None:
            found[sub.name] = one
    return found or None


def _wrong(attribute: Attribute, expected: str) -> ScimRefused:
    return ScimRefused(400, "invalidValue", f"{attribute.name}: expected {expected}.")


def _published(one: Attribute) -> Resource:
    found: Resource = {
        "name": one.name,
        "type": one.type,
        "multiValued": one.multi,
        "description": one.about,
        "required": one.required,
        "mutability": one.mutability,
        "returned": "default",
    }
    if one.type in ("string", "reference"):
        found["caseExact"] = one.exact or one.type == "reference"
        found["uniqueness"] = one.uniqueness
    if one.refers_to:
        found["referenceTypes"] = list(one.refers_to)
    if one.subs:
        found["subAttributes"] = [_published(sub) for sub in one.subs]
    return found
