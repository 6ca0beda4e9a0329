"""Attempts to deliver: one row per call of a provider, for the trail and the budget."""

from collections.abc import Sequence
from datetime import datetime

from tocsin.store.database import Row, Tx
from tocsin.store.instants import from_micros, to_micros
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
    tx: Tx, attempt: int, *, outcome: str, provider_id: str, answer: str, now: datetime
) -> None:
    """What the provider said."""
    tx.run(
        "update attempts set ended_at = :now, outcome = :outcome, "
        "provider_id = :provider_id, answer = :answer where id = :attempt",
        attempt=attempt,
        now=to_micros(now),
        outcome=outcome,
        provider_id=provider_id,
        answer=answer[:2000],
    )


def sent_since(
    tx: Tx, contacts: Sequence[tuple[str, str]], *, since: datetime
) -> dict[tuple[str, str], list[tuple[datetime, str]]]:
    """Messages to each (channel, address) after `since`, as (started, service).

    What failed reached nobody: counted, a broken contact's retries would use up its
    budget for ever and new pages would never be tried on it.
    """
    found: dict[tuple[str, str], list[tuple[datetime, str]]] = {}
    for channel, address in contacts:
        rows = tx.all(
            "select started_at, service from attempts where channel = :channel "
            "and address = :address and started_at > :since "
            "and outcome in ('', 'accepted') order by started_at",
            channel=channel,
            address=seal_address(tx, channel, address),
            since=to_micros(since),
        )
        found[channel, address] = [(from_micros(at), service) for at, service in rows]
    return found


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
