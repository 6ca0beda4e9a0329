"""The outbox as people look at it: lists, what is stuck, what has failed."""

from collections.abc import Sequence
from datetime import datetime

from tocsin.store.database import Row, Tx
from tocsin.store.instants import to_micros
from tocsin.store.outbox import SELECT, Outgoing, outgoing


def listing(
    tx: Tx, *, lane: str, states: Sequence[str], before: int | None, limit: int
) -> list[Outgoing]:
    """Messages, newest first; an empty lane or no states is all of them."""
    params: dict[str, object] = {"limit": limit}
    where = ["1 = 1"]
    if lane:
        where.append("lane = :lane")
        params["lane"] = lane
    if states:
        names = [f"s{index}" for index in range(len(states))]
        params.update(zip(names, states, strict=True))
        where.append(f"state in ({', '.join(':' + name for name in names)})")
    if before is not None:
        where.append("id < :before")
        params["before"] = before
    rows = tx.all(
        f"{SELECT}where {' and '.join(where)} order by id desc limit :limit", **params
    )
    return [outgoing(row) for row in rows]


def stuck(tx: Tx, *, before: datetime) -> list[Row]:
    """(lane, channel, how many, since when) of what was to go before `before`."""
    return tx.all(
        "select lane, channel, count(*), min(wanted_at) from outbox "
        "where state in ('due', 'sending') and wanted_at < :before "
        "group by lane, channel order by lane, channel",
        before=to_micros(before),
    )


def failed(tx: Tx, *, since: datetime) -> list[Row]:
    """(lane, channel, how many) of what failed for good since then."""
    return tx.all(
        "select lane, channel, count(*) from outbox where state = 'failed' "
        "and ended_at >= :since group by lane, channel order by lane, channel",
        since=to_micros(since),
    )


def newest_of(tx: Tx, *, lane: str, target: str) -> list[Outgoing]:
    """The newest message of each channel to a target, of the last 5,000 of any kind."""
    rows = tx.all(
        f"{SELECT}where id in (select max(id) from outbox where lane = :lane and "
        "target = :target and id > (select max(id) from outbox) - 5000 "
        "group by channel) order by channel desc",
        lane=lane,
        target=target,
    )
    return [outgoing(row) for row in rows]
