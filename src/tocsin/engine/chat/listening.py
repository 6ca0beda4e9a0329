"""Listens to a chat in a thread of its own, and answers there through the outbox."""

import threading
from datetime import timedelta

import structlog

from tocsin.engine.chat.hearing import Hearing
from tocsin.engine.front_desk import FrontDesk
from tocsin.interfaces.chats import ChatSource, Heard
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.store import chat as stored
from tocsin.store import outbox
from tocsin.store.database import StoreError, Tx
from tocsin.store.outbox import Message

log = structlog.get_logger()

_POLL_SECONDS = 25.0
_FIRST_WAIT = timedelta(seconds=1)
_LONGEST_WAIT = timedelta(seconds=60)


class Listener:
    """One chat. What was heard twice is done once, so its place is kept afterwards."""

    def __init__(
        self,
        source: ChatSource,
        hearing: Hearing,
        desk: FrontDesk,
        *,
        prefix: str,
        poll_seconds: float = _POLL_SECONDS,
    ) -> None:
        self._source = source
        self._hearing = hearing
        self._desk = desk
        self._prefix = prefix
        self._poll_seconds = poll_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"tocsin-{source.provider}", daemon=True
        )

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; a poll that is under way is left to end by itself."""
        self._stop.set()

    def once(self) -> None:
        """One look. Raises DeliveryFailed, DeliveryUnknown, StoreError."""
        database, provider = self._desk.database, self._source.provider
        cursor = database.read(lambda tx: stored.cursor(tx, provider))
        heard, following = self._source.listen(cursor, seconds=self._poll_seconds)
        for one in heard:
            if self._stop.is_set():
                # The rest is heard again by whoever listens next.
                return
            self._take(one)
        if following != cursor and not self._stop.is_set():
            database.write(lambda tx: stored.put_cursor(tx, provider, following))

    def _take(self, heard: Heard) -> None:
        try:
            if heard.kind == "invited":
                if self._hearing.knows(heard):
                    self._source.enter(heard.channel)
                return
            reply = self._hearing.hear(heard, prefix=self._prefix)
        except (StoreError, DeliveryFailed, DeliveryUnknown):
            raise
        except Exception:
            # One line that breaks us must not deafen us.
            log.error("chat_line_broke", provider=heard.provider, exc_info=True)
            return
        if reply.text and not reply.is_shown:
            self._answer(heard, reply.text)

    def _answer(self, heard: Heard, text: str) -> None:
        message = Message(
            lane="reply",
            channel=heard.provider,
            target=heard.channel,
            key=f"reply:{heard.provider}:{heard.channel}:{heard.message}",
            payload={"do": "say", "head": "", "text": text},
        )
        now = self._desk.clock.now()

        def work(tx: Tx) -> None:
            outbox.put(tx, [message], now=now)

        self._desk.database.write(work)
        self._desk.wake()

    def _run(self) -> None:
        wait = _FIRST_WAIT
        while not self._stop.is_set():
            try:
                self.once()
                wait = _FIRST_WAIT
            except (DeliveryFailed, DeliveryUnknown, StoreError) as error:
                log.warning(
                    "chat_not_heard", provider=self._source.provider, error=str(error)
                )
                self._stop.wait(wait.total_seconds())
                wait = min(wait * 2, _LONGEST_WAIT)
            except Exception:
                # Whatever it is, the chat is listened to again.
                log.error(
                    "listener_broke", provider=self._source.provider, exc_info=True
                )
                self._stop.wait(_LONGEST_WAIT.total_seconds())
