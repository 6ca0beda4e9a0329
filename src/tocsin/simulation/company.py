"""A seeded company: people, contacts, rotations, policies, services.

Says who is on call by walking the wall clock minute by minute, independently of the
engine's own arithmetic, so that the oracles do not repeat its mistakes.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.level_times import LevelTimes, SupportHours
from tocsin.core.pages.escalation import Level, Policy, Target, TargetKind
from tocsin.core.people.people import ContactMethod, NotifyRule, Person
from tocsin.core.severity import Severity, Urgency

MONDAY = datetime(2024, 3, 4, 9, tzinfo=UTC)
# (start of the outage, zone): the clocks change about an hour into it.
DST_NIGHTS = (
    (datetime(2024, 3, 31, 0, tzinfo=UTC), "Europe/Berlin"),
    (datetime(2024, 10, 27, 0, tzinfo=UTC), "Europe/Berlin"),
    (datetime(2024, 3, 10, 6, tzinfo=UTC), "America/New_York"),
    (datetime(2024, 11, 3, 5, tzinfo=UTC), "America/New_York"),
    (datetime(2024, 10, 5, 14, 30, tzinfo=UTC), "Australia/Lord_Howe"),
)
CHANNELS = ("email", "ntfy", "webhook")
SERVICES = ("checkout", "ledger", "search")
NAMES = ("alice", "bob", "carol", "dan", "erin")
# Carol is every policy's last resort and never loses her contacts.
LAST_RESORT = "carol"
NOBODY = "nobody-of-this-name"
GHOST = Target(TargetKind.USER, NOBODY)
RING = Target(TargetKind.ROUND_ROBIN, "alice,bob,dan,erin")


class Shifts(Struct, frozen=True):
    """A rotation that hands off every `hours` on the wall clock; None is a gap."""

    name: str
    zone: str
    anchor: datetime  # naive, local
    hours: int
    users: tuple[str | None, ...]

    def on_call(self, now: datetime) -> tuple[str, ...]:
        """Who has it at `now`, by the highest reading the wall clock has shown."""
        reading = _highest_reading(self.zone, now.replace(second=0, microsecond=0))
        turn = (reading - self.anchor) // timedelta(hours=self.hours)
        user = self.users[turn % len(self.users)]
        return (user,) if user is not None else ()


@lru_cache(maxsize=4096)
def _highest_reading(zone: str, minute: datetime) -> datetime:
    """A clock that is set back has already read what it reads again."""
    local = minute.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    before = (minute - timedelta(hours=1)).astimezone(ZoneInfo(zone))
    if before.replace(tzinfo=None) + timedelta(hours=1) == local:
        earlier = local
    else:
        earlier = max(
            (minute - timedelta(minutes=back))
            .astimezone(ZoneInfo(zone))
            .replace(tzinfo=None)
            for back in range(61)
        )
    return max(local, earlier)


class Company(Struct, frozen=True):
    """One version of the configuration."""

    version: int
    people: Mapping[str, Person]
    teams: Mapping[str, tuple[str, ...]]
    shifts: tuple[Shifts, ...]
    policies: Mapping[str, Policy]
    services: Mapping[str, str]  # service -> policy
    hours: SupportHours  # in UTC, every day, beginning and ending within the outage
    # (policy, level) of those that page RING and nobody else, in every version.
    rings: tuple[tuple[str, int], ...] = ()

    def policy_of(self, service: str) -> Policy:
        """The policy that a new alert of `service` begins with."""
        return self.policies[self.services[service]]

    def who(self, target: Target, now: datetime) -> tuple[str, ...]:
        """Whom a target means at `now`."""
        if target.kind is TargetKind.USER:
            return (target.name,) if target.name in self.people else ()
        if target.kind is TargetKind.TEAM:
            return self.teams.get(target.name, ())
        if target.kind is TargetKind.ROUND_ROBIN:
            return tuple(target.name.split(","))
        wanted = target.name.partition("/")
        found: dict[str, None] = {}
        for shifts in self.shifts:
            if target.kind is TargetKind.SCHEDULE or shifts.name == wanted[2]:
                found.update(dict.fromkeys(shifts.on_call(now)))
        return tuple(found)

    def applies(self, times: LevelTimes | None, now: datetime) -> bool:
        """Whether a level of these times pages anybody at `now`."""
        if times is None:
            return True
        begin, end, clock = self.hours.start, self.hours.end, now.time()
        crosses = end < begin
        inside = not end <= clock < begin if crosses else begin <= clock < end
        return inside is times.in_hours

    def reachable(self, name: str) -> bool:
        """Whether the person has any contact method at all."""
        return bool(self.people[name].contacts)

    def without_contacts(self, name: str) -> "Company":
        """The same company after `name` lost every contact method."""
        bare = replace(self.people[name], contacts=(), email="")
        people = {**self.people, name: bare}
        return replace(self, version=self.version + 1, people=people)

    def with_policy(self, policy: Policy) -> "Company":
        """The same company with `policy` edited."""
        policies = {**self.policies, policy.name: policy}
        return replace(self, version=self.version + 1, policies=policies)


def found(dice: Random, *, zone: str, start: datetime) -> Company:
    """A company of five people, three services and two or three policies."""
    people = {name: _person(dice, name) for name in NAMES}
    teams = {"payments": ("alice", "bob", "carol"), "vacant": ()}
    shifts = (
        _shifts(dice, "Primary", zone, start),
        _shifts(dice, "Secondary", zone, start),
    )
    begin = start + timedelta(minutes=40)
    end = begin + timedelta(minutes=40)
    hours = SupportHours(begin.time(), end.time(), tuple(range(7)))
    rings = _rings(dice)
    policies = {
        name: policy(dice, name, hours, rings)
        for name in ("fast", "slow", "odd")[: dice.choice((2, 3))]
    }
    names = sorted(policies)
    services = {service: dice.choice(names) for service in SERVICES}
    return Company(1, people, teams, shifts, policies, services, hours, rings)


def _rings(dice: Random) -> tuple[tuple[str, int], ...]:
    """Levels that page in turn, however often their policy is edited."""
    _, state, _ = dice.getstate()
    aside = Random(f"rings {state[0]} {state[-1]}")
    places = [(name, level) for name in ("fast", "slow", "odd") for level in range(3)]
    return tuple(place for place in places if aside.random() < 0.12)


def _person(dice: Random, name: str) -> Person:
    count = dice.choice((1, 2, 2, 3))
    if name == LAST_RESORT:
        count = max(2, count)
    channels = dice.sample(CHANNELS, count)
    contacts = tuple(ContactMethod(one, f"{one}:{name}") for one in channels)
    waits = (
        timedelta(0),
        timedelta(minutes=dice.choice((0, 1, 2))),
        timedelta(minutes=3),
    )
    rules = tuple(
        NotifyRule(contact.channel, wait)
        for contact, wait in zip(contacts, waits, strict=False)
    )
    if dice.random() < 0.2:
        rules = ()
    # Not urgent: fewer ways, and the later ones later still.
    _, state, _ = dice.getstate()
    aside = Random(f"low {state[0]} {state[-1]} {name}")
    kept = contacts[: aside.choice((1, len(contacts)))]
    low = tuple(
        NotifyRule(contact.channel, timedelta(minutes=5 * place))
        for place, contact in enumerate(kept)
    )
    return Person(name=name, contacts=contacts, high=rules, low=low)


def _shifts(dice: Random, name: str, zone: str, start: datetime) -> Shifts:
    anchor = (start - timedelta(days=3)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    anchor = anchor.replace(
        hour=dice.choice((1, 2, 3)), minute=dice.choice((0, 15, 30))
    )
    users: list[str | None] = [*dice.sample(NAMES, dice.choice((2, 3)))]
    if dice.random() < 0.25:
        users[0] = None
    hours = dice.choice((1, 2, 12, 24))
    return Shifts(name, zone, anchor, hours, tuple(users))


_TARGETS = (
    Target(TargetKind.ROTATION, "payments/Primary"),
    Target(TargetKind.ROTATION, "payments/Secondary"),
    Target(TargetKind.SCHEDULE, "payments"),
    Target(TargetKind.USER, "alice"),
    Target(TargetKind.USER, "bob"),
    Target(TargetKind.USER, "dan"),
    Target(TargetKind.USER, "erin"),
    Target(TargetKind.TEAM, "payments"),
)
_EMPTY = (GHOST, Target(TargetKind.TEAM, "vacant"))


def policy(
    dice: Random, name: str, hours: SupportHours, rings: Sequence[tuple[str, int]] = ()
) -> Policy:
    """One to three levels, some of them empty; minutes where people use quarters."""
    after = timedelta(0)
    levels: list[Level] = []
    # What came later than the rest has dice of its own, so that seeds keep their story.
    _, state, _ = dice.getstate()
    aside = Random(f"{state[0]} {state[-1]}")
    for _ in range(dice.choice((1, 2, 2, 3))):
        targets = dice.sample(_TARGETS, dice.choice((1, 1, 2)))
        if dice.random() < 0.15:
            targets = [dice.choice(_EMPTY)]
        level = Level(dict.fromkeys(Severity, after), tuple(targets))
        if aside.random() < 0.15:
            inside = aside.random() < 0.5
            level = replace(
                level, times=LevelTimes("UTC", hours=hours, in_hours=inside)
            )
        if (name, len(levels)) in rings:
            level = replace(level, targets=(RING,))
        levels.append(level)
        after += timedelta(minutes=dice.choice((3, 5, 10, 15)))
    fallback = [Target(TargetKind.USER, LAST_RESORT)]
    if dice.random() < 0.3:
        fallback.append(Target(TargetKind.USER, "dan"))
    timeout = timedelta(minutes=dice.choice((8, 15, 30)))
    return Policy(
        name=name,
        levels=tuple(levels),
        fallback=tuple(fallback),
        repeat=dice.choice((0, 0, 1, 2)),
        wait=timedelta(minutes=dice.choice((3, 6, 10))),
        ack_timeout=dict.fromkeys(Severity, timeout if dice.random() < 0.7 else None),
        nag=timedelta(minutes=dice.choice((10, 20, 30))),
    )


def contacts_for(
    person: Person, urgency: Urgency
) -> tuple[tuple[ContactMethod, timedelta], ...]:
    """The methods that a paging of `person` uses, and how long after it."""
    rules = person.rules(urgency)
    by_channel = {contact.channel: contact for contact in person.contacts}
    named = [
        (by_channel[rule.by], rule.after) for rule in rules if rule.by in by_channel
    ]
    # Nobody here has a telephone, so the usual steps (domain 2.4) come at once; a mail
    # that is all somebody has comes again.
    at_once = [(contact, timedelta(0)) for contact in person.contacts]
    again = [
        (contact, timedelta(minutes=5))
        for contact in person.contacts
        if urgency is Urgency.HIGH and set(by_channel) == {"email"}
    ]
    return tuple(named or at_once + again)
