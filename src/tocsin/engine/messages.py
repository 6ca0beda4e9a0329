"""The message log for who may read it, and sending a message that failed once more."""

from datetime import datetime

from tocsin.core.alerts.alerts import Status
from tocsin.core.directory import Directory
from tocsin.core.pages.escalation import Paging, Reason
from tocsin.core.pages.paging import PlannedPage
from tocsin.core.people.permissions import LEAD
from tocsin.core.severity import Severity, Urgency
from tocsin.core.timeline import Fact, FactKind
from tocsin.engine.answering import Acted
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import alerts as stored_alerts
from tocsin.store import messages as stored
from tocsin.store import paging as stored_pages
from tocsin.store import timeline
from tocsin.store.database import Tx
from tocsin.store.messages import Message

# Above every number that runs and the quarantine give to their acts of paging.
_FIRST_PAGING = 2_000_000
FAILED = ("permanent", "temporary", "unknown")


def services_of(viewer: Viewer, directory: Directory) -> frozenset[str] | None:
    """The services whose messages a viewer may read, None for all of them."""
    if viewer.may(LEAD):
        return None
    return frozenset(
        one.name for one in directory.services.values() if viewer.may(LEAD, one.team)
    )


def readable(
    tx: Tx, number: int, *, viewer: Viewer, directory: Directory
) -> Message | None:
    """One message, None also where the viewer may not know of it."""
    found = stored.get(tx, number)
    if found is None or found.service in directory.hidden_from(viewer.grant):
        return None
    allowed = services_of(viewer, directory)
    return found if allowed is None or found.service in allowed else None


def resend(desk: FrontDesk, number: int, viewer: Viewer) -> Acted:
    """A new page to the same person and contact, for what failed; recorded."""
    found = desk.database.read(
        lambda tx: readable(
            tx, number, viewer=viewer, directory=desk.directories.current(tx)
        )
    )
    if found is None:
        return Acted(None, "There is no message with this number.")

    def act(tx: Tx, directory: Directory, now: datetime) -> Acted:
        return _page_again(tx, found, viewer, now=now)

    return desk.respond(found.alert, "send again", act, viewer)


def _next_paging(tx: Tx, alert: int) -> int:
    """Each sending again is an act of paging of its own."""
    known = (page.paging for page in stored_pages.of_alert(tx, alert))
    return max([_FIRST_PAGING, *known]) + 1


def _page_again(tx: Tx, message: Message, viewer: Viewer, *, now: datetime) -> Acted:
    alert = stored_alerts.get(tx, message.alert)
    if alert is None:
        return Acted(None, "The alert of this message is gone.")
    if message.outcome not in FAILED:
        return Acted(alert, "It was taken by the provider; there is nothing to repeat.")
    if alert.status is Status.RESOLVED:
        return Acted(alert, "The alert is over; nobody needs to be paged for it.")
    if alert.status is Status.ACKNOWLEDGED:
        who = alert.acked_by or "somebody"
        return Acted(alert, f"{who} has the alert; nobody needs to be paged for it.")
    page = stored_pages.get(tx, message.page)
    if page is None:
        return Acted(alert, "The page of this message is gone.")
    paging = Paging(
        message.person,
        _next_paging(tx, alert.number),
        page.level,
        page.loop,
        Reason.REPEATED,
        f"{viewer.full_name or viewer.person} sent this again; it had failed before.",
    )
    plan = PlannedPage(
        message.person,
        paging.number,
        page.rule,
        message.channel,
        page.address,
        now,
        Urgency(page.urgency),
    )
    row = (alert.number, alert.episode, Severity(page.severity), paging, plan)
    stored_pages.insert(tx, [row], now=now)
    text = f"Sent again to {message.person} by {message.channel}"
    fact = Fact(now, FactKind.PAGE, text, viewer.person, reason="resent")
    timeline.append(tx, [(alert.number, fact)])
    return Acted(alert)
