"""Messages of the outbox for who may see them: tried again, or called off; recorded."""

from urllib.parse import urlsplit

from tocsin.core.credentials import masked
from tocsin.core.excerpts import clean
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import outbox as stored
from tocsin.store.database import Tx
from tocsin.store.outbox import Outgoing

UNKNOWN = "There is no message with this number."


def retry(desk: FrontDesk, number: int, viewer: Viewer) -> str:
    """Make a failed one due again; why not, or ""."""
    now = desk.clock.now()

    def work(tx: Tx) -> str:
        found = stored.get(tx, number)
        if found is None:
            return UNKNOWN
        if not stored.retry(tx, number, now=now):
            return f"It is {found.state}; only what has failed is tried again."
        _record(tx, desk, viewer, "retry", found, "due")
        return ""

    refused = desk.database.write(work)
    desk.wake()
    return refused


def cancel(desk: FrontDesk, number: int, viewer: Viewer) -> str:
    """Call a waiting one off; why not, or ""."""
    now = desk.clock.now()

    def work(tx: Tx) -> str:
        found = stored.get(tx, number)
        if found is None:
            return UNKNOWN
        if not stored.cancel_one(tx, number, now=now):
            return f"It is {found.state}; there is nothing to call off."
        _record(tx, desk, viewer, "cancel", found, "cancelled")
        return ""

    return desk.database.write(work)


def shown_target(message: Outgoing) -> str:
    """Where it goes; of an address that is a credential only its host."""
    parts = urlsplit(message.target)
    if parts.scheme in ("http", "https") and parts.hostname:
        return f"{parts.scheme}://{parts.hostname}/{masked(message.target)}"
    return message.target


def about(message: Outgoing) -> str:
    """What it says, as far as its subject tells; never its text, which may hold links."""
    return clean(str(message.payload.get("subject", "")), longest=200)


def _record(
    tx: Tx, desk: FrontDesk, viewer: Viewer, action: str, found: Outgoing, state: str
) -> None:
    desk.audit.write(
        tx, viewer.actor, action, "message", found.key[:200],
        before={"state": found.state}, after={"state": state}, now=desk.clock.now(),
    )  # fmt: skip
