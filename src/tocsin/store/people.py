"""When people were last seen, and what became of the last page to each of them."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from tocsin.store.database import Tx
from tocsin.store.instants import from_micros


class LastTry(Struct, frozen=True):
    """The newest call of a provider for a person; "" is no answer yet."""

    at: datetime
    channel: str
    outcome: str
    answer: str


def last_seen(tx: Tx) -> dict[str, datetime]:
    """When each person was last here, by browser or by token."""
    rows = tx.all(
        "select person, max(at) from ("
        "select person, coalesce(seen_at, made_at) as at from sessions "
        "union all select person, last_used_at from api_tokens "
        "where last_used_at is not null "
        "union all select person, used_at from sign_in_links where used_at is not null"
        ") as seen group by person"
    )
    return {row[0]: from_micros(row[1]) for row in rows}


def last_tries(tx: Tx, people: Sequence[str]) -> dict[str, LastTry]:
    """The last attempt to reach each of `people`."""
    if not people:
        return {}
    marks = {f"p{at}": name for at, name in enumerate(people)}
    chosen = ", ".join(f":{mark}" for mark in marks)
    rows = tx.all(
        "select person, started_at, channel, outcome, answer from attempts where id in "
        f"(select max(id) from attempts where person in ({chosen}) group by person)",
        **marks,
    )
    return {row[0]: LastTry(from_micros(row[1]), *row[2:]) for row in rows}
