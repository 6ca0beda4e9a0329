"""Break glass: printed one-time codes that sign in when every other way is down.

A code makes an admin's session of one hour, whatever its person may do otherwise and
whichever ways of signing in are switched off. Every use is mailed to all admins.
"""

import base64
from datetime import timedelta
from hashlib import sha256

from tocsin.core.people.permissions import ADMIN
from tocsin.core.throttling import Path
from tocsin.engine.signing_in.sessions import Sessions
from tocsin.engine.signing_in.sign_in import EMERGENCY, digest
from tocsin.engine.signing_in.visits import Entry, Porter, Visit, known_as
from tocsin.engine.throttling import Throttle
from tocsin.store import emergency as stored
from tocsin.store.database import Tx

CODES = 10
GOOD_FOR = timedelta(hours=1)
_WRONG = "That person and that code do not belong together, or the code was used."
# 16 letters and digits of base32: 80 bits, so that a plain digest cannot be guessed.
_LENGTH = 16
_GROUP = 4


class EmergencyCodes:
    """Makes and takes codes."""

    def __init__(self, porter: Porter, sessions: Sessions, throttle: Throttle) -> None:
        self._porter = porter
        self._sessions = sessions
        self._throttle = throttle

    def make(self, person: str, visit: Visit, *, by: str) -> list[str]:
        """Ten new codes to print; the ones from before are void."""
        now = self._porter.clock.now()
        codes = [_code(self._porter.new_token()) for _ in range(CODES)]
        digests = [digest(_plain(code)) for code in codes]

        def work(tx: Tx) -> None:
            stored.replace_all(tx, person, digests, now=now)
            self._porter.record(
                tx, visit, "make", EMERGENCY, person, person=by, now=now
            )

        self._porter.database.write(work)
        return codes

    def left(self, person: str) -> int:
        """How many of a person's codes are unused."""
        return self._porter.database.read(lambda tx: stored.left(tx, person))

    def sign_in(self, account: str, code: str, visit: Visit) -> Entry:
        """An admin's session of an hour for a code."""
        person = known_as(self._porter.directory(), account)
        name = person.name if person is not None else ""
        tried = {"account": account, "address": visit.address}
        wait = self._throttle.take(Path.EMERGENCY, **tried)
        if wait:
            return Entry(wait=wait)
        now, secret = self._porter.clock.now(), self._porter.new_token()

        def work(tx: Tx) -> Entry:
            if not stored.use(tx, name, digest(_plain(code)), now=now):
                return Entry()
            return self._sessions.enter(
                tx,
                secret,
                name,
                how=EMERGENCY,
                visit=visit,
                good_for=GOOD_FOR,
                now=now,
            )

        entry = self._porter.database.write(work)
        if not entry.session:
            self._throttle.failed(Path.EMERGENCY, **tried)
            self._porter.record_alone(visit, "refuse", EMERGENCY, name, why="wrong")
            return Entry(refused=_WRONG)
        self._throttle.succeeded(Path.EMERGENCY, **tried)
        self._tell_admins(name, visit)
        return entry

    def _tell_admins(self, name: str, visit: Visit) -> None:
        directory, now = self._porter.directory(), self._porter.clock.now()
        text = (
            f"{name} signed in with an emergency code at {now:%Y-%m-%d %H:%M} UTC from "
            f"{visit.address or 'an unknown address'} and is an admin for one hour.\n\n"
            f"{self.left(name)} codes of {name} are left. If this was not agreed on, end "
            f"the session: {self._porter.public_url}/me/security\n"
        )
        for admin in directory.people.values():
            if directory.roles.get(admin.name) == ADMIN:
                self._porter.send(admin, "An emergency code was used", text)


def _code(secret: str) -> str:
    letters = base64.b32encode(sha256(secret.encode()).digest()).decode()[:_LENGTH]
    return "-".join(letters[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


def _plain(code: str) -> str:
    """As it is compared: however it was typed, and what looks like a letter is one."""
    kept = "".join(code[:100].split()).replace("-", "").upper()
    return kept.replace("0", "O").replace("1", "I").replace("8", "B")
