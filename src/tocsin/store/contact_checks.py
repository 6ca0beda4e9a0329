"""Codes that were sent to prove that somebody reads an address. Digests only."""

from datetime import datetime

from msgspec import Struct

from tocsin.store.database import Tx
from tocsin.store.instants import from_micros_or_none, to_micros
from tocsin.store.sealing import seal_address


class Check(Struct, frozen=True):
    """`code` is a digest, "" when none can be entered; `tries` were wrong so far."""

    code: str
    tries: int
    sent_at: datetime | None
    verified_at: datetime | None


def get(tx: Tx, person: str, channel: str, address: str) -> Check | None:
    """The newest check of an address of a person."""
    row = tx.one(
        "select code, tries, sent_at, verified_at from contact_checks "
        "where person = :person and channel = :channel and address = :address"
        f"{tx.for_update}",
        person=person,
        channel=channel,
        address=seal_address(tx, channel, address),
    )
    if row is None:
        return None
    sent, verified = from_micros_or_none(row[2]), from_micros_or_none(row[3])
    return Check(str(row[0]), int(row[1]), sent, verified)


def put(
    tx: Tx,
    person: str,
    channel: str,
    address: str,
    *,
    code: str,
    tries: int,
    now: datetime,
) -> None:
    """Something is sent to the address now, with a code or (empty) without."""
    tx.run(
        "insert into contact_checks (person, channel, address, code, tries, sent_at) "
        "values (:person, :channel, :address, :code, :tries, :now) "
        "on conflict (person, channel, address) do update set code = excluded.code, "
        "tries = excluded.tries, sent_at = excluded.sent_at",
        person=person,
        channel=channel,
        address=seal_address(tx, channel, address),
        code=code,
        tries=tries,
        now=to_micros(now),
    )


def tried(tx: Tx, person: str, channel: str, address: str) -> None:
    """A wrong code was entered."""
    tx.run(
        "update contact_checks set tries = tries + 1 where person = :person "
        "and channel = :channel and address = :address",
        person=person,
        channel=channel,
        address=seal_address(tx, channel, address),
    )


def verified(tx: Tx, person: str, channel: str, address: str, *, now: datetime) -> None:
    """The right code was entered; it is good for nothing from now on."""
    tx.run(
        "update contact_checks set code = '', verified_at = :now where person = :person "
        "and channel = :channel and address = :address",
        person=person,
        channel=channel,
        address=seal_address(tx, channel, address),
        now=to_micros(now),
    )


def sent_since(tx: Tx, person: str, *, since: datetime) -> int:
    """To how many addresses somebody has had something sent since then."""
    row = tx.one(
        "select count(*) from contact_checks where person = :person "
        "and sent_at > :since",
        person=person,
        since=to_micros(since),
    )
    return int(row[0]) if row else 0
