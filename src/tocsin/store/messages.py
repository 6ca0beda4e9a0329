"""The message log: every call of a provider for a person, newest first.

The canary's attempts, one a minute, are left out; the indexes are made for that.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from msgspec import Struct

from tocsin.store.database import Row, Tx
from tocsin.store.instants import from_micros, from_micros_or_none, to_micros
from tocsin.store.sealing import open_address

_SELECT = (
    "select id, page, alert, person, channel, address, service, members, started_at, "
    "ended_at, outcome, provider_id, answer, delivered, delivered_at from attempts "
)


class Message(Struct, frozen=True):
    """One attempt to deliver one message; `members` pages went out in it."""

    id: int
    page: int
    alert: int
    person: str
    channel: str
    address: str
    service: str
    members: int
    started_at: datetime
    ended_at: datetime | None
    outcome: str  # accepted, permanent, temporary, unknown; "" is not ended
    provider_id: str
    answer: str
    # What the provider reported later: delivered, undelivered, silent; "" is nothing.
    delivered: str
    delivered_at: datetime | None


class Wanted(Struct, frozen=True):
    """What of the log is wanted; empty is all. `services` None is every service."""

    person: str = ""
    channel: str = ""
    outcomes: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    services: frozenset[str] | None = None
    hidden: frozenset[str] = frozenset()


def listing(
    tx: Tx, wanted: Wanted, *, before: tuple[int, int] | None, limit: int
) -> list[Message]:
    """Messages older than the cursor `before`: (microseconds, id)."""
    params: dict[str, Any] = {"limit": limit}
    where = ["channel <> 'canary'"]
    for column, value in (("person", wanted.person), ("channel", wanted.channel)):
        if value:
            where.append(f"{column} = :{column}")
            params[column] = value
    if wanted.outcomes:
        where.append(f"outcome in ({_names('o', wanted.outcomes, params)})")
    if wanted.services is not None:
        where.append(f"service in ({_names('s', wanted.services, params) or 'null'})")
    if wanted.hidden:
        where.append(f"service not in ({_names('h', wanted.hidden, params)})")
    if wanted.since is not None:
        where.append("started_at >= :since")
        params["since"] = to_micros(wanted.since)
    if wanted.until is not None:
        where.append("started_at < :until")
        params["until"] = to_micros(wanted.until)
    if before is not None:
        where.append("(started_at < :at or (started_at = :at and id < :id))")
        params |= {"at": before[0], "id": before[1]}
    rows = tx.all(
        f"{_SELECT}where {' and '.join(where)} "
        "order by started_at desc, id desc limit :limit",
        **params,
    )
    return [_message(tx, row) for row in rows]


def get(tx: Tx, number: int) -> Message | None:
    """One message."""
    row = tx.one(_SELECT + "where id = :id", id=number)
    return _message(tx, row) if row else None


def cursor(message: Message) -> str:
    """The address of what is older than `message`."""
    return f"{to_micros(message.started_at)}-{message.id}"


def channels(tx: Tx, *, since: datetime) -> list[Row]:
    """(channel, outcome, last started, last answer's id) of what was sent lately."""
    return tx.all(
        "select channel, outcome, max(started_at), max(id) from attempts "
        "where channel <> 'canary' and started_at >= :since group by channel, outcome",
        since=to_micros(since),
    )


def _names(prefix: str, values: Collection[str], params: dict[str, Any]) -> str:
    names = [f"{prefix}{index}" for index in range(len(values))]
    params.update(zip(names, sorted(values), strict=True))
    return ", ".join(f":{name}" for name in names)


def _message(tx: Tx, row: Row) -> Message:
    values = list(row)
    values[5] = open_address(tx, row[4], row[5])
    values[8] = from_micros(row[8])
    values[9] = from_micros_or_none(row[9])
    values[14] = from_micros_or_none(row[14])
    return Message(*values)
