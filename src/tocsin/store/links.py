"""One-time links and what each is good for; only digests are stored."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from tocsin.store.database import Row, Tx
from tocsin.store.instants import from_micros_or_none, to_micros

_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Link(Struct, frozen=True):
    """An unused link in time. `data` may name the address that it was mailed to."""

    person: str
    purpose: str
    data: dict[str, Any]


def add(
    tx: Tx,
    digest: str,
    person: str,
    *,
    purpose: str,
    data: dict[str, Any],
    expires_at: datetime,
) -> None:
    """A new link."""
    tx.run(
        "insert into sign_in_links (digest, person, purpose, data, expires_at) "
        "values (:digest, :person, :purpose, :data, :expires_at)",
        digest=digest,
        person=person,
        purpose=purpose,
        data=msgspec.json.encode(data).decode(),
        expires_at=to_micros(expires_at),
    )


def look(tx: Tx, digest: str, *, now: datetime) -> Link | None:
    """The link, without using it."""
    row = tx.one(
        "select person, purpose, data from sign_in_links where digest = :digest "
        "and used_at is null and expires_at > :now",
        digest=digest,
        now=to_micros(now),
    )
    return _link(row) if row else None


def use(tx: Tx, digest: str, purpose: str, *, now: datetime) -> Link | None:
    """The link, which is used up now."""
    row = tx.one(
        "update sign_in_links set used_at = :now where digest = :digest "
        "and purpose = :purpose and used_at is null and expires_at > :now "
        "returning person, purpose, data",
        digest=digest,
        purpose=purpose,
        now=to_micros(now),
    )
    return _link(row) if row else None


def void(tx: Tx, person: str) -> None:
    """No unused link of `person` is good any more."""
    tx.run(
        "delete from sign_in_links where person = :person and used_at is null",
        person=person,
    )


def verify_email(tx: Tx, person: str, email: str, *, now: datetime) -> None:
    """`person` answered from this address."""
    tx.run(
        "insert into verified_emails (person, email, at) values (:person, :email, :now) "
        "on conflict (person, email) do update set at = excluded.at",
        person=person,
        email=email.casefold(),
        now=to_micros(now),
    )


def verified_at(tx: Tx, person: str, email: str) -> datetime | None:
    """When `person` last answered from this address."""
    row = tx.one(
        "select at from verified_emails where person = :person and email = :email",
        person=person,
        email=email.casefold(),
    )
    return from_micros_or_none(row[0] if row else None)


def _link(row: Row) -> Link:
    return Link(str(row[0]), str(row[1]), _decode(row[2]))
