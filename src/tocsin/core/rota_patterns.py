"""Rotas as people describe them, made into layers: who, how long, when it changes hands.

A change closes every layer at an instant and opens new ones there, so that nothing
before it moves (domain 1.4). Works on plain documents; schedules.py says who is on call.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from tocsin.core.durations import parse
from tocsin.core.forms import Plain
from tocsin.core.layers import Unit
from tocsin.core.wallclock import wall_time

# The weekend of a split rota: whoever has the week hands it to somebody else.
WEEKEND = {
    "type": "weekly", "start_day": 5, "start": "17:00", "end_day": 1, "end": "09:00",
}  # fmt: skip
MOST_PEOPLE = 50
_DAY = timedelta(days=1)
_WEEKDAYS = 7


class Pattern(Struct, frozen=True):
    """`people` take turns of `count` units; a week changes hands on ISO `weekday` `at`.

    `weekend`: weekends are somebody else's, half the list away.
    """

    people: tuple[str, ...]
    unit: Unit = Unit.WEEK
    count: int = 1
    weekday: int = 1
    at: time = time(9)
    weekend: bool = False


def layers(
    pattern: Pattern, *, begins: datetime, zone: ZoneInfo, tag: str
) -> list[Plain]:
    """The layers in force from the instant `begins`; `tag` makes their ids new."""
    begins_local = wall_time(begins, zone)
    anchor = _anchor(pattern, begins_local)
    base = {
        "id": f"turns-{tag}",
        "participants": list(pattern.people),
        "anchor": anchor.strftime("%Y-%m-%dT%H:%M"),
        "turn": {"unit": pattern.unit.value, "count": pattern.count},
        "start": _instant(begins),
        # Whoever is away is not paged: the next in order takes exactly those hours.
        "on_unavailable": "next",
    }
    if not pattern.weekend:
        return [base]
    half = (len(pattern.people) + 1) // 2
    return [
        base,
        {
            **base,
            "id": f"weekend-{tag}",
            "participants": [*pattern.people[half:], *pattern.people[:half]],
            "priority": 1,
            "restrictions": [dict(WEEKEND)],
        },
    ]


def revised(rotation: Plain, new: Sequence[Plain], *, begins: datetime) -> Plain:
    """The rotation's document with `new` in force from `begins`, and nothing else then."""
    kept = {key: value for key, value in rotation.items() if key not in _SHORT}
    closed = [_closed(one, begins) for one in layers_of(rotation)]
    return {**kept, "layers": [*closed, *new]}


# Also what a file said before somebody changed it by hand (past_turns.py).
_SHORT = ("users", "start", "length", "layers", "given")


def layers_of(rotation: Plain) -> list[Plain]:
    """The layers of a rotation's document, also where it has the short form."""
    if rotation.get("layers") is not None:
        return [dict(one) for one in rotation["layers"]]
    users = rotation.get("users", [])
    if not users:
        return []
    unit, count = turn_of(str(rotation.get("length", "1 week"))) or (Unit.WEEK, 1)
    return [
        {
            "id": str(rotation.get("name", "")),
            "participants": list(users),
            "anchor": str(rotation.get("start", "2024-01-01T00:00")),
            "turn": {"unit": unit.value, "count": count},
            # In force for ever: turns before the anchor count backwards.
            "start": "2000-01-01T00:00",
        }
    ]


def turn_of(length: str) -> tuple[Unit, int] | None:
    """A turn's length, such as `1 week`, as its unit and count; None of less or other."""
    seconds = int(parse(length).total_seconds())
    for unit, size in ((Unit.WEEK, 604800), (Unit.DAY, 86400), (Unit.HOUR, 3600)):
        if seconds >= size and seconds % size == 0:
            return unit, seconds // size
    return None


def pattern_of(rotation: Plain, *, now: datetime, zone: ZoneInfo) -> Pattern:
    """What the rotation's newest layers say, to begin an edit with."""
    known = layers_of(rotation)
    if not known:
        return Pattern(())
    open_ones = [one for one in known if not one.get("until")] or known
    base = min(open_ones, key=lambda one: int(one.get("priority", 0)))
    turn: Mapping[str, object] = base.get("turn", {})
    anchor = datetime.fromisoformat(str(base["anchor"]))
    return Pattern(
        people=tuple(str(one) for one in base.get("participants", []) if one),
        unit=Unit(str(turn.get("unit", "week"))),
        count=int(str(turn.get("count", 1))),
        weekday=anchor.isoweekday(),
        at=anchor.time(),
        weekend=any(one.get("restrictions") == [WEEKEND] for one in open_ones),
    )


def _anchor(pattern: Pattern, begins: datetime) -> datetime:
    """The last time at or before `begins` (local) at which such a turn changes hands."""
    anchor = datetime.combine(begins.date(), pattern.at)
    if pattern.unit is Unit.WEEK:
        anchor -= _DAY * ((anchor.isoweekday() - pattern.weekday) % _WEEKDAYS)
    while anchor > begins:
        anchor -= _DAY * (_WEEKDAYS if pattern.unit is Unit.WEEK else 1)
    return anchor


def _closed(layer: Plain, at: datetime) -> Plain:
    until = layer.get("until")
    if until and str(until).endswith("Z") and str(until) <= _instant(at):
        return layer
    return {**layer, "until": _instant(at)}


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%MZ")
