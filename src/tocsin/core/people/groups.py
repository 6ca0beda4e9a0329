"""What groups of an identity provider mean here: roles, and places in teams.

`platform=team:payments:responder, sre-leads=role:lead`. What the mapping names is the
provider's to give *and to take*; what it does not name stays as it was set here.
"""

from collections.abc import Collection, Mapping
from typing import Any

from msgspec import Struct

from tocsin.core.people.permissions import ADMIN, DEFAULT_ROLE, ROLES

Plain = dict[str, Any]


class BadMapping(ValueError):
    """A part of a mapping that cannot be read: says which and what was expected."""


class Meaning(Struct, frozen=True):
    """Whoever is in `group` has `role`: in `team`, or everywhere when it is ""."""

    group: str
    role: str
    team: str = ""


def read(text: str) -> tuple[Meaning, ...]:
    """The mapping as it is written in the settings. Raises BadMapping."""
    found = []
    for part in (one.strip() for one in text.split(",")):
        if not part:
            continue
        group, equals, meaning = part.rpartition("=")
        kind, _, rest = meaning.strip().partition(":")
        team, _, role = rest.rpartition(":") if kind == "team" else ("", "", rest)
        good = equals and group.strip() and role in ROLES
        if not good or kind not in ("role", "team") or (kind == "team" and not team):
            message = f"{part!r}: expected GROUP=role:ROLE or GROUP=team:TEAM:ROLE with a role of {', '.join(ROLES)}"
            raise BadMapping(message)
        found.append(Meaning(group.strip(), role, team))
    return tuple(found)


def applied(
    document: Plain,
    mapping: Collection[Meaning],
    groups: Collection[str],
    *,
    teams: Collection[str],
    keep_admin: bool,
) -> Plain:
    """The person's document with what their groups give and no longer give.

    Teams that do not exist are left out. `keep_admin`: they are the last admin, and
    nobody could repair a mapping that takes the last one away.
    """
    held = [one for one in mapping if one.group in groups]
    result = dict(document)
    _set_role(result, mapping, held, keep_admin=keep_admin)
    _set_teams(result, mapping, held, teams)
    return result


def _set_role(
    document: Plain,
    mapping: Collection[Meaning],
    held: Collection[Meaning],
    *,
    keep_admin: bool,
) -> None:
    current = document.get("role", DEFAULT_ROLE)
    if keep_admin and current == ADMIN:
        return
    given = [one.role for one in held if not one.team]
    governed = {one.role for one in mapping if not one.team}
    if given:
        document["role"] = max(given, key=ROLES.index)
    elif current in governed:
        document.pop("role", None)


def _set_teams(
    document: Plain,
    mapping: Collection[Meaning],
    held: Collection[Meaning],
    teams: Collection[str],
) -> None:
    roles: Mapping[str, str] = {}
    for one in held:
        if one.team and one.team in teams:
            best = max(one.role, roles.get(one.team, one.role), key=ROLES.index)
            roles = {**roles, one.team: best}
    governed = {one.team for one in mapping if one.team}
    kept = [name for name in document.get("teams", []) if name not in governed]
    own = {
        team: role
        for team, role in document.get("team_roles", {}).items()
        if team not in governed
    }
    # Membership alone makes a responder.
    special = {team: role for team, role in roles.items() if role != DEFAULT_ROLE}
    _put(document, "teams", [*kept, *roles])
    _put(document, "team_roles", {**own, **special})


def _put(document: Plain, key: str, value: Any) -> None:
    if value:
        document[key] = value
    else:
        document.pop(key, None)
