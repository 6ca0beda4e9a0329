"""The timeline of an alert: facts in the order they were written, never changed."""

from collections.abc import Iterable, Sequence

import msgspec

from tocsin.core.timeline import Fact, FactKind
from tocsin.store.database import Tx
from tocsin.store.instants import from_micros, to_micros

_encode = msgspec.json.Encoder().encode
_data = msgspec.json.Decoder(dict[str, str]).decode


def append(tx: Tx, facts: Iterable[tuple[int, Fact]]) -> None:
    """Add facts, each with its alert's number."""
    rows = [
        (
            alert,
            to_micros(fact.at),
            fact.kind._value_,  # `value` is a slow property in Python 3.11
            fact.text,
            fact.actor,
            fact.reason,
            _encode(fact.data).decode() if fact.data else "",
        )
        for alert, fact in facts
    ]
    if rows:
        tx.many(
            "insert into timeline (alert, at, kind, text, actor, reason, data) "
            "values (?, ?, ?, ?, ?, ?, ?)",
            rows,
        )


def of_alert(tx: Tx, number: int, *, limit: int = 500) -> Sequence[tuple[int, Fact]]:
    """The newest facts of an alert with their ids, newest first."""
    rows = tx.all(
        "select id, at, kind, text, actor, reason, data from timeline "
        "where alert = :number order by id desc limit :limit",
        number=number,
        limit=limit,
    )
    return [(row[0], _fact(row[1:])) for row in rows]


def since(tx: Tx, last_id: int, *, limit: int = 200) -> Sequence[tuple[int, int, Fact]]:
    """Facts after `last_id` as (id, alert, fact), oldest first: the live stream."""
    rows = tx.all(
        "select id, alert, at, kind, text, actor, reason, data from timeline "
        "where id > :last order by id limit :limit",
        last=last_id,
        limit=limit,
    )
    return [(row[0], row[1], _fact(row[2:])) for row in rows]


def last_id(tx: Tx) -> int:
    """The id of the newest fact, 0 when there is none."""
    row = tx.one("select coalesce(max(id), 0) from timeline")
    return int(row[0]) if row else 0


def _fact(row: Sequence[object]) -> Fact:
    at, kind, text, actor, reason, data = row
    assert isinstance(at, int)
    return Fact(
        at=from_micros(at),
        kind=FactKind(str(kind)),
        text=str(text),
        actor=str(actor),
        reason=str(reason),
        data=_data(str(data)) if data else {},
    )
