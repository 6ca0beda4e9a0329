"""Rooms in chats, what is heard in them, and buttons that are pressed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from tocsin.interfaces.arrivals import Answer, Inbound


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
