"""Who is at the door: one-time links, sessions and API tokens.

Secrets are 256 bits, handed in, and stored as SHA-256 digests only.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from msgspec import Struct

from tocsin.core.directory import Service
from tocsin.core.people.permissions import ADMIN, LEAD, Grant, Scope, scopes_of
from tocsin.engine.audit import Actor
from tocsin.engine.directories import Directories
from tocsin.interfaces.machine import Clock
from tocsin.store import directory as stored_directory
from tocsin.store import links as stored_links
from tocsin.store import sessions as stored_sessions
from tocsin.store import tokens as stored_tokens
from tocsin.store.database import Database, Tx
from tocsin.store.tokens import Token

LINK_GOOD_FOR = timedelta(hours=24)
MAILED_LINK_GOOD_FOR = timedelta(minutes=20)
SESSION_GOOD_FOR = timedelta(days=14)
# A session that nobody used for this long has ended.
IDLE_FOR = timedelta(days=7)
_TOUCH_EVERY = timedelta(minutes=1)
# How a session of one hour was begun that makes its person an admin.
EMERGENCY = "emergency code"
_FIRST = "admin"
# Sessions and tokens are named by the beginning of their digest.
ID_LENGTH = 12


class Viewer(Struct, frozen=True):
    """Somebody who is signed in, or whose token this is."""

    person: str
    grant: Grant
    zone: str = "UTC"
    full_name: str = ""
    # How they came: the id of a session or a token; a request has one of them.
    session: str = ""
    token: str = ""
    # The network address that the request came from.
    address: str = ""
    # The door, where it is neither a browser nor the API: the name of a chat.
    via: str = ""

    @property
    def actor(self) -> Actor:
        """As the audit log names them."""
        via = self.via or ("API" if self.token else "web")
        return Actor(self.person, via, self.address)

    @property
    def role(self) -> str:
        """Their role for what no team owns."""
        return self.grant.role_in("")

    def may(self, role: str, team: str = "") -> bool:
        """Whether they hold at least `role` for what `team` owns."""
        return self.grant.may(role, team)

    def may_somewhere(self, role: str) -> bool:
        """Whether they hold at least `role` in any team."""
        return self.grant.may_somewhere(role)

    @property
    def keeps_own(self) -> bool:
        """Whether they may change how they themselves are reached."""
        return self.grant.keeps_own()

    def record_of(self, teams: Iterable[str]) -> frozenset[str] | None:
        """The teams whose entries of the audit log they see; None is all there are."""
        if self.may(ADMIN):
            return None
        return frozenset(team for team in teams if self.may(LEAD, team))

    def sees(self, service: Service) -> bool:
        """Whether they may know of a service."""
        return not service.private or self.grant.sees_private_of(service.team)


class SignIn:
    """Makes links and tokens, and knows who holds a session or a token."""

    def __init__(
        self,
        database: Database,
        directories: Directories,
        clock: Clock,
        *,
        new_token: Callable[[], str],
    ) -> None:
        self.database = database
        self._directories = directories
        self.clock = clock
        self._new_token = new_token

    def first_link(self) -> tuple[str, str]:
        """(person, token) of a link for an admin; makes one when there is nobody."""

        def work(tx: Tx) -> str:
            directory = stored_directory.load(tx)
            admins = [n for n in directory.admins if directory.roles[n] == ADMIN]
            if admins:
                return admins[0]
            document = {"name": _FIRST, "role": ADMIN, "email": "admin@localhost"}
            stored_directory.save(tx, "people", _FIRST, document)
            return _FIRST

        person = self.database.write(work)
        return person, self.link_for(person)

    def link_for(self, person: str, *, good_for: timedelta = LINK_GOOD_FOR) -> str:
        """A token that signs `person` in once."""
        token = self._new_token()
        expires_at = self.clock.now() + good_for
        self.database.write(
            lambda tx: stored_links.add(
                tx,
                digest(token),
                person,
                purpose="sign-in",
                data={},
                expires_at=expires_at,
            )
        )
        return token

    def by_session(self, session: str, *, address: str = "") -> Viewer | None:
        """Who holds this session."""
        if not session:
            return None
        now = self.clock.now()

        def work(tx: Tx) -> tuple[Viewer | None, bool]:
            held = stored_sessions.held(
                tx, digest(session), seen_after=now - IDLE_FOR, now=now
            )
            if held is None:
                return None, False
            viewer = self._viewer(
                tx,
                held.person,
                session=digest(session)[:ID_LENGTH],
                address=address,
                is_emergency=held.how == EMERGENCY,
            )
            return viewer, now - held.seen_at >= _TOUCH_EVERY

        viewer, stale = self.database.read(work)
        if stale:
            # Nobody waits for it: when a session was last seen is good to a minute.
            self.database.submit(
                lambda tx: stored_sessions.touch(
                    tx, digest(session), address=address, now=now
                )
            )
        return viewer

    def by_token(self, token: str, *, address: str = "") -> Viewer | None:
        """Whose API token this is; an expired one is nobody's."""
        now = self.clock.now()

        def work(tx: Tx) -> tuple[Viewer | None, bool]:
            held = stored_tokens.token(tx, digest(token), now=now)
            if held is None:
                return None, False
            scopes = scopes_of(held.scopes.split())
            viewer = self._viewer(
                tx,
                held.person,
                token=held.id,
                scopes=scopes,
                only_team=held.team,
                address=address,
            )
            return viewer, held.is_stale(now=now)

        viewer, stale = self.database.read(work)
        if stale:
            # Nobody waits for it: when a token was last used is good to a minute.
            self.database.submit(
                lambda tx: stored_tokens.touch_token(
                    tx, digest(token), now=now, address=address
                )
            )
        return viewer

    def make_token(
        self,
        person: str,
        *,
        label: str,
        scopes: Iterable[Scope] = (Scope.ADMIN,),
        team: str = "",
        good_for: timedelta | None = None,
        made_by: str = "",
        recorder: Callable[[Tx, Token, datetime], None] = lambda tx, held, now: None,
    ) -> tuple[str, Token]:
        """(secret, token); the secret is kept nowhere. For ever without `good_for`."""
        token, now = self._new_token(), self.clock.now()
        held = Token(
            id=digest(token)[:ID_LENGTH],
            person=person,
            label=label,
            scopes=" ".join(sorted(one.value for one in scopes)),
            team=team,
            made_at=now,
            expires_at=now + good_for if good_for is not None else None,
            made_by=made_by or person,
        )

        def work(tx: Tx) -> None:
            stored_tokens.add_token(tx, digest(token), held)
            recorder(tx, held, now)

        self.database.write(work)
        return token, held

    def _viewer(
        self,
        tx: Tx,
        name: str | None,
        *,
        session: str = "",
        token: str = "",
        scopes: frozenset[Scope] | None = None,
        only_team: str = "",
        address: str = "",
        is_emergency: bool = False,
    ) -> Viewer | None:
        if name is None:
            return None
        directory = self._directories.current(tx)
        person = directory.people.get(name)
        if person is None or not person.active:
            return None
        own = directory.grant(name)
        role = ADMIN if is_emergency else own.role
        grant = Grant(role, own.team_roles, scopes, only_team)
        full_name = person.full_name or name
        return Viewer(name, grant, person.zone, full_name, session, token, address)


def digest(secret: str) -> str:
    """What is stored of a secret."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
