"""What keeps an alert quiet: put on it, taken off again, and judged for new ones.

Silences and maintenance windows are names in an alert's `suppressed_by`. The first
name pauses the run of the alert; when the last one goes and it still fires, the run
goes on.
"""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.alerts import alerts as rules
from tocsin.core.alerts import maintenance, silences
from tocsin.core.alerts.alerts import Alert
from tocsin.core.alerts.maintenance import Maintenance
from tocsin.core.alerts.silences import Silence
from tocsin.core.directory import Directory
from tocsin.core.pages import escalation as runs
from tocsin.engine import escalation
from tocsin.store import alert_lists
from tocsin.store import alerts as stored_alerts
from tocsin.store import escalation as stored_runs
from tocsin.store import maintenance as stored_maintenance
from tocsin.store import silences as stored_silences
from tocsin.store.database import Tx


class InForce(Struct, frozen=True):
    """Everything that keeps alerts quiet at `now`."""

    silences: list[Silence]
    windows: list[Maintenance]
    now: datetime

    def judged(self, alert: Alert) -> Alert:
        """The alert with the names of what covers it now, and no older ones."""
        if not (self.silences or self.windows or alert.suppressed_by):
            return alert
        names = [
            f"silence:{one}"
            for one in silences.covering(
                alert.labels, self.silences, service=alert.service, now=self.now
            )
        ]
        names += [
            f"maintenance:{one}"
            for one in maintenance.covering(alert.service, self.windows, now=self.now)
        ]
        return replace(alert, suppressed_by=tuple(sorted(names)))


def in_force(tx: Tx, *, now: datetime) -> InForce:
    """What keeps alerts quiet at `now`."""
    return InForce(
        stored_silences.in_force(tx, now=now),
        stored_maintenance.in_force(tx, now=now),
        now,
    )


def put_on(
    tx: Tx, alert: Alert, name: str, *, directory: Directory, now: datetime
) -> None:
    """`name` keeps an open alert quiet from now on."""
    quiet = rules.suppress(alert, by=name)
    stored_alerts.save(tx, quiet)
    if not alert.suppressed_by:
        escalation.apply(tx, quiet, runs.Paused(name), directory=directory, now=now)


def take_off(tx: Tx, name: str, *, directory: Directory, now: datetime) -> int:
    """`name` keeps nothing quiet any more; how many open alerts it was on."""
    freed = [
        rules.unsuppress(alert, by=name)
        for alert in alert_lists.open_alerts(tx)
        if name in alert.suppressed_by
    ]
    for alert in freed:
        stored_alerts.save(tx, alert)
    going_on = [alert for alert in freed if not alert.suppressed_by]
    stored_runs.hold(tx, [alert.number for alert in going_on])
    for alert in going_on:
        event = runs.Resumed(name)
        escalation.apply(tx, alert, event, directory=directory, now=now)
    return len(freed)
