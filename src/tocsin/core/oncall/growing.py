"""People who are new to a schedule: shadow shifts, a checklist, a sign-off (domain 1.9).

A shadow is beside whoever is on call, gets copies and is never the only one asked.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.directory import Directory, NamedSchedule, Shadow
from tocsin.core.oncall.own_shifts import people_of
from tocsin.core.oncall.reachability import unreachable
from tocsin.core.rotas.schedules import final_schedule
from tocsin.core.wallclock import MINUTE, Window, this_minute, union

# What a checklist begins with; leads write their own.
USUAL = ("Access tested", "Runbooks read", "One game day")
SHADOW_SHIFTS = 2
# Not on any list of a document: it closes the list.
SIGNED_OFF = "signed off"


class Item(Struct, frozen=True):
    """One line of the checklist. `counted` ones tick themselves: `reach`, `shadow`."""

    text: str
    done: bool
    said: str = ""
    counted: str = ""


class Readiness(Struct, frozen=True):
    """How far somebody is, and who signed them off when."""

    person: str
    items: tuple[Item, ...]
    signed_by: str = ""
    signed_at: datetime | None = None

    @property
    def done(self) -> int:
        """How many lines are ticked."""
        return sum(one.done for one in self.items)


class Mark(Struct, frozen=True):
    """`by` ticked `item` for `person`."""

    person: str
    item: str
    by: str
    at: datetime


def readiness(
    directory: Directory,
    schedule: NamedSchedule,
    person: str,
    marks: Iterable[Mark],
    channels: Collection[str],
    *,
    now: datetime,
) -> Readiness:
    """The checklist of one person; `channels` are those that are set up."""
    own: Mapping[str, Mark] = {m.item: m for m in marks if m.person == person}
    known = directory.people.get(person)
    why = unreachable(known, channels) if known is not None else "is nobody here"
    been = shadowed(schedule, person, now=now)
    items = [
        Item("Can be reached", not why, why, counted="reach"),
        Item(
            f"{SHADOW_SHIFTS} shadow shifts",
            been >= SHADOW_SHIFTS,
            f"{been} so far",
            counted="shadow",
        ),
    ]
    for text in schedule.readiness:
        mark = own.get(text)
        said = f"{mark.by}, {mark.at:%-d %b %Y}" if mark is not None else ""
        items.append(Item(text, mark is not None, said))
    signed = own.get(SIGNED_OFF)
    return Readiness(
        person, tuple(items),
        signed_by=signed.by if signed else "", signed_at=signed.at if signed else None,
    )  # fmt: skip


def shadowed(schedule: NamedSchedule, person: str, *, now: datetime) -> int:
    """How many shifts that are over they followed, each for at least half of it.

    One's own are none, and people who were on call together had one.
    """
    found = 0
    for rotation in schedule.ever:
        spans = union(
            (one.start, min(one.end, now))
            for one in schedule.shadows
            if one.user == person and one.rotation == rotation.name and one.start < now
        )
        if not spans:
            continue
        # A shift that is longer than twice of what was followed cannot count, so it
        # does no harm when the window cuts it.
        total = sum((end - start for start, end in spans), timedelta(0))
        window = Window(spans[0][0] - 2 * total - MINUTE, this_minute(now) + MINUTE)
        shifts = {
            (one.start, one.end)
            for one in final_schedule(rotation, window).shifts
            if one.user != person and one.end <= now
        }
        found += sum(2 * _inside(spans, *one) >= one[1] - one[0] for one in shifts)
    return found


def _inside(
    spans: Sequence[tuple[datetime, datetime]], start: datetime, end: datetime
) -> timedelta:
    """How much of [start, end) lies in the spans."""
    parts = (min(end, until) - max(start, since) for since, until in spans)
    return sum((one for one in parts if one > timedelta(0)), timedelta(0))


def learners(schedule: NamedSchedule) -> tuple[str, ...]:
    """Whoever takes turns, or follows somebody who does."""
    names = {who for one in schedule.rotations for who in people_of(one)}
    names |= {one.user for one in schedule.shadows}
    return tuple(sorted(names))


def shadows_of(
    directory: Directory, service: str, person: str, *, now: datetime
) -> dict[str, Shadow]:
    """Who follows what `person` is paged for: an alert of a service in their rotation.

    Nobody hears of a service that they may not know of.
    """
    found = {}
    policy = directory.policy_of(service)
    for name in policy.schedules():
        schedule = directory.schedules.get(name)
        for one in schedule.shadows if schedule is not None else ():
            if not one.start <= now < one.end or one.user == person:
                continue
            rows = directory.who(now=now, schedule=name)
            if any(r.rotation == one.rotation and person in r.people for r in rows):
                found[one.user] = one
    return {
        name: one
        for name, one in found.items()
        if directory.person(name) is not None
        and service not in directory.hidden_from(directory.grant(name))
    }
