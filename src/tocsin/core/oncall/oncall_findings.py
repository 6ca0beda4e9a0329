"""What is wrong with how people are on call: the checks of domain 1.8, each with its source.

`planned` is the time ahead, from which shares, rest and turns are judged; pages are those
of the four weeks behind. Advice only: nothing here decides whom to page.
"""

# long because: one table of checks; each stands beside its limits and its sentence.

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from msgspec import Struct

from tocsin.core.directory import Directory, NamedSchedule
from tocsin.core.durations import words
from tocsin.core.level_times import is_night
from tocsin.core.oncall.oncall_load import interruptions, joined
from tocsin.core.oncall.own_shifts import OwnShift, at_once, people_of, shifts_of_all
from tocsin.core.oncall.reachability import passed_over, unreachable
from tocsin.core.oncall.shift_pages import Paged
from tocsin.core.people.permissions import RESPONDER
from tocsin.core.rotas.layers import LENGTHS, Layer, Unit, effective
from tocsin.core.rotas.schedules import final_schedule, next_handoffs
from tocsin.core.wallclock import Span, Window, wall_time, zone_named

_DAY, _WEEK = timedelta(days=1), timedelta(weeks=1)
_SHIFT = timedelta(hours=12)
REST = timedelta(hours=11)
SHORTEST_TURN = timedelta(hours=8)
_SRE = "Site Reliability Engineering, chapter 11"
_PRACTICE = "Common practice"
_REST_RULE = "Directive 2003/88/EC, article 3 (the law of your place counts)"
# Zones closer than this are one site.
_SITE_APART = timedelta(hours=4)


class Weight(StrEnum):
    """How bad it is."""

    WARN = "warn"
    ERROR = "error"


class Finding(Struct, frozen=True):
    """One thing to mend. `person` or `rotation` is empty where it concerns all."""

    check: str
    weight: Weight
    said: str
    source: str
    person: str = ""
    rotation: str = ""


class _Scene(Struct, frozen=True):
    directory: Directory
    schedule: NamedSchedule
    planned: Window
    paged: Mapping[str, Sequence[Paged]]
    # Everybody of the schedule, and when they are on call in any schedule, ahead.
    shifts: Mapping[str, Sequence[OwnShift]]
    channels: Collection[str]

    @property
    def people(self) -> tuple[str, ...]:
        return tuple(self.shifts)

    def zone(self, who: str) -> ZoneInfo:
        known = self.directory.person(who)
        return zone_named(known.zone if known else "UTC")

    def spans(self, who: str) -> list[Span]:
        return joined(self.shifts[who])


def findings(
    directory: Directory,
    schedule: str,
    planned: Window,
    paged: Mapping[str, Sequence[Paged]],
    channels: Collection[str],
) -> list[Finding]:
    """Everything that the checks find in a schedule, errors first.

    `channels` are those by which people can be reached here.
    """
    known = directory.schedules[schedule]
    names = {who for one in known.rotations for who in people_of(one)}
    people = directory.active(sorted(names))
    shifts = shifts_of_all(directory, people, planned)
    scene = _Scene(directory, known, planned, paged, shifts, channels)
    found = [one for check in _CHECKS for one in check(scene)]
    return sorted(found, key=lambda one: (one.weight is Weight.WARN, one.check))


def _share(scene: _Scene) -> Iterator[Finding]:
    """At most a quarter of one's time on call, in any role."""
    length = scene.planned.end - scene.planned.start
    for who in scene.people:
        share = sum((end - at for at, end in scene.spans(who)), timedelta(0)) / length
        if share > 0.25:
            weight = Weight.ERROR if share > 0.5 else Weight.WARN
            said = (
                f"{who} is on call {share:.0%} of the time; at most 25% is sustainable."
            )
            yield Finding("share", weight, said, _SRE, person=who)


def _crew(scene: _Scene) -> Iterator[Finding]:
    """Enough people for two roles around the clock."""
    whole = [
        one
        for one in scene.schedule.rotations
        if not final_schedule(one, scene.planned).gaps
    ]
    if len(whole) < 2:
        return
    sites = _sites(scene, {who for one in whole for who in people_of(one)})
    count = sum(len(site) for site in sites)
    if len(sites) > 1:
        is_thin = any(len(site) < 6 for site in sites)
        wanted = "6 at each site"
    else:
        is_thin, wanted = count < 8, "8 at one site"
    if count < 4 or is_thin:
        weight = Weight.ERROR if count < 4 else Weight.WARN
        people = "person carries" if count == 1 else "people carry"
        said = f"{count} {people} two roles around the clock; {wanted} are enough."
        yield Finding("crew", weight, said, _SRE)


def _sites(scene: _Scene, people: set[str]) -> list[list[str]]:
    """People by how far apart their clocks are."""
    at = scene.planned.start
    offsets = sorted(
        (wall_time(at, scene.zone(who)) - at.replace(tzinfo=None), who)
        for who in scene.directory.active(sorted(people))
    )
    sites: list[list[str]] = []
    last: timedelta | None = None
    for offset, who in offsets:
        if last is None or offset - last > _SITE_APART:
            sites.append([])
        sites[-1].append(who)
        last = offset
    return sites


def _incidents(scene: _Scene) -> Iterator[Finding]:
    """At most two alerts in twelve hours."""
    for who in scene.people:
        counts = _per_shift(scene.paged.get(who, ()))
        many = [one for one in counts if one > 4]
        most = max(counts, default=0)
        if most > 2:
            weight = Weight.ERROR if len(many) >= 2 else Weight.WARN
            said = f"{who} had {most} alerts within 12 hours; more than 2 leave no time to mend."
            yield Finding("incidents", weight, said, _SRE, person=who)


def _per_shift(paged: Sequence[Paged]) -> list[int]:
    """Distinct alerts in each twelve hours that begin with a page."""
    counts: list[int] = []
    rest = sorted(paged, key=lambda one: one.at)
    while rest:
        until = rest[0].at + _SHIFT
        counts.append(len({one.alert for one in rest if one.at < until}))
        rest = [one for one in rest if one.at >= until]
    return counts


def _sleep(scene: _Scene) -> Iterator[Finding]:
    """A night that is broken is made up for."""
    for who in scene.people:
        times = interruptions(scene.paged.get(who, ()), scene.zone(who))
        most = max(
            (sum(1 for at in times if first <= at < first + _WEEK) for first in times),
            default=0,
        )
        if most:
            weight = Weight.ERROR if most >= 3 else Weight.WARN
            does = "offer cover" if most >= 3 else "ask how they are"
            said = f"{who}'s sleep was broken {_times(most)} within a week: {does}."
            yield Finding("sleep", weight, said, _PRACTICE, person=who)


def _rest(scene: _Scene) -> Iterator[Finding]:
    """Eleven hours between a page at night and what comes next."""
    for who in scene.people:
        pages = sorted(scene.paged.get(who, ()), key=lambda one: one.at)
        short = [
            one.at
            for one, following in pairwise(pages)
            if is_night(one.at, scene.zone(who))
            and timedelta(minutes=30) < following.at - one.at < REST
        ]
        begins = [at for at, _ in scene.spans(who) if at > scene.planned.start]
        last = next(
            (p.at for p in reversed(pages) if is_night(p.at, scene.zone(who))), None
        )
        soon = last is not None and any(at - last < REST for at in begins)
        if short or soon:
            weight = Weight.ERROR if len(short) >= 2 else Weight.WARN
            times = _times(len(short)) if short else "once"
            said = f"{who} had less than 11 h of rest after a page at night, {times}."
            yield Finding("rest", weight, said, _REST_RULE, person=who)


def _in_a_row(scene: _Scene) -> Iterator[Finding]:
    """At most a week without a day off."""
    for who in scene.people:
        longest = max(_stretches(scene.spans(who)), default=timedelta(0))
        # A week in which the clock is set back has an hour more.
        if longest > _WEEK + timedelta(hours=2):
            weight = (
                Weight.ERROR
                if longest > 2 * _WEEK + timedelta(hours=2)
                else Weight.WARN
            )
            said = (
                f"{who} is on call {words(longest)} without a day off; 7 d is the most."
            )
            yield Finding("in_a_row", weight, said, _PRACTICE, person=who)


def _stretches(spans: Sequence[Span]) -> Iterator[timedelta]:
    """How long each run of shifts is that no free day interrupts."""
    start: datetime | None = None
    last: datetime | None = None
    for begin, end in spans:
        if start is None or last is None or begin - last >= _DAY:
            if start is not None and last is not None:
                yield last - start
            start = begin
        last = end
    if start is not None and last is not None:
        yield last - start


def _doubles(scene: _Scene) -> Iterator[Finding]:
    """The second rotation has to reach somebody else than the first."""
    for who, shifts in scene.shifts.items():
        here = [one for one in shifts if one.schedule == scene.schedule.name]
        seen: dict[tuple[str, str], tuple[datetime, timedelta]] = {}
        for one, other in at_once(here):
            pair = one.rotation, other.rotation
            pair = min(pair, pair[::-1])
            first, length = seen.get(pair, (other.start, timedelta(0)))
            seen[pair] = first, length + min(one.end, other.end) - other.start
        for (one_name, other_name), (first, length) in seen.items():
            day = wall_time(first, zone_named(scene.schedule.zone))
            said = (
                f"{who} is on call in {one_name} and {other_name} at once, {words(length)} "
                f"from {day:%a} {day.day} {day:%b %Y} on: the second call reaches nobody new."
            )
            yield Finding("doubles", Weight.ERROR, said, _PRACTICE, person=who)


def _turns(scene: _Scene) -> Iterator[Finding]:
    """Turns that one can settle into."""
    for rotation in scene.schedule.rotations:
        for layer in rotation.layers:
            length = _turn_length(layer)
            in_force = _in_force(layer, scene.planned) and len(layer.participants) > 1
            if in_force and length is not None and length < SHORTEST_TURN:
                said = f"Turns of {words(length)} in {rotation.name}: 8 h is the least to settle in."
                yield Finding(
                    "turns", Weight.WARN, said, _PRACTICE, rotation=rotation.name
                )
                break


def _turn_length(layer: Layer) -> timedelta | None:
    if layer.turn.unit is Unit.MONTH:
        return None
    return LENGTHS[layer.turn.unit] * layer.turn.count


def _in_force(layer: Layer, window: Window) -> bool:
    begin, until = effective(layer)
    return begin < window.end and (until is None or until > window.start)


def _handoffs(scene: _Scene) -> Iterator[Finding]:
    """Hand over when both are awake, and not into a weekend."""
    zone = zone_named(scene.schedule.zone)
    for rotation in scene.schedule.rotations:
        for one in next_handoffs(rotation, now=scene.planned.start, count=6):
            at = wall_time(one.at, zone)
            if not one.leaving or not one.taking_over:
                continue
            if not 8 <= at.hour < 18 or at.isoweekday() >= 5:
                said = f"{rotation.name} is handed over on {at:%A} at {at:%H:%M}; Monday to Thursday, 8 to 18, finds both at work."
                yield Finding(
                    "handoffs", Weight.WARN, said, _PRACTICE, rotation=rotation.name
                )
                break


def _reach(scene: _Scene) -> Iterator[Finding]:
    """Nobody is on call whom nothing wakes, or who may not act."""
    for who in scene.people:
        if not scene.spans(who):
            continue
        missing = _missing(scene, who)
        if missing:
            said = f"{who} is on call and {missing}."
            yield Finding("reach", Weight.ERROR, said, _PRACTICE, person=who)
        person = scene.directory.person(who)
        if person is not None and (unused := passed_over(person)):
            would = " and ".join(unused)
            said = f"{who} is on call and uses no step that wakes them: {would} would."
            yield Finding("reach", Weight.WARN, said, _PRACTICE, person=who)


def _missing(scene: _Scene, who: str) -> str:
    if why := unreachable(scene.directory.person(who), scene.channels):
        return why
    grant = scene.directory.grant(who)
    if not grant.may(RESPONDER, scene.schedule.team):
        return "may not answer: they need the role responder"
    return ""


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


_CHECKS: Sequence[Callable[[_Scene], Iterator[Finding]]] = (
    _share, _crew, _incidents, _sleep, _rest, _in_a_row, _doubles, _turns, _handoffs, _reach,
)  # fmt: skip
