"""Who may do what: roles, for everything or for one team, and the scopes of tokens.

A role holds what every weaker role holds. Somebody's role in a team is the stronger of
the role they have everywhere and the one they have in that team. A token can only
take away from what its person may do. Knows no request and no database.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct

VIEWER, RESPONDER, LEAD, ADMIN = "viewer", "responder", "lead", "admin"
# Weakest first.
ROLES = (VIEWER, RESPONDER, LEAD, ADMIN)
DEFAULT_ROLE = RESPONDER


class Scope(StrEnum):
    """What an API token may be used for."""

    READ = "read"
    SEND = "send"  # raise, acknowledge and resolve alerts as a source does
    RESPOND = "respond"
    CONFIGURE = "configure"
    ADMIN = "admin"
    SCIM = "scim"  # people and teams, by a directory service


# The strongest role that a scope lets its holder use.
_REACH = {
    Scope.READ: VIEWER,
    Scope.RESPOND: RESPONDER,
    Scope.CONFIGURE: LEAD,
    Scope.ADMIN: ADMIN,
}
# The role somebody has to hold to make a token with a scope.
ROLE_FOR = {**_REACH, Scope.SEND: RESPONDER, Scope.SCIM: ADMIN}


class Grant(Struct, frozen=True):
    """What one caller may do. `scopes` is None for a person at a browser."""

    role: str = VIEWER
    team_roles: Mapping[str, str] = {}
    scopes: frozenset[Scope] | None = None
    # A token that was made for one team does nothing but read in others.
    only_team: str = ""

    def role_in(self, team: str) -> str:
        """The role that counts for what `team` owns ("" is owned by no team)."""
        own = stronger(self.role, self.team_roles.get(team, VIEWER))
        if self.only_team and team != self.only_team:
            own = VIEWER
        return weaker(own, self._reach())

    def may(self, role: str, team: str = "") -> bool:
        """Whether the caller holds at least `role` for what `team` owns."""
        return self._reads() and _rank(self.role_in(team)) >= _rank(role)

    def may_somewhere(self, role: str) -> bool:
        """Whether the caller holds at least `role` in any team, or everywhere."""
        return any(self.may(role, team) for team in ("", *self.team_roles))

    def sees_private_of(self, team: str) -> bool:
        """Whether the caller may know of the private services of `team`."""
        if not self._reads() or (self.only_team and team != self.only_team):
            return False
        return self.role == ADMIN or team in self.team_roles

    def may_send(self, team: str = "") -> bool:
        """Whether the caller may send events for a service of `team`."""
        if self.scopes is not None and Scope.SEND in self.scopes:
            mine = not self.only_team or team == self.only_team
            own = stronger(self.role, self.team_roles.get(team, VIEWER))
            return mine and _rank(own) >= _rank(RESPONDER)
        return self.may(RESPONDER, team)

    def keeps_own(self) -> bool:
        """Whether the caller may change how its own person is reached.

        Everybody may at a browser; a token needs the scope configure or admin.
        """
        if self.scopes is None:
            return True
        return not self.only_team and bool(self.scopes & {Scope.CONFIGURE, Scope.ADMIN})

    def may_provision(self) -> bool:
        """Whether a directory service may keep people and teams with this token."""
        return self.scopes is not None and Scope.SCIM in self.scopes and (
            self.role == ADMIN
        )  # fmt: skip

    def _reads(self) -> bool:
        return self.scopes is None or bool(self.scopes & _REACH.keys())

    def _reach(self) -> str:
        if self.scopes is None:
            return ADMIN
        return max(
            (_REACH[one] for one in self.scopes if one in _REACH),
            key=_rank,
            default=VIEWER,
        )


def stronger(one: str, other: str) -> str:
    """The role that may do more."""
    return max(one, other, key=_rank)


def weaker(one: str, other: str) -> str:
    """The role that may do less."""
    return min(one, other, key=_rank)


def scopes_of(words: Iterable[str]) -> frozenset[Scope]:
    """Known scopes among `words`; others give nothing."""
    known = {one.value: one for one in Scope}
    return frozenset(known[word] for word in words if word in known)


def _rank(role: str) -> int:
    return ROLES.index(role) if role in ROLES else 0
