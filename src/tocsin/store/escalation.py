"""Runs of escalation and the policies they began with. `due_at` is the timer."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import sha256

import msgspec
from msgspec import Struct

from tocsin.core.pages.escalation import Policy, Run
from tocsin.store import turns
from tocsin.store.chosen import by_number
from tocsin.store.database import Tx
from tocsin.store.instants import (
    from_micros,
    from_micros_or_none,
    to_micros,
    to_micros_or_none,
)

encode_run = msgspec.json.Encoder(enc_hook=str).encode
_encode_policy = msgspec.json.Encoder().encode
_decode_run = msgspec.json.Decoder(Run).decode
# A snapshot never changes, and every message and step about its alerts reads it.
_decode_policy = lru_cache(maxsize=256)(msgspec.json.Decoder(Policy).decode)


class StoredRun(Struct, frozen=True):
    """A run as stored; `data` is decoded by `run_of`, which can fail on poison."""

    alert: int
    policy_version: int
    due_at: datetime | None
    state: str
    data: str
    faults: int


_COLUMNS = "alert, policy_version, due_at, state, data, faults"


def policy_version(tx: Tx, policy: Policy) -> int:
    """The id of this very content, stored now if it is new."""
    data = _encode_policy(policy).decode()
    digest = sha256(data.encode()).hexdigest()
    known = tx.overlay.get(("policy", digest))
    if known is not None:
        return int(known)
    is_new = tx.run(
        "insert into policy_versions (digest, data) values (:digest, :data) "
        "on conflict (digest) do nothing",
        digest=digest,
        data=data,
    )
    if is_new and policy.rings:
        turns.begin(tx, {policy.name: policy.rings})
    row = tx.one("select id from policy_versions where digest = :digest", digest=digest)
    assert row is not None
    tx.overlay[("policy", digest)] = row[0]
    return int(row[0])


def policy_of(tx: Tx, version: int) -> Policy:
    """The snapshot `version`. Raises msgspec.DecodeError when it is damaged."""
    known: Policy | None = tx.overlay.get(("policy version", version))
    if known is not None:
        return known
    row = tx.one("select data from policy_versions where id = :id", id=version)
    assert row is not None
    policy = _decode_policy(row[0])
    tx.overlay["policy version", version] = policy
    return policy


def run_of(stored: StoredRun) -> Run:
    """The run's state. Raises msgspec.DecodeError when it is damaged."""
    return _decode_run(stored.data)


def begin(tx: Tx, rows: Sequence[tuple[int, int, Run, str]]) -> None:
    """Runs for new alerts: (alert, policy version, run, its encoding)."""
    tx.many(
        "insert into runs (alert, policy_version, due_at, state, data) "
        "values (?, ?, ?, ?, ?)",
        [
            (alert, version, to_micros_or_none(run.due_at), run.state.value, data)
            for alert, version, run, data in rows
        ],
    )


def save(tx: Tx, alert: int, run: Run, *, version: int) -> None:
    """Write the run of `alert`, new or known."""
    tx.run(
        "insert into runs (alert, policy_version, due_at, state, data) "
        "values (:alert, :version, :due_at, :state, :data) "
        "on conflict (alert) do update set policy_version = excluded.policy_version, "
        "due_at = excluded.due_at, state = excluded.state, data = excluded.data, "
        "faults = 0",
        alert=alert,
        version=version,
        due_at=to_micros_or_none(run.due_at),
        state=run.state.value,
        data=encode_run(run).decode(),
    )


def get(tx: Tx, alert: int) -> StoredRun | None:
    """The run of one alert, locked for this transaction."""
    row = tx.one(
        f"select {_COLUMNS} from runs where alert = :alert{tx.for_update}", alert=alert
    )
    return _stored(row) if row else None


def hold(tx: Tx, alerts: Collection[int]) -> None:
    """Lock the runs of `alerts` until the transaction ends, in one order everywhere.

    Who steps several runs holds all of them before a step can hold anything else.
    """
    if not alerts or not tx.for_update:
        return
    chosen = ", ".join(str(int(number)) for number in sorted(alerts))
    tx.all(
        f"select alert from runs where alert in ({chosen}) order by alert{tx.for_update}"
    )


def due(tx: Tx, *, now: datetime, limit: int) -> list[StoredRun]:
    """Runs whose timer has gone off, oldest first, skipping what others hold."""
    rows = tx.all(
        f"select {_COLUMNS} from runs where due_at <= :now and due_at is not null "
        f"order by due_at, alert limit {limit:d}{tx.skip_locked}",
        now=to_micros(now),
    )
    return [_stored(row) for row in rows]


def put_off(tx: Tx, alert: int, *, until: datetime) -> None:
    """A run that could not be stepped: look again at `until`, count the fault."""
    tx.run(
        "update runs set due_at = :until, faults = faults + 1 where alert = :alert",
        alert=alert,
        until=to_micros(until),
    )


def overdue(tx: Tx, *, before: datetime, limit: int = 20) -> list[tuple[int, datetime]]:
    """Timers that went off before `before` and were not looked at (the auditor)."""
    rows = tx.all(
        "select alert, due_at from runs where due_at <= :before "
        "and due_at is not null order by due_at limit :limit",
        before=to_micros(before),
        limit=limit,
    )
    return [(row[0], from_micros(row[1])) for row in rows]


def of_alerts(tx: Tx, numbers: Sequence[int]) -> dict[int, StoredRun]:
    """The runs of several alerts, for showing."""
    if not numbers:
        return {}
    chosen, listed = by_number(tx, "alert", numbers)
    rows = tx.all(f"select {_COLUMNS} from runs where {chosen}", numbers=listed)
    return {row[0]: _stored(row) for row in rows}


def _stored(row: Sequence[object]) -> StoredRun:
    alert, version, due_at, state, data, faults = row
    assert isinstance(alert, int)
    assert isinstance(version, int)
    assert isinstance(faults, int)
    assert due_at is None or isinstance(due_at, int)
    return StoredRun(
        alert, version, from_micros_or_none(due_at), str(state), str(data), faults
    )
