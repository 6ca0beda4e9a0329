"""Answers that were given to requests with an idempotency key, for a day.

`body` begins with the digest of the request that was answered (32 bytes). A row with
the status 0 is a request that is being carried out.
"""

from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.store.database import Tx
from tocsin.store.instants import to_micros

# Whoever died while carrying a request out holds its key this long.
_GIVEN_UP_AFTER = timedelta(minutes=1)
_DIGEST = 32


class Kept(Struct, frozen=True):
    """The answer to a request; `status` 0 while there is none yet."""

    request: bytes
    status: int
    content_type: str
    body: bytes


def reserve(tx: Tx, digest: str, request: bytes, *, now: datetime) -> Kept | None:
    """Take a key for `request`; what is kept of it when somebody has taken it."""
    tx.run(
        "delete from idempotency where digest = :digest and status = 0 and at <= :at",
        digest=digest,
        at=to_micros(now - _GIVEN_UP_AFTER),
    )
    row = tx.one(
        "select status, content_type, body from idempotency where digest = :digest",
        digest=digest,
    )
    if row is not None:
        held = bytes(row[2])
        return Kept(held[:_DIGEST], row[0], row[1], held[_DIGEST:])
    tx.many(
        "insert into idempotency (digest, at, status, content_type, body) "
        "values (?, ?, ?, ?, ?)",
        [(digest, to_micros(now), 0, "", request)],
    )
    return None


def keep(tx: Tx, digest: str, answer: Kept) -> None:
    """The answer that a repeated request gets."""
    tx.run(
        "update idempotency set status = :status, content_type = :content_type, "
        "body = :body where digest = :digest",
        digest=digest,
        status=answer.status,
        content_type=answer.content_type,
        body=answer.request + answer.body,
    )


def release(tx: Tx, digest: str) -> None:
    """Nothing was done; the key may be used again."""
    tx.run("delete from idempotency where digest = :digest", digest=digest)


def forget(tx: Tx, *, before: datetime) -> int:
    """Drop answers that are older."""
    return tx.run(
        "delete from idempotency where at < :before", before=to_micros(before)
    )
