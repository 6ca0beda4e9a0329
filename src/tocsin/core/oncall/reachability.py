"""Who counts as reachable, and what is weak in it, before it fails at night.

Advice only: nothing here decides whether somebody is paged.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from tocsin.core.directory import Directory
from tocsin.core.oncall.own_shifts import people_of
from tocsin.core.pages.escalation import Policy, Target, TargetKind
from tocsin.core.pages.paging import all_methods, methods, rule_method, steps
from tocsin.core.people.people import Person
from tocsin.core.severity import Severity, Urgency

# What a phone that is silent or offline does not sound.
PUSH = frozenset({"ntfy", "push"})
# What gets somebody out of bed. A webhook or Apprise may lead to a phone: nobody knows.
WAKES = frozenset({"sms", "voice", "pushover"})
_FEWEST = 2


def unreachable(person: Person | None, channels: Collection[str]) -> str:
    """Why somebody does not count as reachable, "" when they do; it follows their name.

    Two verified methods, of which one can wake: by a channel of WAKES that is set up
    (`channels` are those). Push alone never counts. Where nothing that wakes is set up
    nobody could have it, so there a verified mail address and one more method do; that
    such an installation wakes nobody is for its owner to mend, not for each person.

    The one answer for every page, check and message. Paging itself does not ask: it uses
    whatever there is.
    """
    if person is None:
        return "is not among the people who are paged"
    verified = {
        (one.channel, one.address) for one in all_methods(person) if one.verified
    }
    if not verified:
        return "has no verified contact"
    if len(verified) < _FEWEST:
        return "has one verified contact, and two are needed"
    kinds = {channel for channel, _ in verified}
    if kinds <= PUSH:
        return "has only push, and a silent phone does not sound it"
    wakers = WAKES & set(channels)
    if wakers and not wakers & kinds:
        return "has nothing that wakes somebody: a text message, a call or Pushover"
    if not wakers and "email" not in kinds:
        return "has no verified mail address, and nothing that wakes is set up here"
    return ""


def warnings(
    person: Person,
    directory: Directory,
    *,
    now: datetime,
    channels: Collection[str] = (),
) -> list[str]:
    """What the person should mend, worst first; `channels` are those that are set up."""
    every, usable = all_methods(person), methods(person)
    if not every:
        return ["Nothing can reach you: add a contact."]
    found = []
    if not any(one.verified for one in every):
        found.append(
            "No contact of yours is verified. You are paged all the same, but nobody "
            "knows yet whether it arrives: enter the codes."
        )
    if len(usable) == 1:
        found.append(
            f"You have one contact that works, {usable[0].channel}. If its provider is "
            "down, nothing else reaches you: add a second."
        )
    elif len({one.channel for one in usable}) == 1:
        found.append(
            f"All your contacts are {usable[0].channel}; they fail together. "
            "Add one of another kind."
        )
    if why := unreachable(person, channels):
        yours = why.replace("has", "have", 1)
        found.append(f"You do not count as reachable: you {yours}.")
    for urgency, heading in ((Urgency.HIGH, "Urgent"), (Urgency.LOW, "Not urgent")):
        found += _of_rules(person, urgency, heading)
    found += _too_late(person, directory, now=now)
    return found


def _of_rules(person: Person, urgency: Urgency, heading: str) -> Iterator[str]:
    rules = person.rules(urgency)
    used = [one for rule in rules if (one := rule_method(person, rule)) is not None]
    if rules and not used:
        yield (
            f"{heading}: no step names a contact that is verified, so the usual steps "
            "are used."
        )
    if urgency is not Urgency.HIGH or not used:
        return
    first = min(rule.after for rule in rules)
    if first > timedelta(0):
        yield f"{heading}: nothing reaches you for the first {_minutes(first)}."
    if unused := passed_over(person):
        yield (
            f"{heading}: no step of yours wakes you, though {' and '.join(unused)} would: "
            "add one as a later step, or remove yours to have the usual ones."
        )
    elif {one.channel for one in used} <= PUSH:
        yield (
            f"{heading}: push only. A phone that is silent or offline shows it when it "
            "is too late; add a contact of another kind as a later step."
        )


def passed_over(person: Person) -> tuple[str, ...]:
    """What would wake them and is in no urgent step of theirs, where none of it is."""
    chosen = [rule_method(person, rule) for rule in person.high]
    used = {one.channel for one in chosen if one is not None}
    if not used or used & WAKES:
        return ()
    verified = {one.channel for one in methods(person) if one.verified}
    return tuple(sorted(WAKES & verified))


def _too_late(person: Person, directory: Directory, *, now: datetime) -> Iterator[str]:
    """Steps that come after somebody else has been paged already."""
    told = set()
    late = [one for one in steps(person, Urgency.HIGH) if one.after > timedelta(0)]
    if not late:
        return
    for policy in directory.policies.values():
        gap = _shortest_gap(policy, person.name, directory, now)
        if gap is None:
            continue
        for step in late:
            if step.after >= gap and (policy.name, step.rule) not in told:
                told.add((policy.name, step.rule))
                yield (
                    f"Urgent: {step.by} after {_minutes(step.after)} comes when "
                    f"{policy.name} has paged the next level ({_minutes(gap)})."
                )


def _shortest_gap(
    policy: Policy, person: str, directory: Directory, now: datetime
) -> timedelta | None:
    """How long `policy` waits for the person before the next level, at the least."""
    gaps = []
    for level, following in zip(policy.levels, policy.levels[1:], strict=False):
        if not any(_means(target, person, directory, now) for target in level.targets):
            continue
        here = level.after.get(Severity.SEV2)
        there = following.after.get(Severity.SEV2)
        if here is not None and there is not None:
            gaps.append(there - here)
    return min(gaps, default=None)


def _means(target: Target, person: str, directory: Directory, now: datetime) -> bool:
    if target.kind is TargetKind.ROTATION:
        rotation = directory.rotation(target.name)
        return rotation is not None and person in people_of(rotation)
    if target.kind is TargetKind.SCHEDULE:
        schedule = directory.schedules.get(target.name)
        rotations = schedule.rotations if schedule is not None else ()
        return any(person in people_of(one) for one in rotations)
    if target.kind is TargetKind.ROUND_ROBIN:
        return person in target.name.split(",")
    return person in directory.resolve(target, now=now)


def _minutes(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    return f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds} s"
