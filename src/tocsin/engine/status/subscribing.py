"""Asking for mails of a status page (or for a hook), confirming it, choosing, leaving.

Whoever asks hears the same, known or not; only the mailbox learns more.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.people.people import is_mail_address
from tocsin.core.status import subscribers as rules
from tocsin.core.status.status_pages import StatusPage
from tocsin.core.status.subscribers import CONFIRMED, EMAIL, SUPPRESSED, Subscriber
from tocsin.core.throttling import Path
from tocsin.engine.front_desk import FrontDesk
from tocsin.store import outbox
from tocsin.store import subscribers as stored
from tocsin.store.database import Tx
from tocsin.store.outbox import Message

_LONGEST, _LONGEST_HOOK = 254, 1000


def is_open(page: StatusPage) -> bool:
    """Whether somebody can subscribe to it: it is for all."""
    return not page.private


def takes_mail(desk: FrontDesk) -> bool:
    """Whether mails go out."""
    return "email" in desk.connections.ready


def ask(
    desk: FrontDesk,
    page: StatusPage,
    address: str,
    components: Sequence[str],
    *,
    network: str,
    kind: str = EMAIL,
) -> timedelta | None:
    """Send a link to confirm with, to the very address that updates would go to.

    Returns how long to wait where it was asked for too often, None where the address
    is none of its kind. Zero: it was taken, whether or not a message is due.
    """
    address = address.strip()
    if kind == EMAIL:
        address = address.casefold()
        is_good = len(address) <= _LONGEST and is_mail_address(address)
    else:
        is_good = len(address) <= _LONGEST_HOOK and rules.is_hook(
            address, plain=not desk.is_secure
        )
    if not is_good:
        return None
    throttle = desk.credentials.throttle
    wait = throttle.take(Path.SUBSCRIPTION, account=address, address=network)
    if wait:
        return wait
    asked = _Asked(page, kind, address, tuple(components))
    now = desk.clock.now()
    desk.database.write(lambda tx: _write(tx, desk, asked, now))
    return timedelta(0)


class _Asked(Struct, frozen=True):
    page: StatusPage
    kind: str
    address: str
    components: tuple[str, ...]


def _write(tx: Tx, desk: FrontDesk, asked: _Asked, now: datetime) -> None:
    page = asked.page
    one = stored.ask(
        tx, desk.new_id(), page=page.name, kind=asked.kind, address=asked.address,
        components=asked.components, now=now,
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
    message = (
        Message("mail", "mail", one.address, key, payload)
        if one.kind == EMAIL
        else Message("webhook", "hook", one.id, key, payload)
    )
    outbox.put(tx, [message], now=now)


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
