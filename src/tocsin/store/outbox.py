"""What goes out and pages nobody: written here first, sent by the outbox's own workers.

A message has a key; written again with the same key it is the same message. It is
claimed with a lease and a fence, as pages are.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from tocsin.core.pages.outbox import Lane
from tocsin.store.database import Row, Tx
from tocsin.store.instants import (
    from_micros,
    from_micros_or_none,
    to_micros,
    to_micros_or_none,
)

_encode = msgspec.json.Encoder().encode
_LANE = "state in ('due', 'sending') and lane = :lane"
# The first of its target: where order matters the others wait for it.
_FIRST = (
    " and not exists (select 1 from outbox earlier where earlier.state in "
    "('due', 'sending') and earlier.lane = outbox.lane and earlier.channel = "
    "outbox.channel and earlier.target = outbox.target and earlier.id < outbox.id)"
)


class Message(Struct, frozen=True):
    """One message for one place. `lane` keeps bulk from what is urgent.

    Lanes: nudge (to a person), recall (what rings for nothing), chat, status (pages written), mail (subscribers),
    social, webhook. `channel` names who carries it (email, matrix, mastodon, …) and
    `target` the place (an address, a room).
    """

    lane: str
    channel: str
    target: str
    key: str
    payload: Mapping[str, Any]
    incident: int = 0
    due_at: datetime | None = None


class Outgoing(Struct, frozen=True):
    """One message as stored."""

    id: int
    lane: str
    channel: str
    target: str
    key: str
    payload: Mapping[str, Any]
    incident: int
    state: str  # due | sending | accepted | failed | cancelled
    due_at: datetime
    wanted_at: datetime  # when it was first to go
    made_at: datetime
    lease_until: datetime | None
    fence: int
    tries: int
    owner: str
    answer: str
    provider_id: str
    ended_at: datetime | None


SELECT = (
    "select id, lane, channel, target, key, payload, incident, state, due_at, "
    "wanted_at, made_at, lease_until, fence, tries, owner, answer, provider_id, ended_at "
    "from outbox "
)


def put(tx: Tx, messages: Iterable[Message], *, now: datetime) -> None:
    """Write messages; those whose key is known are there already."""
    for one in messages:
        tx.run(
            "insert into outbox (lane, channel, target, key, payload, incident, "
            "state, due_at, wanted_at, made_at) values (:lane, :channel, :target, "
            ":key, :payload, :incident, 'due', :due_at, :due_at, :now) on conflict (key) do nothing",
            lane=one.lane,
            channel=one.channel,
            target=one.target,
            key=one.key,
            payload=_encode(one.payload).decode(),
            incident=one.incident,
            due_at=to_micros(one.due_at or now),
            now=to_micros(now),
        )


def claimable(tx: Tx, lane: Lane, *, now: datetime, limit: int) -> list[Outgoing]:
    """What is due in the lane, and what its sender's lease ran out for."""
    rows = tx.all(
        f"{SELECT}where {_LANE} and due_at <= :now "
        "and (state = 'due' or lease_until <= :now)"
        f"{_FIRST if lane.in_order else ''} "
        f"order by due_at, id limit {limit:d}{tx.skip_locked}",
        lane=lane.name,
        now=to_micros(now),
    )
    return [outgoing(row) for row in rows]


def is_due(tx: Tx, lane: Lane, *, now: datetime) -> bool:
    """Whether `claimable` would find something, asked without a lock."""
    row = tx.one(
        f"select 1 from outbox where {_LANE} and due_at <= :now "
        "and (state = 'due' or lease_until <= :now)"
        f"{_FIRST if lane.in_order else ''} limit 1",
        lane=lane.name,
        now=to_micros(now),
    )
    return row is not None


def is_empty(tx: Tx) -> bool:
    """Whether nothing waits in any lane."""
    row = tx.one("select 1 from outbox where state in ('due', 'sending') limit 1")
    return row is None


def lease(
    tx: Tx, messages: Sequence[Outgoing], *, owner: str, until: datetime
) -> list[Outgoing]:
    """Mark messages as being sent by `owner`; they are returned with their new fence."""
    tx.many(
        "update outbox set state = 'sending', lease_until = ?, fence = fence + 1, "
        "tries = tries + 1, owner = ? where id = ?",
        [(to_micros(until), owner, one.id) for one in messages],
    )
    return [
        msgspec.structs.replace(
            one,
            state="sending",
            lease_until=until,
            fence=one.fence + 1,
            tries=one.tries + 1,
            owner=owner,
        )
        for one in messages
    ]


def complete(
    tx: Tx,
    message: Outgoing,
    *,
    state: str,
    due_at: datetime | None,
    answer: str,
    provider_id: str,
    now: datetime,
) -> bool:
    """Record an outcome if the claim still holds; whether it did."""
    return (
        tx.run(
            "update outbox set state = :state, due_at = coalesce(:due_at, due_at), "
            "lease_until = null, ended_at = :ended_at, answer = :answer, "
            "provider_id = :provider_id "
            "where id = :id and fence = :fence and state = 'sending'",
            state=state,
            due_at=to_micros_or_none(due_at),
            ended_at=None if state == "due" else to_micros(now),
            answer=answer[:2000],
            provider_id=provider_id[:500],
            id=message.id,
            fence=message.fence,
        )
        > 0
    )


def cancel(tx: Tx, prefix: str, *, now: datetime) -> int:
    """Call off what is pending and has a key that begins with `prefix`."""
    return tx.run(
        # `sending` too: left alone it would be claimed again when its lease ends.
        "update outbox set state = 'cancelled', ended_at = :now "
        "where state in ('due', 'sending') and substr(key, 1, :length) = :prefix",
        prefix=prefix,
        length=len(prefix),
        now=to_micros(now),
    )


def cancel_one(tx: Tx, message: int, *, now: datetime) -> bool:
    """Call off one that is pending; whether it was."""
    return (
        tx.run(
            "update outbox set state = 'cancelled', ended_at = :now "
            "where id = :id and state in ('due', 'sending')",
            id=message,
            now=to_micros(now),
        )
        > 0
    )


def retry(tx: Tx, message: int, *, now: datetime) -> bool:
    """Make due again what has failed; whether it had. The time to give up is new."""
    return (
        tx.run(
            "update outbox set state = 'due', due_at = :now, made_at = :now, "
            "tries = 0, ended_at = null where id = :id and state = 'failed'",
            id=message,
            now=to_micros(now),
        )
        > 0
    )


def free_others(tx: Tx, *, owner: str, now: datetime) -> int:
    """End the leases of every other incarnation: it is known to be dead."""
    return tx.run(
        "update outbox set lease_until = :now where state in ('due', 'sending') "
        "and state = 'sending' and owner <> :owner and lease_until > :now",
        owner=owner,
        now=to_micros(now),
    )


def next_due(tx: Tx, lane: Lane) -> datetime | None:
    """When the next message of the lane is to be claimed; leases aside."""
    row = tx.one(
        f"select due_at from outbox where {_LANE} and state = 'due'"
        f"{_FIRST if lane.in_order else ''} order by due_at, id limit 1",
        lane=lane.name,
    )
    return from_micros(row[0]) if row else None


def get(tx: Tx, message: int) -> Outgoing | None:
    """One message."""
    row = tx.one(SELECT + "where id = :id", id=message)
    return outgoing(row) if row else None


def by_key(tx: Tx, key: str) -> Outgoing | None:
    """The message of a key."""
    row = tx.one(SELECT + "where key = :key", key=key)
    return outgoing(row) if row else None


def of_incident(tx: Tx, incident: int) -> list[Outgoing]:
    """Everything that went out, or is to go out, for an incident."""
    rows = tx.all(SELECT + "where incident = :incident order by id", incident=incident)
    return [outgoing(row) for row in rows]


def forget(tx: Tx, *, before: datetime) -> int:
    """Drop what ended before `before`. A key is unknown from then on."""
    return tx.run(
        "delete from outbox where state not in ('due', 'sending') "
        "and ended_at < :before",
        before=to_micros(before),
    )


def outgoing(row: Row) -> Outgoing:
    """A row of SELECT."""
    values = list(row)
    values[5] = msgspec.json.decode(row[5])
    for index in (8, 9, 10):
        values[index] = from_micros(row[index])
    for index in (11, 17):
        values[index] = from_micros_or_none(row[index])
    return Outgoing(*values)
