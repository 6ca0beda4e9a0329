"""Every way of getting in, in one hand: what the edge needs of the doors."""

from dataclasses import dataclass
from datetime import timedelta

from argon2 import PasswordHasher
from msgspec import Struct

from tocsin.core.people.passwords import SHORTEST
from tocsin.core.throttling import Path
from tocsin.engine.signing_in.emergency import EmergencyCodes
from tocsin.engine.signing_in.links import Links
from tocsin.engine.signing_in.passkeys import Passkeys
from tocsin.engine.signing_in.passwords import Passwords
from tocsin.engine.signing_in.sessions import Sessions
from tocsin.engine.signing_in.visits import Porter, Visit
from tocsin.engine.single_sign_on import SingleSignOn, SsoSettings
from tocsin.engine.throttling import Throttle
from tocsin.interfaces.identities import IdentityProvider


class Ways(Struct, frozen=True):
    """Which ways in the settings leave open."""

    shortest_password: int = SHORTEST
    local_passwords: bool = True
    mail_links: bool = True


@dataclass(frozen=True)
class Credentials:
    """Made by app.py, once per process. All of it blocks."""

    porter: Porter
    throttle: Throttle
    sessions: Sessions
    links: Links
    passwords: Passwords
    passkeys: Passkeys
    emergency: EmergencyCodes
    sso: SingleSignOn | None = None

    def refused_token(self, address: str) -> timedelta:
        """An API token was wrong: how long its sender has to wait, and a record.

        Once they have to wait nothing more is recorded, so that nobody can fill it.
        """
        wait = self.throttle.take(Path.TOKEN, address=address)
        if not wait:
            visit = Visit(address)
            self.porter.record_alone(visit, "refuse", "API token", "", why="unknown")
        return wait


def credentials(
    porter: Porter,
    hasher: PasswordHasher,
    ways: Ways,
    *,
    provider: IdentityProvider | None = None,
    sso: SsoSettings | None = None,
) -> Credentials:
    """All of them, over one porter."""
    throttle = Throttle(porter.clock)
    sessions = Sessions(porter)
    return Credentials(
        porter=porter,
        throttle=throttle,
        sessions=sessions,
        links=Links(porter, sessions, throttle, are_on=ways.mail_links),
        passwords=Passwords(
            porter,
            sessions,
            throttle,
            hasher,
            shortest=ways.shortest_password,
            are_on=ways.local_passwords,
        ),
        passkeys=Passkeys(porter, sessions, throttle),
        emergency=EmergencyCodes(porter, sessions, throttle),
        sso=SingleSignOn(porter, sessions, throttle, provider, sso or SsoSettings())
        if provider is not None
        else None,
    )
