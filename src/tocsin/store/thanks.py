"""Thanks that people said to each other."""

from datetime import datetime

from msgspec import Struct

from tocsin.store.database import Tx
from tocsin.store.instants import from_micros, to_micros


class Thanks(Struct, frozen=True):
    """`by` said `text` to `to`."""

    id: str
    to: str
    by: str
    text: str
    at: datetime


def insert(tx: Tx, one: Thanks) -> None:
    """One more."""
    tx.run(
        "insert into thanks (id, to_person, by_person, text, at) "
        "values (:id, :to, :by, :text, :at)",
        id=one.id,
        to=one.to,
        by=one.by,
        text=one.text,
        at=to_micros(one.at),
    )


def newest(tx: Tx, *, to: str = "", limit: int) -> list[Thanks]:
    """The newest (to somebody)."""
    where = "where to_person = :to " if to else ""
    rows = tx.all(
        f"select id, to_person, by_person, text, at from thanks {where}"
        f"order by at desc, id limit {limit:d}",
        **({"to": to} if to else {}),
    )
    return [Thanks(row[0], row[1], row[2], row[3], from_micros(row[4])) for row in rows]


def count_since(tx: Tx, by: str, *, since: datetime) -> int:
    """How many somebody has said since."""
    row = tx.one(
        "select count(*) from thanks where by_person = :by and at >= :since",
        by=by,
        since=to_micros(since),
    )
    return int(row[0]) if row else 0
