"""Who changed what, from where: written with the change itself, or not at all.

What is written holds no secret: whoever writes leaves them out.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from tocsin.core.excerpts import clean
from tocsin.store import audit as stored
from tocsin.store.database import Database, Tx

_PURPOSE = b"tocsin: the chain of the audit log"
_LONGEST = 20_000
_encode = msgspec.json.Encoder(order="sorted").encode


class Actor(Struct, frozen=True):
    """Who acts, by which door and from which network address."""

    person: str  # "" is somebody who is not known
    via: str  # web, API, CLI, SCIM, sign-in, page link
    address: str = ""


class Auditor:
    """Writes the record with the installation's key."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.new(secret, _PURPOSE, hashlib.sha256).digest()

    def write(
        self,
        tx: Tx,
        actor: Actor,
        action: str,
        noun: str,
        name: str,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        team: str = "",
        now: datetime,
    ) -> None:
        """One entry, committed with the transaction of the change."""
        stored.append(
            tx,
            self._key,
            at=now,
            actor=clean(actor.person, longest=200),
            via=actor.via,
            address=clean(actor.address, longest=100),
            action=action,
            noun=noun,
            name=clean(name, longest=400),
            team=team,
            before=_text(before),
            after=_text(after),
        )

    def broken(self, database: Database) -> str:
        """What is wrong with the record, "" when nothing is."""
        return database.read(lambda tx: stored.broken(tx, self._key))


def _text(value: Mapping[str, Any] | None) -> str:
    """As JSON; what is longer than anybody reads is cut and says so."""
    if value is None:
        return ""
    text = _encode(value).decode("utf-8", "replace")
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " … (cut)"
