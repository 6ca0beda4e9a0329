"""Asking for mails of a status page, confirming it, choosing, leaving.

Whoever asks hears the same, known or not; only the mailbox learns more.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from tocsin.core import subscribers as rules
from tocsin.core.people import is_mail_address
from tocsin.core.status_pages import StatusPage
from tocsin.core.subscribers import CONFIRMED, SUPPRESSED, Subscriber
from tocsin.core.throttling import Path
from tocsin.engine.front_desk import FrontDesk
from tocsin.store import outbox
from tocsin.store import subscribers as stored
from tocsin.store.database import Tx
from tocsin.store.outbox import Message

_LONGEST = 254


def is_open(desk: FrontDesk, page: StatusPage) -> bool:
    """Whether somebody can subscribe to it: mail is set up and the page is for all."""
    return not page.private and "email" in desk.connections.ready


def ask(
    desk: FrontDesk,
    page: StatusPage,
    address: str,
    components: Sequence[str],
    *,
    network: str,
) -> timedelta | None:
    """Mail a link to confirm with.

    Returns how long to wait where it was asked for too often, None where the address
    is no mail address. Zero: it was taken, whether or not a mail is due.
    """
    address = address.strip().casefold()
    if len(address) > _LONGEST or not is_mail_address(address):
        return None
    throttle = desk.credentials.throttle
    wait = throttle.take(Path.SUBSCRIPTION, account=address, address=network)
    if wait:
        return wait
    now = desk.clock.now()

    desk.database.write(lambda tx: _write(tx, desk, page, address, components, now))
    return timedelta(0)


def _write(
    tx: Tx,
    desk: FrontDesk,
    page: StatusPage,
    address: str,
    components: Sequence[str],
    now: datetime,
) -> None:
    one = stored.ask(
        tx, desk.new_id(), page=page.name, address=address,
        components=components, now=now,
    )  # fmt: skip
    if one.state == SUPPRESSED:
        return
    link = link_of(desk.public_url, desk.secret, one)
    subject, text = rules.confirmation(
        page.title, link, confirmed=one.state == CONFIRMED
    )
    payload = {
        "subscriber": one.id, "subject": subject, "text": text,
        "sent_at": now.isoformat(), "leave": "",
    }  # fmt: skip
    # One an hour, however often it is asked for.
    key = f"subscription:{one.id}:{now:%Y-%m-%dT%H}"
    outbox.put(tx, [Message("mail", "mail", address, key, payload)], now=now)


def link_of(public_url: str, secret: bytes, one: Subscriber) -> str:
    """Where they confirm, choose and leave."""
    return f"{public_url}/status/{one.page}/mails/{rules.token(secret, one.id)}"


def found(desk: FrontDesk, page: str, token: str) -> Subscriber | None:
    """Whose token it is."""
    name = rules.subscriber_of(desk.secret, token)
    one = desk.database.read(lambda tx: stored.get(tx, name)) if name else None
    return one if one is not None and one.page == page else None


def confirm(desk: FrontDesk, one: Subscriber, components: Sequence[str]) -> bool:
    """They want mails of these components; whether they may still say so."""
    now = desk.clock.now()
    return desk.database.write(
        lambda tx: stored.confirm(tx, one.id, components=components, now=now)
    )


def leave(desk: FrontDesk, one: Subscriber) -> None:
    """No more mails."""
    now = desk.clock.now()
    desk.database.write(lambda tx: stored.end(tx, one.id, now=now))
