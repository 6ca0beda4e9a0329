"""Delivery of pages: claim with a lease, send outside of any transaction, complete.

`claim` and `complete` are transactions; `deliver` is a call of a provider and may run
in any worker thread. A claim is worth nothing to a process that slept: its own
monotonic clock is asked just before the call.
"""

# long because: the life of one claim, from lease to receipt, is read in one go.

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from tocsin.core.alerts.alerts import Alert
from tocsin.core.credentials import is_secret, without
from tocsin.core.directory import Directory, is_trial
from tocsin.core.pages import escalation as runs
from tocsin.core.pages import page_links
from tocsin.core.pages import paging as rules
from tocsin.core.pages.bundling import DuePage, bundle
from tocsin.core.pages.coming import next_up
from tocsin.core.pages.message_limits import LIMITS, LONGEST, SentPage
from tocsin.core.pages.paging import Attempted
from tocsin.core.people.people import Person
from tocsin.core.severity import Severity, Urgency
from tocsin.core.timeline import Fact, FactKind
from tocsin.engine import escalation, recalls, receipts
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.machine import Clock
from tocsin.interfaces.pagers import PagedAlert, PageMessage, Pager
from tocsin.store import alerts as stored_alerts
from tocsin.store import attempts, reply_codes, timeline
from tocsin.store import escalation as stored_runs
from tocsin.store import paging as stored_pages
from tocsin.store.database import Row, Tx
from tocsin.store.instants import from_micros_or_none
from tocsin.store.paging import Page

LEASE = timedelta(seconds=30)
SEND_TIMEOUT_SECONDS = 10.0
# A claim older than this on our own clock is dropped: the lease could end mid-call.
_CLAIM_GOOD_FOR_SECONDS = LEASE.total_seconds() - SEND_TIMEOUT_SECONDS
_ROWS_AT_ONCE = 1000
_SEVERITIES = {int(one): one for one in Severity}
_LOOK_BACK = timedelta(minutes=2)


class Claim(Struct, frozen=True):
    """One message that this process may send until its lease ends."""

    lead: Page
    fences: tuple[tuple[Page, int], ...]  # every page of the message and its fence
    attempt: int
    message: PageMessage
    claimed_at_monotonic: float


class Sent(Struct, frozen=True):
    """What a provider's answer amounts to."""

    outcome: Attempted
    provider_id: str = ""
    answer: str = ""
    retry_after: timedelta | None = None
    report_within: timedelta | None = None


class Links(Struct, frozen=True):
    """How addresses of our own pages are made."""

    public_url: str
    secret: bytes


def claim(
    tx: Tx,
    *,
    directory: Directory,
    links: Links,
    owner: str,
    now: datetime,
    monotonic: float,
    limit: int,
) -> list[Claim]:
    """Lease due pages to this process, bundled per person and contact."""
    if limit <= 0:
        return []
    # More rows than messages: a storm for one person joins one message.
    rows = stored_pages.claimable(tx, now=now, limit=_ROWS_AT_ONCE)
    if not rows:
        return []
    waiting = [_due(row) for row in rows]
    limited = {(one.channel, one.address) for one in waiting if one.channel in LIMITS}
    waiting += map(_due, stored_pages.held(tx, sorted(limited), now=now))
    sent = _sent_lately(tx, waiting, now=now)
    batch = bundle(waiting, sent, now=now)
    stored_pages.defer(tx, batch.deferred)
    stored_pages.hold(tx, batch.held)
    # What there is no room for stays due.
    messages = batch.messages[:limit]
    by_id = stored_pages.get_many(tx, [page for ids in messages for page in ids])
    alerts = stored_alerts.get_many(tx, sorted({one.alert for one in by_id.values()}))
    claims = []
    for ids in messages:
        members = [by_id[page] for page in ids]
        claims.append(
            _claim_one(
                tx, members, alerts,
                directory=directory, links=links, owner=owner, now=now,
                monotonic=monotonic,
            )
        )  # fmt: skip
    return claims


def _sent_lately(
    tx: Tx, waiting: Sequence[DuePage], *, now: datetime
) -> dict[tuple[str, str], list[SentPage]]:
    """What went to the contacts of people lately: it counts against their budgets."""
    contacts = sorted({(one.channel, one.address) for one in waiting if one.is_human})
    few = [one for one in contacts if one[0] in LIMITS]
    many = [one for one in contacts if one[0] not in LIMITS]
    attempted = attempts.sent_since(tx, many, since=now - _LOOK_BACK)
    sent = {
        contact: [SentPage(at, service) for at, service in found]
        for contact, found in attempted.items()
    }
    limited = attempts.sent_with_severity_since(tx, few, since=now - LONGEST)
    return sent | {
        contact: [SentPage(at, service, _SEVERITIES[n]) for at, service, n in found]
        for contact, found in limited.items()
    }


def _claim_one(
    tx: Tx,
    members: Sequence[Page],
    alerts: Mapping[int, Alert],
    *,
    directory: Directory,
    links: Links,
    owner: str,
    now: datetime,
    monotonic: float,
) -> Claim:
    # A message that is tried again keeps its key, so that a provider that knows
    # idempotency keys rings once.
    lead = next((page for page in members if page.tries), members[0])
    stored_pages.lease(tx, members, lead=lead.id, owner=owner, until=now + LEASE)
    for page in members:
        if page.state == "sending":
            # Its last sender died or froze: what became of that call is in doubt.
            stored_pages.pull_next(tx, page, now=now)
    service = alerts[lead.alert].service if lead.alert in alerts else ""
    attempt = attempts.begin(tx, lead, service=service, members=len(members), now=now)
    message = _message(
        tx, lead, members, alerts, directory=directory, links=links, now=now
    )
    fences = tuple((page, page.fence + 1) for page in members)
    return Claim(lead, fences, attempt, message, monotonic)


def _due(row: Row) -> DuePage:
    page, user, channel, address, alert, service, severity, tries, lead, held = row
    return DuePage(
        page=page,
        user=user,
        channel=channel,
        address=address,
        alert=alert,
        service=service,
        severity=_SEVERITIES[severity],
        is_retry=tries > 0,
        lead=lead,
        held_until=from_micros_or_none(held),
    )


def _message(
    tx: Tx,
    lead: Page,
    members: Sequence[Page],
    alerts: Mapping[int, Alert],
    *,
    directory: Directory,
    links: Links,
    now: datetime,
) -> PageMessage:
    person = directory.people.get(lead.person) or Person(name=lead.person)
    shown: dict[int, PagedAlert] = {}
    for page in members:
        alert = alerts.get(page.alert)
        if alert is not None:
            shown[page.alert] = _paged(alert, links)
    token = page_links.sign(links.secret, page=lead.id, person=lead.person, now=now)
    return PageMessage(
        person=person.name,
        full_name=person.full_name or person.name,
        zone=person.zone,
        urgency=Urgency(lead.urgency),
        alerts=tuple(
            sorted(shown.values(), key=lambda one: (one.severity, one.number))
        ),
        link=f"{links.public_url}/p/{token}",
        why=lead.why,
        next_up=_next_up(tx, lead, directory=directory, now=now),
        sent_at=now,
        may_be_repeat=any(page.tries > 0 for page in members),
        test=bool(shown) and all(is_trial(one.service) for one in shown.values()),
        code=_code(tx, lead, now=now),
        token=token,
    )


def _code(tx: Tx, lead: Page, *, now: datetime) -> int:
    """What a reply by text message will name this message by."""
    if lead.channel != "sms":
        return 0
    return reply_codes.give(
        tx, address=lead.address, page=lead.id, person=lead.person, now=now
    )


def _next_up(tx: Tx, lead: Page, *, directory: Directory, now: datetime) -> str:
    stored = stored_runs.of_alerts(tx, [lead.alert]).get(lead.alert)
    if stored is None:
        return ""
    try:
        policy = stored_runs.policy_of(tx, stored.policy_version)
        run = stored_runs.run_of(stored)
    except msgspec.DecodeError:
        # A damaged run is paged all the same, and must not hold up other pages.
        return ""
    coming = next_up(
        policy,
        run,
        on_call=escalation.resolver(directory, now=now),
        turns=escalation.turns_of(tx, policy),
        now=now,
    )
    return coming.sentence if coming else ""


def _paged(alert: Alert, links: Links) -> PagedAlert:
    return PagedAlert(
        number=alert.number,
        title=alert.title,
        severity=alert.severity,
        service=alert.service,
        since=alert.first_at,
        summary=alert.details.get("description", "")
        or alert.details.get("summary", ""),
        url=f"{links.public_url}/alerts/{alert.number}",
    )


def deliver(claimed: Claim, pagers: Mapping[str, Pager], clock: Clock) -> Sent | None:
    """Call the provider, unless the claim has grown too old; then None."""
    if clock.monotonic() - claimed.claimed_at_monotonic > _CLAIM_GOOD_FOR_SECONDS:
        return None
    pager = pagers.get(claimed.lead.channel)
    if pager is None:
        reason = f"no pager is set up for {claimed.lead.channel!r}"
        return Sent(Attempted.PERMANENT, answer=reason)
    try:
        receipt = pager.page(
            claimed.message,
            to=claimed.lead.address,
            key=f"tocsin-page-{claimed.lead.id}",
            timeout_seconds=SEND_TIMEOUT_SECONDS,
        )
    except DeliveryFailed as failed:
        outcome = Attempted.PERMANENT if failed.permanent else Attempted.TEMPORARY
        wait = failed.retry_after_seconds
        retry_after = None if wait is None else timedelta(seconds=wait)
        answer = _kept(failed.reason, claimed)
        return Sent(outcome, answer=answer, retry_after=retry_after)
    except DeliveryUnknown as unknown:
        return Sent(Attempted.UNKNOWN, answer=_kept(unknown.reason, claimed))
    except Exception as error:  # noqa: BLE001 - a pager's bug proves nothing either
        return Sent(Attempted.UNKNOWN, answer=f"{type(error).__name__} in the pager")
    within = receipt.report_within_seconds
    return Sent(
        Attempted.ACCEPTED,
        _kept(receipt.provider_id, claimed),
        _kept(receipt.answer, claimed),
        report_within=None if within is None else timedelta(seconds=within),
    )


def _kept(answer: str, claimed: Claim) -> str:
    """The answer as it is kept: a provider may echo the address or the page link."""
    secrets = [claimed.message.link]
    if is_secret(claimed.lead.channel):
        secrets.append(claimed.lead.address)
    return without(answer, *secrets)


def complete(
    tx: Tx,
    claimed: Claim,
    sent: Sent,
    *,
    directory: Directory,
    now: datetime,
    jitter: float,
) -> None:
    """Write what the provider said; a claim that was taken over changes no page."""
    attempts.end(
        tx,
        claimed.attempt,
        outcome=sent.outcome.value,
        provider_id=sent.provider_id,
        answer=sent.answer,
        now=now,
        report_due_at=now + sent.report_within if sent.report_within else None,
    )
    for page, fence in claimed.fences:
        after = rules.after_attempt(
            sent.outcome,
            tries=page.tries + 1,
            now=now,
            retry_after=sent.retry_after,
            jitter=jitter,
        )
        held = stored_pages.complete(
            tx, page.id, fence=fence, state=after.state, due_at=after.due_at, now=now
        )
        if held and after.pull_next:
            stored_pages.pull_next(tx, page, now=now)
        if held and after.state == "failed":
            _give_up(tx, page, directory=directory, now=now)
    timeline.append(
        tx, [(page.alert, _fact(page, sent, now=now)) for page, _ in claimed.fences]
    )
    _taken(tx, claimed, sent, now=now)


def _taken(tx: Tx, claimed: Claim, sent: Sent, *, now: datetime) -> None:
    """What happened meanwhile: a report came already, or somebody answered."""
    if sent.report_within:
        receipts.catch_up(tx, sent.provider_id, now=now)
    if sent.outcome is Attempted.ACCEPTED and claimed.lead.channel in rules.RINGING:
        recalls.after_answer(tx, claimed.lead.id, now=now)


def _give_up(tx: Tx, page: Page, *, directory: Directory, now: datetime) -> None:
    """Every method of this person failed: for this paging they are nobody."""
    if not stored_pages.everyone_failed(tx, page):
        return
    alert = stored_alerts.get(tx, page.alert)
    if alert is None or alert.episode != page.episode:
        return
    event = runs.Unreachable(users=(page.person,), paging=page.paging)
    escalation.apply(tx, alert, event, directory=directory, now=now)


_SAID = {
    Attempted.ACCEPTED: "{channel} to {person}: accepted",
    Attempted.PERMANENT: "{channel} to {person}: refused for good",
    Attempted.TEMPORARY: "{channel} to {person}: not taken, trying again",
    Attempted.UNKNOWN: "{channel} to {person}: no certain answer, trying again",
}


def _fact(page: Page, sent: Sent, *, now: datetime) -> Fact:
    text = _SAID[sent.outcome].format(channel=page.channel, person=page.person)
    return Fact(
        at=now,
        kind=FactKind.DELIVERY,
        text=text,
        reason=sent.outcome.value,
        data={"person": page.person, "channel": page.channel, "answer": sent.answer},
    )
