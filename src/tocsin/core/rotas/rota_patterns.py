"""Rotas as people describe them, made into layers: who, how long, when it changes hands.

A change closes every layer at an instant and opens new ones there, so that nothing
before it moves (domain 1.4). Works on plain documents; schedules.py says who is on call.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from tocsin.core.durations import parse
from tocsin.core.forms import Plain
from tocsin.core.rotas.layers import OnUnavailable, Unit
from tocsin.core.wallclock import first_instant, minute_text, wall_time

# The weekend of a split rota: whoever has the week hands it to somebody else.
WEEKEND = {
    "type": "weekly", "start_day": 5, "start": "17:00", "end_day": 1, "end": "09:00",
}  # fmt: skip
MOST_PEOPLE = 50
# So many units are a turn at most.
MOST_UNITS = 52
# Every month has it.
LAST_MONTH_DAY = 28
WORKDAYS = frozenset(range(1, 6))
_DAY = timedelta(days=1)
_WEEKDAYS = 7


class Hours(Struct, frozen=True):
    """Only from `start` to the next `end`, by the clock; `workdays`: Monday to Friday."""

    start: time
    end: time
    workdays: bool = False


class Pattern(Struct, frozen=True):
    """`people` take turns of `count` units, the first from when it begins.

    A week changes hands on ISO `weekday`, a month on its `month_day`, each `at`.
    `weekend`: weekends are somebody else's, half the list away. `hours`: outside of them
    nobody is on call. `away`: what happens to the turns of who is on leave.
    """

    people: tuple[str, ...]
    unit: Unit = Unit.WEEK
    count: int = 1
    weekday: int = 1
    at: time = time(9)
    weekend: bool = False
    month_day: int = 1
    hours: Hours | None = None
    # Whoever is away is not paged: the next in order takes exactly those hours.
    away: OnUnavailable = OnUnavailable.NEXT


def layers(
    pattern: Pattern, *, begins: datetime, zone: ZoneInfo, tag: str
) -> list[Plain]:
    """The layers in force from the instant `begins`; `tag` makes their ids new."""
    begins_local = wall_time(begins, zone)
    anchor = _anchor(pattern, begins_local)
    base: Plain = {
        "id": f"turns-{tag}",
        "participants": list(pattern.people),
        "anchor": anchor.strftime("%Y-%m-%dT%H:%M"),
        "turn": {"unit": pattern.unit.value, "count": pattern.count},
        "start": minute_text(begins),
        "on_unavailable": pattern.away.value,
    }
    if pattern.hours is not None:
        base["restrictions"] = [_restriction(pattern.hours)]
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


def revised(
    rotation: Plain, new: Sequence[Plain], *, begins: datetime, zone: ZoneInfo
) -> Plain:
    """The rotation's document with `new` in force from `begins`, and nothing else then."""
    kept = {key: value for key, value in rotation.items() if key not in _SHORT}
    closed = [_closed(one, begins, zone) for one in layers_of(rotation)]
    return {**kept, "layers": [*closed, *new]}


# Also what a file said before somebody changed it by hand (past_turns.py).
_SHORT = ("users", "start", "length", "layers", "given")


def layers_of(rotation: Plain) -> list[Plain]:
    """The layers of a rotation's document, also where it has the short form."""
    if rotation.get("layers") is not None:
        # The id by which a layer without one is known once it is built.
        return [
            {"id": f"layers[{n}]", **one} for n, one in enumerate(rotation["layers"])
        ]
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


def _restriction(hours: Hours) -> Plain:
    found: Plain = {
        "type": "daily",
        "start": hours.start.strftime("%H:%M"),
        "end": hours.end.strftime("%H:%M"),
    }
    return {**found, "days": sorted(WORKDAYS)} if hours.workdays else found


def _anchor(pattern: Pattern, begins: datetime) -> datetime:
    """The last time at or before `begins` (local) at which such a turn changes hands."""
    anchor = datetime.combine(begins.date(), pattern.at)
    if pattern.unit is Unit.MONTH:
        anchor = anchor.replace(day=pattern.month_day)
        before = anchor.replace(day=1) - _DAY
        return before.replace(day=pattern.month_day) if anchor > begins else anchor
    if pattern.unit is Unit.WEEK:
        anchor -= _DAY * ((anchor.isoweekday() - pattern.weekday) % _WEEKDAYS)
    while anchor > begins:
        anchor -= _DAY * (_WEEKDAYS if pattern.unit is Unit.WEEK else 1)
    if pattern.unit is Unit.HOUR:
        turn = timedelta(hours=pattern.count)
        anchor += (begins - anchor) // turn * turn
    return anchor


def _closed(layer: Plain, at: datetime, zone: ZoneInfo) -> Plain:
    """Ended at `at`; what has ended before stays as it is."""
    until = _until(layer, zone)
    if until is not None and until <= at:
        return layer
    return {**layer, "until": minute_text(at)}


def _until(layer: Plain, zone: ZoneInfo) -> datetime | None:
    if not layer.get("until"):
        return None
    until = datetime.fromisoformat(str(layer["until"]))
    own = ZoneInfo(str(layer["tz"])) if layer.get("tz") else zone
    return first_instant(until, own) if until.tzinfo is None else until
