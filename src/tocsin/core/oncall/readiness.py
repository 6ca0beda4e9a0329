"""Whether an alert of a service would find somebody: a checklist. Knows no alert."""

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec import Struct

from tocsin.core.directory import Directory, Service
from tocsin.core.durations import words
from tocsin.core.oncall.coverage import CHECKED, answered
from tocsin.core.oncall.reachability import unreachable
from tocsin.core.pages.escalation import Policy, Target, TargetKind
from tocsin.core.wallclock import Window, this_minute

AHEAD = CHECKED
_MOST_NAMED = 5


class Check(Struct, frozen=True):
    """One line of the checklist: what is asked, whether it is so, and what is missing."""

    key: str
    label: str
    passed: bool
    said: str = ""


class Coverage(Struct, frozen=True):
    """Who serves in a rotation in the coming days, and when nobody does."""

    people: tuple[str, ...]
    gaps: tuple[Window, ...]


class Outlook:
    """The coverage of every rotation from `now` on, each computed once."""

    def __init__(self, directory: Directory, *, now: datetime) -> None:
        start = this_minute(now)
        self.directory = directory
        self.window = Window(start, start + AHEAD)
        self._known: dict[str, Coverage] = {}

    def of(self, rotation: str) -> Coverage:
        """The coverage of `schedule/rotation`."""
        if rotation not in self._known:
            self._known[rotation] = self._compute(rotation)
        return self._known[rotation]

    def gaps_of(self, schedule: str) -> list[tuple[str, Window]]:
        """(rotation, gap) of a schedule, soonest first."""
        known = self.directory.schedules.get(schedule)
        found = [
            (rotation.name, gap)
            for rotation in (known.rotations if known else ())
            for gap in self.of(f"{schedule}/{rotation.name}").gaps
        ]
        return sorted(found, key=lambda one: (one[1].start, one[0]))

    def rotations(self, target: Target) -> tuple[str, ...]:
        """The rotations that a target means."""
        if target.kind is TargetKind.ROTATION:
            return (target.name,)
        if target.kind is TargetKind.SCHEDULE:
            known = self.directory.schedules.get(target.name)
            names = known.rotations if known is not None else ()
            return tuple(f"{target.name}/{one.name}" for one in names)
        return ()

    def people(self, target: Target) -> tuple[str, ...]:
        """Everybody whom a target can mean in the coming days."""
        rotations = self.rotations(target)
        if rotations:
            return tuple(who for one in rotations for who in self.of(one).people)
        if target.kind is TargetKind.ROUND_ROBIN:
            return tuple(target.name.split(","))
        return self.directory.resolve(target, now=self.window.start)

    def _compute(self, rotation: str) -> Coverage:
        known = self.directory.rotation(rotation)
        if known is None:
            return Coverage((), (self.window,))
        final = answered(self.directory, known, self.window)
        people = dict.fromkeys(shift.user for shift in final.shifts)
        schedule, _, name = rotation.partition("/")
        meant = name in self.directory.schedules[schedule].gaps_allowed
        return Coverage(tuple(people), () if meant else final.gaps)


def checklist(
    service: Service,
    outlook: Outlook,
    *,
    heard: Sequence[datetime | None],
    channels: Collection[str],
) -> list[Check]:
    """What has to be so that an alert of the service finds somebody.

    `heard` are the times at which each of its integrations was last heard, `channels`
    those by which people can be reached here.
    """
    directory = outlook.directory
    policy = directory.policies.get(service.policy)
    owned = service.team in directory.teams
    return [
        Check("owner", "A team owns it", owned, "" if owned else "No team owns it."),
        Check(
            "policy",
            "An escalation policy pages for it",
            policy is not None,
            "" if policy else "Its alerts page the admins of Tocsin.",
        ),
        _covered(policy, outlook),
        _reachable(policy, outlook, channels),
        _heard(heard),
    ]


def _covered(policy: Policy | None, outlook: Outlook) -> Check:
    label = f"Somebody is on call for the next {AHEAD.days} days"
    if policy is None or not policy.levels:
        return Check("covered", label, False, "There is no first level.")
    targets = policy.levels[0].targets
    if not all(outlook.rotations(target) for target in targets):
        # People, teams and round robins are there at all hours.
        found = any(outlook.people(target) for target in targets)
        return Check("covered", label, found, "" if found else "Level 1 has nobody.")
    gaps = _together(
        [outlook.of(r).gaps for t in targets for r in outlook.rotations(t)]
    )
    if not gaps:
        return Check("covered", label, True)
    first = gaps[0]
    lasts = words(first.end - first.start)
    many = f", and {len(gaps) - 1} more" if len(gaps) > 1 else ""
    return Check(
        "covered",
        label,
        False,
        f"Nobody on level 1 from {first.start:%a %-d %b, %H:%M} UTC for {lasts}{many}.",
    )


def _together(all_gaps: Sequence[Sequence[Window]]) -> list[Window]:
    """When nobody is on call in any of several rotations."""
    common = list(all_gaps[0])
    for gaps in all_gaps[1:]:
        common = [
            Window(max(a.start, b.start), min(a.end, b.end))
            for a in common
            for b in gaps
            if max(a.start, b.start) < min(a.end, b.end)
        ]
    return common


def _reachable(
    policy: Policy | None, outlook: Outlook, channels: Collection[str]
) -> Check:
    label = "Everybody on its path can be reached"
    if policy is None:
        return Check("reachable", label, False, "It has no path of its own.")
    targets = [*(t for level in policy.levels for t in level.targets), *policy.fallback]
    people = dict.fromkeys(who for t in targets for who in outlook.people(t))
    silent = []
    for name in people:
        why = unreachable(outlook.directory.person(name), channels)
        if why:
            silent.append(f"{name} {why}.")
    said = " ".join(silent[:_MOST_NAMED])
    if len(silent) > _MOST_NAMED:
        said += f" So it is with {len(silent) - _MOST_NAMED} more."
    if not people:
        said = "There is nobody on its path."
    return Check("reachable", label, bool(people) and not silent, said)


def _heard(heard: Sequence[datetime | None]) -> Check:
    label = "Something sends alerts and was heard"
    said = "" if any(heard) else "Its integrations have not sent anything yet."
    if not heard:
        said = "Nothing sends alerts for it."
    return Check("heard", label, any(heard), said)
