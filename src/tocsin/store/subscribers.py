"""Who gets mails of which status page."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from tocsin.core.status.bounces import Standing
from tocsin.core.status.subscribers import (
    CONFIRMED,
    EMAIL,
    ENDED,
    PENDING,
    SUPPRESSED,
    WEBHOOK,
    Subscriber,
)
from tocsin.store.database import Row, Tx
from tocsin.store.instants import (
    from_micros,
    from_micros_or_none,
    to_micros,
    to_micros_or_none,
)
from tocsin.store.sealing import open_address, seal_address

_SELECT = "select id, page, address, components, state, made_at, kind from subscribers "
_components = msgspec.json.Decoder(tuple[str, ...]).decode


def get(tx: Tx, subscriber: str) -> Subscriber | None:
    """One of them."""
    row = tx.one(_SELECT + "where id = :id", id=subscriber)
    return _subscriber(tx, row) if row else None


def ask(
    tx: Tx,
    new_id: str,
    *,
    page: str,
    address: str,
    components: Sequence[str],
    now: datetime,
    kind: str = EMAIL,
) -> Subscriber:
    """Somebody asks for an address; who is confirmed or refuses mails stays as they are."""
    tx.run(
        "insert into subscribers (id, page, kind, address, components, state, made_at) "
        "values (:id, :page, :kind, :address, :components, :pending, :now) "
        "on conflict (page, kind, address) do update set "
        "components = excluded.components, state = excluded.state, "
        "made_at = excluded.made_at where subscribers.state in (:pending, :ended)",
        id=new_id,
        page=page,
        kind=kind,
        address=_kept(tx, address),
        components=msgspec.json.encode(components).decode(),
        pending=PENDING,
        ended=ENDED,
        now=to_micros(now),
    )
    row = tx.one(
        _SELECT + "where page = :page and kind = :kind and address = :address",
        page=page,
        kind=kind,
        address=_kept(tx, address),
    )
    assert row is not None
    return _subscriber(tx, row)


def confirm(
    tx: Tx, subscriber: str, *, components: Sequence[str], now: datetime
) -> bool:
    """They want mails of these components; whether they may (still) say so."""
    return (
        tx.run(
            "update subscribers set components = :components, state = :confirmed, "
            "confirmed_at = coalesce(confirmed_at, :now), ended_at = null "
            "where id = :id and state in (:pending, :confirmed)",
            components=msgspec.json.encode(components).decode(),
            pending=PENDING,
            confirmed=CONFIRMED,
            now=to_micros(now),
            id=subscriber,
        )
        > 0
    )


def end(tx: Tx, subscriber: str, *, now: datetime) -> None:
    """They want no more mails; said twice is said once."""
    tx.run(
        "update subscribers set state = :ended, ended_at = :now "
        "where id = :id and state in (:pending, :confirmed)",
        ended=ENDED,
        pending=PENDING,
        confirmed=CONFIRMED,
        now=to_micros(now),
        id=subscriber,
    )


def standing(tx: Tx, address: str) -> Standing | None:
    """How mail to an address fared, whichever pages it gets mails of."""
    row = tx.one(
        "select max(bounces), max(bounced_at), "
        "max(case when state = :suppressed then 1 else 0 end), count(*) "
        "from subscribers where address = :address",
        suppressed=SUPPRESSED,
        address=_kept(tx, address),
    )
    if row is None or not row[3]:
        return None
    return Standing(int(row[0]), from_micros_or_none(row[1]), bool(row[2]))


def save_standing(
    tx: Tx, address: str, known: Standing, *, answer: str, now: datetime
) -> None:
    """A mail came back; whom it says to be gone no page writes to again."""
    tx.run(
        "update subscribers set bounces = :failures, bounced_at = :failed_at, "
        "last_answer = :answer where address = :address",
        failures=known.failures,
        failed_at=to_micros_or_none(known.failed_at),
        answer=answer[:500],
        address=_kept(tx, address),
    )
    if known.is_suppressed:
        tx.run(
            "update subscribers set state = :suppressed, ended_at = :now "
            "where address = :address",
            suppressed=SUPPRESSED,
            address=_kept(tx, address),
            now=to_micros(now),
        )


def after(tx: Tx, page: str, subscriber: str, *, limit: int) -> list[Subscriber]:
    """The confirmed ones of a page in the order of their ids, behind one of them."""
    rows = tx.all(
        _SELECT + "where page = :page and state = :confirmed and id > :after "
        "order by id limit :limit",
        page=page,
        confirmed=CONFIRMED,
        after=subscriber,
        limit=limit,
    )
    return [_subscriber(tx, row) for row in rows]


def count_of(tx: Tx, page: str, components: Sequence[str]) -> int:
    """How many confirmed ones want an update of these components."""
    rows = tx.all(
        "select components, count(*) from subscribers "
        "where page = :page and kind = 'email' and state = :confirmed "
        "group by components",
        page=page,
        confirmed=CONFIRMED,
    )
    wanted = [(set(_components(row[0])), int(row[1])) for row in rows]
    return sum(
        count for own, count in wanted if not own or not own.isdisjoint(components)
    )


class Listed(Struct, frozen=True):
    """A subscriber as those who keep the page see them."""

    subscriber: Subscriber
    failures: int
    answer: str


def counts(tx: Tx, page: str) -> dict[str, int]:
    """State → how many."""
    rows = tx.all(
        "select state, count(*) from subscribers where page = :page group by state",
        page=page,
    )
    return {row[0]: int(row[1]) for row in rows}


def listing(
    tx: Tx, page: str, *, text: str, state: str, after: str, limit: int
) -> list[Listed]:
    """Those of a page by id; `text` is a part of a mail address."""
    wheres = ["page = :page", "id > :after"]
    if state:
        wheres.append("state = :state")
    if text:
        wheres.append("kind = 'email' and address like :text escape '!'")
    escaped = text.casefold().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    rows = tx.all(
        "select id, page, address, components, state, made_at, kind, bounces, "
        f"last_answer from subscribers where {' and '.join(wheres)} "
        "order by id limit :limit",
        page=page,
        after=after,
        state=state,
        text=f"%{escaped}%",
        limit=limit,
    )
    return [Listed(_subscriber(tx, row), int(row[7]), row[8]) for row in rows]


def free(tx: Tx, subscriber: str) -> bool:
    """Their address may be subscribed again, on every page."""
    row = tx.one("select address from subscribers where id = :id", id=subscriber)
    if row is None:
        return False
    return (
        tx.run(
            "update subscribers set state = :ended, bounces = 0, bounced_at = null, "
            "last_answer = '' where address = :address and state = :suppressed",
            ended=ENDED,
            suppressed=SUPPRESSED,
            address=row[0],
        )
        > 0
    )


def remove(tx: Tx, subscriber: str) -> None:
    """Nothing of them is kept."""
    tx.run("delete from subscribers where id = :id", id=subscriber)


def forget_pending(tx: Tx, *, before: datetime) -> None:
    """Who never confirmed."""
    tx.run(
        "delete from subscribers where state = :pending and made_at < :before",
        pending=PENDING,
        before=to_micros(before),
    )


def _kept(tx: Tx, address: str) -> str:
    """An address as it is stored: of hooks it is a credential."""
    return seal_address(tx, WEBHOOK, address) if "://" in address else address


def _subscriber(tx: Tx, row: Row) -> Subscriber:
    address = row[2] if row[6] == EMAIL else open_address(tx, WEBHOOK, row[2])
    return Subscriber(
        row[0], row[1], address, _components(row[3]), row[4], from_micros(row[5]),
        row[6],
    )  # fmt: skip
