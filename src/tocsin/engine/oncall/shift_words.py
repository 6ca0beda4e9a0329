"""Words about coming shifts and broken nights, as messages to people."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from urllib.parse import quote, urlencode

from tocsin.core.directory import Directory
from tocsin.core.durations import words
from tocsin.core.oncall.own_shifts import everybody
from tocsin.core.oncall.relief import WEEK, Relief, reliefs
from tocsin.core.oncall.shift_reminders import ShiftReminder, reminders
from tocsin.core.wallclock import typed, wall_time, zone_named
from tocsin.engine.nudging import nudge
from tocsin.store import oncall_load as stored_load
from tocsin.store.database import Tx
from tocsin.store.outbox import Message


def announced(
    directory: Directory, *, public_url: str, now: datetime
) -> Iterator[Message]:
    """Who begins a shift in a day or an hour hears of it."""
    for one in reminders(directory, now=now):
        yield _reminder(one, directory, public_url)


def relief(
    tx: Tx,
    directory: Directory,
    channels: Collection[str],
    *,
    public_url: str,
    now: datetime,
) -> Iterator[Message]:
    """After a broken night the leads are offered who could take over. Only reads."""
    paged = stored_load.paged_since(tx, everybody(directory), since=now - WEEK)
    for one in reliefs(directory, paged, channels, now=now):
        yield from _offers(one, directory, public_url)


def _reminder(one: ShiftReminder, directory: Directory, public_url: str) -> Message:
    zone = directory.people[one.person].zone
    local = wall_time(one.start, zone_named(zone))
    begins = f"{one.schedule}, {one.rotation}"
    return nudge(
        one.person,
        key=f"shift:{one.schedule}:{one.rotation}:{one.start.isoformat()}:"
        f"{words(one.stage)}:{one.person}",
        subject=f"You are on call from {local:%a %-d %b, %H:%M}: {begins}",
        text=f"In the zone {zone}. If you cannot, ask for cover on the schedule's page.",
        url=f"{public_url}/schedules/{quote(one.schedule, safe='')}",
    )


def _offers(one: Relief, directory: Directory, public_url: str) -> Iterable[Message]:
    person = directory.people[one.person]
    name = person.full_name or one.person
    schedule = directory.schedules[one.schedule]
    zone = zone_named(schedule.zone)
    end = wall_time(one.end, zone)
    fields = {
        "rotation": one.rotation,
        "start": typed(one.start, zone),
        "end": typed(one.end, zone),
        "leaving": one.person,
        **({"person": one.names[0]} if one.names else {}),
    }
    url = f"{public_url}/schedules/{quote(one.schedule, safe='')}/override"
    who = "Nobody is free then." if not one.names else f"Free: {', '.join(one.names)}."
    times = "once" if one.tonight == 1 else f"{one.tonight} times"
    for lead in one.leads:
        if lead == one.person and len(one.leads) > 1:
            continue
        yield nudge(
            lead,
            key=f"relief:{one.person}:{one.schedule}:{one.rotation}:{one.morning}:{lead}",
            subject=f"{name} was woken {times} last night and is still on call",
            text=f"{one.schedule}, {one.rotation}, until {end:%a %H:%M}; {one.this_week} "
            f"in seven days. {who} Let somebody take these hours.",
            url=f"{url}?{urlencode(fields)}",
        )
