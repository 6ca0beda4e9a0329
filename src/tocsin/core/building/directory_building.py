"""From checked documents to a Directory, and what is wrong between the documents.

The same building serves `apply` (before anything is written) and every load from the
database, so a configuration that could be stored can be read.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, time

from msgspec.structs import replace

from tocsin.core.building import schedule_building, team_building
from tocsin.core.building.policy_building import incident_roles, must_know, policy
from tocsin.core.building.status_building import status_pages
from tocsin.core.configuration import TYPES, Documents
from tocsin.core.directory import Directory, Integration, NamedSchedule, Service, Team
from tocsin.core.durations import parse
from tocsin.core.forms import Plain, Problem
from tocsin.core.oncall.leave_documents import away_of, with_leave
from tocsin.core.pages.escalation import (
    Policy,
    TargetKind,
)  # fmt: skip
from tocsin.core.people.people import (
    ContactMethod,
    NotifyRule,
    Person,
    is_mail_address,
)
from tocsin.core.people.permissions import DEFAULT_ROLE, LEAD, RESPONDER
from tocsin.core.people.quiet_hours import QuietHours
from tocsin.core.rotas import past_leave
from tocsin.core.severity import Severity

_SETTINGS = (
    "severities", "may_declare_sev1", "mapping", "resolved_words", "period", "grace",
)  # fmt: skip


# long because: every noun of the configuration is built.
def build(
    documents: Documents, *, version: int, ids: Mapping[str, int]
) -> tuple[Directory, list[Problem]]:
    """The Directory of `documents`; `ids` are the numbers of known integrations."""
    problems: list[Problem] = []
    organisation = documents.get("organisation", {}).get("organisation", {})
    zone = organisation.get("time_zone", "UTC")
    people = documents.get("people", {})
    teams = team_building.teams(documents, zone, problems)
    schedules = schedule_building.schedules(documents, teams, zone, problems)
    known = _targets(people, teams, schedules)
    for name, one in documents.get("teams", {}).items():
        roles = incident_roles(one, known, problems)
        teams[name] = replace(teams[name], incident_roles=roles)
    policies = {
        name: policy(name, one, known, problems, teams=teams, zone=zone)
        for name, one in documents.get("escalation_policies", {}).items()
    }
    persons = {
        name: _person(one, zone, teams, problems) for name, one in people.items()
    }
    directory = Directory(
        version=version,
        organisation=organisation.get("name", "Tocsin"),
        zone=zone,
        people=persons,
        roles={name: one.get("role", DEFAULT_ROLE) for name, one in people.items()},
        team_roles={
            name: _team_roles(name, one, teams, problems)
            for name, one in people.items()
        },
        teams=teams,
        schedules={n: with_leave(one, persons) for n, one in schedules.items()},
        policies=policies,
        services=_services(documents, teams, policies, problems),
        integrations=_integrations(documents, ids, problems),
        status_pages=status_pages(
            documents.get("status_pages", {}),
            zone=zone,
            teams=list(teams),
            services=list(documents.get("services", {})),
            problems=problems,
        ),
    )
    return directory, problems


def _targets(
    people: Mapping[str, Plain],
    teams: Mapping[str, Team],
    schedules: Mapping[str, NamedSchedule],
) -> Mapping[TargetKind, Sequence[str]]:
    """What a policy may page, by kind."""
    rotations = [
        f"{one.name}/{rotation.name}"
        for one in schedules.values()
        for rotation in one.rotations
    ]
    return {
        TargetKind.USER: list(people),
        TargetKind.TEAM: list(teams),
        TargetKind.SCHEDULE: list(schedules),
        TargetKind.ROTATION: rotations,
    }


def _team_roles(
    name: str, one: Plain, teams: Mapping[str, Team], problems: list[Problem]
) -> dict[str, str]:
    """Members respond, leads lead; what is said of one person counts above that."""
    found = {team: RESPONDER for team in one.get("teams", [])}
    found |= {team.name: LEAD for team in teams.values() if name in team.leads}
    for team, role in one.get("team_roles", {}).items():
        must_know(f"people[{name}].team_roles", team, list(teams), "team", problems)
        found[team] = role
    return found


def _person(
    one: Plain, zone: str, teams: Mapping[str, Team], problems: list[Problem]
) -> Person:
    where = f"people[{one['name']}]"
    for team in one.get("teams", []):
        must_know(f"{where}.teams", team, list(teams), "team", problems)
    own = next((teams[t].zone for t in one.get("teams", []) if t in teams), zone)
    contacts = tuple(_contact(contact) for contact in one.get("contacts", []))
    reachable = [c.channel for c in contacts] + [c.label for c in contacts if c.label]
    if one.get("email"):
        reachable.append("email")
        if not is_mail_address(one["email"]):
            expected = "a mail address such as ana@example.com"
            problems.append(Problem(f"{where}.email", one["email"], expected))
    notify = one.get("notify", {})
    _check_steps(one["name"], notify, reachable, where, problems)
    if not reachable:
        problems.append(Problem(where, None, "an email or at least one contact"))
    return Person(
        name=one["name"],
        email=one.get("email", ""),
        full_name=one.get("full_name", ""),
        zone=one.get("time_zone", own),
        contacts=contacts,
        high=_rules(notify.get("high")),
        low=_rules(notify.get("low")),
        quiet=_quiet_hours(one.get("quiet_hours"), where, problems),
        chat=one.get("chat", {}),
        away=away_of(one, where, problems),
        away_past=tuple(past_leave.read_past(one)),
        away_since=past_leave.read_since(one),
        region=team_building.region(one.get("region", ""), where, problems),
        reminded=one.get("shift_reminders", True),
        active=one.get("active", True),
    )


def _check_steps(
    name: str, notify: Plain, reachable: list[str], where: str, problems: list[Problem]
) -> None:
    for urgency in ("high", "low"):
        for rule in notify.get(urgency, []):
            by = rule.get("by", "")
            if by not in reachable:
                expected = f"a contact of {name}: {', '.join(reachable) or 'none'}"
                problems.append(Problem(f"{where}.notify.{urgency}", by, expected))


def _contact(one: Plain) -> ContactMethod:
    return ContactMethod(
        one.get("by", ""),
        one.get("address", ""),
        one.get("label", ""),
        one.get("verified", True),
    )


def _quiet_hours(
    given: Plain | None, where: str, problems: list[Problem]
) -> QuietHours | None:
    if not given or given.keys() != {"from", "to"}:
        return None
    if given["from"] == given["to"]:
        expected = "two different times; leave quiet_hours out to have none"
        problems.append(Problem(f"{where}.quiet_hours", given["to"], expected))
        return None
    return QuietHours(
        time.fromisoformat(given["from"]), time.fromisoformat(given["to"])
    )


def _rules(given: list[Plain] | None) -> tuple[NotifyRule, ...]:
    return tuple(
        NotifyRule(rule.get("by", ""), parse(rule.get("after", "0s")))
        for rule in given or ()
    )


def _services(
    documents: Documents,
    teams: Mapping[str, Team],
    policies: Mapping[str, Policy],
    problems: list[Problem],
) -> dict[str, Service]:
    services = {}
    for name, one in documents.get("services", {}).items():
        where = f"services[{name}]"
        if one.get("team"):
            must_know(f"{where}.team", one["team"], list(teams), "team", problems)
        policy = one.get("escalation_policy", "")
        must_know(
            f"{where}.escalation_policy",
            policy,
            list(policies),
            "escalation policy",
            problems,
        )
        known = list(documents.get("services", {}))
        for other in one.get("depends_on", []):
            must_know(f"{where}.depends_on", other, known, "service", problems)
        declares = one.get("declare_incident")
        services[name] = Service(
            name,
            one.get("team", ""),
            policy,
            one.get("description", ""),
            one.get("private", False),
            tuple(one.get("depends_on", ())),
            Severity[declares] if declares else None,
            one.get("runbook", ""),
        )
    return services


def _integrations(
    documents: Documents, ids: Mapping[str, int], problems: list[Problem]
) -> list[Integration]:
    services = list(documents.get("services", {}))
    found: list[Integration] = []
    keys: dict[str, str] = {}
    for name, one in documents.get("integrations", {}).items():
        where = f"integrations[{name}]"
        service = one.get("service", "")
        must_know(f"{where}.service", service, services, "service", problems)
        key = one.get("key", "")
        if key in keys:
            expected = f"a key of its own ({keys[key]} has this one)"
            problems.append(Problem(f"{where}.key", key, expected, is_secret=True))
        if key and (len(key) < 16 or not key.isalnum() or not key.isascii()):
            expected = "at least 16 letters and digits"
            problems.append(Problem(f"{where}.key", key, expected, is_secret=True))
        keys[key] = name
        settings = {setting: one[setting] for setting in _SETTINGS if setting in one}
        kind = one.get("type", TYPES[0])
        number = ids.get(name, 0)
        paused = one.get("paused", False)
        before, until = one.get("key_before", ""), one.get("key_before_until")
        found.append(
            Integration(
                number,
                name,
                kind,
                service,
                key,
                settings,
                paused,
                before,
                _instant(until),
            )
        )
    return found


def _instant(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
