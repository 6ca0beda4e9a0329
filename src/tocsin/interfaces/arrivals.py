"""What arrives from monitoring systems: requests, what a dialect reads in them, and answers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from tocsin.core.alerts.alerts import AlertEvent
from tocsin.core.alerts.silences import Matcher
from tocsin.interfaces.failures import TocsinError


class Unreadable(TocsinError):
    """A sender's request that no event can be made of.

    It is kept raw, shown to the integration's owner, and answered with `answer`,
    which is in the dialect's own error shape.
    """

    def __init__(self, reason: str, answer: "Answer") -> None:
        super().__init__(reason)
        self.reason = reason
        self.answer = answer


class Inbound(Struct, frozen=True):
    """One HTTP request from a sender. `path` is what follows `/in/{key}`."""

    method: str
    path: str
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]  # lower-case names
    body: bytes
    base_url: str = ""  # of this integration, to put into answers
    settings: Mapping[str, object] = {}  # the integration's own settings
    # What it may be signed with; none where a kept request is read once more.
    secrets: tuple[str, ...] = ()


class Outbound(Struct, frozen=True):
    """One HTTP request as a sender makes it; `path` is whole, with the key."""

    method: str
    path: str
    body: bytes = b""
    content_type: str = "application/json"


class Snippet(Struct, frozen=True):
    """What to copy into a sender's configuration; `«address»` and its like are filled."""

    title: str
    text: str
    about: str = ""


class Sender(Struct, frozen=True):
    """Something that can be connected: `type` is its dialect."""

    key: str
    type: str
    title: str
    about: str
    gives: tuple[str, ...]
    snippets: tuple[Snippet, ...]
    words: str = ""  # further words that a search finds it by


class Channel(Struct, frozen=True):
    """A way by which people are reached, as the catalogue shows it."""

    channel: str
    title: str
    about: str
    setting: str = ""  # what the operator sets before it can be used


class SampleRequest(Struct, frozen=True):
    """A sender's request that stands for a test; `label` marks the alert it makes."""

    request: Outbound
    label: str = ""
    value: str = ""


class Answer(Struct, frozen=True):
    """What goes back to a sender."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = {}


class Change(Struct, frozen=True):
    """A change (deploy, flag, config) that a sender reports; kept for the timeline."""

    summary: str
    source: str
    occurred_at: datetime | None
    details: Mapping[str, str]
    links: tuple[str, ...] = ()
    event_id: str = ""  # of the sender: what it sends twice is kept once


class Bounce(Struct, frozen=True):
    """A mail to a subscriber that did not arrive, or that they called spam.

    `returned_to` holds the addresses that it came back to, one of which may be ours;
    `address` is whom it was for, only where a sender that we trust says so. `final`:
    there is no such mailbox, or they want nothing of it.
    """

    final: bool
    answer: str
    address: str = ""
    returned_to: tuple[str, ...] = ()


class Reading(Struct, frozen=True):
    """What a dialect made of a request: events to absorb, and the 2xx to send then.

    `answer` is sent only after the commit. `problems` are parts that could not be
    read while the rest could (shown to the owner; the events still count).
    """

    events: Sequence[AlertEvent]
    answer: Answer
    changes: Sequence[Change] = ()
    problems: Sequence[str] = ()
    bounces: Sequence[Bounce] = ()


class SilenceView(Struct, frozen=True):
    """A silence as a dialect sees it."""

    id: str
    matchers: tuple[Matcher, ...]
    starts_at: datetime
    ends_at: datetime
    updated_at: datetime
    author: str
    comment: str
    state: str  # pending | active | expired


class AlertView(Struct, frozen=True):
    """An open alert as a dialect sees it."""

    number: int
    key: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime
    updated_at: datetime
    link: str
    silenced_by: tuple[str, ...]
    service: str
    status: str


class SilenceRefused(TocsinError):
    """A silence that cannot be: says the field and what was expected."""


class Desk(Protocol):
    """What a dialect may ask of Tocsin, scoped to its integration and its service."""

    def alerts(self) -> Sequence[AlertView]: ...
    def silences(self) -> Sequence[SilenceView]: ...
    def silence(self, silence_id: str) -> SilenceView | None: ...
    def put_silence(
        self,
        *,
        silence_id: str,
        matchers: Sequence[Matcher],
        starts_at: datetime,
        ends_at: datetime,
        author: str,
        comment: str,
    ) -> str:
        """Make (id "") or replace a silence; returns its id. Raises SilenceRefused."""
        ...

    def expire_silence(self, silence_id: str) -> bool: ...
    def receivers(self) -> Sequence[str]: ...
    def started_at(self) -> datetime: ...
    def now(self) -> datetime: ...


class Dialect(Protocol):
    """One sender's way of speaking. Pure: no I/O, no clock (`now` is handed in)."""

    type: str  # the `type` of an integration: "prometheus", "pagerduty-events", …

    def is_intake(self, inbound: Inbound) -> bool:
        """Whether `read` takes this request (an event), else `serve` does."""
        ...

    def read(self, inbound: Inbound, *, now: datetime) -> Reading:
        """Bytes to events. Raises Unreadable."""
        ...

    def serve(self, inbound: Inbound, desk: Desk) -> Answer:
        """Answer anything else this dialect knows (help on GET, queries, silences)."""
        ...

    def refuse(self, status: int, reason: str, retry_after_seconds: int = 0) -> Answer:
        """An error in this dialect's shape: 404 unknown key, 413, 429, 503."""
        ...
