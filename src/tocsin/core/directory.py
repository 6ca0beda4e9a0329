"""All configuration as one immutable snapshot: who is who, and who is on call.

Preview, API and pager ask this one. Knows no alert and no database.
"""

# long because: one snapshot, and every question that is asked of it.

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from tocsin.core.incidents.roles import Role
from tocsin.core.level_times import SupportClock, SupportHours, is_night
from tocsin.core.pages.escalation import Level, Policy, Target, TargetKind
from tocsin.core.pages.paging import RINGING, methods
from tocsin.core.pages.response_targets import answer_by
from tocsin.core.pages.urgency import urgency_of
from tocsin.core.people.people import ContactMethod, Person
from tocsin.core.people.permissions import ADMIN, VIEWER, Grant
from tocsin.core.rotas.schedules import HORIZON, Rotation, final_schedule, on_call_at
from tocsin.core.severity import Severity, Urgency
from tocsin.core.status.status_pages import StatusPage
from tocsin.core.wallclock import Window, this_minute

CANARY_NAME = "canary"
# For so long nobody asks again when people who stay on call may yet hand over.
_LOOK_AGAIN = timedelta(days=1)


class Team(Struct, frozen=True):
    """People who own services together."""

    name: str
    zone: str
    members: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()
    # When it gives support, and whose public holidays it keeps.
    hours: SupportHours | None = None
    region: str = ""
    # Whom to page when a role of an incident stays empty.
    incident_roles: Mapping[Role, tuple[Target, ...]] = {}

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who is of it, who leads it included."""
        return tuple(dict.fromkeys((*self.members, *self.leads)))


class Service(Struct, frozen=True):
    """Something that can break, and who is paged for it."""

    name: str
    team: str
    policy: str
    description: str = ""
    private: bool = False
    depends_on: tuple[str, ...] = ()
    # Alerts as severe as this declare an incident by themselves.
    declares: Severity | None = None
    # Markdown, as runbooks.py reads it.
    runbook: str = ""


class Integration(Struct, frozen=True):
    """One sender's address: `key` is its secret part, `type` names the dialect."""

    id: int
    name: str
    type: str
    service: str
    key: str
    settings: Mapping[str, object] = {}
    paused: bool = False
    # The key it had before, which senders may still use until then.
    key_before: str = ""
    key_before_until: datetime | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """Every secret that may stand in what its sender sends."""
        return (self.key, self.key_before) if self.key_before else (self.key,)

    @property
    def severities(self) -> Mapping[str, str] | None:
        """The sender's own words for severities."""
        found = self.settings.get("severities")
        return found if isinstance(found, dict) else None

    @property
    def may_declare_sev1(self) -> bool:
        """Whether its critical alerts are SEV1."""
        return self.settings.get("may_declare_sev1") is True


class Shadow(Struct, frozen=True):
    """`user` follows whoever is on call in a rotation: copies, no duty."""

    rotation: str
    user: str
    start: datetime
    end: datetime


class NamedSchedule(Struct, frozen=True):
    """A team's rotations by name."""

    name: str
    team: str
    zone: str
    rotations: tuple[Rotation, ...]
    # Whether each shift begins with a test page.
    contact_test: bool = False
    # What has to be ticked before a first shift; () asks for no sign-off.
    readiness: tuple[str, ...] = ()
    shadows: tuple[Shadow, ...] = ()
    # Rotations in which hours without anybody are meant.
    gaps_allowed: frozenset[str] = frozenset()
    # Rotations that are gone: nobody is on call by them, but somebody was.
    retired: tuple[Rotation, ...] = ()
    # What some of those are called now, by their old names.
    became: Mapping[str, str] = {}

    @property
    def ever(self) -> tuple[Rotation, ...]:
        """Whatever anybody has been on call by."""
        return self.rotations + self.retired


class OnCallRow(Struct, frozen=True):
    """Who is on call in one rotation, until when, and who comes then."""

    schedule: str
    rotation: str
    people: tuple[str, ...]
    until: datetime | None
    then: tuple[str, ...]


# Alerts that people raise themselves.
BY_HAND = -1
# Alerts about ourselves come through here; no address leads to it.
INTERNAL = Integration(-2, "tocsin", "internal", "tocsin", "")
# Lists of alerts leave out what has the number 0: the canary is nobody's trouble.
CANARY = Integration(0, CANARY_NAME, "internal", CANARY_NAME, "")
TRIAL = "test page of "


def trial_of(person: str) -> Integration:
    """Where the test pages of a person come from: on no list, for them only."""
    return Integration(0, "test page", "internal", f"{TRIAL}{person}", "")


def is_trial(service: str) -> bool:
    """Whether a service stands for somebody's test pages."""
    return service.startswith(TRIAL)


_CANARY_PERSON = Person(
    CANARY_NAME, contacts=(ContactMethod(CANARY_NAME, CANARY_NAME),)
)
_AT_ONCE = dict.fromkeys(Severity, timedelta(0))
_CANARY_TARGETS = (Target(TargetKind.USER, CANARY_NAME),)
_CANARY_POLICY = Policy(
    CANARY_NAME, (Level(_AT_ONCE, _CANARY_TARGETS),), _CANARY_TARGETS
)


class Directory:
    """Everything that was configured, as of `version`."""

    # long because: every noun of the configuration is handed in.
    def __init__(
        self,
        *,
        version: int = 0,
        organisation: str = "Tocsin",
        zone: str = "UTC",
        people: Mapping[str, Person] | None = None,
        roles: Mapping[str, str] | None = None,
        team_roles: Mapping[str, Mapping[str, str]] | None = None,
        teams: Mapping[str, Team] | None = None,
        schedules: Mapping[str, NamedSchedule] | None = None,
        policies: Mapping[str, Policy] | None = None,
        services: Mapping[str, Service] | None = None,
        integrations: Sequence[Integration] = (),
        status_pages: Mapping[str, StatusPage] | None = None,
    ) -> None:
        self.version = version
        self.organisation = organisation
        self.zone = zone
        self.people = people or {}
        self.roles = roles or {}
        self.team_roles = team_roles or {}
        self.teams = teams or {}
        self.schedules = schedules or {}
        self.policies = policies or {}
        self.services = services or {}
        self.integrations = tuple(integrations)
        self.status_pages = status_pages or {}
        self._by_key = {one.key: one for one in integrations if one.key}
        self._by_former = {
            one.key_before: one for one in integrations if one.key_before
        }
        self._by_id = {one.id: one for one in integrations}
        self._rotations = {
            f"{schedule.name}/{rotation.name}": rotation
            for schedule in self.schedules.values()
            for rotation in schedule.rotations
        }
        self._now_called = self._names_now()
        # Asked with each page, and false nearly everywhere.
        self.has_shadows = any(one.shadows for one in self.schedules.values())
        # Asked with each answer.
        self.has_ringing = any(
            one.channel in RINGING
            for person in self.people.values()
            for one in person.contacts
        )
        self._admin_policy = self._make_admin_policy()
        # Of each rotation the newest row that was worked out, and since when it holds.
        self._rows: dict[tuple[str, str], tuple[datetime, OnCallRow]] = {}

    def _names_now(self) -> dict[str, str]:
        """What rotations are called now, by the names that policies of before know.

        Whoever is paged by such a policy is found; nobody else is told of these names.
        """
        found = {}
        for schedule in self.schedules.values():
            for old in schedule.became:
                names = [old]
                while (name := schedule.became.get(names[-1], "")) and (
                    name not in names
                ):
                    names.append(name)
                found[f"{schedule.name}/{old}"] = f"{schedule.name}/{names[-1]}"
        return found

    def by_key(self, key: str, *, now: datetime | None = None) -> Integration | None:
        """The integration with this key; at `now` its former one may still be good."""
        found = self._by_key.get(key)
        if found is not None or now is None:
            return found
        former = self._by_former.get(key)
        until = former.key_before_until if former is not None else None
        return former if until is not None and now < until else None

    def by_id(self, number: int) -> Integration | None:
        """The integration with this number."""
        return self._by_id.get(number)

    def person(self, name: str) -> Person | None:
        """Somebody who can be paged; the canary is one too."""
        if name == CANARY_NAME:
            return _CANARY_PERSON
        found = self.people.get(name)
        return found if found is not None and found.active else None

    def of_chat(self, provider: str, handle: str, *, email: str = "") -> Person | None:
        """Whom a chat means; nobody where it could be two."""
        handles = [
            one for one in self.people.values() if one.is_called(provider, handle)
        ]
        if not handle or not handles:
            mail = email.casefold()
            handles = [
                one
                for one in self.people.values()
                # Who has a name of their own in this chat is known by that alone.
                if mail and one.email.casefold() == mail and provider not in one.chat
            ]
        return handles[0] if len(handles) == 1 and handles[0].active else None

    @property
    def admins(self) -> tuple[str, ...]:
        """Whom to page about Tocsin itself: admins, or everybody when there is none."""
        here = self.active(self.people)
        return tuple(n for n in here if self.roles.get(n) == ADMIN) or here

    def active(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of `names` who are known and have not left, each once."""
        return tuple(n for n in dict.fromkeys(names) if self.person(n) is not None)

    def grant(self, person: str) -> Grant:
        """What a person may do; whoever is unknown may nothing but look."""
        return Grant(self.roles.get(person, VIEWER), self.team_roles.get(person, {}))

    def team_of(self, service: str) -> str:
        """The team that owns a service, "" when none does."""
        known = self.services.get(service)
        return known.team if known is not None else ""

    def support_of(self, service: str) -> SupportClock | None:
        """The support hours of the team that owns a service, where it has any."""
        team = self.teams.get(self.team_of(service))
        if team is None or team.hours is None:
            return None
        return SupportClock(team.hours, team.zone, team.region)

    def answer_by(
        self, service: str, severity: Severity, *, now: datetime
    ) -> datetime | None:
        """By when somebody is to answer an alert of now; test pages ask for nothing."""
        if service == CANARY_NAME or is_trial(service):
            return None
        return answer_by(severity, since=now, support=self.support_of(service))

    def urgency(self, service: str, severity: Severity, *, now: datetime) -> Urgency:
        """How loudly an alert of a service pages at `now`."""
        return urgency_of(severity, support=self.support_of(service), now=now)

    def neighbours(self, services: Iterable[str]) -> frozenset[str]:
        """Services one step of dependency away from some, in either direction."""
        near = set(services)
        needed = {
            n for s in near if s in self.services for n in self.services[s].depends_on
        }
        using = {s.name for s in self.services.values() if near & set(s.depends_on)}
        return frozenset((needed | using) - near)

    def hidden_from(self, grant: Grant) -> frozenset[str]:
        """The services that a caller may not know of."""
        return frozenset(
            one.name
            for one in self.services.values()
            if one.private and not grant.sees_private_of(one.team)
        )

    def policy_of(self, service: str) -> Policy:
        """The policy of a service; of one that is unknown, the admins'."""
        if service == CANARY_NAME:
            return _CANARY_POLICY
        known = self.services.get(service)
        if known is not None and known.policy in self.policies:
            return self.policies[known.policy]
        tried = service.removeprefix(TRIAL)
        if known is None and is_trial(service) and tried in self.people:
            targets = (Target(TargetKind.USER, tried),)
            return Policy(service, (Level(_AT_ONCE, targets),), targets)
        return self._admin_policy

    def resolve(self, target: Target, *, now: datetime) -> tuple[str, ...]:
        """The people a target means at `now`, of a round robin the first; () nobody."""
        found = self.meant(target, now=now)
        return found[:1] if target.kind is TargetKind.ROUND_ROBIN else found

    def meant(self, target: Target, *, now: datetime) -> tuple[str, ...]:
        """The same, but of a round robin all who can have a turn, in their order."""
        found = self._meant(target, now)
        if target.night is not None:
            found = tuple(n for n in found if self._sleeps(n, now) is target.night)
        if target.kind is TargetKind.ROUND_ROBIN:
            # The turn of somebody whom nothing reaches would be nobody's.
            return tuple(n for n in found if self._has_method(n))
        return found

    def _has_method(self, name: str) -> bool:
        person = self.person(name)
        return person is not None and bool(methods(person))

    def _sleeps(self, name: str, now: datetime) -> bool:
        person = self.person(name)
        return is_night(now, ZoneInfo(person.zone if person else self.zone))

    def _meant(self, target: Target, now: datetime) -> tuple[str, ...]:
        """Everybody whom a target can mean at `now`."""
        kind, name = target.kind, target.name
        if kind is TargetKind.USER:
            return (name,) if self.person(name) is not None else ()
        if kind is TargetKind.ROTATION:
            now_called = self._now_called.get(name, name)
            rotation = self._rotations.get(name) or self._rotations.get(now_called)
            return self._on_call(rotation, now) if rotation is not None else ()
        if kind is TargetKind.SCHEDULE:
            schedule = self.schedules.get(name)
            rotations = schedule.rotations if schedule is not None else ()
            found = [who for one in rotations for who in self._on_call(one, now)]
            return tuple(dict.fromkeys(found))
        if kind is TargetKind.TEAM:
            team = self.teams.get(name)
            return self.active(team.people) if team else ()
        return self.active(name.split(","))

    def once_called(self, name: str) -> tuple[str, ...]:
        """The names that a rotation had before."""
        return tuple(old for old, now in self._now_called.items() if now == name)

    def rotation(self, name: str) -> Rotation | None:
        """The rotation `schedule/rotation`."""
        return self._rotations.get(name)

    def who(self, *, now: datetime, schedule: str = "") -> list[OnCallRow]:
        """Who is on call in each rotation (of one schedule)."""
        chosen = [
            one
            for one in self.schedules.values()
            if not schedule or one.name == schedule
        ]
        return [
            self._row(one, rotation, now)
            for one in chosen
            for rotation in one.rotations
        ]

    def leads_of(self, schedule: str) -> tuple[str, ...]:
        """Who leads the team of a schedule; where nobody does, the admins."""
        known = self.schedules.get(schedule)
        team = self.teams.get(known.team) if known is not None else None
        return self.active(team.leads if team is not None else ()) or self.admins

    def unpaged(self, schedule: NamedSchedule) -> tuple[str, ...]:
        """The rotations of a schedule that no policy pages, by name."""
        return tuple(
            one.name
            for one in schedule.rotations
            if not any(
                policy.means(f"{schedule.name}/{one.name}")
                for policy in self.policies.values()
            )
        )

    def schedules_of(self, service: str) -> tuple[str, ...]:
        """The schedules that the policy of a service pages."""
        return self.policy_of(service).schedules(fallback=False)

    def _on_call(self, rotation: Rotation, now: datetime) -> tuple[str, ...]:
        shifts = on_call_at(rotation, now=now)
        return self.active(shift.user for shift in shifts)

    def _row(
        self, schedule: NamedSchedule, rotation: Rotation, now: datetime
    ) -> OnCallRow:
        """Worked out once per change of who is on call: until then it stays true."""
        place, minute = (schedule.name, rotation.name), this_minute(now)
        since, row = self._rows.get(place, (minute, None))
        if row is not None and since <= minute < (row.until or since + _LOOK_AGAIN):
            return row
        row = self._made_row(schedule, rotation, now)
        self._rows[place] = (minute, row)
        return row

    def _made_row(
        self, schedule: NamedSchedule, rotation: Rotation, now: datetime
    ) -> OnCallRow:
        shifts = on_call_at(rotation, now=now)
        people = tuple(dict.fromkeys(shift.user for shift in shifts))
        until = _change_after(rotation, people, now)
        then = self._on_call(rotation, until) if until is not None else ()
        here = tuple(n for n in people if n not in self.people or self.person(n))
        return OnCallRow(schedule.name, rotation.name, here, until, then)

    def _make_admin_policy(self) -> Policy:
        targets = tuple(Target(TargetKind.USER, name) for name in self.admins)
        return Policy("the admins of Tocsin", (Level(_AT_ONCE, targets),), targets)


def _change_after(
    rotation: Rotation, people: tuple[str, ...], now: datetime
) -> datetime | None:
    """When others are on call in `rotation`; None when that is far away."""
    start = now.replace(second=0, microsecond=0)
    for days in (1, 8, 40, HORIZON.days):
        end = start + timedelta(days=days)
        final = final_schedule(rotation, Window(start, end))
        edges = sorted(
            {
                edge
                for shift in final.shifts
                for edge in (shift.start, shift.end)
                if start < edge < end
            }
        )
        for edge in edges:
            current = {s.user for s in final.shifts if s.start <= edge < s.end}
            if current != set(people):
                return edge
    return None
