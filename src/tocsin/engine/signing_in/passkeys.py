"""Passkeys (WebAuthn): added by who signed in recently, and signed in with, nameless.

The challenge is kept here, is good once and for five minutes; origin and relying party
are those of the public address; a counter that does not grow is a copy.
Source: Web Authentication Level 3, sections 7.1 and 7.2, which `fido2` carries out.
"""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import timedelta
from hashlib import sha256
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msgspec import Struct

from tocsin.core.excerpts import clean
from tocsin.core.people.people import Person
from tocsin.core.throttling import Path
from tocsin.engine.signing_in.sessions import Sessions
from tocsin.engine.signing_in.sign_in import digest
from tocsin.engine.signing_in.visits import Entry, Porter, Visit
from tocsin.engine.throttling import Throttle
from tocsin.store import flows
from tocsin.store import passkeys as stored
from tocsin.store.database import Tx
from tocsin.store.passkeys import Passkey

if TYPE_CHECKING:
    from fido2.server import Fido2Server

HOW = "passkey"
CHALLENGE_GOOD_FOR = timedelta(minutes=5)
_ADD, _SIGN_IN = "passkey-add", "passkey-sign-in"
_MOST = 20
_REQUIRED: Any = "required"
_LONGEST_LABEL = 60
_REFUSED = "That passkey was not accepted."
_STALE = "That took too long, or was sent twice. Try again."
# What fido2 and its CBOR reader raise on bytes that are not what they should be.
_MALFORMED = (
    ValueError, LookupError, TypeError, AttributeError, ArithmeticError,
    AssertionError, NotImplementedError, RecursionError, struct.error,
)  # fmt: skip


class Asked(Struct, frozen=True):
    """What a browser needs for `navigator.credentials`, or how long to wait."""

    flow: str = ""
    options: Mapping[str, Any] = {}
    refused: str = ""
    wait: timedelta = timedelta(0)


class Passkeys:
    """Adds, uses, lists and removes passkeys."""

    def __init__(self, porter: Porter, sessions: Sessions, throttle: Throttle) -> None:
        self._porter = porter
        self._sessions = sessions
        self._throttle = throttle
        parts = urlsplit(porter.public_url)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._host = parts.hostname or ""
        self.why_not = _why_not(parts.scheme, self._host)

    def of(self, person: str) -> list[Passkey]:
        """A person's passkeys."""
        return self._porter.database.read(lambda tx: stored.of_person(tx, person))

    def ask_to_add(self, person: Person, visit: Visit) -> Asked:
        """What a browser needs to make a passkey for `person`."""
        if self.why_not:
            return Asked(refused=self.why_not)
        wait = self._throttle.take(Path.PASSKEY, address=visit.address)
        if wait:
            return Asked(wait=wait)
        known = self.of(person.name)
        if len(known) >= _MOST:
            return Asked(refused=f"You have {_MOST} passkeys; remove one first.")
        from fido2.webauthn import AttestedCredentialData

        options, state = self._server().register_begin(
            {  # type: ignore[arg-type]
                # No personal data (section 14.6.1), and the same for each of theirs.
                "id": _user_id(person.name),
                "name": person.email or person.name,
                "displayName": person.full_name or person.name,
            },
            credentials=[
                AttestedCredentialData(_decoded(one.public_key)) for one in known
            ],
            resident_key_requirement=_REQUIRED,
            user_verification=_REQUIRED,
        )
        # Who asks must be the same browser that answers.
        data = {"state": state, "session": digest(visit.session)}
        flow = self._begin(_ADD, person.name, data)
        return Asked(flow, dict(options)["publicKey"])

    def add(
        self, person: Person, flow: str, response: Any, label: str, visit: Visit
    ) -> str:
        """Keep the passkey a browser made. Why not, "" when done."""
        data = self._finish(flow, _ADD, person.name)
        if data is None or data["session"] != digest(visit.session):
            return _STALE
        try:
            made = self._server().register_complete(data["state"], response)
        except _MALFORMED as error:
            self._refuse(visit, person.name, str(error))
            return _REFUSED
        assert made.credential_data is not None
        passkey = Passkey(
            credential=_encoded(made.credential_data.credential_id),
            person=person.name,
            public_key=_encoded(made.credential_data),
            sign_count=made.counter,
            label=clean(" ".join(label.split()), longest=_LONGEST_LABEL) or "Passkey",
            made_at=self._porter.clock.now(),
        )
        if not self._keep(passkey, visit):
            return "That passkey is known already."
        self._tell(person, f"The passkey “{passkey.label}” was added to your account")
        return ""

    def _keep(self, passkey: Passkey, visit: Visit) -> bool:
        name, now = passkey.person, passkey.made_at

        def work(tx: Tx) -> bool:
            added = stored.add(tx, passkey)
            if added:
                self._porter.record(
                    tx, visit, "add", HOW, passkey.label, person=name, now=now
                )
            return added

        return self._porter.database.write(work)

    def remove(self, person: Person, credential: str, visit: Visit) -> bool:
        """Forget one of a person's passkeys."""
        now = self._porter.clock.now()

        def work(tx: Tx) -> str | None:
            label = stored.remove(tx, person.name, credential)
            if label is not None:
                self._porter.record(
                    tx, visit, "remove", HOW, label, person=person.name, now=now
                )
            return label

        label = self._porter.database.write(work)
        if label is None:
            return False
        self._tell(person, f"The passkey “{label}” was removed from your account")
        return True

    def ask_to_sign_in(self, visit: Visit) -> Asked:
        """What a browser needs to sign in with whichever passkey it has for us."""
        if self.why_not:
            return Asked(refused=self.why_not)
        wait = self._throttle.take(Path.PASSKEY, address=visit.address)
        if wait:
            return Asked(wait=wait)
        options, state = self._server().authenticate_begin(user_verification=_REQUIRED)
        flow = self._begin(_SIGN_IN, "", {"state": state})
        return Asked(flow, dict(options)["publicKey"])

    def sign_in(self, flow: str, response: Any, visit: Visit) -> Entry:
        """A session for a signed challenge."""
        wait = self._throttle.take(Path.PASSKEY, address=visit.address)
        if wait:
            return Entry(wait=wait)
        data = self._finish(flow, _SIGN_IN, "")
        if data is None:
            self._refuse(visit, "", "no such challenge, or too late")
            return Entry(refused=_STALE)
        known = self._known(response)
        if known is None:
            self._refuse(visit, "", "unknown passkey")
            return Entry(refused=_REFUSED)
        try:
            count = self._verified(data["state"], known, response)
        except _MALFORMED as error:
            self._refuse(visit, known.person, str(error))
            return Entry(refused=_REFUSED)
        return self._enter(known, count, visit)

    def _enter(self, known: Passkey, count: int, visit: Visit) -> Entry:
        now, secret = self._porter.clock.now(), self._porter.new_token()

        def work(tx: Tx) -> Entry:
            if not stored.used(tx, known.credential, sign_count=count, now=now):
                return Entry()
            return self._sessions.enter(
                tx, secret, known.person, how=HOW, visit=visit, now=now
            )

        entry = self._porter.database.write(work)
        if not entry.session:
            self._refuse(visit, known.person, "its counter did not grow: a copy?")
            return Entry(refused=_REFUSED)
        self._throttle.succeeded(Path.PASSKEY, address=visit.address)
        return entry

    def _known(self, response: Any) -> Passkey | None:
        credential = response.get("rawId") if isinstance(response, dict) else None
        if not isinstance(credential, str):
            return None
        name = clean(credential, longest=2000).rstrip("=")
        known = self._porter.database.read(lambda tx: stored.get(tx, name))
        if known is None or self._porter.directory().person(known.person) is None:
            return None
        return known

    def _verified(self, state: Any, known: Passkey, response: Any) -> int:
        """The counter of a genuine answer. Raises one of _MALFORMED."""
        from fido2.webauthn import AttestedCredentialData, AuthenticationResponse

        credential = AttestedCredentialData(_decoded(known.public_key))
        self._server().authenticate_complete(state, [credential], response)
        answer = AuthenticationResponse.from_dict(response).response
        if answer.user_handle and answer.user_handle != _user_id(known.person):
            message = "the passkey says that it is somebody else's"
            raise ValueError(message)
        return int(answer.authenticator_data.counter)

    def _server(self) -> "Fido2Server":
        # Imported when somebody uses a passkey: a tenth of a second.
        from fido2.server import Fido2Server
        from fido2.webauthn import PublicKeyCredentialRpEntity

        party = PublicKeyCredentialRpEntity(id=self._host, name="Tocsin")
        is_ours: Callable[[str], bool] = self._origin.__eq__
        server = Fido2Server(party, verify_origin=is_ours)
        server.timeout = int(CHALLENGE_GOOD_FOR.total_seconds() * 1000)  # type: ignore[assignment]
        return server

    def _begin(self, kind: str, person: str, data: dict[str, Any]) -> str:
        flow, now = self._porter.new_token(), self._porter.clock.now()
        self._porter.database.write(
            lambda tx: flows.begin(
                tx,
                digest(flow),
                kind,
                person=person,
                data=data,
                expires_at=now + CHALLENGE_GOOD_FOR,
                now=now,
            )
        )
        return flow

    def _finish(self, flow: str, kind: str, person: str) -> dict[str, Any] | None:
        now = self._porter.clock.now()
        found = self._porter.database.write(
            lambda tx: flows.finish(tx, digest(flow), kind, now=now)
        )
        return found[1] if found is not None and found[0] == person else None

    def _refuse(self, visit: Visit, person: str, why: str) -> None:
        self._throttle.failed(Path.PASSKEY, address=visit.address)
        self._porter.record_alone(visit, "refuse", HOW, person, why=why[:200])

    def _tell(self, person: Person, what: str) -> None:
        text = (
            f"{what} at Tocsin just now.\n\nIf that was not you, look at "
            f"{self._porter.public_url}/me/security and tell an admin.\n"
        )
        self._porter.send(person, "Your passkeys changed", text)


def _why_not(scheme: str, host: str) -> str:
    """Browsers make passkeys for names only, and over HTTPS (or for localhost)."""
    if scheme != "https" and host != "localhost" and not host.endswith(".localhost"):
        return "Passkeys need an address that begins with https://."
    try:
        ip_address(host)
    except ValueError:
        return ""
    return "Passkeys need an address with a name; this one is a number."


def _user_id(person: str) -> bytes:
    return sha256(b"tocsin: the passkeys of\n" + person.encode()).digest()


def _encoded(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")


def _decoded(value: str) -> bytes:
    return urlsafe_b64decode(value + "=" * (-len(value) % 4))
