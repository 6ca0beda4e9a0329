"""Local passwords: argon2id, checked in the same time whether somebody exists or not.

Blocks for a tenth of a second and uses 64 MiB, so it is called in threads of its own.
"""

from collections.abc import Sequence
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tocsin.core.people import passwords as rules
from tocsin.core.people.people import Person
from tocsin.core.throttling import Path
from tocsin.engine.signing_in.sessions import Sessions
from tocsin.engine.signing_in.sign_in import ID_LENGTH, digest
from tocsin.engine.signing_in.visits import Entry, Porter, Visit, known_as
from tocsin.engine.throttling import Throttle
from tocsin.store import links as stored_links
from tocsin.store import passwords as stored
from tocsin.store.database import Tx

_WRONG = "That name and that password do not belong together."
OFF = "Signing in with a password is switched off here."
# What is looked at of what was typed; the longest password is far shorter.
_CUT = 4 * rules.LONGEST
# The list's own matching is quadratic, and a longer password is not found by it.
_ESTIMATED = 72
HOW = "password"


class Passwords:
    """Checks and sets passwords."""

    def __init__(
        self,
        porter: Porter,
        sessions: Sessions,
        throttle: Throttle,
        hasher: PasswordHasher,
        *,
        shortest: int,
        are_on: bool,
    ) -> None:
        self._porter = porter
        self._sessions = sessions
        self._throttle = throttle
        self._hasher = hasher
        self.shortest = shortest
        self.are_on = are_on
        # Made by the first who signs in, whoever that is: a start need not wait for it.
        self._of_nobody = ""

    def sign_in(self, account: str, password: str, visit: Visit) -> Entry:
        """A session for a handle or mail address and its password."""
        if not self.are_on:
            return Entry(refused=OFF)
        person = known_as(self._porter.directory(), account)
        name = person.name if person is not None else ""
        # As it was typed: one count for a handle and a mail address would tell that
        # they belong together.
        tried = {"account": account, "address": visit.address}
        wait = self._throttle.take(Path.PASSWORD, **tried)
        if wait:
            return Entry(wait=wait)
        nobody = self._nobody()
        hashed = self._porter.database.read(lambda tx: stored.get(tx, name))
        given = _bytes(password)
        if not self._is(hashed or nobody, given) or hashed is None:
            self._throttle.failed(Path.PASSWORD, **tried)
            self._porter.record_alone(visit, "refuse", HOW, name, why="wrong")
            return Entry(refused=_WRONG)
        self._throttle.succeeded(Path.PASSWORD, **tried)
        return self._enter(name, hashed, given, visit)

    def _nobody(self) -> str:
        """What a password is compared with where there is none: the same work."""
        if not self._of_nobody:
            self._of_nobody = self._hasher.hash(self._porter.new_token())
        return self._of_nobody

    def problem(self, person: Person, password: str) -> str:
        """Why `person` cannot have this password, "" when they can."""
        return rules.problem(
            rules.normalised(password[:_CUT]),
            about=(person.name, person.full_name, person.email, "tocsin"),
            shortest=self.shortest,
            guesses=_guesses,
        )

    def put(self, person: Person, password: str, visit: Visit) -> str:
        """Set or change; ends the person's other sessions. Why not, "" when done."""
        if not self.are_on:
            return OFF
        problem = self.problem(person, password)
        if problem:
            return problem
        hashed, now = self._hasher.hash(_bytes(password)), self._porter.clock.now()
        kept = digest(visit.session)[:ID_LENGTH]

        def work(tx: Tx) -> None:
            stored.put(tx, person.name, hashed, now=now)
            self._porter.record(
                tx, visit, "set", HOW, person.name, person=person.name, now=now
            )
            self._sessions.end_in(
                tx, person.name, visit, but=kept, by=person.name, now=now
            )

        self._porter.database.write(work)
        self._tell(person)
        return ""

    def drop(self, person: Person, visit: Visit) -> None:
        """Have none: other ways in are left."""
        now = self._porter.clock.now()

        def work(tx: Tx) -> None:
            if stored.drop(tx, person.name):
                self._porter.record(
                    tx, visit, "remove", HOW, person.name, person=person.name, now=now
                )

        self._porter.database.write(work)

    def reset(self, token: str, password: str, visit: Visit) -> Entry:
        """Use a reset link up: a new password, no session but a new one."""
        if not self.are_on:
            return Entry(refused=OFF)
        wait = self._throttle.take(Path.LINK, address=visit.address)
        if wait:
            return Entry(wait=wait)
        now = self._porter.clock.now()
        link = self._porter.database.read(
            lambda tx: stored_links.look(tx, digest(token), now=now)
        )
        person = self._porter.directory().person(link.person) if link else None
        if link is None or link.purpose != "reset" or person is None:
            self._throttle.failed(Path.LINK, address=visit.address)
            return Entry()
        problem = self.problem(person, password)
        if problem:
            return Entry(refused=problem)
        entry = self._reset(person, token, self._hasher.hash(_bytes(password)), visit)
        if entry.session:
            for account in (person.name, person.email):
                self._throttle.succeeded(Path.PASSWORD, account=account)
            self._tell(person)
        return entry

    def _reset(self, person: Person, token: str, hashed: str, visit: Visit) -> Entry:
        now, secret = self._porter.clock.now(), self._porter.new_token()
        name = person.name

        def work(tx: Tx) -> Entry:
            used = stored_links.use(tx, digest(token), "reset", now=now)
            if used is None:
                return Entry()
            stored.put(tx, name, hashed, now=now)
            stored_links.void(tx, name)
            if used.data.get("email"):
                email = str(used.data["email"])
                stored_links.verify_email(tx, name, email, now=now)
            self._porter.record(tx, visit, "reset", HOW, name, person=name, now=now)
            self._sessions.end_in(tx, name, visit, but="", by=name, now=now)
            return self._sessions.enter(
                tx, secret, name, how="reset link", visit=visit, now=now
            )

        return self._porter.database.write(work)

    def _enter(self, name: str, hashed: str, given: bytes, visit: Visit) -> Entry:
        now, secret = self._porter.clock.now(), self._porter.new_token()
        better = (
            self._hasher.hash(given) if self._hasher.check_needs_rehash(hashed) else ""
        )

        def work(tx: Tx) -> Entry:
            if better:
                stored.rehash(tx, name, old=hashed, new=better)
            return self._sessions.enter(tx, secret, name, how=HOW, visit=visit, now=now)

        return self._porter.database.write(work)

    def _is(self, hashed: str, given: bytes) -> bool:
        try:
            return self._hasher.verify(hashed, given)
        except (VerificationError, InvalidHashError):
            return False

    def _tell(self, person: Person) -> None:
        text = (
            "The password of your account at Tocsin was set just now, and every other "
            "browser was signed out.\n\nIf that was not you, ask for a reset at "
            f"{self._porter.public_url}/login/reset and tell an admin.\n"
        )
        self._porter.send(person, "Your password was changed", text)


def _bytes(password: str) -> bytes:
    # One character more than the longest, so that what was cut never matches.
    given = rules.normalised(password[:_CUT])[: rules.LONGEST + 1]
    return given.encode("utf-8", "surrogatepass")


def _guesses(password: str, words: Sequence[str]) -> float:
    # 800 kB of lists, needed only when somebody chooses a password.
    from zxcvbn import zxcvbn

    found: dict[str, Any] = zxcvbn(password[:_ESTIMATED], user_inputs=list(words))
    return float(found["guesses"])
