"""Pages in a Matrix room of two: the person and us.

The room's alias names the person, so that it is found again; a transaction id makes a
message that is sent twice one message. Whoever answers writes the command that the
message names; it is heard as in any room (listening.py).
"""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from html import escape

from tocsin.integrations.matrix.rooms import MatrixRooms
from tocsin.integrations.matrix.wire import MatrixWire
from tocsin.interfaces.pagers import PageMessage, Receipt
from tocsin.wording import body, heading


class MatrixPager:
    """The channel `matrix`: an address such as @ana:example.org."""

    channel = "matrix"

    def __init__(self, wire: MatrixWire) -> None:
        self._rooms = MatrixRooms(wire)
        self._room = lru_cache(maxsize=1000)(self._room_of)

    def problems(self, address: str) -> Sequence[str]:
        """Whether it is a Matrix name."""
        local, _, server = address.removeprefix("@").partition(":")
        if address.startswith("@") and local and server and " " not in address:
            return ()
        return ["the Matrix name: expected @NAME:SERVER"]

    def page(
        self, message: PageMessage, *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """Send. Raises DeliveryFailed, DeliveryUnknown."""
        room = self._room(to, timeout_seconds / 2)
        how = "\n".join(
            f"!tocsin ack ALR-{alert.number}"
            for alert in message.alerts[:10]
            if alert.number and not message.test
        )
        text = f"{body(message)}\n{message.link}"
        if how:
            text += f"\nTo acknowledge write\n{how}"
        shown = escape(text).replace("\n", "<br>")
        content = {
            "msgtype": "m.text",
            "body": f"{to} {heading(message)}\n{text}",
            "format": "org.matrix.custom.html",
            "formatted_body": f"<strong>{escape(heading(message))}</strong><br>{shown}",
            # What makes a phone ring.
            "m.mentions": {"user_ids": [to]},
        }
        sent = self._rooms.send(room, content, key, timeout_seconds / 2)
        return Receipt(sent, "sent")

    def _room_of(self, to: str, seconds: float) -> str:
        name = f"tocsin-page-{sha256(to.encode()).hexdigest()[:16]}"
        opened = self._rooms.open(
            name, title="Tocsin pages", private=True, timeout_seconds=seconds
        )
        self._rooms.invite(opened.channel, handle=to, email="", timeout_seconds=seconds)
        return opened.channel
