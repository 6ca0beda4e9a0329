"""What goes out of an incident in the simulation: chat, a status page, a post, mails.

Written as the real followers write: in the transaction of the change.
"""

from tocsin.engine.incidents.scene import Happened
from tocsin.store import outbox
from tocsin.store.database import Tx
from tocsin.store.outbox import Message

SUBSCRIBERS = 25


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
    outbox.put(tx, found, now=happened.now)


def outside(number: int, update: int) -> list[Message]:
    """The messages of an external update: the page, a post, a mail to each subscriber."""
    places = [("status", "page", "status"), ("social", "mastodon", "company")]
    places += [("mail", "mail", f"subscriber-{n}") for n in range(SUBSCRIBERS)]
    return [
        Message(
            lane, channel, target, f"update:{update}:{lane}:{target}",
            {"what": f"update {update}", "update": update}, number,
        )
        for lane, channel, target in places
    ]  # fmt: skip
