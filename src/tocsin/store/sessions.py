"""Browsers that are signed in; only the digest of a session's secret is stored."""

from datetime import datetime

from msgspec import Struct

from tocsin.store.database import Row, Tx
from tocsin.store.instants import from_micros, to_micros

_COLUMNS = "id, person, how, address, agent, made_at, confirmed_at, seen_at, expires_at"


class Session(Struct, frozen=True):
    """One browser. `confirmed_at` is when its owner last proved who they are."""

    id: str
    person: str
    how: str
    address: str
    agent: str
    made_at: datetime
    confirmed_at: datetime
    seen_at: datetime
    expires_at: datetime


def add(tx: Tx, digest: str, session: Session) -> None:
    """A new session."""
    tx.run(
        f"insert into sessions (digest, {_COLUMNS}) values (:digest, :id, :person, "
        ":how, :address, :agent, :made_at, :confirmed_at, :seen_at, :expires_at)",
        digest=digest,
        id=session.id,
        person=session.person,
        how=session.how,
        address=session.address,
        agent=session.agent,
        made_at=to_micros(session.made_at),
        confirmed_at=to_micros(session.confirmed_at),
        seen_at=to_micros(session.seen_at),
        expires_at=to_micros(session.expires_at),
    )


def held(tx: Tx, digest: str, *, seen_after: datetime, now: datetime) -> Session | None:
    """The session of a secret, unless it has ended or lain idle."""
    row = tx.one(
        f"select {_COLUMNS} from sessions where digest = :digest "
        "and expires_at > :now and coalesce(seen_at, made_at) > :seen_after",
        digest=digest,
        now=to_micros(now),
        seen_after=to_micros(seen_after),
    )
    return _session(row) if row else None


def of_person(
    tx: Tx, person: str, *, seen_after: datetime, now: datetime
) -> list[Session]:
    """A person's open sessions, the one that was seen last first."""
    rows = tx.all(
        f"select {_COLUMNS} from sessions where person = :person "
        "and expires_at > :now and coalesce(seen_at, made_at) > :seen_after "
        "order by coalesce(seen_at, made_at) desc, id",
        person=person,
        now=to_micros(now),
        seen_after=to_micros(seen_after),
    )
    return [_session(row) for row in rows]


def touch(tx: Tx, digest: str, *, address: str, now: datetime) -> None:
    """It was used."""
    tx.run(
        "update sessions set seen_at = :now, address = :address where digest = :digest",
        digest=digest,
        address=address,
        now=to_micros(now),
    )


def end(tx: Tx, digest: str) -> str | None:
    """Sign out; whose session it was."""
    row = tx.one(
        "delete from sessions where digest = :digest returning person", digest=digest
    )
    return str(row[0]) if row else None


def end_one(tx: Tx, person: str, session_id: str) -> bool:
    """End the session of `person` with this id."""
    return bool(
        tx.run(
            "delete from sessions where person = :person and id = :id",
            person=person,
            id=session_id,
        )
    )


def end_all(tx: Tx, person: str, *, but: str = "") -> int:
    """End every session of `person` except the one with the id `but`."""
    return tx.run(
        "delete from sessions where person = :person and coalesce(id, '') <> :but",
        person=person,
        but=but or "-",
    )


def has_been_seen(tx: Tx, person: str) -> bool:
    """Whether `person` has or had a way in: a credential, or a link they used."""
    row = tx.one(
        "select 1 from sessions where person = :p "
        "union all select 1 from passwords where person = :p "
        "union all select 1 from passkeys where person = :p "
        "union all select 1 from identities where person = :p "
        "union all select 1 from sign_in_links "
        "where person = :p and used_at is not null limit 1",
        p=person,
    )
    return row is not None


def forget(tx: Tx, *, idle_since: datetime, now: datetime) -> None:
    """Drop sessions, links and flows that nobody can use any more."""
    at = to_micros(now)
    tx.run(
        "delete from sessions where expires_at <= :now "
        "or coalesce(seen_at, made_at) <= :idle",
        now=at,
        idle=to_micros(idle_since),
    )
    tx.run("delete from flows where expires_at <= :now", now=at)
    # A used link is the proof that its person has been here (`has_been_seen`).
    tx.run(
        "delete from sign_in_links where expires_at <= :now and used_at is null",
        now=at,
    )


def _session(row: Row) -> Session:
    made_at = from_micros(row[5])
    return Session(
        id=row[0] or "",
        person=row[1],
        how=row[2],
        address=row[3],
        agent=row[4],
        made_at=made_at,
        confirmed_at=from_micros(row[6]) if row[6] is not None else made_at,
        seen_at=from_micros(row[7]) if row[7] is not None else made_at,
        expires_at=from_micros(row[8]),
    )
