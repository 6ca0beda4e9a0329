"""Pages as files: written anew on every change, and each minute for the stamp's sake.

The files are made when the message goes, so that they show the newest state; a folder
that a web server serves needs no Tocsin to be read.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from tocsin.core.directory import Directory
from tocsin.core.status.status_pages import Snapshot, StatusPage
from tocsin.core.status.subscribers import CONFIRM_WITHIN
from tocsin.engine.outbox import Unwanted
from tocsin.engine.paging import Sent
from tocsin.engine.status.reading import snapshot
from tocsin.store import outbox, subscribers
from tocsin.store import status_pages as stored
from tocsin.store.database import Tx
from tocsin.store.outbox import Message, Outgoing

_KEPT = timedelta(hours=1)
Render = Callable[[Snapshot], Mapping[str, str]]


def ask(tx: Tx, pages: Iterable[StatusPage], *, why: str, now: datetime) -> None:
    """Pages with a folder are to be written."""
    outbox.put(
        tx,
        [_message(page, f"{why}:{now.isoformat()}") for page in pages if page.export],
        now=now,
    )


def each_minute(tx: Tx, directory: Directory, *, now: datetime) -> None:
    """What the loop asks for: every exported page once a minute; new pages are known."""
    for page in directory.status_pages.values():
        if stored.known_since(tx, page.name) is None:
            stored.know(tx, page.name, now=now)
        if page.export:
            outbox.put(tx, [_message(page, f"{now:%Y-%m-%dT%H:%M}")], now=now)
    if directory.status_pages:
        stored.forget_written(tx, before=now - _KEPT)
        subscribers.forget_pending(tx, before=now - CONFIRM_WITHIN)


def _message(page: StatusPage, why: str) -> Message:
    return Message(
        "status",
        "folder",
        page.name,
        f"status:{page.name}:{why}",
        {"page": page.name},
    )


@dataclass(frozen=True)
class StatusClerk:
    """Fills in the files as they are when the message goes."""

    directory: Callable[[Tx], Directory]
    render: Render
    # Whether pages go into a bucket too, whether or not the folder could be written.
    has_bucket: bool = False

    def prepare(self, tx: Tx, message: Outgoing, *, now: datetime) -> Outgoing:
        """Raises Unwanted where the page is gone or goes elsewhere now."""
        name = str(message.payload.get("page", ""))
        page = self.directory(tx).status_pages.get(name)
        if page is None or not page.export or page.private:
            said = f"the page {name} is not written any more"
            raise Unwanted(said)
        files = self.render(snapshot(tx, page, now=now))
        return replace(message, payload={**message.payload, "files": dict(files)})

    def heard(
        self, tx: Tx, message: Outgoing, sent: Sent, *, state: str, now: datetime
    ) -> None:
        """Once the folder was tried, the bucket is next."""
        if message.channel == "folder" and self.has_bucket:
            key = f"bucket:{message.key}"
            outbox.put(
                tx,
                [
                    Message(
                        "status",
                        "bucket",
                        message.target,
                        key,
                        {"page": message.target},
                    )
                ],
                now=now,
            )
