"""What a passkey's answer has to be: each check alone, with an authenticator in Python.

Browsers cannot be made to sign such answers; real ones are in tests/web/test_passkeys.py.
"""

import base64
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)
from msgspec.structs import replace

from tests.web.doors import House, house
from tocsin.engine.signing_in.visits import Visit
from tocsin.store import directory, passkeys
from tocsin.store.passkeys import Passkey

PLACE = "https://tocsin.example"
FLAG = AuthenticatorData.FLAG
VISIT = Visit("192.0.2.1")


def coded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Authenticator:
    """Alice's; it signs whatever it is told to."""

    def __init__(self, home: House) -> None:
        self.home = home
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = b"alice's passkey."
        public = AttestedCredentialData.create(
            b"\0" * 16, self.id, ES256.from_cryptography_key(self.key.public_key())
        )
        self.stored = Passkey(
            coded(self.id), "alice", coded(public), 5, "Key", home.clock.at
        )
        home.installation.database.write(lambda tx: passkeys.add(tx, self.stored))

    def sign(
        self,
        challenge: str,
        *,
        kind: str = CollectedClientData.TYPE.GET,
        origin: str = PLACE,
        party: bytes = b"tocsin.example",
        flags: FLAG = FLAG.UP | FLAG.UV,
        count: int = 6,
        handle: bytes = b"",
    ) -> dict[str, Any]:
        client = CollectedClientData.create(kind, challenge, origin)
        data = AuthenticatorData.create(sha256(party).digest(), flags, count)
        signature = self.key.sign(data + client.hash, ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": coded(client),
            "authenticatorData": coded(data),
            "signature": coded(signature),
        }
        if handle:
            response["userHandle"] = coded(handle)
        return {"id": coded(self.id), "rawId": coded(self.id), "response": response}

    def sign_in(self, *, wait: timedelta = timedelta(0), **how: Any) -> str:
        """Who is signed in by an answer that is signed like this, "" for nobody."""
        engine = self.home.credentials.passkeys
        asked = engine.ask_to_sign_in(VISIT)
        self.home.clock.at += wait
        how.setdefault("challenge", asked.options["challenge"])
        entry = engine.sign_in(asked.flow, self.sign(**how), VISIT)
        viewer = self.home.desk.sign_in.by_session(entry.session)
        return viewer.person if viewer is not None else ""


@pytest.fixture
def authenticator(tmp_path: Path) -> Iterator[Authenticator]:
    with house(tmp_path, public_url=PLACE) as home:
        yield Authenticator(home)


def test_a_genuine_answer_signs_in(authenticator: Authenticator) -> None:
    assert authenticator.sign_in() == "alice"


@pytest.mark.parametrize(
    "how",
    [
        {"origin": "https://evil.example"},
        {"origin": "https://sub.tocsin.example"},
        {"origin": "https://tocsin.example:8443"},
        {"origin": "http://tocsin.example"},
        {"party": b"evil.example"},
        {"kind": CollectedClientData.TYPE.CREATE},
        {"challenge": coded(b"x" * 32)},
        {"flags": FLAG.UP},
        {"flags": FLAG.UV},
        {"count": 5},
        {"count": 0},
        {"handle": sha256(b"somebody else").digest()},
        {"wait": timedelta(minutes=5)},
    ],
)
def test_an_answer_that_is_wrong_in_one_thing_signs_nobody_in(
    authenticator: Authenticator, how: dict[str, Any]
) -> None:
    assert authenticator.sign_in(**how) == ""


def test_an_authenticator_that_does_not_count_may_say_zero_for_ever(
    authenticator: Authenticator,
) -> None:
    never = replace(authenticator.stored, sign_count=0)
    database = authenticator.home.installation.database
    database.write(lambda tx: passkeys.remove(tx, "alice", never.credential))
    database.write(lambda tx: passkeys.add(tx, never))
    assert [authenticator.sign_in(count=0) for _ in range(3)] == ["alice"] * 3


def test_a_passkey_of_somebody_who_left_opens_nothing(
    authenticator: Authenticator,
) -> None:
    database = authenticator.home.installation.database
    database.write(lambda tx: directory.delete(tx, "people", "alice"))
    assert authenticator.sign_in() == ""
