"""Lists and counts of alerts, for people and for sweeps over all that are open."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from tocsin.core.alerts.alerts import Alert
from tocsin.core.severity import Severity
from tocsin.store.alerts import SELECT, alert_of
from tocsin.store.database import Tx

_MOST_SEARCHED = 20_000
_MOST_ALIKE = 5_000


class Narrowed(Struct, frozen=True):
    """What a list is narrowed to; empty is everything. `services` None: all of them."""

    severity: int = 0
    text: str = ""
    held_by: str = ""
    services: Collection[str] | None = None


_ALL = Narrowed()
_CHUNK = 2000


def open_alerts(tx: Tx, *, integration: int | None = None) -> list[Alert]:
    """Every alert that is not resolved (of one integration), worst first."""
    where = "where status <> 'resolved'"
    if integration is not None:
        where += f" and integration = {int(integration)}"
    return [
        alert_of(row) for row in tx.all(f"{SELECT}{where} order by severity, number")
    ]


def open_after(tx: Tx, number: int, *, limit: int) -> list[int]:
    """The numbers of open alerts behind one, in order."""
    rows = tx.all(
        "select number from alerts where status <> 'resolved' and number > :after "
        f"order by number limit {limit:d}",
        after=number,
    )
    return [int(row[0]) for row in rows]


def open_of(tx: Tx, services: Collection[str], *, limit: int) -> list[Alert]:
    """Open alerts of some services, worst and newest first."""
    if not services:
        return []
    names = [f":n{number}" for number, _ in enumerate(services)]
    rows = tx.all(
        f"{SELECT}where status <> 'resolved' and integration <> 0 "
        f"and service in ({', '.join(names)}) "
        "order by severity, number desc limit :limit",
        limit=limit,
        **{f"n{number}": name for number, name in enumerate(services)},
    )
    return [alert_of(row) for row in rows]


def unclaimed(
    tx: Tx, services: Collection[str], *, worst: Severity, limit: int = 50
) -> list[Alert]:
    """Open, loud alerts of some services that belong to no incident yet.

    `worst` is the mildest severity that counts.
    """
    names = [f":n{number}" for number, _ in enumerate(services)]
    rows = tx.all(
        f"{SELECT}where status <> 'resolved' and severity <= :worst "
        f"and service in ({', '.join(names)}) and suppressed_by = '' and integration > 0 "
        "and not exists (select 1 from incident_alerts "
        "where incident_alerts.alert = alerts.number) order by number limit :limit",
        worst=int(worst),
        limit=limit,
        **{f"n{number}": name for number, name in enumerate(services)},
    )
    return [alert_of(row) for row in rows]


def listing(
    tx: Tx,
    *,
    statuses: Sequence[str],
    before: int | None,
    limit: int,
    service: str = "",
    suppressed: bool | None = None,
    hidden: Collection[str] = (),
    narrowed: Narrowed = _ALL,
) -> list[Alert]:
    """Alerts of `statuses` for people, newest first, older than number `before`.

    `hidden` are services that the reader may not know of.
    """
    params: dict[str, Any] = {"limit": limit, "service": service}
    names = [f"s{index}" for index in range(len(statuses))]
    params.update(zip(names, statuses, strict=True))
    where = f"integration <> 0 and status in ({', '.join(':' + n for n in names)})"
    if service:
        where += " and service = :service"
    if suppressed is not None:
        where += f" and suppressed_by {'<>' if suppressed else '='} ''"
    where += _not_hidden(hidden, params) + _narrowing(narrowed, params)
    if before is not None:
        where += " and number < :before"
        params["before"] = before
    rows = tx.all(f"{SELECT}where {where} order by number desc limit :limit", **params)
    return [alert_of(row) for row in rows]


def since(tx: Tx, at: datetime, *, most: int) -> tuple[list[Alert], bool]:
    """Alerts that began at `at` or later, newest first, and whether there are more.

    Numbers grow with time, so that reading stops at the first that is older.
    """
    found: list[Alert] = []
    before = 2**62
    while len(found) < most:
        rows = tx.all(
            f"{SELECT}where number < :before order by number desc limit :limit",
            before=before,
            limit=_CHUNK,
        )
        alerts = [alert_of(row) for row in rows]
        young = [one for one in alerts if one.first_at >= at]
        found += young
        if len(alerts) < _CHUNK or len(young) < len(alerts):
            return found[:most], False
        before = alerts[-1].number
    return found[:most], True


def worst_open(tx: Tx, *, limit: int, hidden: Collection[str] = ()) -> list[Alert]:
    """Open alerts that are not quiet, worst and newest first."""
    params: dict[str, Any] = {"limit": limit}
    rows = tx.all(
        SELECT + "where status <> 'resolved' and integration <> 0 "
        f"and suppressed_by = ''{_not_hidden(hidden, params)} "
        "order by severity, number desc limit :limit",
        **params,
    )
    return [alert_of(row) for row in rows]


def paging(tx: Tx, person: str, *, limit: int) -> list[Alert]:
    """Alerts that nobody has answered and that `person` is paged for, worst first."""
    rows = tx.all(
        SELECT + "where status = 'triggered' and integration <> 0 "
        "and suppressed_by = '' and exists (select 1 from pages "
        # The columns' order is that of the unique index of pages.
        "where pages.alert = alerts.number and pages.episode = alerts.episode "
        "and pages.person = :person and pages.tries > 0 "
        "and pages.state in ('due', 'sending', 'accepted')) "
        "order by severity, number desc limit :limit",
        person=person,
        limit=limit,
    )
    return [alert_of(row) for row in rows]


def search(
    tx: Tx, text: str, *, limit: int, hidden: Collection[str] = ()
) -> list[Alert]:
    """Alerts with `text` in the title: open ones, then the newest that have ended."""
    quoted = text.lower()
    for special in "!%_":
        quoted = quoted.replace(special, f"!{special}")
    params: dict[str, Any] = {"pattern": f"%{quoted}%", "limit": limit}
    named = (
        "and integration <> 0 and lower(title) like :pattern escape '!'"
        f"{_not_hidden(hidden, params)} "
    )
    still_open = tx.all(
        f"{SELECT}where status <> 'resolved' {named}"
        "order by severity, number desc limit :limit",
        **params,
    )
    ended = tx.all(
        # Bounded: a title that nothing has would read every alert there ever was.
        f"{SELECT}where number > (select coalesce(max(number), 0) from alerts) - :most "
        f"and status = 'resolved' {named}order by number desc limit :limit",
        most=_MOST_SEARCHED,
        **params,
    )
    return [alert_of(row) for row in (*still_open, *ended)][:limit]


def held_by(tx: Tx, person: str, *, limit: int) -> list[Alert]:
    """Open alerts that `person` has acknowledged, worst first."""
    rows = tx.all(
        SELECT + "where status = 'acknowledged' and integration <> 0 "
        "and acked_by = :person order by severity, number desc limit :limit",
        person=person,
        limit=limit,
    )
    return [alert_of(row) for row in rows]


def alike(tx: Tx, alert: Alert, *, limit: int) -> list[Alert]:
    """Earlier alerts of the same key, or of the same service and title, newest first.

    Of the few thousand before it: a page must not read years of alerts.
    """
    rows = tx.all(
        f"{SELECT}where number in (select number from (select number, integration, key, "
        "service, title from alerts where number < :number "
        "order by number desc limit :most) as earlier "
        "where integration <> 0 and ((integration = :integration and key = :key) "
        "or (service = :service and title = :title)) order by number desc limit :limit) "
        "order by number desc",
        number=alert.number,
        most=_MOST_ALIKE,
        integration=int(alert.integration),
        key=alert.key,
        service=alert.service,
        title=alert.title,
        limit=limit,
    )
    return [alert_of(row) for row in rows]


def counts(tx: Tx, *, hidden: Collection[str] = ()) -> Mapping[tuple[str, bool], int]:
    """How many open alerts there are by (status, suppressed)."""
    params: dict[str, Any] = {}
    rows = tx.all(
        "select status, suppressed_by <> '', count(*) from alerts "
        "where status <> 'resolved' and integration <> 0"
        f"{_not_hidden(hidden, params)} group by 1, 2",
        **params,
    )
    return {(status, bool(quiet)): count for status, quiet, count in rows}


def open_by_service(
    tx: Tx, *, service: str = ""
) -> Mapping[str, Mapping[tuple[int, str], int]]:
    """How many alerts are open per service by (severity, state).

    A state is triggered, acknowledged or suppressed.
    """
    rows = tx.all(
        "select service, severity, "
        "case when suppressed_by <> '' then 'suppressed' else status end, count(*) "
        "from alerts where status <> 'resolved' and integration <> 0"
        f"{' and service = :service' if service else ''} group by 1, 2, 3",
        **({"service": service} if service else {}),
    )
    found: dict[str, dict[tuple[int, str], int]] = {}
    for name, severity, state, count in rows:
        found.setdefault(name, {})[severity, state] = count
    return found


def _narrowing(wanted: Narrowed, params: dict[str, Any]) -> str:
    """The conditions of a list's filters; adds their parameters."""
    where = ""
    if wanted.severity:
        where += " and severity = :severity"
        params["severity"] = wanted.severity
    if wanted.text:
        where += (
            " and (lower(title) like :text escape '!' or cast(number as text) = :exact)"
        )
        params["exact"] = wanted.text.lower().removeprefix("alr-")
        quoted = wanted.text.lower()
        for special in "!%_":
            quoted = quoted.replace(special, f"!{special}")
        params["text"] = f"%{quoted}%"
    if wanted.held_by:
        where += (
            " and (acked_by = :held_by or exists (select 1 from pages "
            "where pages.alert = alerts.number and pages.episode = alerts.episode "
            "and pages.person = :held_by))"
        )
        params["held_by"] = wanted.held_by
    if wanted.services is not None:
        names = [f"n{index}" for index in range(len(wanted.services))]
        params.update(zip(names, sorted(wanted.services), strict=True))
        chosen = ", ".join(f":{name}" for name in names)
        where += f" and service in ({chosen})" if names else " and 1 = 0"
    return where


def _not_hidden(hidden: Collection[str], params: dict[str, Any]) -> str:
    """A condition that leaves `hidden` services out; adds its parameters."""
    names = [f"h{index}" for index in range(len(hidden))]
    params.update(zip(names, sorted(hidden), strict=True))
    if not names:
        return ""
    return f" and service not in ({', '.join(':' + name for name in names)})"
