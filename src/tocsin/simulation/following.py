"""What goes out of an incident in the simulation: chat, a status page, a post, mails.

Written as the real followers write: in the transaction of the change. Mails to those
who subscribed are the real thing, a few at a time.
"""

from datetime import datetime

from tocsin.core.status.status_pages import Component, StatusPage
from tocsin.engine.incidents.scene import Happened
from tocsin.engine.status import mailing
from tocsin.store import outbox
from tocsin.store import subscribers as stored
from tocsin.store.database import Connection, Tx
from tocsin.store.outbox import Message

SUBSCRIBERS = 25
# So many mails are written at a time, that a mailing has a middle to die in.
CHUNK = 7
_OTHERS = 5  # every fifth asked for another component only
_PAGE = StatusPage(
    "status",
    "Meridian Pay",
    components=(Component("cards", "Cards"), Component("ledger", "Ledger")),
)


def address(number: int) -> str:
    """Of the subscriber of this number."""
    return f"subscriber-{number}"


def wants(number: int) -> bool:
    """Whether updates of the simulation are for them: they are all about cards."""
    return number % _OTHERS > 0


def subscribe(connection: Connection, *, now: datetime) -> None:
    """Everybody has asked for mails and confirmed it."""
    connection.begin()
    for number in range(SUBSCRIBERS):
        components = ["cards"] if wants(number) and number % 2 else []
        made = stored.ask(
            connection, f"s{number:03}", page=_PAGE.name, address=address(number),
            components=components if wants(number) else ["ledger"], now=now,
        )  # fmt: skip
        stored.confirm(connection, made.id, components=made.components, now=now)
    connection.commit()


def leave(tx: Tx, number: int, *, now: datetime) -> None:
    """One of them wants no more mails."""
    stored.end(tx, f"s{number:03}", now=now)


def goes_out(tx: Tx, happened: Happened) -> None:
    """A follower as chat and status pages are: what an incident sends, in its commit."""
    number, update = happened.after.number, happened.update
    found = [
        Message(
            "chat", "matrix", f"room-{number}", f"chat:{number}:{one.id}",
            {"what": one.key or f"entry {one.id}", "order": one.id}, number,
        )
        for one in happened.entries
    ]  # fmt: skip
    is_outside = update is not None and update.audience == "external"
    if update is not None and is_outside and update.state == "published":
        found += outside(number, update.id)
        mailing.begin(tx, _PAGE, happened.after, update, ["cards"], now=happened.now)
    outbox.put(tx, found, now=happened.now)


def outside(number: int, update: int) -> list[Message]:
    """The messages of an external update beside its mails: the page and a post."""
    places = [("status", "page", "status"), ("social", "mastodon", "company")]
    return [
        Message(
            lane, channel, target, f"update:{update}:{lane}:{target}",
            {"what": f"update {update}", "update": update}, number,
        )
        for lane, channel, target in places
    ]  # fmt: skip
