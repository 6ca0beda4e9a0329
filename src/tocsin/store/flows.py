"""One step of something that takes several, kept here and used once."""

from datetime import datetime
from typing import Any

import msgspec

from tocsin.store.database import Tx
from tocsin.store.instants import to_micros

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def begin(
    tx: Tx,
    digest: str,
    kind: str,
    *,
    person: str = "",
    data: dict[str, Any],
    expires_at: datetime,
    now: datetime,
) -> None:
    """Remember a step under the digest of its secret."""
    tx.run(
        "insert into flows (digest, kind, person, data, made_at, expires_at) "
        "values (:digest, :kind, :person, :data, :now, :expires_at)",
        digest=digest,
        kind=kind,
        person=person,
        data=msgspec.json.encode(data).decode(),
        now=to_micros(now),
        expires_at=to_micros(expires_at),
    )


def finish(
    tx: Tx, digest: str, kind: str, *, now: datetime
) -> tuple[str, dict[str, Any]] | None:
    """(person, data) of a step, which is used up now, in time or not."""
    row = tx.one(
        "delete from flows where digest = :digest and kind = :kind "
        "returning person, data, expires_at",
        digest=digest,
        kind=kind,
    )
    if row is None or row[2] <= to_micros(now):
        return None
    return str(row[0]), _decode(row[1])
