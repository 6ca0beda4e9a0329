"""Emergency codes: digests, each good for one sign-in."""

from collections.abc import Sequence
from datetime import datetime

from tocsin.store.database import Tx
from tocsin.store.instants import to_micros


def replace_all(tx: Tx, person: str, digests: Sequence[str], *, now: datetime) -> None:
    """New codes; the old ones are worth nothing from now on."""
    tx.run("delete from emergency_codes where person = :person", person=person)
    tx.many(
        "insert into emergency_codes (digest, person, made_at) values (?, ?, ?)",
        [(digest, person, to_micros(now)) for digest in digests],
    )


def use(tx: Tx, person: str, digest: str, *, now: datetime) -> bool:
    """Use one up; False when it is not an unused code of `person`."""
    return bool(
        tx.run(
            "update emergency_codes set used_at = :now where digest = :digest "
            "and person = :person and used_at is null",
            digest=digest,
            person=person,
            now=to_micros(now),
        )
    )


def left(tx: Tx, person: str) -> int:
    """How many are unused."""
    row = tx.one(
        "select count(*) from emergency_codes "
        "where person = :person and used_at is null",
        person=person,
    )
    return int(row[0]) if row else 0
