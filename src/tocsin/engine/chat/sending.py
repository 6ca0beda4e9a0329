"""The outbox's side of chat: fills in channels and people, says what is late, hears back."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from tocsin.core.chat import chat as rules
from tocsin.core.directory import Directory
from tocsin.core.pages.paging import Attempted
from tocsin.engine.outbox import Unwanted
from tocsin.engine.paging import Sent
from tocsin.interfaces.chats import ChatRoom, Said
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.pagers import Receipt
from tocsin.store import chat as stored
from tocsin.store.chat import Outage
from tocsin.store.database import Tx
from tocsin.store.outbox import Outgoing


class ChatClerk:
    """Of the lane `chat`."""

    def __init__(
        self, rooms: Mapping[str, ChatRoom], directory: Callable[[Tx], Directory]
    ) -> None:
        self._rooms = rooms
        self._directory = directory

    def prepare(self, tx: Tx, message: Outgoing, *, now: datetime) -> Outgoing:
        """`target`, an incident, becomes the channel that it has in this chat."""
        room = self._rooms.get(message.channel)
        do = message.payload["do"]
        held = stored.get(tx, message.incident, message.channel)
        channel = held.channel if held is not None else ""
        if room is not None and room.has_rooms:
            if do == "open" and channel:
                raise Unwanted("its channel is there")
            if do != "open" and not channel:
                raise Unwanted("the incident has no channel in this chat")
            if held is not None and held.state == "archived":
                raise Unwanted("its channel is archived")
        return replace(
            message,
            target=channel,
            payload={**message.payload, **self._more(tx, message, channel, now)},
        )

    def _more(
        self, tx: Tx, message: Outgoing, channel: str, now: datetime
    ) -> Mapping[str, Any]:
        payload = message.payload
        match payload["do"]:
            case "invite":
                person = self._directory(tx).person(payload["person"])
                if person is None:
                    raise Unwanted(f"{payload['person']} is nobody here any more")
                handle = person.chat.get(message.channel, "")
                return {"handle": handle, "email": person.email}
            case "edit":
                known = stored.message_of(
                    tx, message.channel, channel, entry=payload["entry"]
                )
                if not known:
                    raise Unwanted("what is corrected was not said there")
                return {"message": known}
            case "say":
                late = self._late(tx, message, now)
                foot = " · ".join(part for part in (payload["foot"], late) if part)
                return {"foot": foot, "doubtful": message.tries > 1}
        return {}

    @staticmethod
    def _late(tx: Tx, message: Outgoing, now: datetime) -> str:
        wanted_at = message.wanted_at
        if not rules.is_late(wanted_at=wanted_at, now=now):
            return ""
        outage = stored.outage(tx, message.channel)
        down = None
        if outage is not None and (outage.end is None or outage.end >= wanted_at):
            down = (outage.start, outage.end or now)
        zone = str(message.payload.get("zone", "UTC"))
        return rules.late_words(wanted_at=wanted_at, zone=zone, down=down)

    def heard(
        self, tx: Tx, message: Outgoing, sent: Sent, *, state: str, now: datetime
    ) -> None:
        """Remember channels, messages, and when a chat was down."""
        outage = stored.outage(tx, message.channel)
        is_down = outage is not None and outage.end is None
        # Who says when to come back is not down.
        failed = sent.outcome in (Attempted.TEMPORARY, Attempted.UNKNOWN)
        if failed and sent.retry_after is None and not is_down:
            stored.put_outage(tx, message.channel, Outage(now))
        if state != "accepted":
            return
        if outage is not None and is_down:
            stored.put_outage(tx, message.channel, Outage(outage.start, now))
        match message.payload["do"]:
            case "open":
                stored.opened(
                    tx, message.incident, message.channel,
                    channel=sent.provider_id, url=sent.answer,
                )  # fmt: skip
            case "archive":
                stored.archived(tx, message.incident, message.channel)
            case "say" if sent.provider_id:
                stored.keep(
                    tx, message.channel, message.target, sent.provider_id,
                    incident=message.incident, entry=message.payload.get("entry", 0),
                    now=now,
                )  # fmt: skip


class ChatPoster:
    """One chat as a channel of the outbox."""

    def __init__(self, room: ChatRoom) -> None:
        self.channel = room.provider
        self._room = room

    def post(
        self, payload: Mapping[str, Any], *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """Do what the payload says. Raises DeliveryFailed, DeliveryUnknown."""
        room, limit = self._room, timeout_seconds
        match payload["do"]:
            case "open":
                opened = room.open(
                    payload["name"], title=payload["title"],
                    private=payload["private"], timeout_seconds=limit,
                )  # fmt: skip
                return Receipt(opened.channel, opened.url)
            case "invite":
                answer = room.invite(
                    to, handle=payload["handle"], email=payload["email"],
                    timeout_seconds=limit,
                )  # fmt: skip
                return Receipt("", answer)
            case "topic":
                room.set_topic(to, payload["topic"], timeout_seconds=limit)
                return Receipt("", "the topic is set")
            case "edit":
                room.edit(
                    to, payload["message"], _said(payload), key=key,
                    timeout_seconds=limit,
                )  # fmt: skip
                return Receipt("", "edited")
            case "archive":
                room.archive(to, timeout_seconds=limit)
                return Receipt("", "archived")
        return self._say(payload, to, key, limit)

    def _say(
        self, payload: Mapping[str, Any], to: str, key: str, limit: float
    ) -> Receipt:
        message = self._room.say(
            to, _said(payload), key=key, doubtful=payload.get("doubtful", False),
            timeout_seconds=limit,
        )  # fmt: skip
        if not payload.get("pin") or not message:
            return Receipt(message, "said")
        try:
            self._room.pin(to, message, timeout_seconds=limit)
        except (DeliveryFailed, DeliveryUnknown) as error:
            # It was said, and must not be said again for the sake of a pin.
            return Receipt(message, f"said, but not pinned: {error.reason}")
        return Receipt(message, "said and pinned")


def _said(payload: Mapping[str, Any]) -> Said:
    return Said(payload["head"], payload.get("text", ""), payload.get("foot", ""))
