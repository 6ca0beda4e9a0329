"""Counts over the whole database, for /metrics."""

from datetime import datetime

from tocsin.core.severity import Severity
from tocsin.store.database import Tx
from tocsin.store.instants import to_micros


def measured(tx: Tx, *, now: datetime) -> dict[str, tuple[str, float]]:
    """Name to (about, value)."""
    waiting = tx.one("select count(*) from pages where state in ('due', 'sending')")
    due = tx.one(
        "select min(due_at) from pages where state in ('due', 'sending') "
        "and state = 'due' and due_at <= :now",
        now=to_micros(now),
    )
    lateness = (to_micros(now) - due[0]) / 1e6 if due and due[0] is not None else 0.0
    found = {
        "pages_waiting": ("Pages that are due later or being sent", _one(waiting)),
        "pages_late_seconds": ("Age of the oldest page that is due", lateness),
        "inbox_rejected": (
            "Requests that could not be read and are kept",
            _one(tx.one("select count(*) from rejects")),
        ),
        "quarantined": (
            "Rows that were set aside",
            _one(tx.one("select count(*) from quarantine")),
        ),
    }
    counted = tx.all("select severity, count(*) from missed_targets group by severity")
    by_severity = {Severity(severity): count for severity, count in counted}
    for one in Severity:
        found[f"response_time_missed_{one.name.lower()}"] = (
            f"Alerts of {one.name} that nobody answered within its response time",
            float(by_severity.get(one, 0)),
        )
    rows = tx.all("select outcome, count(*) from attempts group by outcome")
    for outcome, count in rows:
        name = f"attempts_{outcome or 'running'}"
        found[name] = (f"Attempts that ended {outcome or 'in doubt'}", float(count))
    return found


def _one(row: tuple[object, ...] | None) -> float:
    value = row[0] if row else 0
    return float(value) if isinstance(value, int) else 0.0
