"""An update goes to everybody who asked for mails, some at a time.

A mailing is a message of the lane `mail` itself: when it is taken, the next mails and
the mailing's rest are written in the transaction of its answer. So it stands where it
stood after a crash, mails nobody twice, and never fills the lane at once.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from tocsin.core.incidents.incidents import Incident
from tocsin.core.incidents.updates_written import Update
from tocsin.core.pages.paging import Attempted
from tocsin.core.status import subscribers as rules
from tocsin.core.status.bounces import return_address
from tocsin.core.status.status_pages import STAGES, StatusPage
from tocsin.core.status.subscribers import (
    CHUNK,
    CONFIRMED,
    EMAIL,
    SUPPRESSED,
    Subscriber,
)
from tocsin.engine.outbox import Unwanted
from tocsin.engine.paging import Sent
from tocsin.engine.status.bounces import failed
from tocsin.engine.status.subscribing import link_of
from tocsin.interfaces.pagers import Receipt
from tocsin.store import outbox
from tocsin.store import subscribers as stored
from tocsin.store.database import Tx
from tocsin.store.outbox import Message, Outgoing


def begin(
    tx: Tx,
    page: StatusPage,
    incident: Incident,
    update: Update,
    components: Collection[str],
    *,
    now: datetime,
) -> None:
    """An update for customers was published: its mailing is written with it."""
    if page.private or not stored.after(tx, page.name, "", limit=1):
        return
    payload = {
        "page": page.name, "title": page.title, "update": update.id,
        "stage": STAGES.get(update.stage, update.stage), "body": update.body,
        "components": sorted(components), "domain": page.domain,
        "sent_at": now.isoformat(), "after": "",
    }  # fmt: skip
    outbox.put(tx, [_mailing(payload, incident.number)], now=now)


def _mailing(payload: Mapping[str, Any], incident: int) -> Message:
    key = f"mailing:{payload['page']}:{payload['update']}:{payload['after']}"
    return Message("mail", "mailing", str(payload["page"]), key, payload, incident)


class MailingPoster:
    """A mailing reaches nobody by itself; what follows from it does."""

    channel = "mailing"

    def post(
        self,
        payload: Mapping[str, Any],
        *,
        to: str,
        key: str,
        timeout_seconds: float,
    ) -> Receipt:
        """Nothing to ask anybody."""
        del payload, to, timeout_seconds
        return Receipt(key, "its mails are written")


@dataclass(frozen=True)
class MailClerk:
    """Writes a mailing's mails, leaves out who left, and learns which boxes are gone."""

    public_url: str
    secret: bytes
    # Where mails come back to; each comes back to an address of its own under it.
    bounces: str = ""
    chunk: int = CHUNK

    def prepare(self, tx: Tx, message: Outgoing, *, now: datetime) -> Outgoing:
        """Raises Unwanted where somebody has left since."""
        del now
        if message.channel == "mailing" or "subscriber" not in message.payload:
            return message
        one = stored.get(tx, str(message.payload["subscriber"]))
        is_notice = "update" in message.payload
        if one is None or one.state == SUPPRESSED:
            said = "nobody is subscribed with this address any more"
            raise Unwanted(said)
        if is_notice and one.state != CONFIRMED:
            said = "they wanted no more mails"
            raise Unwanted(said)
        payload = dict(message.payload)
        if self.bounces:
            payload["back_to"] = return_address(self.secret, self.bounces, one.id)
        if is_notice:
            link = link_of(self.public_url, self.secret, one)
            payload["leave"] = link
            payload["text"] += f"\nNo more of these mails: {link}\n"
        return replace(message, payload=payload)

    def heard(
        self, tx: Tx, message: Outgoing, sent: Sent, *, state: str, now: datetime
    ) -> None:
        """What follows from an answer."""
        if message.channel == "mailing" and state == "accepted":
            self._go_on(tx, message, now)
        elif state == "failed":
            is_refused = sent.outcome is Attempted.PERMANENT
            final = is_refused and rules.is_hard_bounce(sent.answer)
            failed(tx, message.target, final=final, answer=sent.answer, now=now)

    def _go_on(self, tx: Tx, message: Outgoing, now: datetime) -> None:
        mailing = message.payload
        found = stored.after(tx, mailing["page"], mailing["after"], limit=self.chunk)
        page = (
            f"https://{mailing['domain']}" if mailing["domain"]
            else f"{self.public_url}/status/{mailing['page']}"
        )  # fmt: skip
        subject, text = rules.notice(
            mailing["title"], mailing["stage"], mailing["body"], page
        )
        payload = {
            "update": mailing["update"], "subject": subject, "text": text,
            "sent_at": mailing["sent_at"],
        }  # fmt: skip
        prefix = f"mail:{mailing['page']}:{mailing['update']}"
        mails = [
            _addressed(one, f"{prefix}:{one.id}", payload, message.incident)
            for one in found
            if one.wants(mailing["components"])
        ]
        if len(found) == self.chunk:
            rest = {**mailing, "after": found[-1].id}
            mails.append(_mailing(rest, message.incident))
        outbox.put(tx, mails, now=now)


def _addressed(
    one: Subscriber, key: str, payload: Mapping[str, Any], incident: int
) -> Message:
    own = {**payload, "subscriber": one.id}
    if one.kind == EMAIL:
        return Message("mail", "mail", one.address, key, own, incident)
    # Its address is a secret, which no list of messages shows.
    return Message("webhook", "hook", one.id, key, own, incident)
