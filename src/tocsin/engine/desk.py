"""What a dialect may ask of Tocsin, scoped to its integration and that one's service."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from tocsin.core.alerts import silences as rules
from tocsin.core.alerts.alerts import Alert
from tocsin.core.alerts.silences import Matcher, Silence
from tocsin.core.directory import Integration
from tocsin.engine import silences
from tocsin.engine.directories import Directories
from tocsin.interfaces.arrivals import AlertView, SilenceRefused, SilenceView
from tocsin.interfaces.machine import Clock
from tocsin.store import alert_lists
from tocsin.store import silences as stored
from tocsin.store.database import Database, Tx

# What is shown as the end of an alert whose source names none.
_UNKNOWN_END = timedelta(minutes=5)


class ScopedDesk:
    """The Desk of one integration."""

    def __init__(
        self,
        database: Database,
        directories: Directories,
        clock: Clock,
        integration: Integration,
        *,
        new_id: Callable[[], str],
        wake: Callable[[], None],
        started_at: datetime,
    ) -> None:
        self._database = database
        self._directories = directories
        self._clock = clock
        self._integration = integration
        self._new_id = new_id
        self._wake = wake
        self._started_at = started_at

    def alerts(self) -> Sequence[AlertView]:
        """The open alerts that came through this integration."""
        found = self._database.read(
            lambda tx: alert_lists.open_alerts(tx, integration=self._integration.id)
        )
        return [self._view(alert) for alert in found]

    def silences(self) -> Sequence[SilenceView]:
        """The silences made through this integration."""
        now = self._clock.now()
        found = self._database.read(
            lambda tx: stored.listing(tx, integration=self._integration.id)
        )
        return [_silence_view(silence, now=now) for silence in found]

    def silence(self, silence_id: str) -> SilenceView | None:
        """One of them."""
        found = self._database.read(lambda tx: stored.get(tx, silence_id))
        if found is None or found.integration != self._integration.id:
            return None
        return _silence_view(found, now=self._clock.now())

    # long because: Alertmanager's rules for replacing a silence.
    def put_silence(
        self,
        *,
        silence_id: str,
        matchers: Sequence[Matcher],
        starts_at: datetime,
        ends_at: datetime,
        author: str,
        comment: str,
    ) -> str:
        """Make or replace a silence; returns its id. Raises SilenceRefused."""
        now = self._clock.now()
        wanted = Silence(
            id=silence_id,
            matchers=tuple(matchers),
            starts_at=max(starts_at, now) if not silence_id else starts_at,
            ends_at=ends_at,
            author=author,
            comment=comment,
            service=self._integration.service,
            integration=self._integration.id,
        )
        problems = rules.problems(wanted, now=now)
        if problems:
            raise SilenceRefused("; ".join(problems))
        new_id = self._new_id()

        def work(tx: Tx) -> str:
            known = stored.get(tx, silence_id) if silence_id else None
            if silence_id and (
                known is None or known.integration != self._integration.id
            ):
                raise SilenceRefused(f"id: there is no silence {silence_id}")
            if (
                known is not None
                and known.matchers == wanted.matchers
                and rules.state(known, now=now) != "expired"
            ):
                stored.save(tx, wanted, now=now)
                return known.id
            if known is not None:
                # Other matchers are another silence; the old one ends here.
                self._end(tx, known, now)
            stored.save(tx, replace(wanted, id=new_id), now=now)
            return new_id

        result = self._database.write(work)
        self._wake()
        return result

    def expire_silence(self, silence_id: str) -> bool:
        """End a silence now; False when there is none."""
        now = self._clock.now()

        def work(tx: Tx) -> bool:
            known = stored.get(tx, silence_id)
            if known is None or known.integration != self._integration.id:
                return False
            self._end(tx, known, now)
            return True

        found = self._database.write(work)
        self._wake()
        return found

    def receivers(self) -> Sequence[str]:
        """Where alerts of this integration go: its service's policy."""
        directory = self._directories.seen()
        if directory is None:
            return ["tocsin"]
        return [directory.policy_of(self._integration.service).name]

    def started_at(self) -> datetime:
        """When this process began."""
        return self._started_at

    def now(self) -> datetime:
        """The clock's time."""
        return self._clock.now()

    def _end(self, tx: Tx, silence: Silence, now: datetime) -> None:
        directory = self._directories.current(tx)
        silences.end(tx, silence, directory=directory, now=now)

    def _view(self, alert: Alert) -> AlertView:
        return AlertView(
            number=alert.number,
            key=alert.key,
            labels=alert.labels,
            annotations=alert.details,
            starts_at=alert.last_trigger_at or alert.first_at,
            ends_at=alert.expires_at or self._clock.now() + _UNKNOWN_END,
            updated_at=alert.last_at,
            link=alert.link,
            silenced_by=tuple(
                name.removeprefix("silence:")
                for name in alert.suppressed_by
                if name.startswith("silence:")
            ),
            service=alert.service,
            status=alert.status.value,
        )


def _silence_view(silence: Silence, *, now: datetime) -> SilenceView:
    return SilenceView(
        id=silence.id,
        matchers=silence.matchers,
        starts_at=silence.starts_at,
        ends_at=silence.ends_at,
        updated_at=silence.updated_at or silence.starts_at,
        author=silence.author,
        comment=silence.comment,
        state=rules.state(silence, now=now),
    )
