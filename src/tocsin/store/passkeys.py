"""Passkeys: the public half of each, and how often it was used."""

from datetime import datetime

from msgspec import Struct

from tocsin.store.database import Row, Tx
from tocsin.store.instants import from_micros, from_micros_or_none, to_micros

_COLUMNS = "credential, person, public_key, sign_count, label, made_at, last_used_at"


class Passkey(Struct, frozen=True):
    """One authenticator of a person. `credential` and `public_key` are base64url."""

    credential: str
    person: str
    public_key: str
    sign_count: int
    label: str
    made_at: datetime
    last_used_at: datetime | None = None


def add(tx: Tx, passkey: Passkey) -> bool:
    """A new one; False when its credential is known already."""
    return bool(
        tx.run(
            "insert into passkeys (credential, person, public_key, sign_count, label, "
            "made_at) values (:credential, :person, :public_key, :sign_count, :label, "
            ":made_at) on conflict (credential) do nothing",
            credential=passkey.credential,
            person=passkey.person,
            public_key=passkey.public_key,
            sign_count=passkey.sign_count,
            label=passkey.label,
            made_at=to_micros(passkey.made_at),
        )
    )


def get(tx: Tx, credential: str) -> Passkey | None:
    """The passkey with this credential id."""
    row = tx.one(
        f"select {_COLUMNS} from passkeys where credential = :credential",
        credential=credential,
    )
    return _passkey(row) if row else None


def of_person(tx: Tx, person: str) -> list[Passkey]:
    """A person's passkeys, oldest first."""
    rows = tx.all(
        f"select {_COLUMNS} from passkeys where person = :person "
        "order by made_at, credential",
        person=person,
    )
    return [_passkey(row) for row in rows]


def used(tx: Tx, credential: str, *, sign_count: int, now: datetime) -> bool:
    """It signed; False when its counter did not grow, which a copy would show.

    Authenticators that do not count always send 0 (WebAuthn 3, section 6.1.1).
    """
    return bool(
        tx.run(
            "update passkeys set sign_count = :count, last_used_at = :now "
            "where credential = :credential "
            "and (sign_count < :count or (sign_count = 0 and :count = 0))",
            credential=credential,
            count=sign_count,
            now=to_micros(now),
        )
    )


def remove(tx: Tx, person: str, credential: str) -> str | None:
    """Remove one of a person's; its label."""
    row = tx.one(
        "delete from passkeys where person = :person and credential = :credential "
        "returning label",
        person=person,
        credential=credential,
    )
    return str(row[0]) if row else None


def _passkey(row: Row) -> Passkey:
    return Passkey(
        credential=row[0],
        person=row[1],
        public_key=row[2],
        sign_count=row[3],
        label=row[4],
        made_at=from_micros(row[5]),
        last_used_at=from_micros_or_none(row[6]),
    )
