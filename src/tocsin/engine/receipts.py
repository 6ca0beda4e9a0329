"""Messages that were taken and never arrived: the next method, and once more.

What a provider reports is written when it comes; what it means is decided here, by the
engine's loop, which also asks after reports that never came.
"""

from collections.abc import Mapping
from datetime import datetime

from tocsin.core.alerts.alerts import Status
from tocsin.core.pages import receipts as rules
from tocsin.core.pages.receipts import AfterSilence, Delivered
from tocsin.core.timeline import Fact, FactKind
from tocsin.engine.awaited import is_awaited
from tocsin.interfaces.pagers import Pager, Reported
from tocsin.store import alerts as stored_alerts
from tocsin.store import attempts, early_reports, timeline
from tocsin.store import paging as stored_pages
from tocsin.store.attempts import Awaited
from tocsin.store.database import Tx
from tocsin.store.paging import Page


def report(tx: Tx, provider_id: str, delivered: Delivered, *, now: datetime) -> bool:
    """Write what a provider says of a message; whether it is known as one of ours yet.

    A report can be faster than our own commit of the answer: it is kept till then. A later word corrects an earlier one, except that what arrived has arrived.
    """
    found = attempts.reported(tx, provider_id)
    if found is None:
        if delivered is not Delivered.UNKNOWN:
            early_reports.keep(tx, provider_id, delivered, now=now)
        return False
    known = found.delivered
    if delivered in (Delivered.UNKNOWN, known) or known is Delivered.YES:
        return True
    if delivered is Delivered.YES or known is not Delivered.UNKNOWN:
        attempts.settle(tx, found.id, delivered, now=now)
        return True
    _act(tx, found, delivered, now=now)
    return True


def catch_up(tx: Tx, provider_id: str, *, now: datetime) -> None:
    """A message is known from now on: what was reported of it before counts."""
    early = early_reports.take(tx, provider_id)
    if early is not None:
        report(tx, provider_id, early, now=now)


def sweep(tx: Tx, pagers: Mapping[str, Pager], *, now: datetime) -> None:
    """Reports that are overdue."""
    for one in attempts.unsettled(tx, now=now):
        _act(tx, one, Delivered.SILENT, now=now)
        pager = pagers.get(one.channel)
        if isinstance(pager, Reported):
            pager.missed(one.provider_id)


def _act(tx: Tx, one: Awaited, delivered: Delivered, *, now: datetime) -> None:
    attempts.settle(tx, one.id, delivered, now=now)
    told = []
    has_arrived = attempts.has_arrived(tx, one.page)
    for page in stored_pages.of_lead(tx, one.page):
        if page.state != "accepted" or page.person != one.person:
            continue
        after = rules.after_silence(
            delivered, is_wanted=is_wanted(tx, page), has_arrived=has_arrived,
            sendings=page.tries, now=now,
        )  # fmt: skip
        if after.pull_next:
            stored_pages.pull_next(tx, page, now=now)
        if after.again_at is not None:
            stored_pages.send_again(tx, page.id, at=after.again_at)
        told.append((page.alert, _fact(one, delivered, after, now=now)))
    timeline.append(tx, told)


def is_wanted(tx: Tx, page: Page) -> bool:
    """Whether the page's person is still to answer, or anybody is."""
    alert = stored_alerts.get(tx, page.alert)
    if alert is None or alert.episode != page.episode or alert.suppressed_by:
        return False
    return alert.status is Status.TRIGGERED or is_awaited(tx, alert, page.person)


_SAID = {
    Delivered.NO: "was not delivered",
    Delivered.UNANSWERED: "was not answered",
    Delivered.SILENT: "was taken, but no word came that it arrived",
}


def _fact(
    one: Awaited, delivered: Delivered, after: AfterSilence, *, now: datetime
) -> Fact:
    text = f"{one.channel} to {one.person} {_SAID[delivered]}: {after.reason}"
    data = {"person": one.person, "channel": one.channel, "answer": one.provider_id}
    return Fact(now, FactKind.DELIVERY, text, reason=delivered.value, data=data)
