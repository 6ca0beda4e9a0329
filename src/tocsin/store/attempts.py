"""Attempts to deliver: one row per call of a provider, for the trail and the budget."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from tocsin.core.pages.receipts import Delivered
from tocsin.store.database import Row, Tx
from tocsin.store.instants import (
    from_micros,
    to_micros,
    to_micros_or_none,
)
from tocsin.store.paging import Page
from tocsin.store.sealing import open_address, seal_address


def begin(tx: Tx, page: Page, *, service: str, members: int, now: datetime) -> int:
    """An attempt that is about to be made; without an outcome it stays in doubt."""
    row = tx.one(
        "insert into attempts (page, alert, person, channel, address, service, members, "
        "started_at) values (:page, :alert, :person, :channel, :address, :service, "
        ":members, :now) returning id",
        page=page.id,
        alert=page.alert,
        person=page.person,
        channel=page.channel,
        address=seal_address(tx, page.channel, page.address),
        service=service,
        members=members,
        now=to_micros(now),
    )
    assert row is not None
    return int(row[0])


def end(
    tx: Tx,
    attempt: int,
    *,
    outcome: str,
    provider_id: str,
    answer: str,
    now: datetime,
    report_due_at: datetime | None = None,
) -> None:
    """What the provider said; `report_due_at`: when it has to have delivered."""
    tx.run(
        "update attempts set ended_at = :now, outcome = :outcome, "
        "provider_id = :provider_id, answer = :answer, report_due_at = :due "
        "where id = :attempt",
        attempt=attempt,
        due=to_micros_or_none(report_due_at),
        now=to_micros(now),
        outcome=outcome,
        provider_id=provider_id,
        answer=answer[:2000],
    )


def sent_since(
    tx: Tx, contacts: Sequence[tuple[str, str]], *, since: datetime
) -> dict[tuple[str, str], list[tuple[datetime, str]]]:
    """Messages to each (channel, address) after `since`, as (started, service).

    What failed or got lost reached nobody: counted, a broken contact's retries would
    use up its budget for ever and new pages would never be tried on it.
    """
    return {
        contact: [(from_micros(at), service) for at, service in rows]
        for contact, rows in _sent(tx, "started_at, service", contacts, since).items()
    }


def sent_with_severity_since(
    tx: Tx, contacts: Sequence[tuple[str, str]], *, since: datetime
) -> dict[tuple[str, str], list[tuple[datetime, str, int]]]:
    """The same with the severity of each message's first page."""
    columns = (
        "started_at, service, coalesce((select severity from pages "
        "where pages.id = attempts.page), 1)"
    )
    return {
        contact: [
            (from_micros(at), service, severity) for at, service, severity in rows
        ]
        for contact, rows in _sent(tx, columns, contacts, since).items()
    }


def _sent(
    tx: Tx, columns: str, contacts: Sequence[tuple[str, str]], since: datetime
) -> dict[tuple[str, str], list[Row]]:
    return {
        (channel, address): tx.all(
            f"select {columns} from attempts where channel = :channel "
            "and address = :address and started_at > :since "
            "and outcome in ('', 'accepted') "
            "and delivered not in ('silent', 'undelivered') order by started_at",
            channel=channel,
            address=seal_address(tx, channel, address),
            since=to_micros(since),
        )
        for channel, address in contacts
    }


class Ringing(Struct, frozen=True):
    """A message that a provider took a short while ago."""

    id: int
    page: int  # the lead of its bundle
    person: str
    channel: str
    provider_id: str


def ringing(
    tx: Tx, alert: int, channels: Sequence[str], *, since: datetime
) -> list[Ringing]:
    """Messages about `alert` by one of `channels` that were taken after `since`."""
    names = [f"c{index}" for index in range(len(channels))]
    rows = tx.all(
        "select id, page, person, channel, provider_id from attempts where page in "
        "(select case when lead = 0 then id else lead end from pages "
        "where alert = :alert) and started_at > :since and outcome = 'accepted' "
        f"and provider_id != '' and channel in ({', '.join(':' + n for n in names)})",
        alert=alert,
        since=to_micros(since),
        **dict(zip(names, channels, strict=True)),
    )
    return [Ringing(*row) for row in rows]


class Awaited(Struct, frozen=True):
    """A message that its provider took, and whose delivery is not settled."""

    id: int
    page: int  # the lead of its bundle
    person: str
    channel: str
    provider_id: str
    delivered: Delivered


def unsettled(tx: Tx, *, now: datetime, limit: int = 200) -> list[Awaited]:
    """Taken messages whose report is overdue, oldest first."""
    rows = tx.all(
        "select id, page, person, channel, provider_id, delivered from attempts "
        "where report_due_at is not null and delivered = '' and report_due_at <= :now "
        f"order by report_due_at limit {limit:d}",
        now=to_micros(now),
    )
    return [_awaited(row) for row in rows]


def _awaited(row: Row) -> Awaited:
    attempt, page, person, channel, provider_id, delivered = row
    return Awaited(attempt, page, person, channel, provider_id, Delivered(delivered))


def reported(tx: Tx, provider_id: str) -> Awaited | None:
    """The message that a provider reports on."""
    row = tx.one(
        "select id, page, person, channel, provider_id, delivered from attempts "
        "where report_due_at is not null and provider_id = :id order by id desc limit 1",
        id=provider_id,
    )
    return _awaited(row) if row is not None else None


def has_arrived(tx: Tx, page: int) -> bool:
    """Whether some sending of the message of `page` was delivered."""
    row = tx.one(
        "select 1 from attempts where report_due_at is not null and page = :page "
        "and delivered = 'delivered' limit 1",
        page=page,
    )
    return row is not None


def settle(tx: Tx, attempt: int, delivered: Delivered, *, now: datetime) -> None:
    """Write what became of it."""
    tx.run(
        "update attempts set delivered = :delivered, delivered_at = :now where id = :id",
        delivered=delivered.value,
        now=to_micros(now),
        id=attempt,
    )


def of_alert(tx: Tx, alert: int) -> list[Row]:
    """(page, person, channel, address, started, ended, outcome, provider id, answer).

    A bundle's attempt belongs to each alert whose page went out with it.
    """
    rows = tx.all(
        "select a.page, a.person, a.channel, a.address, a.started_at, a.ended_at, "
        "a.outcome, a.provider_id, a.answer from attempts a where a.page in "
        "(select case when lead = 0 then id else lead end from pages "
        "where alert = :alert) order by a.id",
        alert=alert,
    )
    return [(*row[:3], open_address(tx, row[2], row[3]), *row[4:]) for row in rows]
