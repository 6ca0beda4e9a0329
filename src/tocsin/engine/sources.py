"""What happens when a source falls silent: alerts go stale, heartbeats are missed."""

from datetime import datetime

from tocsin.core.alerts import alerts as rules
from tocsin.core.alerts.alerts import Refused, Status
from tocsin.core.directory import Directory
from tocsin.core.pages import escalation as runs
from tocsin.core.timeline import Fact, FactKind
from tocsin.engine import escalation
from tocsin.store import alerts as stored_alerts
from tocsin.store import timeline
from tocsin.store.database import Tx

_AT_ONCE = 200


def sweep(tx: Tx, *, directory: Directory, now: datetime) -> None:
    """Resolve what its source no longer refreshes (domain 3.7)."""
    for alert in stored_alerts.expiring(tx, now=now, limit=_AT_ONCE):
        stale = rules.go_stale(alert, now=now)
        if isinstance(stale, Refused):
            continue
        stored_alerts.save(tx, stale)
        if stale.status is Status.RESOLVED:
            event = runs.Resolved("engine")
            escalation.apply(tx, alert, event, directory=directory, now=now)
            text = "Resolved: its source stopped refreshing it"
        else:
            text = "Its source stopped refreshing it; it stays with who acknowledged it"
        fact = Fact(now, FactKind.ALERT, text, reason="stale")
        timeline.append(tx, [(alert.number, fact)])
