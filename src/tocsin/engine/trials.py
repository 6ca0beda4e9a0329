"""Test pages: a real alert for one person, through the real path, marked and apart.

It is of a service of its own that pages that person only, is on no list, ends by
itself, and has a limit of its own so that it can neither hide nor delay a real page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.alerts.alerts import Alert, Status
from tocsin.core.directory import trial_of
from tocsin.core.severity import Severity, Urgency
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.inquiries import Attempt, attempts_of
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.engine.trial_pages import arrival, key_of
from tocsin.store import alerts as stored_alerts
from tocsin.store import paging as stored_pages
from tocsin.store.database import Tx
from tocsin.store.paging import Page

_AGAIN_AFTER = timedelta(minutes=1)
_SEVERITIES = {Urgency.HIGH: Severity.SEV2, Urgency.LOW: Severity.SEV4}


class Hop(Struct, frozen=True):
    """One step of the way; `kind` is ok, warn, bad or empty."""

    at: datetime
    text: str
    kind: str = ""
    took: timedelta | None = None


class Trial(Struct, frozen=True):
    """The newest test page of a person."""

    alert: Alert
    hops: Sequence[Hop]
    is_running: bool


@dataclass(frozen=True)
class Trials:
    """Made where pages and the API are built."""

    desk: FrontDesk

    def begin(self, viewer: Viewer, urgency: Urgency) -> str:
        """Page the viewer; why not, "" when it began."""
        now = self.desk.clock.now()
        last = self.desk.database.read(lambda tx: self._alert(tx, viewer.person))
        if last is not None and now - last.last_at < _AGAIN_AFTER:
            return "You have just sent one; another goes out in a minute."
        person = self.desk.directory().people.get(viewer.person)
        if person is None:
            return "You are not among the people of the configuration."
        why = "You asked for it on your own page."
        self.desk.accept(arrival(viewer.person, _SEVERITIES[urgency], why, now=now))
        return ""

    def newest(self, person: str) -> Trial | None:
        """How the newest one went, hop by hop."""
        return self.desk.database.read(lambda tx: self._newest(tx, person))

    def _alert(self, tx: Tx, person: str) -> Alert | None:
        return stored_alerts.newest_of(tx, trial_of(person).id, key_of(person))

    def _newest(self, tx: Tx, person: str) -> Trial | None:
        alert = self._alert(tx, person)
        if alert is None:
            return None
        pages = [
            page
            for page in stored_pages.of_alert(tx, alert.number)
            if page.episode == alert.episode
        ]
        ids = {page.id for page in pages}
        attempts = [one for one in attempts_of(tx, alert.number) if one.page in ids]
        hops = sorted(_hops(alert, pages, attempts), key=lambda hop: hop.at)
        return Trial(alert, hops, alert.status is Status.TRIGGERED)


def _hops(
    alert: Alert, pages: Sequence[Page], attempts: Sequence[Attempt]
) -> list[Hop]:
    hops = [Hop(alert.last_at, "You asked for it; the alert was stored.")]
    for page in pages:
        if page.state == "due" and page.tries == 0:
            said = f"{page.channel} is next, if you have not answered by then."
            hops.append(Hop(page.due_at, said, "warn"))
    for one in attempts:
        took = one.ended_at - one.started_at if one.ended_at else None
        hops.append(_hop(one, took))
    if alert.acked_at is not None:
        took = alert.acked_at - alert.last_at
        said = "You answered. Everything on the way works."
        hops.append(Hop(alert.acked_at, said, "ok", took))
    elif alert.resolved_at is not None:
        hops.append(Hop(alert.resolved_at, "It ended and nobody had answered.", "bad"))
    return hops


def _hop(one: Attempt, took: timedelta | None) -> Hop:
    if one.outcome == "accepted":
        said = f"{one.channel}: the provider took it"
        kind = "ok"
    elif one.outcome:
        said = f"{one.channel}: {one.outcome}"
        kind = "bad"
    else:
        said, kind = f"{one.channel}: no answer yet", "warn"
    answer = f" ({one.answer[:160]})" if one.answer else ""
    return Hop(one.ended_at or one.started_at, f"{said}{answer}.", kind, took)
