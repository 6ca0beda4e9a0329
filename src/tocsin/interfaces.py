"""What we ask of the outside, and what the outside may ask of us. No code that acts.

A dialect (`integrations/*`) reads a sender's bytes into events and writes the answers
that sender expects. A Pager reaches a person. Everything real is handed in from wiring/.
"""

# long because: all that one side asks of the other stands on one page.

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct

from tocsin.core.alerts.alerts import AlertEvent
from tocsin.core.alerts.silences import Matcher
from tocsin.core.pages.receipts import Delivered
from tocsin.core.rotas.imported_shifts import Entry
from tocsin.core.severity import Severity, Urgency


class TocsinError(Exception):
    """The root of our own errors."""


class DeliveryFailed(TocsinError):
    """The outside system did not take the message, and we know that it did not.

    `permanent` means that trying the same address again cannot help (a 4xx, a
    refused recipient). A timeout after the request was sent is *not* this error:
    raise `DeliveryUnknown`.
    """

    def __init__(
        self, reason: str, *, permanent: bool, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.retry_after_seconds = retry_after_seconds


class DeliveryUnknown(TocsinError):
    """The message may or may not have been taken (timeout, connection lost)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


# What every sealed text begins with; the form's number and the text itself follow.
SEALED = "sealed:"


class CannotOpen(TocsinError):
    """A text was not sealed with this installation's key, or not for this purpose."""


class NoSolver(TocsinError):
    """The solver of fair rotas is not installed, or could not be run; says which."""


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


class Said(Struct, frozen=True):
    """A message as a chat shows it: a bold line, a text, small print. All plain text."""

    head: str
    text: str = ""
    foot: str = ""


class Opened(Struct, frozen=True):
    """An incident's channel: the provider's id of it, and where people find it."""

    channel: str
    url: str = ""


class Heard(Struct, frozen=True):
    """What somebody did in a chat. `sender` is the provider's name for them.

    `kind`: command (`text` is what follows the prefix), star (put the message into the
    log; `author` wrote it), invited (we were asked into `channel`). `message` is the
    provider's id: the same thing heard twice is one.
    """

    provider: str
    kind: str
    channel: str
    message: str
    sender: str
    text: str = ""
    at: datetime | None = None
    author: str = ""
    email: str = ""  # of the sender, where the provider vouches for it


class ChatRoom(Protocol):
    """A chat that incidents have channels in. Thread-safe; called from the outbox.

    Every method raises DeliveryFailed and DeliveryUnknown, and may be called again
    after an unknown outcome. Whatever is sent is escaped here for this chat.
    """

    provider: str
    # Whether each incident has a channel of its own; else all share one place.
    has_rooms: bool

    def open(
        self, name: str, *, title: str, private: bool, timeout_seconds: float
    ) -> Opened:
        """The channel called `name`, made if it is not there."""
        ...

    def invite(
        self, channel: str, *, handle: str, email: str, timeout_seconds: float
    ) -> str:
        """Bring somebody in; says who, or why nobody was."""
        ...

    def set_topic(self, channel: str, topic: str, *, timeout_seconds: float) -> None:
        """The line above the channel."""
        ...

    def say(
        self,
        channel: str,
        said: Said,
        *,
        key: str,
        doubtful: bool,
        timeout_seconds: float,
    ) -> str:
        """Post; returns the message's id. `doubtful`: it may be there already."""
        ...

    def edit(
        self,
        channel: str,
        message: str,
        said: Said,
        *,
        key: str,
        timeout_seconds: float,
    ) -> None:
        """Another text for a message of ours."""
        ...

    def pin(self, channel: str, message: str, *, timeout_seconds: float) -> None:
        """Keep a message in sight."""
        ...

    def archive(self, channel: str, *, timeout_seconds: float) -> None:
        """Nobody writes there any more; everybody can read it."""
        ...


class ChatSource(Protocol):
    """A chat that is asked what was said, by one thread."""

    provider: str

    def listen(self, cursor: str, *, seconds: float) -> tuple[Sequence[Heard], str]:
        """What happened since `cursor` ("": from now on), waiting for it; the next one.

        Raises DeliveryFailed, DeliveryUnknown.
        """
        ...

    def enter(self, channel: str) -> None:
        """Accept an invitation. Raises as above."""
        ...


class Pressed(Struct, frozen=True):
    """A button of a page that somebody pressed in a chat.

    `sender` is the provider's name for them, `place` what the door changes afterwards.
    """

    token: str
    verb: str
    sender: str
    place: Mapping[str, str] = {}


class Overheard(Struct, frozen=True):
    """What a request of a chat amounts to: something that was said, or only an answer."""

    answer: Answer
    heard: Heard | None = None
    pressed: Pressed | None = None


class ChatDoor(Protocol):
    """A chat that calls us over HTTP. Thread-safe."""

    provider: str
    prefix: str  # what a command begins with there

    def read(self, inbound: Inbound, *, now: datetime) -> Overheard:
        """Judge that it comes from the chat, and read it. Raises Unreadable."""
        ...

    def reply(self, text: str) -> Answer:
        """What only the person who asked reads."""
        ...

    def show(self, pressed: Pressed, text: str, *, done: bool) -> Answer:
        """Say what became of it; where it was done, the buttons go."""
        ...


class IdentityRefused(TocsinError):
    """An identity provider's answer proves nothing: says which check it failed."""


class IdentityUnavailable(TocsinError):
    """The identity provider cannot be asked now."""


class Identity(Struct, frozen=True):
    """Who an identity provider says somebody is. (issuer, subject) never changes."""

    issuer: str
    subject: str
    email: str = ""
    is_email_verified: bool = False
    handle: str = ""
    full_name: str = ""
    groups: tuple[str, ...] = ()
    # When they last proved it to the provider, if it says so.
    proved_at: datetime | None = None


class IdentityProvider(Protocol):
    """Signs people in elsewhere. Thread-safe. Raises the two errors above."""

    def address(
        self, *, back: str, state: str, nonce: str, verifier: str, again: bool
    ) -> str:
        """Where a browser is sent; `again`: whoever is signed in proves it anew."""
        ...

    def identity(
        self, *, back: str, code: str, issuer: str, nonce: str, verifier: str
    ) -> Identity:
        """Who came back with `code`. `issuer` is what the answer says, or ""."""
        ...


class Clock(Protocol):
    """Wall clock (aware UTC) and a monotonic one (seconds)."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...


class Dice(Protocol):
    """The randomness that the engine needs: jitter of retries."""

    def random(self) -> float: ...


class Sealer(Protocol):
    """Keeps texts that must not be read from a copy of the database.

    `purpose` names what the text is ("integration key"), so that one kind of secret
    cannot be passed off as another. The same text gives the same sealed text.
    """

    def seal(self, text: str, *, purpose: str) -> str: ...
    def open(self, sealed: str, *, purpose: str) -> str:
        """Raises CannotOpen."""
        ...


class CalendarUnreadable(Exception):
    """A calendar of somebody else's could not be read; says why, without its address."""


class CalendarReader(Protocol):
    """Fetches an iCalendar and works out its events. Thread-safe."""

    def __call__(self, url: str, start: datetime, end: datetime) -> Sequence[Entry]:
        """Every occurrence in [start, end). Raises CalendarUnreadable."""
        ...


class HttpAnswer(Struct, frozen=True):
    """What another server said; `body` holds its beginning where it was long."""

    status: int
    headers: Mapping[str, str]  # lower-case names
    body: bytes

    @property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return self.body.decode("utf-8", "replace")


class Egress(Protocol):
    """The only way out to an address that somebody typed. Thread-safe.

    http(s) only; every address that the host's name leads to is judged, and the one
    that was judged is connected to; no redirect is followed; body and time are bounded.
    """

    def problems(self, url: str) -> Sequence[str]:
        """What is wrong with `url` before any name is looked up."""
        ...

    def addresses(self, host: str) -> Sequence[str]:
        """Every address of `host`, all judged, for a library that connects itself.

        Raises DeliveryFailed when one of them is where we may not go.
        """
        ...

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        timeout_seconds: float,
    ) -> HttpAnswer:
        """Raises DeliveryFailed (certainly not sent), DeliveryUnknown."""
        ...
