"""Every timer that is stored, asked in one statement: which have gone off, which is next.

Each part is answered by the first entry of an index.
"""

from datetime import datetime
from enum import StrEnum

from tocsin.core.alerts.maintenance import HOLD_OFF
from tocsin.store.database import Tx
from tocsin.store.instants import from_micros, to_micros


class Alarm(StrEnum):
    """Whose timers the clock alone sets off, and a sweep of their own deals with."""

    REPORTS = "reports"
    ALERTS = "alerts"
    HEARTBEATS = "heartbeats"
    SILENCES = "silences"
    MAINTENANCE = "maintenance"
    PROMISES = "promises"


_SWEPT = (
    (
        Alarm.REPORTS,
        "(select min(report_due_at) from attempts where report_due_at is not null "
        "and delivered = '')",
    ),
    (
        Alarm.ALERTS,
        "(select min(expires_at) from alerts where expires_at is not null "
        "and status <> 'resolved')",
    ),
    (
        Alarm.HEARTBEATS,
        "(select min(due_at) from heartbeats where due_at is not null)",
    ),
    (Alarm.SILENCES, "(select min(starts_at) from silences where applied = 0)"),
    (Alarm.SILENCES, "(select min(ends_at) from silences where applied = 1)"),
    (Alarm.MAINTENANCE, "(select min(starts_at) from maintenance where applied = 0)"),
    (
        Alarm.PROMISES,
        "(select min(remind_at) from action_items where remind_at is not null)",
    ),
)
_OTHERS = (
    "(select min(due_at) from runs where due_at is not null)",
    "(select due_at from pages where state in ('due', 'sending') and state = 'due' "
    "order by due_at limit 1)",
    # What is being sent was due before, so the index's beginning holds it all.
    "(select min(lease_until) from pages where state in ('due', 'sending') "
    "and state = 'sending' and due_at <= :now)",
    "(select min(due_at) from incidents where due_at is not null)",
)
# A window's alerts are held off for a while after its end.
_WINDOW_ENDS = "(select min(ends_at) from maintenance where applied = 1)"
_NAMES = tuple(name for name, _ in _SWEPT)
_ALL_SWEPT = ", ".join((*(question for _, question in _SWEPT), _WINDOW_ENDS))
_GONE_OFF = f"select {_ALL_SWEPT}"
_ALL = f"select {', '.join(_OTHERS)}, {_ALL_SWEPT}"


def gone_off(tx: Tx, *, now: datetime) -> set[Alarm]:
    """Which have something due; a sweep of any other would find nothing."""
    row = tx.one(_GONE_OFF)
    assert row is not None
    *timers, window_ends = row
    micros = to_micros(now)
    gone = {
        name
        for name, at in zip(_NAMES, timers, strict=True)
        if at is not None and at <= micros
    }
    if window_ends is not None and from_micros(window_ends) + HOLD_OFF <= now:
        gone.add(Alarm.MAINTENANCE)
    return gone


def soonest(tx: Tx, *, now: datetime) -> datetime | None:
    """When the next timer goes off, None when none is set."""
    row = tx.one(_ALL, now=to_micros(now))
    assert row is not None
    *timers, window_ends = row
    times = [from_micros(at) for at in timers if at is not None]
    if window_ends is not None:
        times.append(from_micros(window_ends) + HOLD_OFF)
    return min(times, default=None)
