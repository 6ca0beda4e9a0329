"""What a change changed, field by field, from the texts that the audit log keeps."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

_LONGEST = 600


class Difference(Struct, frozen=True):
    """One field; `before` and `after` are "" where there was nothing."""

    field: str
    before: str
    after: str


def differences(before: str, after: str) -> list[Difference]:
    """Fields that differ, by name; what cannot be read is shown as it is."""
    try:
        old, new = _flat(before), _flat(after)
    except msgspec.DecodeError:
        return [Difference("", before[:_LONGEST], after[:_LONGEST])]
    return [
        Difference(name, _said(old.get(name)), _said(new.get(name)))
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    ]


def _flat(text: str) -> dict[str, Any]:
    """Nested objects and lists as paths: levels[0].after."""
    found: dict[str, Any] = {}
    if text:
        _gather(msgspec.json.decode(text), "", found)
    return found


def _gather(value: Any, path: str, into: dict[str, Any]) -> None:
    if isinstance(value, Mapping) and value:
        for key, held in value.items():
            _gather(held, f"{path}.{key}" if path else str(key), into)
    elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        for index, held in enumerate(value):
            _gather(held, f"{path}[{index}]", into)
    elif path or value:
        into[path] = value


def _said(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return (", ".join(str(one) for one in value) or "none")[:_LONGEST]
    return str(value)[:_LONGEST] or "empty"
