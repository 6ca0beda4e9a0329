"""Updates of a status page into chats and to programs, which asked and confirmed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from tocsin.core.directory import Directory
from tocsin.core.pages.paging import Attempted
from tocsin.core.status import subscribers as rules
from tocsin.core.status.status_pages import Snapshot, StatusPage
from tocsin.core.status.subscribers import CONFIRMED, SUPPRESSED, WEBHOOK, Subscriber
from tocsin.engine.outbox import Unwanted
from tocsin.engine.paging import Sent
from tocsin.engine.status.bounces import failed
from tocsin.engine.status.reading import snapshot
from tocsin.engine.status.subscribing import link_of
from tocsin.store import subscribers as stored
from tocsin.store.database import Tx
from tocsin.store.outbox import Outgoing

# What a program is told of an incident (0: of the page alone), as Statuspage tells it.
Document = Callable[[Snapshot, int], Mapping[str, Any]]


@dataclass(frozen=True)
class HookClerk:
    """Fills in where it goes and what it says, and learns which hooks are gone."""

    public_url: str
    secret: bytes
    directory: Callable[[Tx], Directory]
    document: Document

    def prepare(self, tx: Tx, message: Outgoing, *, now: datetime) -> Outgoing:
        """Raises Unwanted where somebody has left since."""
        if message.channel != "hook":
            return message
        one = stored.get(tx, str(message.payload.get("subscriber", "")))
        is_notice = "update" in message.payload
        if one is None or one.state == SUPPRESSED:
            said = "nobody is subscribed with this address any more"
            raise Unwanted(said)
        if is_notice and one.state != CONFIRMED:
            said = "they wanted no more of it"
            raise Unwanted(said)
        page = self.directory(tx).status_pages.get(one.page)
        if page is None or page.private:
            said = f"the page {one.page} is for nobody outside any more"
            raise Unwanted(said)
        link = link_of(self.public_url, self.secret, one)
        own = {
            "url": one.address,
            "secret": rules.hook_secret(self.secret, one.id),
            "kind": one.kind,
            "text": f"{message.payload['text']}\nNo more of this: {link}"
            if is_notice
            else message.payload["text"],
        }
        if one.kind == WEBHOOK:
            own["body"] = self._body(tx, page, message, link, now)
        return replace(message, payload={**message.payload, **own})

    def _body(
        self, tx: Tx, page: StatusPage, message: Outgoing, link: str, now: datetime
    ) -> Mapping[str, Any]:
        is_notice = "update" in message.payload
        told = self.document(snapshot(tx, page, now=now), message.incident)
        word = "unsubscribe" if is_notice else "confirm"
        return {"meta": {word: link, "generated_at": now.isoformat()}, **told}

    def heard(
        self, tx: Tx, message: Outgoing, sent: Sent, *, state: str, now: datetime
    ) -> None:
        """A hook that is gone, or fails for days, is called no more."""
        if state != "failed" or message.channel != "hook":
            return
        one = stored.get(tx, str(message.payload.get("subscriber", "")))
        if one is not None:
            _judge(tx, one, sent, now)


def _judge(tx: Tx, one: Subscriber, sent: Sent, now: datetime) -> None:
    final = sent.outcome is Attempted.PERMANENT and rules.is_gone(sent.answer)
    failed(tx, one.address, final=final, answer=sent.answer, now=now)
