"""The simulated company as stored configuration, written through the real store."""

from typing import Any

from tocsin.core.directory import Integration
from tocsin.core.durations import compact
from tocsin.core.level_times import DAYS
from tocsin.core.pages.escalation import Level, Policy, Target, TargetKind
from tocsin.core.people.people import NotifyRule, Person
from tocsin.simulation.company import NOBODY, SERVICES, Company, Shifts
from tocsin.store import directory
from tocsin.store.database import Connection

Document = dict[str, Any]

# The first three rows of a new database, in this order.
INTEGRATIONS = tuple(
    Integration(number, f"{service}-monitor", "generic", service, f"{number:032x}")
    for number, service in enumerate(SERVICES, start=1)
)


def found(connection: Connection, company: Company) -> None:
    """Write the whole company, in one transaction without faults."""
    connection.overlay, connection.after_commit = {}, []
    connection.begin()
    save = directory.save
    save(connection, "organisation", "organisation", {"name": "Meridian Pay"})
    hours = {
        "from": f"{company.hours.start:%H:%M}",
        "to": f"{company.hours.end:%H:%M}",
        "days": list(DAYS),
    }
    for team in company.teams:
        save(connection, "teams", team, {"name": team, "support_hours": hours})
    for person in company.people.values():
        save(connection, "people", person.name, _person(company, person))
    schedule = {"name": "payments", "time_zone": company.shifts[0].zone}
    rotations = [_rotation(shifts) for shifts in company.shifts]
    save(connection, "schedules", "payments", {**schedule, "rotations": rotations})
    for policy in company.policies.values():
        save(connection, "escalation_policies", policy.name, _policy(policy))
    for service, name in company.services.items():
        document = {"name": service, "team": "payments", "escalation_policy": name}
        save(connection, "services", service, document)
    for one in INTEGRATIONS:
        document = {"name": one.name, "type": one.type, "service": one.service}
        save(connection, "integrations", one.name, {**document, "key": one.key})
    connection.commit()


def change_person(connection: Connection, company: Company, name: str) -> None:
    """Write one person as `company` has them."""
    connection.begin()
    document = _person(company, company.people[name])
    directory.save(connection, "people", name, document)
    connection.commit()


def change_policy(connection: Connection, policy: Policy) -> None:
    """Write one policy."""
    connection.begin()
    directory.save(connection, "escalation_policies", policy.name, _policy(policy))
    connection.commit()


def _person(company: Company, person: Person) -> Document:
    contacts = [{"by": one.channel, "address": one.address} for one in person.contacts]
    teams = [team for team, members in company.teams.items() if person.name in members]
    return {
        "name": person.name,
        "teams": teams,
        "contacts": contacts,
        "notify": {
            "high": [_rule(rule) for rule in person.high],
            "low": [_rule(rule) for rule in person.low],
        },
    }


def _rule(rule: NotifyRule) -> Document:
    return {"by": rule.by, "after": compact(rule.after)}


def _rotation(shifts: Shifts) -> Document:
    return {
        "name": shifts.name,
        # Nobody of this name exists: a gap in the rotation.
        "users": [user or NOBODY for user in shifts.users],
        "start": shifts.anchor.isoformat(),
        "length": f"{shifts.hours}h",
    }


def _policy(policy: Policy) -> Document:
    (timeout,) = set(policy.ack_timeout.values())
    return {
        "name": policy.name,
        "team": "payments",
        "levels": [_level(level) for level in policy.levels],
        "fallback": [_target(target) for target in policy.fallback],
        "repeat": policy.repeat,
        "wait": compact(policy.wait),
        "ack_timeout": "none" if timeout is None else compact(timeout),
        "nag": compact(policy.nag),
    }


def _level(level: Level) -> Document:
    found: Document = {
        "after": compact(next(iter(level.after.values()))),
        "page": [_target(target) for target in level.targets],
    }
    if level.times is not None:
        found["when"] = {"support_hours": level.times.in_hours}
    return found


def _target(target: Target) -> Document:
    in_turn = target.kind is TargetKind.ROUND_ROBIN
    return {target.kind.value: target.name.split(",") if in_turn else target.name}
