"""Alerts: what senders report and what people do, each written in one transaction.

`Intake.accept` is the hot path: many requests, one transaction, rows in bulk.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from tocsin.core.directory import Directory
from tocsin.core.pages.escalation import Policy
from tocsin.engine.arrivals import Absorption, Arrival
from tocsin.engine.batch import Batch
from tocsin.interfaces.arrivals import Bounce
from tocsin.store import escalation as stored_runs
from tocsin.store import inbound
from tocsin.store.database import Database, Tx

__all__ = ["Absorption", "Arrival", "Intake"]

Returned = Callable[[Tx, Sequence[Bounce], datetime], None]
_TOUCH_EVERY = timedelta(seconds=5)


class Intake:
    """Absorbs requests. Remembers only what saves looking it up again."""

    def __init__(self, database: Database, *, returned: Returned | None = None) -> None:
        """`returned` is told, in the transaction, of mails that came back."""
        self._database = database
        self._returned = returned
        self._versions: dict[tuple[int, str], int] = {}
        self._touched: dict[int, datetime] = {}
        # Told after a commit: the earliest instant at which it made something due.
        self.due: Callable[[datetime], None] = lambda at: None

    def accept(
        self,
        tx: Tx,
        arrivals: Sequence[Arrival],
        *,
        directory: Directory,
        now: datetime,
    ) -> list[list[Absorption]]:
        """Absorb every event of every request; one list of outcomes per request."""
        batch = Batch(tx, self._database, directory, now)
        batch.load(arrivals)
        outcomes = [batch.absorb(arrival) for arrival in arrivals]
        batch.write(self._version)
        for arrival in arrivals:
            self._touch(tx, arrival, now=now)
        due_at = batch.due_at
        if due_at is not None:
            tx.after_commit.append(lambda: self.due(due_at))
        return outcomes

    def _version(self, tx: Tx, directory: Directory, policy: Policy) -> int:
        known = self._versions.get((directory.version, policy.name))
        if known is not None:
            return known
        version = stored_runs.policy_version(tx, policy)

        def remember() -> None:
            self._versions[directory.version, policy.name] = version

        tx.after_commit.append(remember)
        return version

    def _touch(self, tx: Tx, arrival: Arrival, *, now: datetime) -> None:
        integration = arrival.integration
        reading = arrival.reading
        if reading.changes:
            inbound.add_changes(
                tx, integration.id, integration.service, reading.changes, now=now
            )
        if reading.bounces and self._returned is not None:
            self._returned(tx, reading.bounces, now)
        if reading.problems:
            inbound.reject(
                tx,
                integration.id,
                status=reading.answer.status,
                reason="; ".join(reading.problems),
                path=arrival.path,
                headers=arrival.headers,
                body=arrival.body,
                now=now,
            )
        last = self._touched.get(integration.id)
        if last is None or now - last >= _TOUCH_EVERY:
            inbound.touch(tx, integration.id, now=now)
            self._touched[integration.id] = now
