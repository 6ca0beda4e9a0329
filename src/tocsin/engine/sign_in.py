"""Who is at the door: one-time links, sessions and API tokens.

Secrets are 256 bits, handed in, and stored as SHA-256 digests only.
"""

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

from msgspec import Struct

from tocsin.core.directory import ADMIN
from tocsin.engine.directories import Directories
from tocsin.interfaces import Clock
from tocsin.store import directory as stored_directory
from tocsin.store import sign_in as stored
from tocsin.store.database import Database, Tx

LINK_GOOD_FOR = timedelta(hours=24)
MAILED_LINK_GOOD_FOR = timedelta(minutes=20)
SESSION_GOOD_FOR = timedelta(days=14)
_MOST_LINKS = 5
_FIRST = "admin"
# What each role may do, weakest first; a role may do all that a weaker one may.
_ROLES = ("viewer", "responder", "lead", ADMIN)


class Viewer(Struct, frozen=True):
    """Somebody who is signed in."""

    person: str
    role: str
    zone: str = "UTC"
    full_name: str = ""

    def may(self, role: str) -> bool:
        """Whether they hold at least `role`."""
        return _ROLES.index(self.role) >= _ROLES.index(role)


class SignIn:
    """Makes and reads links, sessions and tokens."""

    def __init__(
        self,
        database: Database,
        directories: Directories,
        clock: Clock,
        *,
        new_token: Callable[[], str],
    ) -> None:
        self._database = database
        self._directories = directories
        self._clock = clock
        self._new_token = new_token

    def first_link(self) -> tuple[str, str]:
        """(person, token) of a link for an admin; makes one when there is nobody."""

        def work(tx: Tx) -> str:
            directory = stored_directory.load(tx)
            admins = [n for n in directory.people if directory.roles[n] == ADMIN]
            if admins:
                return admins[0]
            document = {"name": _FIRST, "role": ADMIN, "email": "admin@localhost"}
            stored_directory.save(tx, "people", _FIRST, document)
            return _FIRST

        person = self._database.write(work)
        return person, self.link_for(person)

    def link_for(self, person: str, *, good_for: timedelta = LINK_GOOD_FOR) -> str:
        """A token that signs `person` in once."""
        token = self._new_token()
        expires_at = self._clock.now() + good_for
        self._database.write(
            lambda tx: stored.add_link(tx, digest(token), person, expires_at=expires_at)
        )
        return token

    def may_mail(self, person: str) -> bool:
        """Whether another link may be mailed: at most five in twenty minutes."""
        since = self._clock.now()
        count = self._database.read(
            lambda tx: stored.links_since(tx, person, since=since)
        )
        return count < _MOST_LINKS

    def is_good(self, token: str) -> bool:
        """Whether a link can still be used."""
        now = self._clock.now()
        return self._database.read(
            lambda tx: stored.link_is_good(tx, digest(token), now=now)
        )

    def redeem(self, token: str) -> str | None:
        """A session's secret for a link's token, which is then used up."""
        now, session = self._clock.now(), self._new_token()

        def work(tx: Tx) -> bool:
            person = stored.use_link(tx, digest(token), now=now)
            if person is None:
                return False
            end = now + SESSION_GOOD_FOR
            stored.add_session(tx, digest(session), person, now=now, expires_at=end)
            return True

        return session if self._database.write(work) else None

    def by_session(self, session: str) -> Viewer | None:
        """Who holds this session."""
        if not session:
            return None
        now = self._clock.now()

        def work(tx: Tx) -> Viewer | None:
            name = stored.session_person(tx, digest(session), now=now)
            return self._viewer(tx, name)

        return self._database.read(work)

    def by_token(self, token: str) -> Viewer | None:
        """Whose API token this is."""
        return self._database.read(
            lambda tx: self._viewer(tx, stored.token_person(tx, digest(token)))
        )

    def sign_out(self, session: str) -> None:
        """End a session."""
        self._database.write(lambda tx: stored.end_session(tx, digest(session)))

    def make_token(self, person: str, *, label: str) -> str:
        """An API token; it is shown once."""
        token, now = self._new_token(), self._clock.now()
        self._database.write(
            lambda tx: stored.add_token(tx, digest(token), person, label=label, now=now)
        )
        return token

    def _viewer(self, tx: Tx, name: str | None) -> Viewer | None:
        if name is None:
            return None
        directory = self._directories.current(tx)
        person = directory.people.get(name)
        if person is None:
            return None
        role = directory.roles.get(name, _ROLES[0])
        return Viewer(name, role, person.zone, person.full_name or name)


def digest(secret: str) -> str:
    """What is stored of a secret."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
