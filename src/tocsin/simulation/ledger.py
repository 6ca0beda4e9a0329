"""What the senders and the people know: which alerts are open, and since when.

An independent and much smaller reading of domain 3.2-3.3, fed only with what was
answered to a sender or a person, or what the fault injector let commit.
"""

from dataclasses import dataclass, field

from tocsin.core.alerts.alerts import EventKind
from tocsin.core.pages.escalation import Policy
from tocsin.core.severity import Severity
from tocsin.simulation.company import Company
from tocsin.simulation.history import MINUTE

# It is kept five minutes, by somebody's clock.
_TOMBSTONE_KEPT = 4 * MINUTE


@dataclass(slots=True)
class Episode:
    """One time that one alert was open."""

    title: str
    service: str
    severity: Severity
    policy: Policy
    origin: int
    acks: list[tuple[int, str]] = field(default_factory=list)
    # When it got worse, and as what.
    raises: list[tuple[int, Severity]] = field(default_factory=list)
    closed: int | None = None
    # From then on the stored run cannot be read; only the fallback is promised.
    poisoned: int | None = None

    @property
    def severities(self) -> tuple[Severity, ...]:
        """As what it was open, in order."""
        return (self.severity, *(severity for _, severity in self.raises))


@dataclass(slots=True)
class Key:
    """Everything known of one dedup key."""

    title: str
    integration: int
    count: int = 0
    episodes: list[Episode] = field(default_factory=list)
    last_trigger: int | None = None
    last_resolve: int | None = None
    last_id: str = ""
    buried: int | None = None
    buried_at: int = 0
    answered: int = 0
    # Its tombstone may or may not have been forgotten when it was asked for.
    doubtful: bool = False

    @property
    def open(self) -> Episode | None:
        """The episode that is open now."""
        last = self.episodes[-1] if self.episodes else None
        return last if last is not None and last.closed is None else None


@dataclass(frozen=True, slots=True)
class Report:
    """One event as its sender means it; `occurred` None: arrival order counts."""

    title: str
    integration: int
    service: str
    kind: EventKind
    severity: Severity
    event_id: str
    occurred: int | None


class Ledger:
    """The outside world's own account."""

    def __init__(self) -> None:
        self.keys: dict[str, Key] = {}

    def took(self, report: Report, company: Company, *, at: int, told: bool) -> None:
        """Tocsin took `report`; `told` when it also answered 2xx."""
        key = self.keys.setdefault(report.title, Key(report.title, report.integration))
        key.answered += told
        when = at if report.occurred is None else report.occurred
        if report.kind is EventKind.RESOLVE:
            self._resolve(key, report, when, at)
        else:
            self._trigger(key, report, when, at, company)

    def acked(self, title: str, person: str, *, at: int) -> None:
        """`person` acknowledged and was told so."""
        key = self.keys.get(title)
        if key is not None and key.open is not None:
            key.open.acks.append((at, person))

    def resolved(self, title: str, *, at: int) -> None:
        """A person resolved it and was told so."""
        key = self.keys.get(title)
        if key is not None and key.open is not None:
            key.open.closed = at
            # Of what the source had said until then, in its own time.
            key.last_resolve = (key.last_trigger or at) + 1

    def _resolve(self, key: Key, report: Report, when: int, at: int) -> None:
        if not key.episodes:
            key.buried, key.buried_at = max(when, key.buried or when), at
            return
        episode = key.open
        if episode is None:
            key.last_resolve = max(when, key.last_resolve or when)
            return
        timed = report.occurred is not None
        if timed and key.last_trigger is not None and when <= key.last_trigger:
            return
        episode.closed = at
        key.last_resolve = when

    def _trigger(
        self, key: Key, report: Report, when: int, at: int, company: Company
    ) -> None:
        timed = report.occurred is not None
        if key.episodes and report.event_id == key.last_id:
            return
        if not key.episodes and key.buried is not None:
            key.doubtful = timed and at - key.buried_at > _TOMBSTONE_KEPT
        if not key.episodes and timed and key.buried is not None and when < key.buried:
            return
        key.count += 1
        key.last_id = report.event_id
        if key.open is not None:
            key.last_trigger = max(when, key.last_trigger or when)
            if report.severity.worse_than(key.open.severities[-1]):
                key.open.raises.append((at, report.severity))
            return
        if timed and key.last_resolve is not None and when < key.last_resolve:
            return
        key.last_trigger = when
        policy = company.policy_of(report.service)
        key.episodes.append(
            Episode(report.title, report.service, report.severity, policy, at)
        )
