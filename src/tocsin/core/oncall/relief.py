"""Whose night was broken and who could have the next hours instead (domain 1.8). Pure."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from tocsin.core.directory import Directory
from tocsin.core.oncall.oncall_load import SLEEP_TO, interruptions
from tocsin.core.oncall.override_effect import candidates
from tocsin.core.oncall.own_shifts import OwnShift, shifts_of
from tocsin.core.oncall.shift_pages import Paged
from tocsin.core.wallclock import Window, this_minute, wall_time, zone_named

WEEK = timedelta(days=7)
# A night is broken by so many wakings, or by one that is the third of a week.
IN_A_NIGHT, IN_A_WEEK = 2, 3
_NIGHT = timedelta(hours=14)
# Said in the morning: before, it would wake somebody else.
_SAID_WITHIN = timedelta(hours=3)
_RELIEVED = timedelta(hours=24)
_MOST_NAMES = 3


class Relief(Struct, frozen=True):
    """`person` was woken and is on call until `end`; `names` are free then."""

    person: str
    schedule: str
    rotation: str
    start: datetime
    end: datetime
    tonight: int
    this_week: int
    names: tuple[str, ...]
    leads: tuple[str, ...]
    # Their own day, on which it is offered once.
    morning: date


def reliefs(
    directory: Directory,
    paged: Mapping[str, Sequence[Paged]],
    channels: Collection[str],
    *,
    now: datetime,
) -> list[Relief]:
    """What leads are to be offered now; who counts as reachable is named first.

    `paged` are the pages of the last week by person, `channels` those that are set up.
    """
    start = this_minute(now)
    tired = woken(directory, paged, now=now)
    found = []
    for person, pages in sorted(paged.items()):
        known = directory.person(person)
        if known is None:
            continue
        zone = zone_named(known.zone)
        times = interruptions([one for one in pages if one.at > now - WEEK], zone)
        tonight = sum(at > now - _NIGHT for at in times)
        if not (_is_broken(tonight, len(times)) and _is_morning(now, zone)):
            continue
        for shift in shifts_of(directory, person, Window(start, start + _RELIEVED)):
            others = _others(directory, shift, channels, tired)
            if others is None:
                continue
            names = tuple(one for one in others if one != person)
            found.append(
                Relief(
                    person, shift.schedule, shift.rotation, shift.start, shift.end,
                    tonight, len(times), names[:_MOST_NAMES],
                    directory.leads_of(shift.schedule), wall_time(now, zone).date(),
                )
            )  # fmt: skip
    return found


def _others(
    directory: Directory,
    shift: OwnShift,
    channels: Collection[str],
    tired: frozenset[str],
) -> list[str] | None:
    """Who could have the rest of a shift; None where its rotation is gone."""
    schedule = directory.schedules[shift.schedule]
    rotation = directory.rotation(f"{shift.schedule}/{shift.rotation}")
    if rotation is None:
        return None
    hours = Window(shift.start, shift.end)
    found = candidates(directory, schedule, rotation, hours, channels, woken=tired)
    return [one.person for one in found if one.available and not one.woken]


def woken(
    directory: Directory, paged: Mapping[str, Sequence[Paged]], *, now: datetime
) -> frozenset[str]:
    """Whose sleep of the last night was broken, each in their own zone."""
    return frozenset(
        who
        for who, pages in paged.items()
        if (person := directory.person(who)) is not None
        and any(
            at > now - _NIGHT for at in interruptions(pages, zone_named(person.zone))
        )
    )


def _is_morning(now: datetime, zone: ZoneInfo) -> bool:
    local = wall_time(now, zone)
    return timedelta(0) <= local - datetime.combine(local, SLEEP_TO) < _SAID_WITHIN


def _is_broken(tonight: int, this_week: int) -> bool:
    return tonight >= IN_A_NIGHT or (tonight >= 1 and this_week >= IN_A_WEEK)
