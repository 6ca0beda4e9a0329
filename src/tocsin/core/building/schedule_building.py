"""From checked documents to schedules, and what is wrong in them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from msgspec import structs

from tocsin.core.building.policy_building import must_know
from tocsin.core.configuration import Documents
from tocsin.core.directory import NamedSchedule, Shadow, Team
from tocsin.core.forms import Plain, Problem
from tocsin.core.rotas import schedule_files
from tocsin.core.rotas.imported_shifts import Imported, unwritten
from tocsin.core.rotas.layers import Layer, Turn, Unit
from tocsin.core.rotas.overrides import Override, OverrideKind
from tocsin.core.rotas.rota_patterns import turn_of
from tocsin.core.rotas.schedules import Rotation


def schedules(
    documents: Documents,
    teams: Mapping[str, Team],
    zone: str,
    problems: list[Problem],
) -> dict[str, NamedSchedule]:
    """Every schedule by name; `zone` is that of whoever says none."""
    people = list(documents.get("people", {}))
    found = {}
    for name, one in documents.get("schedules", {}).items():
        where = f"schedules[{name}]"
        team = one.get("team", "")
        if team:
            must_know(f"{where}.team", team, list(teams), "team", problems)
        own = one.get("time_zone") or (teams[team].zone if team in teams else zone)
        rotations = tuple(
            _rotation(rotation, own, people, f"{where}.rotations", problems)
            for rotation in one.get("rotations", [])
        )
        seen = [rotation.name for rotation in rotations]
        for twice in {n for n in seen if seen.count(n) > 1}:
            expected = "a name that is used once"
            problems.append(Problem(f"{where}.rotations", twice, expected))
        found[name] = NamedSchedule(
            name, team, own, rotations,
            contact_test=one.get("contact_test", False),
            readiness=tuple(dict.fromkeys(one.get("readiness", ()))),
            shadows=_shadows(one, rotations, people, where, problems),
            gaps_allowed=frozenset(
                str(rotation.get("name"))
                for rotation in one.get("rotations", [])
                if rotation.get("gaps_allowed")
            ),
            retired=tuple(_gone(one, own, f"{where}.retired", problems)),
            became=_became(one),
        )  # fmt: skip
    return found


def _gone(
    one: Plain, zone: str, where: str, problems: list[Problem]
) -> Iterator[Rotation]:
    """Those of the past; whoever has left the organisation was on call all the same."""
    for held in one.get("retired", []):
        place = f"{where}[{held.get('name', '?')}]"
        if held.get("layers") is None:
            expected = (
                "layers that have ended; take the list away if it is not an export"
            )
            problems.append(Problem(f"{place}.layers", None, expected))
            continue
        who = [shift.get("user") for shift in held.get("imported", [])]
        imported = _imported(held, who, place, problems)
        found = _read_file(
            {"tz": zone, "layers": held["layers"]}, held, place, problems
        )
        yield replace(
            found, name=held.get("name", ""), overrides=(*imported, *found.overrides)
        )


def _became(one: Plain) -> dict[str, str]:
    return {
        str(held.get("name")): str(held["became"])
        for held in one.get("retired", [])
        if held.get("became")
    }


def _shadows(
    one: Plain,
    rotations: tuple[Rotation, ...],
    people: list[str],
    where: str,
    problems: list[Problem],
) -> tuple[Shadow, ...]:
    found = []
    # What somebody followed in one that is gone still counts for them.
    named = [rotation.name for rotation in rotations]
    named += [str(held.get("name")) for held in one.get("retired", [])]
    for index, given in enumerate(one.get("shadows", [])):
        place = f"{where}.shadows[{index}]"
        must_know(f"{place}.user", given.get("user", ""), people, "person", problems)
        rotation = given.get("rotation", "")
        must_know(f"{place}.rotation", rotation, named, "rotation", problems)
        if not {"from", "until"} <= given.keys():
            expected = "both, such as 2026-11-25T09:00:00+00:00"
            problems.append(Problem(f"{place}.from and until", None, expected))
            continue
        start, end = (
            datetime.fromisoformat(given[key]).astimezone(UTC)
            for key in ("from", "until")
        )
        if start >= end:
            expected = f"a time after {given['from']}"
            problems.append(Problem(f"{place}.until", given["until"], expected))
            continue
        found.append(Shadow(rotation, given.get("user", ""), start, end))
    return tuple(found)


def _rotation(
    one: Plain, zone: str, people: list[str], where: str, problems: list[Problem]
) -> Rotation:
    place = f"{where}[{one.get('name', '?')}]"
    users = one.get("users", [])
    # The document that a calendar writes may leave all turns to it.
    if not users and one.get("layers") is None and "imported" not in one:
        expected = "at least one person in `users`; nobody would be on call"
        problems.append(Problem(place, users, expected))
    for user in users:
        must_know(f"{place}.users", user, people, "person", problems)
    imported = _imported(one, people, place, problems)
    if one.get("layers") is not None:
        found = _layered(one, zone, people, place, problems)
        return replace(found, overrides=(*imported, *found.overrides))
    anchor = datetime.fromisoformat(one.get("start", "2024-01-01T00:00"))
    layer = Layer(
        id=one.get("name", ""),
        participants=tuple(users) or (None,),
        anchor=anchor,
        turn=_turn(one.get("length", "1 week"), place, problems),
        zone=ZoneInfo(zone),
        # In force for ever: turns before the anchor count backwards.
        start=datetime(2000, 1, 1),  # noqa: DTZ001 - a local boundary
    )
    base = Rotation(one.get("name", ""), (layer,))
    more = _read_file({"tz": zone, "layers": [_NOBODY]}, one, place, problems)
    overrides = (*imported, *more.overrides)
    return replace(base, overrides=overrides, leave=more.leave)


def _imported(
    one: Plain, people: list[str], where: str, problems: list[Problem]
) -> tuple[Override, ...]:
    """A calendar's shifts: above the turns, below what anybody says by an override."""
    try:
        shifts = unwritten(one.get("imported", ()))
    except (ValueError, KeyError, TypeError, AttributeError):
        expected = "a list of {start, end, user}; a calendar's import writes it"
        problems.append(Problem(f"{where}.imported", "not valid", expected))
        return ()
    known = [shift for shift in shifts if shift.gone or shift.user in people]
    parts = list(_parts(known))
    return tuple(
        Override(name, n - len(parts), kind, one.start, one.end, one.user)
        for n, (name, kind, one) in enumerate(parts)
    )


def _parts(shifts: list[Imported]) -> Iterator[tuple[str, OverrideKind, Imported]]:
    """Who begins while another is on call is on call beside them, then instead."""
    until = datetime.min.replace(tzinfo=UTC)
    for one in sorted(shifts, key=lambda shift: (shift.start, shift.end)):
        # Both parts of one shift have its name, so that they are one in the end.
        if one.start < until:
            yield (
                one.id,
                OverrideKind.ADD,
                structs.replace(one, end=min(one.end, until)),
            )
        if one.end > until:
            start = max(one.start, until)
            yield one.id, OverrideKind.COVER, structs.replace(one, start=start)
        until = max(until, one.end)


_NOBODY = {
    "id": "nobody",
    "participants": [None],
    "anchor": "2024-01-01T00:00",
    "turn": {"unit": "week", "count": 1},
}


def _layered(
    one: Plain, zone: str, people: list[str], where: str, problems: list[Problem]
) -> Rotation:
    """A rotation that gives its layers in full."""
    rotation = _read_file({"tz": zone, "layers": one["layers"]}, one, where, problems)
    for layer in rotation.layers:
        for user in layer.participants:
            # Of the past people may be gone; settling looks at what is still ahead.
            if user is not None and layer.until is None:
                must_know(f"{where}.layers", user, people, "person", problems)
    return replace(rotation, name=one.get("name", ""))


def _read_file(
    document: Plain, one: Plain, where: str, problems: list[Problem]
) -> Rotation:
    more = {
        "overrides": one.get("overrides", []),
        "unavailability": one.get("leave", []),
    }
    try:
        return schedule_files.read({**document, **more})
    except schedule_files.BadSchedule as bad:
        for text in bad.problems:
            field, _, expected = text.partition(": ")
            problems.append(Problem(f"{where}.{field}", "not valid", expected))
        return Rotation(one.get("name", ""), ())


def _turn(length: str, where: str, problems: list[Problem]) -> Turn:
    known = turn_of(length)
    if known is not None:
        return Turn(*known)
    expected = "whole hours, days or weeks"
    problems.append(Problem(f"{where}.length", length, expected))
    return Turn(Unit.WEEK)
