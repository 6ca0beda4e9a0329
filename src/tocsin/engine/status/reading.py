"""A status page at one moment, read for whoever shows or writes it."""

from datetime import datetime, timedelta

from tocsin.core.alerts.maintenance import Maintenance
from tocsin.core.severity import Severity
from tocsin.core.status import status_pages as rules
from tocsin.core.status.status_pages import (
    DAYS,
    MAINTENANCE,
    Interval,
    Notice,
    Planned,
    Snapshot,
    StatusPage,
)
from tocsin.store import maintenance
from tocsin.store import status_pages as stored
from tocsin.store.database import Tx
from tocsin.store.status_pages import Spoken


def snapshot(tx: Tx, page: StatusPage, *, now: datetime) -> Snapshot:
    """Everything that a page shows now."""
    since = now - timedelta(days=DAYS + 1)
    known = stored.known_since(tx, page.name) or now
    intervals = [
        *stored.intervals(tx, page.name, since=since),
        *_works(tx, page, since=since, now=now),
    ]
    names = [one.name for one in page.components]
    notices = _notices(tx, page, since)
    is_open = [one for one in notices if one.resolved_at is None]
    return Snapshot(
        page=page,
        made_at=now,
        known_since=known,
        states={name: rules.state_at(intervals, name, now) for name in names},
        days={
            name: rules.days_of(
                intervals, name, zone=page.zone, known_since=known, now=now
            )
            for name in names
        },
        uptimes={
            name: rules.uptime(intervals, name, known_since=known, now=now)
            for name in names
        },
        open=tuple(
            sorted(
                is_open, key=lambda one: (-rules.RANK.index(one.worst), -one.incident)
            )
        ),
        past=tuple(one for one in notices if one.resolved_at is not None),
        planned=tuple(_planned(page, one) for one in _planned_windows(tx, page, now)),
    )


def notice(tx: Tx, page: StatusPage, incident: int, *, now: datetime) -> Notice | None:
    """One incident as customers know it."""
    since = now - timedelta(days=3650)
    found = _notices(tx, page, since)
    return next((one for one in found if one.incident == incident), None)


def _notices(tx: Tx, page: StatusPage, since: datetime) -> list[Notice]:
    by_incident: dict[int, list[Spoken]] = {}
    for one in stored.spoken(tx, since=since):
        if not one.is_private and _touches(page, one):
            by_incident.setdefault(one.incident, []).append(one)
    return [_notice(page, number, found) for number, found in by_incident.items()]


def _touches(page: StatusPage, one: Spoken) -> bool:
    services = {name for part in page.components for name in part.services}
    named = any(key.startswith(f"{page.name}/") for key in one.components)
    return named or bool(services & set(one.services))


def _notice(page: StatusPage, number: int, found: list[Spoken]) -> Notice:
    """`found` is the newest first; what is resolved for customers is over."""
    states: dict[str, str] = {}
    for one in reversed(found):
        said = rules.affected(
            page, services=one.services, severity=Severity(one.severity),
            said=one.components, is_over=False,
        )  # fmt: skip
        for name, state in said.items():
            states[name] = rules.worst_of([states.get(name, rules.OPERATIONAL), state])
    newest = found[0]
    over = newest.told.at if newest.told.stage == "resolved" else newest.resolved_at
    return Notice(
        incident=number,
        updates=tuple(one.told for one in found),
        components=tuple(one.name for one in page.components if one.name in states),
        worst=rules.worst_of(states.values()),
        resolved_at=over,
    )


def _planned_windows(tx: Tx, page: StatusPage, now: datetime) -> list[Maintenance]:
    return [one for one in stored.planned(tx, now=now) if _parts(page, one)]


def _planned(page: StatusPage, window: Maintenance) -> Planned:
    return Planned(
        window.id, window.public_text, window.starts_at, window.ends_at,
        _parts(page, window),
    )  # fmt: skip


def _parts(page: StatusPage, window: Maintenance) -> tuple[str, ...]:
    return tuple(
        one.name for one in page.components if set(one.services) & set(window.services)
    )


def _works(
    tx: Tx, page: StatusPage, *, since: datetime, now: datetime
) -> list[Interval]:
    """Planned work that customers were told of, as intervals."""
    return [
        Interval(name, MAINTENANCE, one.starts_at, one.ends_at)
        for one in maintenance.listing(tx)
        if one.public_text and one.ends_at > since and one.starts_at <= now
        for name in _parts(page, one)
    ]
