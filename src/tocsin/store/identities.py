"""Who an identity provider says somebody is: (issuer, subject) to a person."""

from datetime import datetime

from tocsin.store.database import Tx
from tocsin.store.instants import from_micros_or_none, to_micros


def person_of(tx: Tx, issuer: str, subject: str) -> str | None:
    """The person with this identity."""
    row = tx.one(
        "select person from identities where issuer = :issuer and subject = :subject",
        issuer=issuer,
        subject=subject,
    )
    return str(row[0]) if row else None


def link(tx: Tx, issuer: str, subject: str, person: str, *, now: datetime) -> None:
    """From now on this identity is `person`."""
    tx.run(
        "insert into identities (issuer, subject, person, made_at, last_used_at) "
        "values (:issuer, :subject, :person, :now, :now)",
        issuer=issuer,
        subject=subject,
        person=person,
        now=to_micros(now),
    )


def used(tx: Tx, issuer: str, subject: str, *, now: datetime) -> None:
    """They came by it."""
    tx.run(
        "update identities set last_used_at = :now "
        "where issuer = :issuer and subject = :subject",
        issuer=issuer,
        subject=subject,
        now=to_micros(now),
    )


def of_person(tx: Tx, person: str) -> list[tuple[str, datetime | None]]:
    """(issuer, last used) of each identity."""
    rows = tx.all(
        "select issuer, last_used_at from identities where person = :person "
        "order by issuer",
        person=person,
    )
    return [(str(row[0]), from_micros_or_none(row[1])) for row in rows]
