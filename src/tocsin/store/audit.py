"""The record of who changed what: append-only rows, each chained to the one before.

`mac` is an HMAC over the row and the mac before it, so that a row that was changed,
left out or moved shows. The key is not in the database.
"""

import hashlib
import hmac
from collections.abc import Collection, Iterator
from datetime import datetime

import msgspec
from msgspec import Struct

from tocsin.store.database import Row, Tx
from tocsin.store.instants import from_micros, to_micros

_HEAD = "audit_head"
_COLUMNS = (
    "id, at, actor, via, address, action, noun, name, team, before, after, mac"
)  # fmt: skip
_CHUNK = 1000
_encode = msgspec.json.Encoder().encode


class Entry(Struct, frozen=True):
    """One change; `before` and `after` are JSON texts, "" where there is nothing."""

    id: int
    at: datetime
    actor: str
    via: str
    address: str
    action: str
    noun: str
    name: str
    team: str
    before: str
    after: str
    mac: str


def append(
    tx: Tx,
    key: bytes,
    *,
    at: datetime,
    actor: str,
    via: str,
    address: str,
    action: str,
    noun: str,
    name: str,
    team: str,
    before: str,
    after: str,
) -> None:
    """Write one entry at the end of the chain."""
    number, last = _head(tx, tx.for_update)
    row = (
        number + 1, to_micros(at), actor, via, address, action, noun, name, team,
        before, after,
    )  # fmt: skip
    mac = _mac(key, last, row)
    tx.many(
        f"insert into audit ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(*row, mac)],
    )
    tx.run(
        "insert into meta (key, value) values (:key, :value) "
        "on conflict (key) do update set value = excluded.value",
        key=_HEAD,
        value=f"{number + 1}:{mac}",
    )


def head(tx: Tx) -> tuple[int, str]:
    """(number, mac) of the newest entry."""
    return _head(tx, "")


def _head(tx: Tx, lock: str) -> tuple[int, str]:
    # Locked by who appends, so that two entries never follow the same one.
    row = tx.one(f"select value from meta where key = :key{lock}", key=_HEAD)
    if row is None:
        return 0, ""
    number, _, mac = str(row[0]).partition(":")
    return int(number), mac


def broken(tx: Tx, key: bytes) -> str:
    """What is wrong with the chain, "" when every entry is as it was written."""
    last, expected = "", 1
    for row in _from_the_start(tx):
        if row[0] != expected:
            return f"entry {expected} is missing"
        mac = _mac(key, last, row[:-1])
        if not hmac.compare_digest(mac, row[-1]):
            return f"entry {row[0]} is not as it was written"
        last, expected = mac, expected + 1
    number, mac = head(tx)
    if (number, mac) != (expected - 1, last):
        return f"the newest entries are missing: {number} were written"
    return ""


def listing(
    tx: Tx,
    *,
    before: int | None = None,
    limit: int = 50,
    actor: str = "",
    noun: str = "",
    name: str = "",
    teams: Collection[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Entry]:
    """Entries, newest first; of `teams` only unless None, in `[since, until)`."""
    conditions, params = ["1 = 1"], {"limit": limit}
    chosen: dict[str, object] = {"actor": actor, "noun": noun, "name": name}
    wanted = {column: value for column, value in chosen.items() if value}
    conditions += [f"{column} = :{column}" for column in wanted]
    if teams is not None:
        marks = {f"team{at}": team for at, team in enumerate(sorted(teams))}
        chosen_teams = ", ".join(f":{mark}" for mark in marks) or "null"
        conditions.append(f"team in ({chosen_teams})")
        wanted.update(marks)
    for at, comparison in ((since, "at >= :since"), (until, "at < :until")):
        if at is not None:
            conditions.append(comparison)
            wanted[comparison.rpartition(":")[2]] = to_micros(at)
    if before is not None:
        conditions.append("id < :before")
        wanted["before"] = before
    rows = tx.all(
        f"select {_COLUMNS} from audit where {' and '.join(conditions)} "
        "order by id desc limit :limit",
        **params,
        **wanted,
    )
    return [Entry(row[0], from_micros(row[1]), *row[2:]) for row in rows]


def nouns(tx: Tx) -> list[str]:
    """Every kind of thing that was ever changed."""
    return [row[0] for row in tx.all("select distinct noun from audit order by noun")]


def _from_the_start(tx: Tx) -> Iterator[Row]:
    last = 0
    while True:
        rows = tx.all(
            f"select {_COLUMNS} from audit where id > :last order by id limit {_CHUNK}",
            last=last,
        )
        if not rows:
            return
        yield from rows
        last = rows[-1][0]


def _mac(key: bytes, last: str, row: Row) -> str:
    return hmac.new(key, last.encode() + _encode(row), hashlib.sha256).hexdigest()
