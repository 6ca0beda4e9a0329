"""What goes out and pages nobody: written here first, sent by the outbox's own workers.

A message has a key; written again with the same key it is the same message.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from tocsin.store.database import Tx
from tocsin.store.instants import to_micros

_encode = msgspec.json.Encoder().encode


class Message(Struct, frozen=True):
    """One message for one place. `lane` keeps bulk from what is urgent.

    Lanes: nudge (to a person), chat, status (pages written), mail (subscribers),
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


def put(tx: Tx, messages: Iterable[Message], *, now: datetime) -> None:
    """Write messages; those whose key is known are there already."""
    for one in messages:
        tx.run(
            "insert into outbox (lane, channel, target, key, payload, incident, "
            "state, due_at, made_at) values (:lane, :channel, :target, :key, "
            ":payload, :incident, 'due', :due_at, :now) on conflict (key) do nothing",
            lane=one.lane,
            channel=one.channel,
            target=one.target,
            key=one.key,
            payload=_encode(one.payload).decode(),
            incident=one.incident,
            due_at=to_micros(one.due_at or now),
            now=to_micros(now),
        )
