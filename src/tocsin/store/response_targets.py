"""Alerts that nobody answered in time, a row for each time one was open."""

from datetime import datetime

from tocsin.core.alerts.alerts import Alert
from tocsin.store.database import Tx
from tocsin.store.instants import to_micros


def missed(tx: Tx, alert: Alert, *, at: datetime) -> None:
    """The time to answer `alert` was over `at`; said once per episode."""
    tx.run(
        "insert into missed_targets (alert, episode, service, severity, at) "
        "values (:alert, :episode, :service, :severity, :at) "
        "on conflict (alert, episode) do nothing",
        alert=alert.number,
        episode=alert.episode,
        service=alert.service,
        severity=int(alert.severity),
        at=to_micros(at),
    )


def missed_since(tx: Tx, *, since: datetime) -> dict[str, int]:
    """How often it happened since then, by service."""
    rows = tx.all(
        "select service, count(*) from missed_targets where at >= :since "
        "group by service order by service",
        since=to_micros(since),
    )
    return {row[0]: row[1] for row in rows}


def forget(tx: Tx, *, before: datetime) -> None:
    """What was missed before then is counted no more."""
    tx.run("delete from missed_targets where at < :before", before=to_micros(before))
