"""Overrides as they stand in a schedule's document: putting one in, ending one.

Works on plain documents; overrides.py says what an override means.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from tocsin.core.forms import Plain
from tocsin.core.rotas.overrides import Override, withdrawn
from tocsin.core.rotas.schedules import Rotation
from tocsin.core.wallclock import minute_text

_Change = Callable[[list[Plain]], list[Plain]]


def placed(document: Plain, rotation: str, new: Override) -> Plain:
    """The schedule's document with one more override, after all others."""
    return _with(document, rotation, lambda held: [*named(held), written(new)])


def ended(
    document: Plain, rotation: Rotation, override_id: str, *, now: datetime
) -> Plain:
    """The document without an override, or with what of it has happened by `now`."""

    def without(held: list[Plain]) -> Iterator[Plain]:
        known = {one.id: one for one in rotation.overrides}
        for one in named(held):
            if one["id"] != override_id:
                yield one
                continue
            left = withdrawn(known[override_id], now=now)
            if left is not None:
                yield {**one, "end": minute_text(left.end)}

    return _with(document, rotation.name, lambda held: list(without(held)))


def written(one: Override) -> Plain:
    """An override as the document holds it."""
    found: Plain = {
        "id": one.id,
        "seq": one.seq,
        "kind": one.kind.value,
        "start": minute_text(one.start),
        "end": minute_text(one.end),
    }
    if one.user:
        found["user"] = one.user
    if one.for_user:
        found["for_user"] = one.for_user
    return found


def next_seq(rotation: Rotation) -> int:
    """The place after all overrides: the last word."""
    return max((one.seq for one in rotation.overrides), default=-1) + 1


def is_taking_over(person: str, held: Plain | None, document: Plain | None) -> bool:
    """Whether a change does nothing but put `person` on call, or end what did that."""
    if not person or held is None or document is None:
        return False
    before, after = _overrides(held), _overrides(document)
    if len(after) != _count(document):
        return False  # two of one id: the other could be anybody's
    if _without_overrides(held) != _without_overrides(document):
        return False
    touched = [one for key, one in before.items() if after.get(key) != one]
    touched += [one for key, one in after.items() if before.get(key) != one]
    return all(
        one.get("user") == person and one.get("kind") in ("cover", "replace", "add")
        for one in touched
    )


def _with(document: Plain, rotation: str, change: _Change) -> Plain:
    rotations = []
    for one in document.get("rotations", []):
        if one.get("name") == rotation:
            kept = change(list(one.get("overrides", [])))
            one = {key: value for key, value in one.items() if key != "overrides"}
            if kept:
                one["overrides"] = kept
        rotations.append(one)
    return {**document, "rotations": rotations}


def named(held: Sequence[Plain]) -> list[Plain]:
    """Each with the id and place it has been known by, so that none moves."""
    return [
        {"id": str(place), "seq": place, **one, **_kind(one)}
        for place, one in enumerate(held)
    ]


def _kind(one: Plain) -> Plain:
    return {"kind": one.get("kind", one.get("type"))}


def _overrides(document: Plain) -> dict[tuple[str, str], Plain]:
    return {
        (str(rotation.get("name")), str(one["id"])): one
        for rotation in document.get("rotations", [])
        for one in named(list(rotation.get("overrides", [])))
    }


def _count(document: Plain) -> int:
    return sum(len(one.get("overrides", [])) for one in document.get("rotations", []))


def _without_overrides(document: Plain) -> Plain:
    rotations = [
        {key: value for key, value in one.items() if key != "overrides"}
        for one in document.get("rotations", [])
    ]
    return {**document, "rotations": rotations}
