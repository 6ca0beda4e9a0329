"""One-time links, sessions and API tokens; only digests of secrets are stored."""

from datetime import datetime

from tocsin.store.database import Tx
from tocsin.store.instants import to_micros


def add_link(tx: Tx, digest: str, person: str, *, expires_at: datetime) -> None:
    """A link that signs `person` in once."""
    tx.run(
        "insert into sign_in_links (digest, person, expires_at) "
        "values (:digest, :person, :expires_at)",
        digest=digest,
        person=person,
        expires_at=to_micros(expires_at),
    )


def use_link(tx: Tx, digest: str, *, now: datetime) -> str | None:
    """The person of an unused link, which is used up now."""
    row = tx.one(
        "update sign_in_links set used_at = :now where digest = :digest "
        "and used_at is null and expires_at > :now returning person",
        digest=digest,
        now=to_micros(now),
    )
    return str(row[0]) if row else None


def link_is_good(tx: Tx, digest: str, *, now: datetime) -> bool:
    """Whether the link can still be used, without using it."""
    return (
        tx.one(
            "select 1 from sign_in_links where digest = :digest "
            "and used_at is null and expires_at > :now",
            digest=digest,
            now=to_micros(now),
        )
        is not None
    )


def links_since(tx: Tx, person: str, *, since: datetime) -> int:
    """How many links `person` was sent that expire after `since`."""
    row = tx.one(
        "select count(*) from sign_in_links where person = :person "
        "and expires_at > :since",
        person=person,
        since=to_micros(since),
    )
    return int(row[0]) if row else 0


def add_session(
    tx: Tx, digest: str, person: str, *, now: datetime, expires_at: datetime
) -> None:
    """A browser that is signed in."""
    tx.run(
        "insert into sessions (digest, person, made_at, expires_at) "
        "values (:digest, :person, :now, :expires_at)",
        digest=digest,
        person=person,
        now=to_micros(now),
        expires_at=to_micros(expires_at),
    )


def session_person(tx: Tx, digest: str, *, now: datetime) -> str | None:
    """Whose session it is."""
    row = tx.one(
        "select person from sessions where digest = :digest and expires_at > :now",
        digest=digest,
        now=to_micros(now),
    )
    return str(row[0]) if row else None


def end_session(tx: Tx, digest: str) -> None:
    """Signed out."""
    tx.run("delete from sessions where digest = :digest", digest=digest)
