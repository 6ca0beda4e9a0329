"""What pages people and what comes back: messages, receipts, replies by telephone."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct

from tocsin.core.pages.receipts import Delivered
from tocsin.core.severity import Severity, Urgency
from tocsin.interfaces.arrivals import Answer, Inbound


class PagedAlert(Struct, frozen=True):
    """One alert of a message."""

    number: int
    title: str
    severity: Severity
    service: str
    since: datetime
    summary: str
    url: str  # its page in the web app


class PageMessage(Struct, frozen=True):
    """What a Pager sends to one person: one alert, or several bundled, worst first.

    With a `subject` it is no page: `why` is all of its text, nothing is acknowledged.
    """

    person: str
    full_name: str
    zone: str
    urgency: Urgency
    alerts: tuple[PagedAlert, ...]
    link: str  # /p/{token}
    why: str
    next_up: str  # "carol is paged at 03:22 unless you answer", or ""
    sent_at: datetime
    may_be_repeat: bool = False
    test: bool = False
    # What a reply by text message names it by, 0 where the channel has none.
    code: int = 0
    token: str = ""  # of the link: a button or a key press gives it back
    subject: str = ""  # of a code, a test or a word to somebody


class Receipt(Struct, frozen=True):
    """The provider said it took the message. It proves no human read it.

    `report_within_seconds`: by then the provider says what became of it, or it has
    been lost (core/pages/receipts.py); None where it never says.
    """

    provider_id: str
    answer: str
    report_within_seconds: float | None = None


class Pager(Protocol):
    """A channel that can reach a person. Thread-safe; called from worker threads."""

    channel: str

    def problems(self, address: str) -> Sequence[str]:
        """What is wrong with `address` for this channel; empty when nothing is."""
        ...

    def page(
        self, message: PageMessage, *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """Send. `key` is the idempotency key: same key, same message.

        Raises DeliveryFailed, DeliveryUnknown.
        """
        ...


@runtime_checkable
class Reported(Protocol):
    """A pager of several providers, which hears that a message did not arrive."""

    def missed(self, provider_id: str) -> None:
        """The provider of that message is asked last for a while."""
        ...


@runtime_checkable
class Recallable(Protocol):
    """A pager whose messages ring on, and can be called off."""

    def recall(self, provider_id: str, *, timeout_seconds: float) -> str:
        """Let a message ring no more; what was said. One that has ended is no failure.

        Raises DeliveryFailed, DeliveryUnknown.
        """
        ...


class Rang(Struct, frozen=True):
    """What a telephone provider tells us.

    `kind`: reply (`text` came by text message), answered (a call was picked up), key
    (`text` is what was pressed), report (`delivered` says what became of `message`).
    `sender` is the person's number with its +, `token` the page link's of a call.
    """

    kind: str
    sender: str = ""
    text: str = ""
    token: str = ""
    message: str = ""  # the provider's id, as a Receipt has it
    delivered: Delivered = Delivered.UNKNOWN


class PhoneDoor(Protocol):
    """A telephone provider that calls us over HTTP. Thread-safe."""

    provider: str

    def read(self, inbound: "Inbound", *, now: datetime) -> Rang:
        """Judge that it comes from the provider, and read it. Raises Unreadable."""
        ...

    def reply(self, rang: Rang, text: str) -> "Answer":
        """A text message back, or nothing where `text` is empty."""
        ...

    def speak(self, text: str, *, again: str) -> "Answer":
        """Say it in the call; what is pressed goes to `again`, "" hangs up."""
        ...


class Poster(Protocol):
    """A channel that takes what pages nobody: chat, mails to subscribers, posts.

    Thread-safe; called from the outbox's worker threads.
    """

    channel: str

    def post(
        self,
        payload: Mapping[str, Any],
        *,
        to: str,
        key: str,
        timeout_seconds: float,
    ) -> Receipt:
        """Send. `key` is the idempotency key: same key, same message.

        Raises DeliveryFailed, DeliveryUnknown.
        """
        ...
