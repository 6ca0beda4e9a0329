"""The alerts that one intake transaction touches, and what is to be written of them.

Many requests are absorbed in memory first; then everything is written in bulk.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from tocsin.core.alerts import absorbing, routing
from tocsin.core.alerts.absorbing import Outcome
from tocsin.core.alerts.alerts import Alert, AlertEvent
from tocsin.core.directory import Directory, Integration
from tocsin.core.pages import escalation as runs
from tocsin.core.pages.escalation import Policy, Run
from tocsin.core.severity import Severity
from tocsin.core.timeline import Fact, FactKind
from tocsin.engine import escalation, suppression
from tocsin.engine.arrivals import Absorption, Arrival
from tocsin.store import alerts as stored_alerts
from tocsin.store import escalation as stored_runs
from tocsin.store import inbound, timeline
from tocsin.store.database import Database, Tx

# Looked up once: in Python 3.11 reading a member of an enum is a call.
_REPEATED = Outcome.REPEATED
# What these say is in the alert already; their raw body is not kept.
_FORGOTTEN = frozenset((Outcome.REPEATED, Outcome.DUPLICATE, Outcome.RECORDED))
TOMBSTONE_KEPT = timedelta(minutes=5)
VersionOf = Callable[[Tx, Directory, Policy], int]


class Batch:
    """The alerts that one transaction touches, and what is to be written of them."""

    def __init__(
        self, tx: Tx, database: Database, directory: Directory, now: datetime
    ) -> None:
        self._tx = tx
        self._database = database
        self._directory = directory
        self._now = now
        # When the earliest of what was written is due.
        self.due_at: datetime | None = None
        self._tombs: dict[tuple[int, str], datetime] = {}
        self._numbers: list[int] = []
        self._raws: list[int] = []
        self._kept: list[inbound.Kept] = []
        self._opened: dict[int, Alert] = {}
        self._changed: dict[int, Alert] = {}
        self._repeated: dict[int, Alert] = {}
        self._superseded: list[int] = []
        self._effects: list[tuple[Alert, runs.Event | None]] = []
        self._facts: list[tuple[int, Fact]] = []
        self._severities: dict[tuple[int, str], Severity | None] = {}
        self._recall = stored_alerts.recall(tx, database)
        self._in_force = suppression.in_force(tx, now=now)

    def load(self, arrivals: Sequence[Arrival]) -> None:
        """Fetch what the process does not remember of the alerts that are named."""
        keys: dict[int, dict[str, None]] = {}
        for arrival in arrivals:
            mine = keys.setdefault(arrival.integration.id, {})
            for event in arrival.reading.events:
                mine[event.key] = None
        missing = 0
        for integration, wanted in keys.items():
            missing += stored_alerts.fetch(
                self._tx, self._database, integration, wanted
            )
            buried = stored_alerts.tombstones(self._tx, integration, wanted)
            for key, at in buried.items():
                self._tombs[integration, key] = at
        if missing:
            self._numbers = stored_alerts.next_numbers(self._tx, missing)
            self._numbers.reverse()
        self._raws = list(inbound.next_ids(self._tx, len(arrivals)))
        self._raws.reverse()

    def absorb(self, arrival: Arrival) -> list[Absorption]:
        """What every event of one request means; kept raw if it changes anything."""
        integration = arrival.integration
        number, source = integration.id, str(integration.id)
        service = integration.service
        recall, tombs, now = self._recall, self._tombs, self._now
        raw = self._raws.pop()
        is_kept = False
        outcomes = []
        for event in arrival.reading.events:
            place = (number, event.key)
            known = recall(place)
            absorbed = absorbing.absorb(
                known,
                event,
                severity=self._severity(integration, event),
                tombstone_at=tombs.get(place) if tombs else None,
                integration=source,
                service=service,
                received_at=now,
                raw=raw,
            )
            alert = absorbed.alert
            outcome = absorbed.outcome
            if outcome is _REPEATED and alert is not None:
                self._repeat(place, alert)
            else:
                alert = self._note(place, known, event, absorbed, integration)
                is_kept = is_kept or known is None or outcome not in _FORGOTTEN
            outcomes.append(Absorption(outcome, alert.number if alert else 0))
        if is_kept:
            self._keep(arrival, raw)
        return outcomes

    def _repeat(self, place: stored_alerts.Key, alert: Alert) -> None:
        number = alert.number
        self._tx.overlay[place] = alert
        if number in self._opened:
            self._opened[number] = alert
        elif number in self._changed:
            self._changed[number] = alert
        else:
            self._repeated[number] = alert

    def _keep(self, arrival: Arrival, raw: int) -> None:
        place = arrival.integration.id
        self._kept.append(
            inbound.Kept(raw, place, arrival.path, arrival.headers, arrival.body)
        )

    def _severity(self, integration: Integration, event: AlertEvent) -> Severity | None:
        if event.severity is not None:
            return routing.severity_of(
                event, None, may_declare_sev1=integration.may_declare_sev1
            )[0]
        place = (integration.id, event.level)
        if place not in self._severities:
            self._severities[place] = routing.severity_of(
                event,
                integration.severities,
                may_declare_sev1=integration.may_declare_sev1,
            )[0]
        return self._severities[place]

    def _note(
        self,
        place: tuple[int, str],
        known: Alert | None,
        event: AlertEvent,
        absorbed: absorbing.Absorbed,
        integration: Integration,
    ) -> Alert | None:
        """Anything but a plain repetition."""
        if absorbed.tombstone_at is not None:
            stored_alerts.bury(
                self._tx,
                *place,
                resolved_at=absorbed.tombstone_at,
                forget_at=self._now + TOMBSTONE_KEPT,
            )
            self._tombs[place] = absorbed.tombstone_at
        alert = absorbed.alert
        if alert is None:
            return known
        if absorbed.superseded or known is None:
            alert = self._open(known, alert)
        elif known.number in self._opened:
            self._opened[alert.number] = alert
        else:
            if absorbed.outcome is Outcome.REOPENED:
                # What kept its last episode quiet may be over, or another have begun.
                alert = self._in_force.judged(alert)
            self._repeated.pop(alert.number, None)
            self._changed[alert.number] = alert
        self._tx.overlay[place] = alert
        self._facts.append(
            (alert.number, _fact(absorbed, alert, event, integration, now=self._now))
        )
        self._effect(absorbed, alert, integration)
        return alert

    def _open(self, known: Alert | None, alert: Alert) -> Alert:
        if known is not None:
            self._superseded.append(known.number)
        if not self._numbers:
            self._numbers = stored_alerts.next_numbers(self._tx, 1)
        alert = stored_alerts.renumbered(alert, self._numbers.pop())
        alert = self._in_force.judged(alert)
        self._opened[alert.number] = alert
        return alert

    def _effect(
        self, absorbed: absorbing.Absorbed, alert: Alert, integration: Integration
    ) -> None:
        outcome = absorbed.outcome
        source = f"source:{integration.name}"
        if outcome is Outcome.REOPENED:
            self._effects.append((alert, None))
        elif outcome is Outcome.RAISED:
            self._effects.append((alert, runs.SeverityRaised(alert.severity)))
        elif outcome is Outcome.SOURCE_ACKED:
            self._effects.append((alert, runs.Acked(source)))
        elif outcome is Outcome.RESOLVED:
            self._effects.append((alert, runs.Resolved(source)))

    def write(self, version_of: VersionOf) -> None:
        """Everything at once, in the order that the keys between rows want."""
        inbound.keep(self._tx, self._kept, now=self._now)
        opened = list(self._opened.values())
        for number in self._superseded:
            # Opened and already history within this batch: its row comes first.
            if number in self._opened:
                stored_alerts.insert(self._tx, [self._opened.pop(number)])
            stored_alerts.supersede(self._tx, number)
        if opened:
            stored_alerts.insert(self._tx, list(self._opened.values()))
            self._begin(opened, version_of)
        for alert in self._changed.values():
            stored_alerts.save(self._tx, alert)
        self._note_expiry(opened)
        self._note_expiry(self._changed.values())
        if self._repeated:
            stored_alerts.save_repeats(self._tx, list(self._repeated.values()))
        timeline.append(self._tx, self._facts)
        if self._effects:
            self._due(self._now)
        stored_runs.hold(self._tx, {alert.number for alert, _ in self._effects})
        for alert, event in self._effects:
            policy = self._directory.policy_of(alert.service)
            if event is None:
                escalation.begin(
                    self._tx, alert, policy, directory=self._directory, now=self._now
                )
            else:
                escalation.apply(
                    self._tx, alert, event, directory=self._directory, now=self._now
                )

    def _begin(self, opened: Sequence[Alert], version_of: VersionOf) -> None:
        made: dict[tuple[Severity, bool, str, str], tuple[Run, str]] = {}
        directory = self._directory
        rows = []
        for alert in opened:
            service, severity = alert.service, alert.severity
            policy = directory.policy_of(service)
            team = directory.team_of(service)
            kind = (severity, bool(alert.suppressed_by), policy.name, team)
            if kind not in made:
                asked = directory.answer_by(service, severity, now=self._now)
                run = runs.begun(policy, severity, now=self._now, answer_by=asked)
                if alert.suppressed_by:
                    run = runs.held(run, now=self._now)
                made[kind] = run, stored_runs.encode_run(run).decode()
            version = version_of(self._tx, directory, policy)
            rows.append((alert.number, version, *made[kind]))
        for run, _ in made.values():
            self._due(run.due_at)
        stored_runs.begin(self._tx, rows)

    def _due(self, at: datetime | None) -> None:
        if at is not None and (self.due_at is None or at < self.due_at):
            self.due_at = at

    def _note_expiry(self, alerts: Iterable[Alert]) -> None:
        times = [alert.expires_at for alert in alerts if alert.expires_at is not None]
        if times:
            self._due(min(times))


_WORDS = {
    Outcome.CREATED: "Opened",
    Outcome.RAISED: "Got worse",
    Outcome.REOPENED: "Fired again",
    Outcome.SOURCE_ACKED: "Acknowledged at the source",
    Outcome.RESOLVED: "Resolved by its source",
    Outcome.LATE_TRIGGER: "A late trigger came, from before it was resolved",
    Outcome.LATE_RESOLVE: "A late resolve came, from before it last fired",
}


def _fact(
    absorbed: absorbing.Absorbed,
    alert: Alert,
    event: AlertEvent,
    integration: Integration,
    *,
    now: datetime,
) -> Fact:
    words = _WORDS.get(absorbed.outcome, absorbed.outcome.value)
    text = f"{words}: {event.title}" if event.title else words
    return Fact(
        at=now,
        kind=FactKind.ALERT,
        text=text,
        actor=f"source:{integration.name}",
        reason=absorbed.outcome.value,
        data={"severity": alert.severity.name},
    )
