"""What senders sent: raw bodies, refusals, changes and heartbeats."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from tocsin.interfaces.arrivals import Change
from tocsin.store.database import Row, Tx
from tocsin.store.instants import to_micros, to_micros_or_none

_encode = msgspec.json.Encoder().encode


class Kept(Struct, frozen=True, gc=False):
    """A raw request that changed something."""

    id: int
    integration: int
    path: str
    headers: Mapping[str, str]
    body: bytes


def next_ids(tx: Tx, count: int) -> Sequence[int]:
    """`count` unused ids of raw requests, in order."""
    if tx.dialect == "sqlite":
        # The only writer: nobody else can take the same ones before the commit.
        last = tx.overlay.get("last_inbox")
        if last is None:
            row = tx.one("select coalesce(max(id), 0) from inbox")
            last = row[0] if row else 0
        tx.overlay["last_inbox"] = last + count
        return range(last + 1, last + count + 1)
    rows = tx.all(
        "select nextval('inbox_id_seq') from generate_series(1, :count)", count=count
    )
    return [row[0] for row in rows]


def keep(tx: Tx, requests: Sequence[Kept], *, now: datetime) -> None:
    """Store raw requests under the ids that they were given."""
    at = to_micros(now)
    tx.many(
        "insert into inbox (id, integration, at, path, headers, body) "
        "values (?, ?, ?, ?, ?, ?)",
        [
            (
                one.id,
                one.integration,
                at,
                one.path,
                _encode(one.headers).decode(),
                one.body,
            )
            for one in requests
        ],
    )


def raw(tx: Tx, inbox: int) -> Row | None:
    """(at, path, headers, body) of one kept request."""
    return tx.one("select at, path, headers, body from inbox where id = :id", id=inbox)


def reject(
    tx: Tx,
    integration: int,
    *,
    status: int,
    reason: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> None:
    """Keep what could not be read, for the owner of the integration."""
    tx.run(
        "insert into rejects (integration, at, status, reason, path, headers, body) "
        "values (:integration, :at, :status, :reason, :path, :headers, :body)",
        integration=integration,
        at=to_micros(now),
        status=status,
        reason=reason[:2000],
        path=path,
        headers=_encode(headers).decode(),
        body=body,
    )
    # A sender that is broken for a week must not fill the disk: the newest 200 stay.
    tx.run(
        "delete from rejects where integration = :integration and id <= "
        "(select max(id) from rejects) - 100000 or id in (select id from rejects "
        "where integration = :integration order by id desc limit 50 offset 200)",
        integration=integration,
    )


def rejects(tx: Tx, integration: int | None, *, limit: int = 50) -> list[Row]:
    """(id, integration, at, status, reason, path, headers, body), newest first."""
    where = "where integration = :integration" if integration is not None else ""
    params = {"integration": integration} if integration is not None else {}
    return tx.all(
        "select id, integration, at, status, reason, path, headers, body from rejects "
        f"{where} order by id desc limit :limit",
        limit=limit,
        **params,
    )


def reject_counts(tx: Tx) -> dict[int, int]:
    """How many refused requests are kept, by integration."""
    rows = tx.all("select integration, count(*) from rejects group by integration")
    return {row[0]: row[1] for row in rows}


def add_changes(
    tx: Tx, integration: int, service: str, changes: Sequence[Change], *, now: datetime
) -> None:
    """Changes that a sender reported; one that it sends twice is kept once."""
    tx.many(
        "insert into changes "
        "(integration, service, at, summary, source, data, event_id) "
        "values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing",
        [
            (
                integration,
                service,
                to_micros(change.occurred_at or now),
                change.summary,
                change.source,
                _encode({"details": change.details, "links": change.links}).decode(),
                change.event_id or None,
            )
            for change in changes
        ],
    )


def changes_before(
    tx: Tx, service: str, *, before: datetime, limit: int = 5
) -> list[Row]:
    """(at, summary, source, data) of the newest changes of a service."""
    return tx.all(
        "select at, summary, source, data from changes where service = :service "
        "and at <= :before order by at desc limit :limit",
        service=service,
        before=to_micros(before),
        limit=limit,
    )


def changes_since(tx: Tx, *, since: datetime, limit: int = 500) -> list[Row]:
    """(id, service, at, summary, source, data) of changes of all services, newest first.

    Of the few hundred that came last, so that a busy pipeline costs no page its time.
    """
    rows = tx.all(
        "select id, service, at, summary, source, data from changes "
        "order by id desc limit :limit",
        limit=limit,
    )
    return [row for row in rows if row[2] >= to_micros(since)]


def list_changes(
    tx: Tx, *, service: str, before: int | None, hidden: Collection[str], limit: int
) -> list[Row]:
    """(id, service, at, summary, source, data) in the order that they were told."""
    wheres, params = ["1 = 1"], {"limit": limit}  # type: tuple[list[str], dict[str, object]]
    if service:
        wheres.append("service = :service")
        params["service"] = service
    if before is not None:
        wheres.append("id < :before")
        params["before"] = before
    for number, name in enumerate(hidden):
        wheres.append(f"service <> :hidden{number}")
        params[f"hidden{number}"] = name
    return tx.all(
        "select id, service, at, summary, source, data from changes "
        f"where {' and '.join(wheres)} order by id desc limit :limit",
        **params,
    )


def latest_changes(
    tx: Tx, *, since: datetime, limit: int, hidden: Collection[str] = ()
) -> list[Row]:
    """(at, summary, source, service) of the newest changes, newest first.

    Of the few hundred that came last, so that a busy pipeline costs no page its time.
    """
    rows = tx.all(
        "select at, summary, source, service from (select at, summary, source, service "
        "from changes order by id desc limit 300) as latest "
        "where at >= :since order by at desc",
        since=to_micros(since),
    )
    return [row for row in rows if row[3] not in hidden][:limit]


def touch(tx: Tx, integration: int, *, now: datetime) -> None:
    """The integration was heard of."""
    tx.run(
        "update integrations set last_event_at = :now where id = :id",
        now=to_micros(now),
        id=integration,
    )


def ping(
    tx: Tx, integration: int, *, path: str, now: datetime, due_at: datetime | None
) -> None:
    """A heartbeat came; the next is wanted by `due_at`."""
    tx.run(
        "insert into heartbeats (integration, last_ping_at, due_at, last_path) "
        "values (:integration, :now, :due_at, :path) on conflict (integration) do "
        "update set last_ping_at = excluded.last_ping_at, due_at = excluded.due_at, "
        "last_path = excluded.last_path",
        integration=integration,
        now=to_micros(now),
        due_at=to_micros_or_none(due_at),
        path=path,
    )


def overdue_heartbeats(tx: Tx, *, now: datetime) -> list[int]:
    """Integrations whose heartbeat did not come; each is returned once."""
    rows = tx.all(
        "update heartbeats set due_at = null where due_at <= :now "
        "and due_at is not null returning integration",
        now=to_micros(now),
    )
    return [row[0] for row in rows]


def forget(tx: Tx, *, before: datetime) -> None:
    """Drop raw bodies older than the time they are kept."""
    tx.run("delete from inbox where at < :before", before=to_micros(before))


def newest(tx: Tx, integration: int) -> Row | None:
    """(id, at, path, headers, body) of the last request that changed something."""
    return tx.one(
        "select id, at, path, headers, body from inbox where integration = :integration "
        "order by id desc limit 1",
        integration=integration,
    )


def heartbeat(tx: Tx, integration: int) -> Row | None:
    """(last ping, due, last path) of a heartbeat that has been heard of."""
    return tx.one(
        "select last_ping_at, due_at, last_path from heartbeats "
        "where integration = :integration",
        integration=integration,
    )
