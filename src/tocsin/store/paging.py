"""Pages (one per person, rule and act of paging) and the attempts to deliver them.

A page is claimed with a lease and a fence: only the claim's holder may complete it,
and what a former holder says later changes nothing. Pages sent in one message share
the `lead`, whose id is the message's idempotency key.
"""

# long because: every statement about pages stands in one place.

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

from msgspec import Struct

from tocsin.core.pages.escalation import Paging
from tocsin.core.pages.paging import PlannedPage
from tocsin.core.severity import Severity
from tocsin.store.chosen import by_number
from tocsin.store.database import Row, Tx
from tocsin.store.instants import (
    from_micros,
    from_micros_or_none,
    to_micros,
    to_micros_or_none,
)
from tocsin.store.sealing import open_address, seal_address


class Page(Struct, frozen=True):
    """One page as stored."""

    id: int
    alert: int
    episode: int
    paging: int
    person: str
    rule: int
    level: int
    loop: int
    channel: str
    address: str
    urgency: str
    severity: int
    why: str
    state: str  # due | sending | accepted | failed | cancelled
    due_at: datetime
    made_at: datetime
    lease_until: datetime | None
    fence: int
    tries: int
    owner: str
    lead: int
    ended_at: datetime | None


_COLUMNS = (
    "id", "alert", "episode", "paging", "person", "rule", "level", "loop", "channel",
    "address", "urgency", "severity", "why", "state", "due_at", "made_at",
    "lease_until", "fence", "tries", "owner", "lead", "ended_at",
)  # fmt: skip
_SELECT = "select " + ", ".join(_COLUMNS) + " from pages "


def insert(
    tx: Tx,
    rows: Sequence[tuple[int, int, Severity, Paging, PlannedPage]],
    *,
    now: datetime,
) -> None:
    """New pages of (alert, episode, severity, paging, plan); a repeat changes nothing."""
    made_at = to_micros(now)
    tx.many(
        "insert into pages (alert, episode, paging, person, rule, level, loop, channel, "
        "address, urgency, severity, why, due_at, made_at) "
        "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "on conflict (alert, episode, paging, person, rule) do nothing",
        [
            (
                alert,
                episode,
                paging.number,
                plan.user,
                plan.rule,
                paging.level,
                paging.loop,
                plan.channel,
                seal_address(tx, plan.channel, plan.address),
                plan.urgency.value,
                int(severity),
                paging.why,
                to_micros(plan.due_at),
                made_at,
            )
            for alert, episode, severity, paging, plan in rows
        ],
    )


def cancel(
    tx: Tx, alert: int, *, now: datetime, persons: Sequence[str] | None = None
) -> int:
    """Call off what is pending for `alert`, of everyone or of `persons`."""
    params: dict[str, Any] = {"alert": alert, "now": to_micros(now)}
    where = "alert = :alert and state in ('due', 'sending')"
    if persons is not None:
        names = [f"p{index}" for index in range(len(persons))]
        params.update(zip(names, persons, strict=True))
        where += f" and person in ({', '.join(':' + name for name in names)})"
    return tx.run(
        # `sending` too: left alone it would be claimed again when its lease ends.
        f"update pages set state = 'cancelled', ended_at = :now where {where}",
        **params,
    )


def revive(tx: Tx, alert: int, *, since: datetime) -> int:
    """Bring back what was called off at or after `since` (an undone acknowledgement)."""
    return tx.run(
        "update pages set state = 'due', ended_at = null, lease_until = null "
        "where alert = :alert and state = 'cancelled' and ended_at >= :since",
        alert=alert,
        since=to_micros(since),
    )


_CLAIMED = (
    "select id, person, channel, address, alert, coalesce((select service "
    "from alerts where number = pages.alert), ''), severity, tries, lead, held_until "
    "from pages "
)


def claimable(tx: Tx, *, now: datetime, limit: int) -> list[Row]:
    """Due pages, and those whose sender's lease ran out; worst and first pages first.

    (id, person, channel, address, alert, service, severity, tries, lead, held_until)
    of each.
    """
    rows = tx.all(
        _CLAIMED
        # Naming both states first lets the partial index of pending pages be used.
        + "where state in ('due', 'sending') and due_at <= :now "
        "and (state = 'due' or (state = 'sending' and lease_until <= :now)) "
        f"order by severity, paging, due_at, id limit {limit:d}{tx.skip_locked}",
        now=to_micros(now),
    )
    return _opened(tx, rows)


# A message tells of so many at most; the rest joins the one after it.
_MOST_HELD = 1000


def held(tx: Tx, contacts: Sequence[tuple[str, str]], *, now: datetime) -> list[Row]:
    """Pages that wait for a limit of these contacts, as `claimable` gives them."""
    rows: list[Row] = []
    for channel, address in contacts:
        rows += tx.all(
            # The first two are those of the index of what is held.
            _CLAIMED + "where state = 'due' and held_until > 0 "
            "and held_until > :now and channel = :channel and address = :address "
            f"order by severity, paging, due_at, id limit {_MOST_HELD}{tx.skip_locked}",
            now=to_micros(now),
            channel=channel,
            address=seal_address(tx, channel, address),
        )
    return _opened(tx, rows)


def _opened(tx: Tx, rows: Sequence[Row]) -> list[Row]:
    if not rows:
        return []
    address_of = lru_cache(maxsize=None)(partial(open_address, tx))
    return [
        (page, person, channel, address_of(channel, address), *more, held_until or None)
        for page, person, channel, address, *more, held_until in rows
    ]


def get_many(tx: Tx, pages: Sequence[int]) -> dict[int, Page]:
    """Several pages by id."""
    if not pages:
        return {}
    chosen, numbers = by_number(tx, "id", pages)
    rows = tx.all(_SELECT + f"where {chosen}", numbers=numbers)
    return {row[0]: _page(tx, row) for row in rows}


def lease(
    tx: Tx, pages: Sequence[Page], *, lead: int, owner: str, until: datetime
) -> None:
    """Mark `pages` as being sent by `owner` in the message led by `lead`."""
    tx.many(
        "update pages set state = 'sending', lease_until = ?, fence = fence + 1, "
        "tries = tries + 1, owner = ?, lead = ?, held_until = 0 where id = ?",
        [(to_micros(until), owner, lead, page.id) for page in pages],
    )


def defer(tx: Tx, deferred: Sequence[tuple[int, datetime]]) -> None:
    """Pages over a contact's budget wait and join a later message."""
    tx.many(
        "update pages set due_at = ? where id = ?",
        [(to_micros(until), page) for page, until in deferred],
    )


def hold(tx: Tx, held: Sequence[tuple[int, datetime]]) -> None:
    """Pages over a limit of their contact wait so long, or join its next message."""
    tx.many(
        "update pages set due_at = ?, held_until = ? where id = ?",
        [(to_micros(until), to_micros(until), page) for page, until in held],
    )


def complete(
    tx: Tx,
    page: int,
    *,
    fence: int,
    state: str,
    due_at: datetime | None,
    now: datetime,
) -> bool:
    """Record the outcome if the claim `fence` still holds; whether it did."""
    return (
        tx.run(
            "update pages set state = :state, due_at = coalesce(:due_at, due_at), "
            "lease_until = null, ended_at = :ended_at "
            "where id = :page and fence = :fence and state = 'sending'",
            state=state,
            due_at=to_micros_or_none(due_at),
            ended_at=None if state == "due" else to_micros(now),
            page=page,
            fence=fence,
        )
        > 0
    )


def send_again(tx: Tx, page: int, *, at: datetime) -> bool:
    """A page that was taken and did not arrive is due once more."""
    return (
        tx.run(
            "update pages set state = 'due', due_at = :at, ended_at = null "
            "where id = :page and state = 'accepted'",
            at=to_micros(at),
            page=page,
        )
        > 0
    )


def pull_next(tx: Tx, page: Page, *, now: datetime) -> None:
    """Use the person's next contact method now, not when its rule would be due.

    A contact that is at its limit is no help now; the one after it is.
    """
    tx.run(
        "update pages set due_at = :now where id = (select id from pages "
        "where alert = :alert and episode = :episode and paging = :paging "
        "and person = :person and state = 'due' and due_at > :now and tries = 0 "
        "and held_until <= :now "
        "and (channel <> :channel or address <> :address) "
        "order by rule limit 1)",
        now=to_micros(now),
        alert=page.alert,
        episode=page.episode,
        paging=page.paging,
        person=page.person,
        channel=page.channel,
        address=seal_address(tx, page.channel, page.address),
    )


def everyone_failed(tx: Tx, page: Page) -> bool:
    """Whether no page of this act of paging to this person can still arrive."""
    row = tx.one(
        "select 1 from pages where alert = :alert and episode = :episode "
        "and paging = :paging and person = :person and state <> 'failed' limit 1",
        alert=page.alert,
        episode=page.episode,
        paging=page.paging,
        person=page.person,
    )
    return row is None


def overdue(tx: Tx, *, before: datetime, limit: int = 20) -> list[int]:
    """Pages due before `before` that nobody is sending (the auditor)."""
    rows = tx.all(
        "select id from pages where state in ('due', 'sending') and due_at <= :before "
        "and (state = 'due' or (state = 'sending' and lease_until <= :before)) "
        "limit :limit",
        before=to_micros(before),
        limit=limit,
    )
    return [row[0] for row in rows]


def free_others(tx: Tx, *, owner: str, now: datetime) -> int:
    """End the leases of every other incarnation: it is known to be dead."""
    return tx.run(
        "update pages set lease_until = :now where state in ('due', 'sending') "
        "and state = 'sending' "
        "and owner <> :owner and lease_until > :now",
        owner=owner,
        now=to_micros(now),
    )


def mend_times(tx: Tx, *, now: datetime) -> int:
    """What was being sent was due: a clock that has gone back since does not undo it.

    Its lease alone says when it is claimed again, and `next_due` may count on that.
    """
    return tx.run(
        "update pages set due_at = :now where state in ('due', 'sending') "
        "and state = 'sending' and due_at > :now",
        now=to_micros(now),
    )


def of_alert(tx: Tx, alert: int) -> list[Page]:
    """Every page of an alert in the order they were decided."""
    rows = tx.all(_SELECT + "where alert = :alert order by id", alert=alert)
    return [_page(tx, row) for row in rows]


def was_paged(tx: Tx, alert: int, person: str) -> bool:
    """Whether a page of the alert is or was for them."""
    row = tx.one(
        "select 1 from pages where alert = :alert and person = :person limit 1",
        alert=alert,
        person=person,
    )
    return row is not None


def of_lead(tx: Tx, lead: int) -> list[Page]:
    """The pages that went out in one message."""
    rows = tx.all(
        _SELECT + "where lead = :lead or id = :lead order by severity, id", lead=lead
    )
    return [_page(tx, row) for row in rows]


def get(tx: Tx, page: int) -> Page | None:
    """One page."""
    return get_many(tx, [page]).get(page)


def _page(tx: Tx, row: Row) -> Page:
    values: dict[str, Any] = dict(zip(_COLUMNS[:14], row, strict=False))
    values["address"] = open_address(tx, values["channel"], values["address"])
    return Page(
        **values,
        due_at=from_micros(row[14]),
        made_at=from_micros(row[15]),
        lease_until=from_micros_or_none(row[16]),
        fence=row[17],
        tries=row[18],
        owner=row[19],
        lead=row[20],
        ended_at=from_micros_or_none(row[21]),
    )
