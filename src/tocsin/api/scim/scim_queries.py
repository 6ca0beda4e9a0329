"""What a SCIM client wants to see: which resources, which page, which attributes.

A query comes in the address or, with POST to /.search, in a body (RFC 7644 3.4.2-3.4.3).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tocsin.api.scim.scim_answers import listed
from tocsin.api.scim.scim_descriptions import MOST
from tocsin.core.people import scim_filters
from tocsin.core.people.scim import Kind, Resource, ScimRefused
from tocsin.engine.people.provisioning import Provisioning

Asked = Mapping[str, Any]


def page(kept: Provisioning, kinds: Sequence[Kind], asked: Asked) -> Resource:
    """One page of the resources of some kinds. Raises ScimRefused (400)."""
    start = max(1, _whole(asked, "startIndex", 1))
    size = max(0, min(MOST, _whole(asked, "count", MOST)))
    found = [
        (kind, one) for kind in kinds for one in _meant(kept, kind, asked.get("filter"))
    ]
    shown = [
        seen(one, kind, asked) for kind, one in found[start - 1 : start - 1 + size]
    ]
    return listed(shown, total=len(found), start=start)


def seen(resource: Resource, kind: Kind, asked: Asked) -> Resource:
    """A resource with the attributes that are asked for (RFC 7644 3.9)."""
    wanted = _names(asked, "attributes", kind)
    left_out = _names(asked, "excludedAttributes", kind)
    if not wanted and not left_out:
        return resource
    always = {"schemas", "id"}
    return {
        key: value
        for key, value in resource.items()
        if key in always
        or (key.casefold() in wanted if wanted else key.casefold() not in left_out)
    }


def _meant(kept: Provisioning, kind: Kind, text: Any) -> list[Resource]:
    if text is None or text == "":
        return kept.all(kind)
    if not isinstance(text, str):
        raise ScimRefused(400, "invalidFilter", "filter: expected a text.")
    is_meant = scim_filters.parsed(text, kind)
    return [one for one in kept.all(kind) if is_meant(one)]


def _names(asked: Asked, field: str, kind: Kind) -> set[str]:
    """Names of attributes, folded: a text with commas, or a list of texts."""
    given = asked.get(field) or ""
    names = given.split(",") if isinstance(given, str) else given
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        raise ScimRefused(400, "invalidValue", f"{field}: expected names.")
    prefix = f"{kind.schema}:".casefold()
    folded = [one.strip().casefold().removeprefix(prefix) for one in names]
    return {one.partition(".")[0] for one in folded if one}


def _whole(asked: Asked, field: str, otherwise: int) -> int:
    value = asked.get(field)
    if value is None or value == "":
        return otherwise
    text = str(value)
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(text) > 12:
        raise ScimRefused(400, "invalidValue", f"{field}: expected a whole number.")
    return int(text)
