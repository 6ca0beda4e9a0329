"""From a checked document to an escalation policy, and what is wrong with its names."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from tocsin.core.directory import Team
from tocsin.core.durations import parse
from tocsin.core.forms import Plain, Problem
from tocsin.core.incidents.roles import Role
from tocsin.core.level_times import LevelTimes, day_numbers
from tocsin.core.pages.escalation import (
    Condition,
    Level,
    Policy,
    Target,
    TargetKind,
    offset,
)
from tocsin.core.severity import Severity


def policy(
    name: str,
    one: Plain,
    known: Mapping[TargetKind, Sequence[str]],
    problems: list[Problem],
    *,
    teams: Mapping[str, Team],
    zone: str,
) -> Policy:
    """`zone` is the organisation's, for a policy of no team."""
    where = f"escalation_policies[{name}]"
    team = teams.get(one.get("team", ""), Team("", zone))
    levels = tuple(
        _level(level, team, known, f"{where}.levels[{i}]", problems)
        for i, level in enumerate(one.get("levels", []))
    )
    for severity in Severity:
        delays = [offset(level, severity) for level in levels]
        if delays != sorted(delays):
            expected = (
                f"delays that do not go down from level to level ({severity.name})"
            )
            problems.append(Problem(f"{where}.levels", "after", expected))
            break
    timeout = one.get("ack_timeout")
    return Policy(
        name=name,
        levels=levels,
        fallback=_targets(
            one.get("fallback", []), known, f"{where}.fallback", problems
        ),
        repeat=one.get("repeat", 0),
        wait=parse(one.get("wait", "15m")),
        ack_timeout=_timeouts(timeout) if timeout is not None else {},
        nag=parse(one.get("nag", "30m")),
    )


def _level(
    one: Plain,
    team: Team,
    known: Mapping[TargetKind, Sequence[str]],
    where: str,
    problems: list[Problem],
) -> Level:
    times = _times(one["when"], team, where, problems) if one.get("when") else None
    targets = _targets(one.get("page", []), known, where, problems)
    if times is not None and times.night is not None:
        targets = tuple(replace(target, night=times.night) for target in targets)
    return Level(
        after=_delays(one.get("after", "0s")),
        targets=targets,
        condition=Condition(one.get("condition", "if_not_acked")),
        everyone_acks=one.get("everyone_acks", False),
        times=times,
    )


def _times(when: Plain, team: Team, where: str, problems: list[Problem]) -> LevelTimes:
    """What the level says of times, with the hours and holidays of its team."""
    of = f"the team {team.name}" if team.name else "a policy without a team"
    if "support_hours" in when and team.hours is None:
        expected = f"no condition on support hours, as {of} has none"
        problems.append(Problem(f"{where}.when.support_hours", None, expected))
    if "holiday" in when and not team.region:
        expected = f"no condition on holidays, as {of} has no region"
        problems.append(Problem(f"{where}.when.holiday", None, expected))
    return LevelTimes(
        zone=team.zone,
        region=team.region,
        hours=team.hours,
        in_hours=when.get("support_hours"),
        days=day_numbers(when.get("days", ())),
        holiday=when.get("holiday"),
        night=when.get("local_night"),
    )


def incident_roles(
    team: Plain,
    known: Mapping[TargetKind, Sequence[str]],
    problems: list[Problem],
) -> Mapping[Role, tuple[Target, ...]]:
    """Whom a team pages for an empty role of an incident."""
    return {
        Role(role): _targets(
            given, known, f"teams[{team['name']}].incident_roles.{role}", problems
        )
        for role, given in team.get("incident_roles", {}).items()
    }


def _delays(after: Any) -> Mapping[Severity, timedelta]:
    if isinstance(after, Mapping):
        return {
            Severity[key]: parse(value)
            for key, value in after.items()
            if key in Severity.__members__ and value != "none"
        }
    return dict.fromkeys(Severity, parse(after))


def _timeouts(value: Any) -> Mapping[Severity, timedelta | None]:
    if isinstance(value, Mapping):
        given = {
            Severity[key]: None if one == "none" else parse(one)
            for key, one in value.items()
        }
        return {severity: given.get(severity) for severity in Severity}
    return dict.fromkeys(Severity, None if value == "none" else parse(value))


def _targets(
    given: list[Plain],
    known: Mapping[TargetKind, Sequence[str]],
    where: str,
    problems: list[Problem],
) -> tuple[Target, ...]:
    targets = []
    for one in given:
        kind, name = next(iter(one.items()))
        if kind == TargetKind.ROUND_ROBIN:
            for person in name:
                people = known[TargetKind.USER]
                must_know(where, person, people, "person", problems)
            name = ",".join(name)
        else:
            word = "person" if kind == TargetKind.USER else kind
            must_know(where, name, known[TargetKind(kind)], word, problems)
        targets.append(Target(TargetKind(kind), name))
    return tuple(targets)


def must_know(
    where: str, name: str, known: Sequence[str], what: str, problems: list[Problem]
) -> None:
    if name in known:
        return
    some = ", ".join(list(known)[:8]) or "none is configured"
    problems.append(Problem(where, name, f"a known {what} ({some})"))
