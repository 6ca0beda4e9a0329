"""Short words to one person that are no page: a reminder, an offer, a task.

By the ways that page them, mail first; after a failure by the next one. Whether
somebody answers is nobody's business here.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from msgspec.structs import replace

from tocsin.core.credentials import is_secret, without
from tocsin.core.directory import Directory
from tocsin.core.pages.paging import methods
from tocsin.core.severity import Urgency
from tocsin.engine.nudging import CHANNEL
from tocsin.engine.outbox import Unwanted
from tocsin.engine.paging import Sent
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.machine import Clock
from tocsin.interfaces.pagers import PageMessage, Pager, Receipt
from tocsin.store.database import Tx
from tocsin.store.outbox import Outgoing


class Mail(Protocol):
    """Sends a plain mail; returns what the server said. Raises as a Pager does."""

    def __call__(self, to: str, subject: str, text: str, *, key: str) -> str: ...


class NudgeClerk:
    """Finds the way to the person at the moment of sending."""

    def __init__(
        self, directory: Callable[[Tx], Directory], *, public_url: str = ""
    ) -> None:
        self._directory = directory
        self._public_url = public_url

    def prepare(self, tx: Tx, message: Outgoing, *, now: object) -> Outgoing:
        """`target`, a person's name, becomes an address; the payload says of what."""
        person = self._directory(tx).person(message.target)
        if person is None:
            raise Unwanted(f"{message.target} is nobody here any more")
        ways = sorted(methods(person), key=lambda one: one.channel != "email")
        if not ways:
            return message
        way = ways[(message.tries - 1) % len(ways)]
        more = {
            "by": way.channel,
            "full_name": person.full_name or person.name,
            "zone": person.zone,
            "url": self._whole(str(message.payload.get("url", ""))),
        }
        return replace(
            message,
            channel=CHANNEL,
            target=way.address,
            payload={**message.payload, **more},
        )

    def _whole(self, url: str) -> str:
        """What was written by who knows no address of ours is a path."""
        return f"{self._public_url}{url}" if url.startswith("/") else url

    def heard(
        self, tx: Tx, message: Outgoing, sent: Sent, *, state: str, now: object
    ) -> None:
        """Nobody waits for it."""


class NudgePoster:
    """The channel `person`: a mail, or a page without an alert by another Pager."""

    channel = CHANNEL

    def __init__(
        self, pagers: Callable[[], Mapping[str, Pager]], mail: Mail, clock: Clock
    ) -> None:
        self._pagers = pagers
        self._mail = mail
        self._clock = clock

    def post(
        self, payload: Mapping[str, Any], *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """Send {person, subject, text, url}. Raises DeliveryFailed, DeliveryUnknown."""
        by = str(payload.get("by", ""))
        if not by:
            person = payload.get("person", to)
            raise DeliveryFailed(f"{person} has no way to be reached", permanent=True)
        try:
            if by == "email":
                return Receipt(key, self._by_mail(payload, to, key))
            return self._by_pager(payload, by, to, key, timeout_seconds)
        except DeliveryFailed as failed:
            # Another of the person's ways may take it.
            raise DeliveryFailed(
                f"{by}: {_kept(failed.reason, by, to)}",
                permanent=False,
                retry_after_seconds=failed.retry_after_seconds,
            ) from None
        except DeliveryUnknown as unknown:
            raise DeliveryUnknown(f"{by}: {_kept(unknown.reason, by, to)}") from None

    def _by_mail(self, payload: Mapping[str, Any], to: str, key: str) -> str:
        text = f"{payload['text']}\n\n{payload.get('url', '')}".strip() + "\n"
        try:
            return f"email: {self._mail(to, str(payload['subject']), text, key=key)}"
        except LookupError as missing:
            raise DeliveryFailed(str(missing), permanent=False) from None

    def _by_pager(
        self,
        payload: Mapping[str, Any],
        by: str,
        to: str,
        key: str,
        timeout_seconds: float,
    ) -> Receipt:
        pager = self._pagers().get(by)
        if pager is None:
            raise DeliveryFailed("is not set up", permanent=False)
        message = PageMessage(
            person=str(payload["person"]),
            full_name=str(payload["full_name"]),
            zone=str(payload["zone"]),
            urgency=Urgency.LOW,
            alerts=(),
            link=str(payload.get("url", "")),
            why=str(payload["text"]),
            next_up="",
            sent_at=self._clock.now(),
            subject=str(payload["subject"]),
        )
        receipt = pager.page(message, to=to, key=key, timeout_seconds=timeout_seconds)
        return Receipt(receipt.provider_id, f"{by}: {_kept(receipt.answer, by, to)}")


def _kept(answer: str, by: str, address: str) -> str:
    return without(answer, address) if is_secret(by) else answer
