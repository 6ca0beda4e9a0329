"""Rotations that come to a schedule or leave it: neither changes what has been.

One that leaves is kept as `retired` with what of it has happened; one that comes is on
call from then on (domain 1.4: intervals before an edit never change). A rename is both.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tocsin.core.forms import Plain
from tocsin.core.rotas import imported_shifts, past_turns, schedule_files
from tocsin.core.rotas.override_documents import named
from tocsin.core.rotas.rota_patterns import layers_of
from tocsin.core.wallclock import minute_text, this_minute

RETIRED = "retired"
_ODD = (schedule_files.BadSchedule, ValueError, KeyError, TypeError, AttributeError)


# A rotation has at least one layer; this one calls nobody.
_NOBODY: Plain = {
    "id": "nobody",
    "participants": [None],
    "anchor": "2024-01-01T00:00",
    "turn": {"unit": "week", "count": 1},
}


def left(rotation: Plain, zone: ZoneInfo, *, now: datetime) -> Plain | None:
    """What of a rotation has been, as it is kept once it is gone; None of none.

    `zone` is that of its schedule until now.
    """
    at = this_minute(now)
    old = past_turns.read_turns(rotation, zone)
    layers = (
        past_turns.closed(layers_of(rotation), old.layers, at)
        if old is not None
        else []  # a calendar's alone, which needs no turns
    )
    kept: Plain = {"name": rotation.get("name"), "layers": layers}
    try:
        kept["overrides"] = _until(named(rotation.get("overrides", ())), at)
        kept["leave"] = _until(rotation.get("leave", ()), at)
        shifts = imported_shifts.unwritten(rotation.get("imported", ()))
    except _ODD:
        return kept
    kept["imported"] = imported_shifts.written(
        imported_shifts.merged(shifts, (), now=now)
    )
    if not (layers or kept["overrides"] or kept["imported"]):
        return None  # nobody was on call by it yet
    kept["layers"] = layers or [{**_NOBODY, "until": minute_text(at)}]
    return {key: one for key, one in kept.items() if one}


def came(rotation: Plain, zone: ZoneInfo, *, now: datetime) -> Plain:
    """A rotation that is new in a schedule which has been in force: on call from now on.

    The document's own turns stand beside as `given`, so that a file which says them again
    changes nothing. What cannot be read is left as it is: it is told elsewhere.
    """
    at = this_minute(now)
    new = past_turns.read_turns(rotation, zone)
    if new is None:
        return rotation
    kept = dict(rotation)
    turns = past_turns.turns_of(rotation)
    layers = past_turns.opened(rotation, new, at)
    if layers != layers_of(rotation):
        for key in past_turns.TURNS:
            kept.pop(key, None)
        # Of turns that are over already nothing is left.
        over = [{**_NOBODY, "start": minute_text(at)}]
        kept |= {"layers": layers or over, past_turns.GIVEN: turns}
    try:
        for key in ("overrides", "leave"):
            if rotation.get(key):
                kept[key] = _from(rotation[key], at)
    except _ODD:
        return rotation
    return kept


def before_its_name(rotation: Plain, document: Plain, known: Plain) -> Plain:
    """The rotation that this one was before it got another name; {} if it is new.

    It has the people and the length of one that the schedule's document names no more.
    """
    there = {
        one.get("name")
        for one in document.get("rotations", [])
        if isinstance(one, dict)
    }
    turns = past_turns.turns_of(rotation)
    for one in known.get("rotations", []):
        if one.get("name") in there:
            continue
        was = past_turns.turns_of(one)
        if all(was.get(key) == turns.get(key) for key in ("users", "length", "layers")):
            return dict(one)
    return {}


def renames(document: Plain, known: Plain) -> dict[str, str]:
    """What rotations of before are called in the schedule's document: new by old name."""
    there = {one.get("name") for one in known.get("rotations", [])}
    found = {}
    for one in document.get("rotations", []):
        if isinstance(one, dict) and one.get("name") not in there:
            was = before_its_name(one, document, known).get("name")
            if was and was not in found:
                found[was] = str(one.get("name"))
    return found


def back(rotation: Any, gone: Mapping[str, Plain], *, now: datetime) -> Any:
    """A rotation that comes back under a name whose past is kept.

    What runs over from the name in between is an override of its own from now on.
    """
    if not isinstance(rotation, dict) or rotation.get("name") not in gone:
        return rotation
    at = this_minute(now)
    try:
        ahead = _from(named(rotation.get("overrides", ())), at)
        overrides = [
            {**one, "id": f"{one['id']}-{at:%Y%m%d%H%M}"}
            if _instant(one, "start") == at
            else one
            for one in ahead
        ]
        leave = _from(rotation.get("leave", ()), at)
    except _ODD:
        return rotation
    kept = {k: v for k, v in rotation.items() if k not in ("overrides", "leave")}
    return kept | {
        key: value
        for key, value in (("overrides", overrides), ("leave", leave))
        if value
    }


def _until(held: Iterable[Plain], at: datetime) -> list[Plain]:
    return [
        {**one, "end": minute_text(min(_instant(one, "end"), at))}
        for one in held
        if _instant(one, "start") < at
    ]


def _from(given: Iterable[Plain], at: datetime) -> list[Plain]:
    found = []
    for one in given:
        start, end = _instant(one, "start"), _instant(one, "end")
        if end <= at:
            continue
        found.append(one if start >= at else {**one, "start": minute_text(at)})
    return found


def _instant(one: Plain, key: str) -> datetime:
    return schedule_files.instant(one[key], key)
