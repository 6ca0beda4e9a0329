"""A rotation gets another name, or goes: what every document says of it then.

Works on plain documents, and does not judge them: whoever saves them does.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tocsin.core.forms import Plain
from tocsin.core.wallclock import this_minute

# Where targets stand, by noun; a rotation is one of them as `schedule/rotation`.
_TARGETS = {
    "escalation_policies": ("levels", "fallback"),
    "teams": ("incident_roles",),
}


def renamed(
    documents: dict[str, dict[str, Plain]],
    schedule: str,
    old: str,
    new: str,
    *,
    now: datetime,
) -> Iterator[tuple[str, str, Plain]]:
    """(noun, name, document) of each that names the rotation, with its new name."""
    held = documents["schedules"][schedule]
    named = {
        **held,
        "rotations": [_called(one, "name", old, new) for one in held["rotations"]],
    }
    if "shadows" in held:
        named["shadows"] = [
            part for one in held["shadows"] for part in _followed(one, old, new, now)
        ]
    yield "schedules", schedule, named
    was, will = f"{schedule}/{old}", f"{schedule}/{new}"
    for noun, keys in _TARGETS.items():
        for name, one in documents.get(noun, {}).items():
            changed = {key: _target(one[key], was, will) for key in keys if key in one}
            if any(one[key] != value for key, value in changed.items()):
                yield noun, name, {**one, **changed}


def removed(held: Plain, rotation: str) -> Plain:
    """The schedule's document without a rotation."""
    kept = [one for one in held["rotations"] if one.get("name") != rotation]
    return {**held, "rotations": kept}


def _called(one: Plain, key: str, old: str, new: str) -> Plain:
    return {**one, key: new} if one.get(key) == old else one


def _followed(one: Plain, old: str, new: str, now: datetime) -> Iterator[Plain]:
    """A shadow under the new name; what of it has been belongs to the old one."""
    if one.get("rotation") != old:
        yield one
        return
    start, end = (datetime.fromisoformat(one[key]) for key in ("from", "until"))
    at = this_minute(now)
    if start < at:
        yield {**one, "until": min(end, at).isoformat()}
    if end > at:
        yield {**one, "rotation": new, "from": max(start, at).isoformat()}


def _target(value: Any, was: str, will: str) -> Any:
    """The same with each target that is the rotation under its new name."""
    if isinstance(value, list):
        return [_target(one, was, will) for one in value]
    if isinstance(value, dict):
        return {
            key: will if (key, one) == ("rotation", was) else _target(one, was, will)
            for key, one in value.items()
        }
    return value
