"""The catalogue of services: what burns, who has it, and what is missing to be ready."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from tocsin.core.directory import Directory, Integration, Service
from tocsin.core.oncall.readiness import Check, Outlook, checklist
from tocsin.core.pages.escalation_levels import whom
from tocsin.core.severity import Severity
from tocsin.engine import escalation
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import alert_lists
from tocsin.store import directory as stored
from tocsin.store.database import Tx
from tocsin.store.instants import from_micros_or_none

STATES = ("firing", "acknowledged", "calm", "unready")
_WORST = ("triggered", "acknowledged", "suppressed")


class Brief(Struct, frozen=True):
    """A service in a list. `open` is the number of open alerts by severity."""

    service: Service
    open: Mapping[Severity, int]
    state: str  # the worst state of its alerts: as alerts name it, "" when none is open
    on_call: tuple[str, ...]
    integrations: Sequence[tuple[Integration, datetime | None]]
    checks: Sequence[Check]

    @property
    def missing(self) -> list[Check]:
        """What is not ready."""
        return [one for one in self.checks if not one.passed]

    @property
    def heard_at(self) -> datetime | None:
        """When any of its integrations was last heard."""
        return max((at for _, at in self.integrations if at), default=None)


class Asked(Struct, frozen=True):
    """What a list is to hold; `after` is the name of the last one seen."""

    team: str = ""
    state: str = ""
    text: str = ""
    after: str = ""
    limit: int = 50


def listing(
    tx: Tx,
    directory: Directory,
    asked: Asked,
    channels: Collection[str],
    *,
    viewer: Viewer,
    now: datetime,
) -> tuple[list[Brief], str]:
    """Services by name and the cursor of the next page, "" at the end.

    `channels` are those by which people can be reached here.
    """
    book = _Book(tx, directory, channels, now=now)
    found: list[Brief] = []
    for name in sorted(directory.services):
        service = directory.services[name]
        if name <= asked.after or not viewer.sees(service):
            continue
        if not _wanted(service, asked):
            continue
        brief = book.brief(service)
        if asked.state and asked.state != _kind(brief) and not _unready(brief, asked):
            continue
        if len(found) == asked.limit:
            return found, found[-1].service.name
        found.append(brief)
    return found, ""


def one(
    tx: Tx,
    directory: Directory,
    name: str,
    channels: Collection[str],
    *,
    now: datetime,
) -> Brief:
    """One service. It has to be there."""
    book = _Book(tx, directory, channels, now=now, only=name)
    return book.brief(directory.services[name])


class _Book:
    """What every row needs, read once."""

    def __init__(
        self,
        tx: Tx,
        directory: Directory,
        channels: Collection[str],
        *,
        now: datetime,
        only: str = "",
    ) -> None:
        self._tx = tx
        self._directory = directory
        self._channels = channels
        self._now = now
        self._open = alert_lists.open_by_service(tx, service=only)
        self._heard = stored.last_events(tx)
        self._outlook = Outlook(directory, now=now)
        self._first: dict[str, tuple[str, ...]] = {}
        self._senders: dict[str, list[Integration]] = {}
        for integration in directory.integrations:
            self._senders.setdefault(integration.service, []).append(integration)

    def brief(self, service: Service) -> Brief:
        """One service."""
        counted = self._open.get(service.name, {})
        by_severity: dict[Severity, int] = {}
        for (severity, _), count in sorted(counted.items()):
            known = Severity(severity)
            by_severity[known] = by_severity.get(known, 0) + count
        states = {state for _, state in counted}
        senders = [
            (one, from_micros_or_none(self._heard.get(one.id)))
            for one in self._senders.get(service.name, ())
        ]
        return Brief(
            service,
            by_severity,
            next((state for state in _WORST if state in states), ""),
            self._on_call(service),
            senders,
            checklist(
                service,
                self._outlook,
                heard=[at for _, at in senders],
                channels=self._channels,
            ),
        )

    def _on_call(self, service: Service) -> tuple[str, ...]:
        """Who is paged first now."""
        if service.policy not in self._first:
            policy = self._directory.policy_of(service.name)
            targets = policy.levels[0].targets if policy.levels else ()
            turns = escalation.turns_of(self._tx, policy)
            on_call = escalation.resolver(self._directory, now=self._now)
            found = whom(targets, on_call, turn=turns.get(0, 0))
            self._first[service.policy] = found.people
        return self._first[service.policy]


def _wanted(service: Service, asked: Asked) -> bool:
    if asked.team and service.team != asked.team:
        return False
    text = asked.text.casefold()
    return text in f"{service.name}\n{service.description}".casefold()


def _kind(brief: Brief) -> str:
    kinds = {"triggered": "firing", "acknowledged": "acknowledged"}
    return kinds.get(brief.state, "calm")


def _unready(brief: Brief, asked: Asked) -> bool:
    return asked.state == "unready" and bool(brief.missing)
