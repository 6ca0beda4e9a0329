"""PATCH of SCIM (RFC 7644 3.5.2): operations on a resource, as a new resource."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from tocsin.core.people.scim import (
    Attribute,
    Kind,
    Resource,
    ScimRefused,
    checked_value,
    find,
)
from tocsin.core.people.scim_filters import equalities, parsed_values

MOST_OPERATIONS = 1000
_PATH = re.compile(
    r"(?P<name>[A-Za-z$][\w$-]*)(?:\[(?P<filter>.*)\])?(?:\.(?P<sub>[A-Za-z$][\w$-]*))?",
    re.DOTALL,
)
_WORDS = ("add", "replace", "remove")


class _Target(Struct, frozen=True):
    """Where an operation acts: an attribute, some of its values, a part of them."""

    attribute: Attribute
    filter: str
    sub: Attribute | None


def patched(kind: Kind, resource: Resource, operations: Any) -> Resource:
    """The resource after all operations. Raises ScimRefused; then none was done."""
    if not isinstance(operations, list) or not operations:
        raise ScimRefused(400, "invalidSyntax", "Operations: expected a list.")
    if len(operations) > MOST_OPERATIONS:
        raise ScimRefused(413, "tooMany", f"At most {MOST_OPERATIONS} operations.")
    held = {name: value for name, value in resource.items()}
    for one in operations:
        lowered = (
            {str(key).casefold(): value for key, value in one.items()}
            if isinstance(one, Mapping)
            else {}
        )
        word = str(lowered.get("op", "")).casefold()
        if word not in _WORDS:
            raise ScimRefused(
                400, "invalidSyntax", "op: expected add, replace, remove."
            )
        _operate(kind, held, word, lowered.get("path"), lowered.get("value"))
    return held


def _operate(kind: Kind, held: Resource, word: str, path: Any, value: Any) -> None:
    if path is None or path == "":
        if word == "remove":
            raise ScimRefused(400, "noTarget", "remove: a path is needed.")
        if not isinstance(value, Mapping):
            raise ScimRefused(400, "invalidValue", "value: expected an object.")
        for key, inner in value.items():
            if str(key).casefold() != "schemas":
                _known_or_passed_over(kind, held, word, str(key), inner)
        return
    target = _target(kind, str(path))
    if target.attribute.mutability == "readOnly":
        raise ScimRefused(400, "mutability", f"{target.attribute.name} is read-only.")
    _at(held, word, target, value)


def _known_or_passed_over(
    kind: Kind, held: Resource, word: str, path: str, value: Any
) -> None:
    """A whole resource may come as a value, with parts that only we set."""
    try:
        target = _target(kind, path)
    except ScimRefused:
        return
    if target.attribute.mutability != "readOnly":
        _at(held, word, target, value)


def _target(kind: Kind, path: str) -> _Target:
    prefix = f"{kind.schema}:"
    if path.casefold().startswith(prefix.casefold()):
        path = path[len(prefix) :]
    match = _PATH.fullmatch(path.strip()) if len(path) < 2000 else None
    attribute = kind.attribute(match["name"]) if match else None
    if match is None or attribute is None:
        raise ScimRefused(400, "invalidPath", f"path: {path[:100]!r} leads nowhere.")
    sub = None
    if match["sub"]:
        sub = find(attribute.subs, match["sub"])
        if sub is None:
            raise ScimRefused(
                400, "invalidPath", f"path: {path[:100]!r} leads nowhere."
            )
        if sub.mutability == "readOnly":
            raise ScimRefused(400, "mutability", f"{sub.name} is read-only.")
    if match["filter"] is not None and not attribute.multi:
        raise ScimRefused(400, "invalidPath", f"{attribute.name} has one value only.")
    return _Target(attribute, match["filter"] or "", sub)


def _at(held: Resource, word: str, target: _Target, value: Any) -> None:
    attribute = target.attribute
    if target.filter or (target.sub is not None and attribute.multi):
        _some_values(held, word, target, value)
    elif target.sub is not None:
        whole = dict(held.get(attribute.name) or {})
        _set(whole, target.sub, None if word == "remove" else value)
        _set_checked(held, attribute, whole or None)
    elif word == "remove":
        _remove(held, attribute, value)
    elif attribute.multi and word == "add":
        more = checked_value(attribute, value) or []
        _set_checked(held, attribute, _joined(held.get(attribute.name, []), more))
    elif attribute.type == "complex" and not attribute.multi:
        merged = {**(held.get(attribute.name) or {})}
        merged |= checked_value(attribute, value) or {}
        _set_checked(held, attribute, merged or None)
    else:
        _set_checked(held, attribute, value)


def _some_values(held: Resource, word: str, target: _Target, value: Any) -> None:
    attribute = target.attribute
    values = [dict(one) for one in held.get(attribute.name, [])]
    is_meant = (
        parsed_values(target.filter, attribute) if target.filter else lambda one: True
    )
    meant = [one for one in values if is_meant(one)]
    if word == "remove" and target.sub is None:
        _set_checked(held, attribute, [one for one in values if not is_meant(one)])
        return
    if not meant and word == "add":
        meant = [dict(equalities(target.filter))]
        values += meant
    elif not meant and word == "replace":
        raise ScimRefused(400, "noTarget", f"{attribute.name}: no value is meant.")
    for one in meant:
        if target.sub is not None:
            _set(one, target.sub, None if word == "remove" else value)
        elif isinstance(value, Mapping):
            one.update(value)
    _set_checked(held, attribute, values)


def _remove(held: Resource, attribute: Attribute, value: Any) -> None:
    """All of it, or the values that are named beside the path."""
    if attribute.multi and value:
        gone = {
            one.get("value")
            for one in checked_value(attribute, value) or []
            if isinstance(one, dict)
        }
        left = [
            one for one in held.get(attribute.name, []) if one.get("value") not in gone
        ]
        _set_checked(held, attribute, left)
        return
    if attribute.required:
        raise ScimRefused(400, "mutability", f"{attribute.name} is required.")
    held.pop(attribute.name, None)


def _joined(held: Sequence[Resource], more: Sequence[Resource]) -> list[Resource]:
    """Both, each once; a new primary value is the only one."""
    if any(one.get("primary") for one in more):
        held = [{**one, "primary": False} if "primary" in one else one for one in held]
    known = {one.get("value") for one in more}
    return [*(one for one in held if one.get("value") not in known), *more]


def _set_checked(held: Resource, attribute: Attribute, value: Any) -> None:
    checked = checked_value(attribute, value) if value not in (None, []) else None
    if checked is None:
        if attribute.required:
            raise ScimRefused(400, "invalidValue", f"{attribute.name} is required.")
        held.pop(attribute.name, None)
    else:
        held[attribute.name] = checked


def _set(whole: Resource, sub: Attribute, value: Any) -> None:
    checked = checked_value(sub, value)
    if checked is None:
        whole.pop(sub.name, None)
    else:
        whole[sub.name] = checked
