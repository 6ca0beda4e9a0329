"""Buttons of pages that people press in a chat: they do what the page's link does.

The token proves that the button is ours; that it was the person who pressed it, the
chat's word for them, which has to be the address that the page went to.
"""

from msgspec import Struct

from tocsin.engine import page_answers
from tocsin.engine.answering import Via
from tocsin.engine.audit import Actor
from tocsin.engine.front_desk import FrontDesk
from tocsin.interfaces.chats import Pressed

_GONE = "This message is too old to be answered; sign in to act."
_NOT_YOURS = "This page is somebody else's."


class Shown(Struct, frozen=True):
    """What is said at the button; `done` where it has done its work."""

    text: str
    done: bool


class Pressing:
    """Thread-safe. Committed when `press` returns."""

    def __init__(self, desk: FrontDesk) -> None:
        self._desk = desk

    def press(self, provider: str, pressed: Pressed) -> Shown:
        """Do it, if it is theirs to do."""
        desk, now = self._desk, self._desk.clock.now()
        message = desk.database.read(
            lambda tx: page_answers.of_token(tx, desk.secret, pressed.token, now=now)
        )
        if message is None or message.expired:
            return Shown(_GONE, done=False)
        if message.channel != provider or not _same(message.address, pressed.sender):
            return Shown(_NOT_YOURS, done=False)
        if pressed.verb not in ("ack", "pass"):
            return Shown("There is nothing behind this button.", done=False)
        done = desk.act(
            message.numbers,
            "acknowledge" if pressed.verb == "ack" else "pass",
            lambda tx, number, directory, now: page_answers.act(
                tx, number, word=pressed.verb, person=message.person, via=Via.BUTTON,
                directory=directory, now=now,
            ),
            Actor(message.person, provider),
        )  # fmt: skip
        if done.refused:
            return Shown(done.refused, done=False)
        said = "You have it" if pressed.verb == "ack" else "Passed on"
        return Shown(f"{said}, {now:%H:%M} UTC.", done=True)


def _same(address: str, sender: str) -> bool:
    return address.removeprefix("@").casefold() == sender.removeprefix("@").casefold()
