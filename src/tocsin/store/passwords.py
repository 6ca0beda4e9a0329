"""The hash of each person's password; never the password."""

from datetime import datetime

from tocsin.store.database import Tx
from tocsin.store.instants import from_micros_or_none, to_micros


def put(tx: Tx, person: str, hashed: str, *, now: datetime) -> None:
    """Set or replace."""
    tx.run(
        "insert into passwords (person, hash, made_at) values (:person, :hash, :now) "
        "on conflict (person) do update set hash = excluded.hash, "
        "made_at = excluded.made_at",
        person=person,
        hash=hashed,
        now=to_micros(now),
    )


def rehash(tx: Tx, person: str, *, old: str, new: str) -> None:
    """The same password under other parameters, unless it was changed meanwhile."""
    tx.run(
        "update passwords set hash = :new where person = :person and hash = :old",
        person=person,
        old=old,
        new=new,
    )


def get(tx: Tx, person: str) -> str | None:
    """The hash."""
    row = tx.one("select hash from passwords where person = :person", person=person)
    return str(row[0]) if row else None


def set_at(tx: Tx, person: str) -> datetime | None:
    """Since when there is one."""
    row = tx.one("select made_at from passwords where person = :person", person=person)
    return from_micros_or_none(row[0] if row else None)


def drop(tx: Tx, person: str) -> bool:
    """Remove."""
    return bool(tx.run("delete from passwords where person = :person", person=person))
