"""When the loop has to look again: every timer that is stored, asked in one statement.

Each part is answered by the first entry of an index.
"""

from datetime import datetime

from tocsin.core.alerts.maintenance import HOLD_OFF
from tocsin.store.database import Tx
from tocsin.store.instants import from_micros, to_micros

_TIMERS = (
    "(select min(due_at) from runs where due_at is not null)",
    "(select due_at from pages where state in ('due', 'sending') and state = 'due' "
    "order by due_at limit 1)",
    # What is being sent was due before, so the index's beginning holds it all.
    "(select min(lease_until) from pages where state in ('due', 'sending') "
    "and state = 'sending' and due_at <= :now)",
    "(select min(report_due_at) from attempts where report_due_at is not null "
    "and delivered = '')",
    "(select min(expires_at) from alerts where expires_at is not null "
    "and status <> 'resolved')",
    "(select min(due_at) from heartbeats where due_at is not null)",
    "(select min(starts_at) from silences where applied = 0)",
    "(select min(ends_at) from silences where applied = 1)",
    "(select min(starts_at) from maintenance where applied = 0)",
    "(select min(due_at) from incidents where due_at is not null)",
    "(select min(remind_at) from action_items where remind_at is not null)",
)
# A window's alerts are held off for a while after its end.
_WINDOW_ENDS = "(select min(ends_at) from maintenance where applied = 1)"
_ALL = f"select {', '.join((*_TIMERS, _WINDOW_ENDS))}"


def soonest(tx: Tx, *, now: datetime) -> datetime | None:
    """When the next timer goes off, None when none is set."""
    row = tx.one(_ALL, now=to_micros(now))
    assert row is not None
    *timers, window_ends = row
    times = [from_micros(at) for at in timers if at is not None]
    if window_ends is not None:
        times.append(from_micros(window_ends) + HOLD_OFF)
    return min(times, default=None)
