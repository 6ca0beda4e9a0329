"""Delivery reports that were here before the provider's own answer was written."""

from datetime import datetime

from tocsin.core.pages.receipts import Delivered
from tocsin.store.database import Tx
from tocsin.store.instants import to_micros

# Reports of an account that others use as well are not ours to keep for long.
_MOST = 10_000


def keep(tx: Tx, provider_id: str, delivered: Delivered, *, now: datetime) -> None:
    """Until the message is known; that it arrived is not taken back by a later word."""
    tx.run(
        "insert into early_reports (provider_id, delivered, at) "
        "select :id, :delivered, :now where "
        "(select count(*) from early_reports) < :most "
        "on conflict (provider_id) do update set delivered = excluded.delivered, "
        "at = excluded.at where early_reports.delivered != :arrived",
        id=provider_id,
        delivered=delivered.value,
        now=to_micros(now),
        most=_MOST,
        arrived=Delivered.YES.value,
    )


def take(tx: Tx, provider_id: str) -> Delivered | None:
    """What was reported of a message already; it is kept no more."""
    row = tx.one(
        "delete from early_reports where provider_id = :id returning delivered",
        id=provider_id,
    )
    return Delivered(row[0]) if row is not None else None


def forget(tx: Tx, *, before: datetime) -> None:
    """Reports that nobody asked for were not about messages of ours."""
    tx.run("delete from early_reports where at < :before", before=to_micros(before))
