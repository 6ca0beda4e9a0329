"""When somebody is away, as their own document says it, and what that means for rotations.

Whole days on the person's own calendar (domain 1.3). `rather_not` is a wish: it takes
nobody off call, but a proposed rota honours it where it can.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from msgspec import structs

from tocsin.core.directory import NamedSchedule
from tocsin.core.forms import Plain, Problem
from tocsin.core.oncall.own_shifts import people_of
from tocsin.core.people.people import Away, Person
from tocsin.core.rotas.layers import Leave, days_of_leave
from tocsin.core.rotas.schedules import Rotation
from tocsin.core.wallclock import zone_named

MOST = 60


def away_of(one: Plain, where: str, problems: list[Problem]) -> tuple[Away, ...]:
    """The days of a person's document, in order; what is wrong with them is added."""
    found = []
    every = [*one.get("leave", []), *one.get("leave_imported", [])]
    for index, given in enumerate(every):
        first = date.fromisoformat(given["from"])
        last = date.fromisoformat(given.get("to", given["from"]))
        place = f"{where}.leave[{index}]"
        if last < first:
            expected = f"{first} or later"
            problems.append(Problem(f"{place}.to", str(last), expected))
        elif (last - first).days > 366:
            expected = "at most a year later"
            problems.append(Problem(f"{place}.to", str(last), expected))
        else:
            found.append(Away(first, last, given.get("rather_not", False)))
    if len(one.get("leave", [])) > MOST:
        problems.append(Problem(f"{where}.leave", len(found), f"at most {MOST}"))
    return tuple(sorted(found, key=lambda away: away.first))


def leaves(person: Person, *, wishes: bool = False) -> tuple[Leave, ...]:
    """When they are away, as instants; or (`wishes`) when they would rather not."""
    zone = zone_named(person.zone)
    found = [
        days_of_leave(person.name, one.first, one.last, zone)
        for one in person.away
        if one.rather_not is wishes
    ]
    if wishes:
        return tuple(found)
    # What has been stays as it was, whatever is said of those days since.
    since = person.away_since
    if since is not None:
        found = [
            replace(one, start=max(one.start, since))
            for one in found
            if one.end > since
        ]
    was = [Leave(person.name, start, end) for start, end in person.away_past]
    return (*was, *found)


def with_leave(schedule: NamedSchedule, people: Mapping[str, Person]) -> NamedSchedule:
    """The schedule as it is with everybody's days away."""
    if not any(one.away or one.away_past for one in people.values()):
        return schedule
    return structs.replace(
        schedule,
        rotations=tuple(_away(one, people) for one in schedule.rotations),
        retired=tuple(_away(one, people) for one in schedule.retired),
    )


def _away(rotation: Rotation, people: Mapping[str, Person]) -> Rotation:
    more: Sequence[Leave] = [
        leave
        for name in sorted(people_of(rotation))
        if name in people
        for leave in leaves(people[name])
    ]
    return replace(rotation, leave=(*rotation.leave, *more)) if more else rotation


def added(document: Plain, first: str, last: str, *, rather_not: bool) -> Plain:
    """With more days away."""
    one: Plain = {"from": first, "to": last or first}
    if rather_not:
        one["rather_not"] = True
    return {**document, "leave": [*document.get("leave", []), one]}


def removed(document: Plain, first: str, last: str) -> Plain:
    """Without those days."""
    kept = [
        one
        for one in document.get("leave", [])
        if (one.get("from"), one.get("to", one.get("from"))) != (first, last)
    ]
    if len(kept) == len(document.get("leave", [])):
        return document
    return {**document, "leave": kept}


def is_leave_alone(held: Plain | None, document: Plain | None) -> bool:
    """Whether a change of a person is one of their days away and of nothing else."""
    if held is None or document is None:
        return False
    rest = {*held, *document} - {"leave"}
    return held != document and all(held.get(key) == document.get(key) for key in rest)


def away_ahead(person: Person, *, now: datetime) -> list[Away]:
    """Their days away that are not over."""
    zone = zone_named(person.zone)
    return [
        one
        for one in person.away
        if days_of_leave(person.name, one.first, one.last, zone).end > now
    ]
