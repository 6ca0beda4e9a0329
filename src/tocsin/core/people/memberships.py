"""What a lead may change about people: who is in the teams they lead, and as what.

All else about people is the admins'. Knows no request and no database.
"""

from collections.abc import Callable, Mapping
from typing import Any

from tocsin.core.forms import Plain
from tocsin.core.people.permissions import LEAD, RESPONDER, ROLES, VIEWER

# What a lead may give within a team of theirs; the first is who just looks.
GIVEN = (VIEWER, RESPONDER, LEAD)
_OF_TEAMS = ("teams", "team_roles")


def refusal(
    leads: Callable[[str], bool], held: Plain | None, document: Plain | None
) -> str:
    """Why somebody who `leads` teams may not make this change, "" when they may."""
    if document is None:
        return "People are removed by the admins."
    if held is None:
        return _may_not_create(leads, document)
    for name in sorted({*held, *document} - {*_OF_TEAMS}):
        if held.get(name) != document.get(name):
            return f"{name}: people are kept by the admins; a lead keeps their team."
    changed = set(held.get("teams", [])) ^ set(document.get("teams", []))
    changed |= _changed_roles(held, document)
    for team in sorted(changed):
        if not leads(team):
            return f"This needs the role lead for the team {team}."
    return _too_strong(document, changed, LEAD)


def with_role(document: Plain, team: str, role: str) -> Plain:
    """A person's document once they are a member of `team` with `role`."""
    teams = [*document.get("teams", [])]
    if team not in teams:
        teams.append(team)
    return _with(document, teams, {**document.get("team_roles", {}), team: role})


def without_team(document: Plain, team: str) -> Plain:
    """A person's document once they are no member of `team`."""
    teams = [one for one in document.get("teams", []) if one != team]
    roles = {k: v for k, v in document.get("team_roles", {}).items() if k != team}
    return _with(document, teams, roles)


def _may_not_create(leads: Callable[[str], bool], document: Plain) -> str:
    teams = document.get("teams", [])
    if not teams:
        return "teams: a lead invites people into a team that they lead."
    for team in sorted({*teams, *document.get("team_roles", {})}):
        if not leads(team):
            return f"This needs the role lead for the team {team}."
    if _rank(document.get("role", RESPONDER)) > _rank(RESPONDER):
        return "role: a lead invites viewers and responders."
    return _too_strong(document, set(document.get("team_roles", {})), RESPONDER)


def _too_strong(document: Plain, teams: set[str], most: str) -> str:
    for team, role in document.get("team_roles", {}).items():
        if team in teams and _rank(role) > _rank(most):
            return f"team_roles.{team}: a lead gives at most the role {most}."
    return ""


def _changed_roles(held: Plain, document: Plain) -> set[str]:
    before: Mapping[str, Any] = held.get("team_roles", {})
    after: Mapping[str, Any] = document.get("team_roles", {})
    both = {*before, *after}
    return {team for team in both if before.get(team) != after.get(team)}


def _with(document: Plain, teams: list[str], roles: dict[str, str]) -> Plain:
    changed = {k: v for k, v in document.items() if k not in _OF_TEAMS}
    if teams:
        changed["teams"] = teams
    # A member responds; only what differs is said.
    roles = {team: role for team, role in roles.items() if role != RESPONDER}
    if roles:
        changed["team_roles"] = roles
    return changed


def _rank(role: str) -> int:
    return ROLES.index(role) if role in ROLES else len(ROLES)
