"""What has been on call stays: a document that changes turns changes them from now on.

The turns that were in force are kept as closed layers. Beside them, as `given`, stand the
turns as the document said them, so that the same file applied again changes nothing
(domain 1.4: intervals before an edit never change).
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tocsin.core.forms import Plain, Problem
from tocsin.core.rotas import schedule_files
from tocsin.core.rotas.layers import Layer, OnUnavailable, effective
from tocsin.core.rotas.override_documents import named
from tocsin.core.rotas.rota_patterns import layers_of, turn_of
from tocsin.core.rotas.schedules import Rotation, final_schedule, spans_of
from tocsin.core.wallclock import Window, minute_text, this_minute

TURNS = ("users", "start", "length", "layers")
GIVEN = "given"
# So far back the hours are compared; what lies before was compared by earlier edits.
_LOOKED_BACK = timedelta(days=400)
# What documents that nobody has checked yet can lead to.
_ODD = (ValueError, KeyError, TypeError, AttributeError)


def turns_of(rotation: Plain) -> Plain:
    """The turns as the rotation's document was given them."""
    given = rotation.get(GIVEN)
    return dict(given) if given and _is_given(given) else _turns(rotation)


def settled(
    rotation: Plain, held: Plain, zone: ZoneInfo, before: ZoneInfo, *, now: datetime
) -> Plain:
    """The rotation's document as it is to be kept; `held` is the one until now.

    `before` is the zone that the schedule had. Without layers that can be read it is
    left as it is: what is wrong is told elsewhere.
    """
    rest = {key: one for key, one in rotation.items() if key not in (*TURNS, GIVEN)}
    turns, known = _turns(rotation), _turns(held)
    plain = {**rest, **turns}
    given = held.get(GIVEN)
    if not held and _is_given(rotation.get(GIVEN)) and "layers" in turns:
        return {**plain, GIVEN: rotation[GIVEN]}  # an export, for a new installation
    if not held or not known:
        return plain
    if _is_given(given) and turns in (given, known) and zone == before:
        return {**rest, **known, GIVEN: given}
    if turns == known and zone == before:
        return plain
    old, new = read_turns(held, before), read_turns(rotation, zone)
    at = this_minute(now)
    if old is None or new is None or _same_past(old, new, at):
        return plain
    return {**rest, "layers": joined(held, old, rotation, new, at), GIVEN: turns}


def ahead(rotation: Plain, zone: ZoneInfo, *, now: datetime) -> list[str]:
    """Whoever takes turns in layers that end, but not yet; none where they cannot be read."""
    found, at = read_turns(rotation, zone), this_minute(now)
    names = set[str]()
    for one in found.layers if found is not None else ():
        _, until = effective(one)
        if until is not None and until > at:
            names.update(who for who in one.participants if who is not None)
    return sorted(names)


def overrides(
    rotation: Plain, held: Plain, where: str, problems: list[Problem], *, now: datetime
) -> list[Plain]:
    """The rotation's overrides, and of the held ones that are gone what has happened.

    One that begins in the past and was not there is a problem; so is another past of one
    that was. What cannot be read is left to whoever builds the schedule.
    """
    at = this_minute(now)
    given = rotation.get("overrides", ())
    try:
        before = {one["id"]: one for one in named(held.get("overrides", ()))}
        after = _recognized(given, before)
        began = {key: one for key, one in before.items() if _start(one) < at}
        lost = [one for key, one in began.items() if key not in after]
        for key, one in after.items():
            if _start(one) >= at or _past(one, at) == _past(began.get(key), at):
                continue
            place = f"{where}.overrides[{key}].start"
            expected = f"{minute_text(at)} or later; what has been stays"
            problems.append(Problem(place, one.get("start"), expected))
        parts = [{**one, "end": minute_text(min(_end(one), at))} for one in lost]
    except (schedule_files.BadSchedule, *_ODD):
        return list(given) if isinstance(given, list) else given
    if list(after) == [one["id"] for one in named(given)] and not lost:
        return list(given)
    return [*parts, *after.values()]


def leave(rotation: Plain, held: Plain, *, now: datetime) -> list[Plain]:
    """The rotation's own list of who is away, the part before `now` as it was held."""
    at = this_minute(now)
    given = rotation.get("leave", ())
    try:
        begun = {
            (one["user"], _start(one)): one
            for one in held.get("leave", ())
            if _start(one) < at
        }
        found = []
        for one in given:
            known = begun.pop((one["user"], _start(one)), None)
            if known is None and _start(one) < at:
                # The same file once more: what it said was cut to when it came.
                cut = next((key for key, o in begun.items() if _is_cut(o, one)), None)
                if cut is not None:
                    found.append(begun.pop(cut))
                    continue
            if known is not None and _end(one) < min(_end(known), at):
                one = {**one, "end": minute_text(min(_end(known), at))}
            elif known is None and _start(one) < at:
                one = {**one, "start": minute_text(at)}
            if _start(one) < _end(one):
                found.append(one)
        lost = [
            {**one, "end": minute_text(min(_end(one), at))} for one in begun.values()
        ]
    except (schedule_files.BadSchedule, *_ODD):
        return list(given) if isinstance(given, list) else given
    return [*lost, *found]


def _is_cut(held: Plain, one: Plain) -> bool:
    """Whether `held` is what was left of `one` when somebody said it."""
    same = held["user"] == one["user"] and _end(held) == _end(one)
    return same and _start(held) > _start(one)


def _recognized(given: Sequence[Plain], before: dict[str, Plain]) -> dict[str, Plain]:
    """Overrides by the id they are known by; one without an id by what it says.

    Raises KeyError for two of one id.
    """
    left = dict(before)
    found: dict[str, Plain] = {}
    for place, one in enumerate(given):
        key = str(one["id"]) if "id" in one else ""
        if not key:
            same = (k for k, held in left.items() if _who(held) == _who(one))
            key = next(same, "")
        if not key:
            key = str(place)
            if key in before or key in found:
                key = f"{place}-{_start(one):%Y%m%d%H%M}"
        if key in found:
            raise KeyError(key)
        known = left.pop(key, {})
        [plain] = named([one])
        found[key] = {
            **plain,
            "id": key,
            "seq": one.get("seq", known.get("seq", place)),
        }
    return found


def _who(one: Plain) -> tuple[object, ...]:
    kind = one.get("kind", one.get("type"))
    instead = one.get("for_user", one.get("replace"))
    return kind, one.get("user"), instead, _start(one)


def _past(one: Plain | None, at: datetime) -> tuple[object, ...]:
    """What of an override has happened by `at`."""
    if one is None:
        return ()
    who = (one["kind"], one.get("user"), one.get("for_user", one.get("replace")))
    return (_start(one), min(_end(one), at), *who)


def _start(one: Plain) -> datetime:
    return schedule_files.instant(one["start"], "start")


def _end(one: Plain) -> datetime:
    return schedule_files.instant(one["end"], "end")


def _turns(rotation: Plain) -> Plain:
    return {key: rotation[key] for key in TURNS if rotation.get(key) is not None}


def _is_given(given: object) -> bool:
    """Whether it is what this module wrote, and not anything that somebody sent."""
    return isinstance(given, dict) and bool(given) and given.keys() <= {*TURNS}


def read_turns(rotation: Plain, zone: ZoneInfo) -> Rotation | None:
    """The rotation with its turns alone; None where they cannot be read."""
    try:
        if "layers" not in rotation:
            length = turn_of(str(rotation.get("length", "1 week")))
            if length is None:
                return None  # its problem is told of the short form alone
        return schedule_files.read({"tz": zone.key, "layers": layers_of(rotation)})
    except (schedule_files.BadSchedule, *_ODD):
        return None


def _same_past(old: Rotation, new: Rotation, at: datetime) -> bool:
    window = Window(at - _LOOKED_BACK, at)
    was, will = (final_schedule(one, window).shifts for one in (old, new))
    people = {one.user for one in (*was, *will)}
    if _passing(old, at) != _passing(new, at):
        # Who was on call while somebody was away depends on it.
        return False
    return all(spans_of(was, who) == spans_of(will, who) for who in people)


def _passing(rotation: Rotation, at: datetime) -> dict[str, OnUnavailable]:
    """What each layer that has counted does about leave."""
    return {
        one.id: one.on_unavailable for one in rotation.layers if effective(one)[0] < at
    }


def joined(
    held: Plain, old: Rotation, rotation: Plain, new: Rotation, at: datetime
) -> list[Plain]:
    """The layers that were in force until `at`, then those that are from then on."""
    before = closed(layers_of(held), old.layers, at)
    taken = {str(one.get("id")) for one in before}
    return [*before, *opened(rotation, new, at, taken)]


def opened(
    rotation: Plain, new: Rotation, at: datetime, taken: Collection[str] = ()
) -> list[Plain]:
    """The layers that count from `at` on, none before; ids in `taken` are not used."""
    found = []
    for one, layer in zip(layers_of(rotation), new.layers, strict=True):
        start, until = effective(layer)
        if until is not None and until <= at:
            continue
        name = str(one.get("id", layer.id))
        if name in taken:
            name = f"{name}-{at:%Y%m%d%H%M}"
        begins = {"start": minute_text(at)} if start < at else {}
        found.append({**one, "id": name, **begins})
    return found


def closed(
    documents: Sequence[Plain], layers: Sequence[Layer], at: datetime
) -> list[Plain]:
    """Those that have counted by `at`, each ended then, in the zone that they had."""
    found = []
    for one, layer in zip(documents, layers, strict=True):
        start, until = effective(layer)
        if start >= at:
            continue
        end = one.get("until") if until and until <= at else minute_text(at)
        found.append({**one, "tz": layer.zone.key, "until": end})
    return found
