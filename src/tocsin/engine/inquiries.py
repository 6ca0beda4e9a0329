"""What people and machines ask about alerts: one answer for the API, CLI and web."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from tocsin.core.alerts import alerts as rules
from tocsin.core.alerts.alerts import Alert
from tocsin.core.directory import BY_HAND, INTERNAL, Directory
from tocsin.core.pages.coming import Coming, next_up
from tocsin.core.pages.escalation import Run
from tocsin.core.timeline import Fact
from tocsin.engine import escalation
from tocsin.store import alerts as stored_alerts
from tocsin.store import attempts, inbound, timeline
from tocsin.store import escalation as stored_runs
from tocsin.store import paging as stored_pages
from tocsin.store.database import Tx
from tocsin.store.instants import from_micros, from_micros_or_none
from tocsin.store.paging import Page


class Attempt(Struct, frozen=True):
    """One call of a provider; without an outcome it is running or in doubt."""

    page: int
    person: str
    channel: str
    address: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str
    provider_id: str
    answer: str


class Raw(Struct, frozen=True):
    """A request as it came in."""

    at: datetime
    path: str
    headers: str
    body: bytes


class AlertStory(Struct, frozen=True):
    """Everything known of one alert."""

    alert: Alert
    shown: str
    run: Run | None
    policy: str
    coming: Coming | None
    facts: Sequence[tuple[int, Fact]]
    pages: Sequence[Page]
    attempts: Sequence[Attempt]
    raw: Raw | None
    integration: str


class Brief(Struct, frozen=True):
    """An alert in a list."""

    alert: Alert
    shown: str
    coming: Coming | None


def story(
    tx: Tx, number: int, *, directory: Directory, now: datetime
) -> AlertStory | None:
    """All of alert `number`, None when there is none."""
    alert = stored_alerts.get_many(tx, [number]).get(number)
    if alert is None:
        return None
    run, policy, coming = _run_of(tx, alert, directory, now)
    integration = directory.by_id(int(alert.integration))
    kept = inbound.raw(tx, alert.raw) if alert.raw else None
    return AlertStory(
        alert=alert,
        shown=rules.shown_state(alert, now=now),
        run=run,
        policy=policy,
        coming=coming,
        facts=timeline.of_alert(tx, number),
        pages=stored_pages.of_alert(tx, number),
        attempts=attempts_of(tx, number),
        raw=Raw(from_micros(kept[0]), *kept[1:]) if kept else None,
        integration=integration.name if integration is not None else _own(alert),
    )


def briefs(
    tx: Tx, alerts: Sequence[Alert], *, directory: Directory, now: datetime
) -> list[Brief]:
    """Alerts for a list, with who is paged next."""
    stored = stored_runs.of_alerts(tx, [alert.number for alert in alerts])
    found = []
    for alert in alerts:
        coming = None
        if alert.number in stored:
            coming = _coming(tx, alert, stored[alert.number], directory, now)[1]
        found.append(Brief(alert, rules.shown_state(alert, now=now), coming))
    return found


def attempts_of(tx: Tx, number: int) -> list[Attempt]:
    """Every call of a provider for an alert."""
    return [_attempt(row) for row in attempts.of_alert(tx, number)]


def _own(alert: Alert) -> str:
    return "by hand" if int(alert.integration) == BY_HAND else INTERNAL.name


def _run_of(
    tx: Tx, alert: Alert, directory: Directory, now: datetime
) -> tuple[Run | None, str, Coming | None]:
    stored = stored_runs.of_alerts(tx, [alert.number]).get(alert.number)
    if stored is None:
        return None, "", None
    run, coming, policy = _decoded(tx, alert, stored, directory, now)
    return run, policy, coming


def _coming(
    tx: Tx,
    alert: Alert,
    stored: stored_runs.StoredRun,
    directory: Directory,
    now: datetime,
) -> tuple[Run | None, Coming | None]:
    run, coming, _ = _decoded(tx, alert, stored, directory, now)
    return run, coming


def _decoded(
    tx: Tx,
    alert: Alert,
    stored: stored_runs.StoredRun,
    directory: Directory,
    now: datetime,
) -> tuple[Run | None, Coming | None, str]:
    try:
        policy = stored_runs.policy_of(tx, stored.policy_version)
        run = stored_runs.run_of(stored)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None, None, ""
    coming = next_up(
        policy,
        run,
        on_call=escalation.resolver(directory, now=now),
        turns=escalation.turns_of(tx, policy),
        now=now,
    )
    return run, coming, policy.name


def _attempt(row: Sequence[object]) -> Attempt:
    page, person, channel, address, started, ended, outcome, provider, answer = row
    assert isinstance(page, int)
    assert isinstance(started, int)
    assert ended is None or isinstance(ended, int)
    return Attempt(
        page,
        str(person),
        str(channel),
        str(address),
        from_micros(started),
        from_micros_or_none(ended),
        str(outcome),
        str(provider),
        str(answer),
    )
