"""The demo's mail server: takes every mail by SMTP and keeps the newest to be read."""

import itertools
import socket
import threading
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from msgspec import Struct

from tocsin.interfaces.machine import Clock

_KEPT = 200


class Mail(Struct, frozen=True):
    """One mail as its reader sees it."""

    id: int
    at: datetime
    sender: str
    to: str
    subject: str
    text: str


class Mailbox:
    """An SMTP server on a free loopback port."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ids = itertools.count(1)
        self._mails: deque[Mail] = deque(maxlen=_KEPT)
        self._arrived = threading.Condition()
        self._controller = Controller(self, hostname="127.0.0.1", port=_free_port())

    def start(self) -> str:
        """Begin to listen; returns the `smtp://` address."""
        self._controller.start()
        return f"smtp://127.0.0.1:{self._controller.port}"

    def stop(self) -> None:
        """End."""
        self._controller.stop(no_assert=True)

    async def handle_DATA(
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Called by aiosmtpd for each mail."""
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content).encode()
        parsed = message_from_bytes(raw, policy=policy.default)
        body = parsed.get_body(preferencelist=("plain",))
        mail = Mail(
            id=next(self._ids),
            at=self._clock.now(),
            sender=str(parsed.get("From", envelope.mail_from or "")),
            to=", ".join(envelope.rcpt_tos),
            subject=str(parsed.get("Subject", "")),
            text=body.get_content() if body is not None else "",
        )
        with self._arrived:
            self._mails.append(mail)
            self._arrived.notify_all()
        return "250 OK"

    def mails(self) -> Sequence[Mail]:
        """The newest first."""
        with self._arrived:
            return list(reversed(self._mails))

    def mail(self, mail_id: int) -> Mail | None:
        """One of them."""
        return next((mail for mail in self.mails() if mail.id == mail_id), None)

    def wait_for_any(self, *, after: int, timeout_seconds: float) -> Mail | None:
        """The first mail with an id above `after`, waiting for it."""

        def found() -> Mail | None:
            return next((mail for mail in self._mails if mail.id > after), None)

        with self._arrived:
            self._arrived.wait_for(lambda: found() is not None, timeout_seconds)
            return found()


def _free_port() -> int:
    """A loopback port that nobody listens on; aiosmtpd cannot be asked for any."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
