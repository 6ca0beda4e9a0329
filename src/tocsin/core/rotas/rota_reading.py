"""What of a rotation the form can show: all of it as a pattern, or why not.

A form that shows a part would lose the rest when it is saved, so there is no part.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from tocsin.core.forms import Plain
from tocsin.core.rotas import schedule_files
from tocsin.core.rotas.layers import (
    LENGTHS,
    Layer,
    TurnClock,
    Unit,
    effective,
    handoff,
    turn_at,
)
from tocsin.core.rotas.restrictions import EVERY_DAY, Daily, Weekly
from tocsin.core.rotas.rota_patterns import (
    LAST_MONTH_DAY,
    MOST_PEOPLE,
    MOST_UNITS,
    WORKDAYS,
    Hours,
    Pattern,
    layers,
    layers_of,
)
from tocsin.core.wallclock import this_minute

# The same as the document that the form writes.
_WEEKEND = Weekly(5, time(17), 1, time(9))


class Shown(Struct, frozen=True):
    """From `begins` on `pattern` is all that the rotation says; None where it is not.

    `begins` is when a turn changes hands after all that is agreed with an end, such as the
    turns of a fair rota. `beyond` says what the form cannot show.
    """

    begins: datetime
    pattern: Pattern | None
    beyond: tuple[str, ...] = ()


def shown(rotation: Plain, *, now: datetime, zone: ZoneInfo) -> Shown:
    """How the form shows a rotation, to begin an edit with."""
    known = _layers(layers_of(rotation), zone)
    lasting = [one for one in known if effective(one)[1] is None]
    settled = max([this_minute(now), *_ahead(known, this_minute(now))])
    if not lasting:
        return Shown(settled, Pattern(()))
    base = min(lasting, key=lambda one: one.priority)
    begins = _next_turn(base, settled)
    beyond = tuple(_beyond(lasting, base, zone))
    if beyond:
        return Shown(begins, None, beyond)
    pattern = _pattern(lasting, base, begins)
    # What the form would write is compared with what there is, by the rules of turns.
    again = _layers(layers(pattern, begins=begins, zone=zone, tag="again"), zone)
    again.sort(key=lambda one: one.priority)
    lasting.sort(key=lambda one: one.priority)
    pairs = zip(lasting, again, strict=False)
    if len(again) != len(lasting) or not all(_is_same(*one, begins) for one in pairs):
        names = ", ".join(one.id for one in lasting)
        return Shown(begins, None, (f"turns that the form would move: {names}",))
    return Shown(begins, pattern)


def _layers(documents: Sequence[Plain], zone: ZoneInfo) -> list[Layer]:
    if not documents:
        return []
    return list(schedule_files.read({"tz": zone.key, "layers": list(documents)}).layers)


def _ahead(known: Sequence[Layer], now: datetime) -> Iterator[datetime]:
    """When layers that end do so, and when those begin that do not."""
    for one in known:
        begins, until = effective(one)
        if until is None:
            yield begins
        elif until > max(begins, now):
            yield until


def _next_turn(base: Layer, at: datetime) -> datetime:
    """When it changes hands, at or after `at`; at once where it never does."""
    k = turn_at(base, at)
    if len(base.participants) == 1 or handoff(base, k) == at:
        return at
    return handoff(base, k + 1)


def _pattern(lasting: Sequence[Layer], base: Layer, begins: datetime) -> Pattern:
    """Whoever has the turn that begins comes first."""
    k = turn_at(base, begins)
    nominal = base.anchor
    if base.turn.unit is not Unit.MONTH:
        nominal += k * _length(base)
    return Pattern(
        people=tuple(one for one in _from_turn(base, k) if one),
        unit=base.turn.unit,
        count=base.turn.count,
        weekday=nominal.isoweekday(),
        month_day=nominal.day if base.turn.unit is Unit.MONTH else 1,
        at=nominal.time(),
        weekend=len(lasting) > 1,
        hours=_hours(base),
        away=base.on_unavailable,
    )


def _hours(layer: Layer) -> Hours | None:
    for one in layer.restrictions:
        if isinstance(one, Daily):
            return Hours(one.start, one.end, workdays=one.days == WORKDAYS)
    return None


def _beyond(lasting: Sequence[Layer], base: Layer, zone: ZoneInfo) -> Iterator[str]:
    """Everything that the form has no field for."""
    more = [one for one in lasting if one is not base]
    if len(more) > 1 or any(not _is_above(one, base) for one in more):
        names = ", ".join(one.id for one in lasting)
        yield f"more than one layer at a time: {names}"
    for one in lasting:
        for what in _beyond_turns(one):
            yield f"{what}: {one.id}"
        if one.zone.key != zone.key:
            yield f"a time zone of its own: {one.id} ({one.zone.key})"
    if not _are_plain_hours(base):
        yield (
            f"hours other than one span a day, every day or Monday to Friday: {base.id}"
        )


def _beyond_turns(layer: Layer) -> Iterator[str]:
    people, turn = layer.participants, layer.turn
    if layer.clock is not TurnClock.WALL:
        yield "turns by elapsed time"
    if None in people:
        yield "turns that nobody has"
    if len(set(people)) < len(people):
        yield "somebody more than once in the order"
    if len(people) > MOST_PEOPLE:
        yield f"more than {MOST_PEOPLE} people"
    if turn.count > MOST_UNITS:
        yield f"turns of more than {MOST_UNITS} {turn.unit.value}s"
    if turn.unit is Unit.MONTH and layer.anchor.day > LAST_MONTH_DAY:
        yield f"months that change hands after the {LAST_MONTH_DAY}th"


def _is_above(one: Layer, base: Layer) -> bool:
    """Whether it can be the weekends of a split rota."""
    return one.priority > base.priority and one.restrictions == (_WEEKEND,)


def _are_plain_hours(layer: Layer) -> bool:
    if not layer.restrictions:
        return True
    first = layer.restrictions[0]
    return (
        len(layer.restrictions) == 1
        and isinstance(first, Daily)
        and first.days in (EVERY_DAY, WORKDAYS)
    )


def _is_same(one: Layer, other: Layer, at: datetime) -> bool:
    """Whether two layers put the same people on call from `at` on, for ever."""
    k, j = turn_at(one, at), turn_at(other, at)
    return (
        one.turn == other.turn
        and one.on_unavailable is other.on_unavailable
        and set(one.restrictions) == set(other.restrictions)
        and _from_turn(one, k) == _from_turn(other, j)
        and _nominal(one, k) == _nominal(other, j)
    )


def _nominal(layer: Layer, k: int) -> tuple[object, ...]:
    """When turn `k` begins by the clock on the wall, whatever the anchor is."""
    if layer.turn.unit is Unit.MONTH:
        months = layer.anchor.year * 12 + layer.anchor.month + k * layer.turn.count
        return months, layer.anchor.day, layer.anchor.time()
    return (layer.anchor + k * _length(layer),)


def _length(layer: Layer) -> timedelta:
    return LENGTHS[layer.turn.unit] * layer.turn.count


def _from_turn(layer: Layer, k: int) -> tuple[str | None, ...]:
    shift = k % len(layer.participants)
    return (*layer.participants[shift:], *layer.participants[:shift])
