"""Words to leads about hours ahead that nobody answers in, each said once."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from urllib.parse import quote, urlencode

from tocsin.core.directory import Directory
from tocsin.core.durations import words
from tocsin.core.oncall.coverage import Hole, holes
from tocsin.core.wallclock import local_words, typed, zone_named
from tocsin.engine.nudging import nudge
from tocsin.store.outbox import Message

# More gaps than these in a month are how a rota was made, not an accident.
_MOST_TOLD = 4


def told(directory: Directory, *, now: datetime) -> Iterator[Message]:
    """Gaps to who leads the schedule; turns on leave to them and to whose they are."""
    found = sorted(holes(directory, now=now), key=_place)
    for (schedule, _), group in groupby(found, key=_place):
        each = list(group)
        gaps = [one for one in each if not one.person]
        leads = directory.leads_of(schedule)
        if len(gaps) > _MOST_TOLD:
            for lead in leads:
                yield _many(gaps, lead, directory, now)
            gaps = []
        for gap in gaps:
            for lead in leads:
                yield _gap(gap, lead, directory)
        for one in each:
            # A list of leave may name somebody who is not there any more.
            if one.person in directory.people:
                for who in dict.fromkeys((one.person, *leads)):
                    yield _away(one, who, directory)


def _gap(gap: Hole, lead: str, directory: Directory) -> Message:
    zone = directory.people[lead].zone
    place = f"{gap.schedule}, {gap.rotation}"
    return nudge(
        lead,
        key=f"gap:{gap.schedule}:{gap.rotation}:{gap.start.isoformat()}:{lead}",
        subject=f"Nobody is on call from {local_words(gap.start, zone)}: {place}",
        text=f"For {words(gap.end - gap.start)}; the time is in {zone}. Let somebody "
        "stand in. If it is meant so, set gaps_allowed in the rotation's document.",
        url=_stand_in(gap, directory),
    )


def _many(gaps: list[Hole], lead: str, directory: Directory, now: datetime) -> Message:
    first = gaps[0]
    zone = directory.people[lead].zone
    place = f"{first.schedule}, {first.rotation}"
    return nudge(
        lead,
        key=f"gaps:{first.schedule}:{first.rotation}:{now:%Y-%m}:{lead}",
        subject=f"Nobody is on call at {len(gaps)} times of the next 30 days: {place}",
        text=f"First from {local_words(first.start, zone)} ({zone}). If it is meant so, "
        "set gaps_allowed in the rotation's document; else add turns for these hours.",
        url=f"/schedules/{quote(first.schedule, safe='')}",
    )


def _away(hole: Hole, who: str, directory: Directory) -> Message:
    zone = directory.people[who].zone
    place = f"{hole.schedule}, {hole.rotation}"
    person = directory.people.get(hole.person)
    name = (person.full_name if person is not None else "") or hole.person
    mine = who == hole.person
    subject = "You are" if mine else f"{name} is"
    what = "Ask for cover" if mine else "Let somebody stand in"
    cover = {"rotation": hole.rotation, **_typed(hole, directory)}
    schedule = quote(hole.schedule, safe="")
    return nudge(
        who,
        key=f"on-leave:{hole.schedule}:{hole.rotation}:{hole.start.isoformat()}:"
        f"{hole.person}:{who}",
        subject=f"{subject} on leave and on call: {place}",
        text=f"From {local_words(hole.start, zone)} for {words(hole.end - hole.start)}; "
        f"the time is in {zone}. These turns pass to nobody. {what}.",
        url=f"/schedules/{schedule}/cover?{urlencode(cover)}"
        if mine
        else _stand_in(hole, directory),
    )


def _stand_in(hole: Hole, directory: Directory) -> str:
    fields = {"rotation": hole.rotation, **_typed(hole, directory)}
    if hole.person:
        fields["leaving"] = hole.person
    return f"/schedules/{quote(hole.schedule, safe='')}/override?{urlencode(fields)}"


def _typed(hole: Hole, directory: Directory) -> dict[str, str]:
    """The hours as the schedule's forms take them, in its own zone."""
    zone = zone_named(directory.schedules[hole.schedule].zone)
    return {
        key: typed(at, zone) for key, at in (("start", hole.start), ("end", hole.end))
    }


def _place(hole: Hole) -> tuple[str, str]:
    return hole.schedule, hole.rotation
