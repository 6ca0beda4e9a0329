"""Pages by a bot of Telegram, with buttons, and what Telegram tells us.

Source: core.telegram.org/bots/api (sendMessage, inline keyboards, callback queries,
setWebhook's secret token, making requests when getting updates), read 2026-11-25. Texts
go without a parse mode, so that nothing in them is markup.
"""

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tocsin.interfaces.arrivals import Answer, Inbound, Unreadable
from tocsin.interfaces.chats import Overheard, Pressed
from tocsin.interfaces.machine import Egress
from tocsin.interfaces.pagers import PageMessage, Receipt
from tocsin.judging import mapping, object_of, refuse_unless_taken
from tocsin.wording import body, heading

URL = "https://api.telegram.org"
_LONGEST = 4000
# What a button gives back: at most 64 bytes, of which the token takes under 40.
_VERBS = {"a": "ack", "p": "pass"}


class TelegramPager:
    """The channel `telegram`: an address is the number of a private chat."""

    channel = "telegram"

    def __init__(self, token: str, egress: Egress, *, url: str = URL) -> None:
        self._token = token
        self._egress = egress
        self._url = url

    def problems(self, address: str) -> Sequence[str]:
        """Whether it is a private chat: groups have negative numbers."""
        if address.isascii() and address.isdigit() and len(address) < 20:
            return ()
        return [
            "the number: expected the one that the bot says when you write /start to it"
        ]

    def page(
        self, message: PageMessage, *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """Send. Raises DeliveryFailed, DeliveryUnknown."""
        text = f"{heading(message)}\n{body(message)}"[:_LONGEST]
        keyboard: list[list[dict[str, str]]] = []
        if message.token:
            keyboard.append(
                [
                    {"text": "Acknowledge", "callback_data": f"a:{message.token}"},
                    {"text": "Pass on", "callback_data": f"p:{message.token}"},
                ]
            )
        request = {
            "chat_id": int(to),
            "text": f"{text}\n{message.link}",
            "link_preview_options": {"is_disabled": True},
            "reply_markup": {"inline_keyboard": keyboard},
        }
        answer = self._egress.request(
            "POST",
            f"{self._url}/bot{self._token}/sendMessage",
            headers={"content-type": "application/json", "user-agent": "Tocsin"},
            body=msgspec.json.encode(request),
            timeout_seconds=timeout_seconds,
        )
        found = object_of(answer)
        wait = mapping(found.get("parameters")).get("retry_after")
        refuse_unless_taken(
            answer,
            self._token,
            said=str(found.get("description", "")),
            retry_after="" if wait is None else str(wait),
        )
        result = mapping(found.get("result"))
        return Receipt(str(result.get("message_id", "")), "sent")


class TelegramDoor:
    """Updates of the bot, proven by the secret that setWebhook was given."""

    provider = "telegram"
    prefix = ""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def read(self, inbound: Inbound, *, now: datetime) -> Overheard:
        """Check the secret, then read. Raises Unreadable."""
        given = inbound.headers.get("x-telegram-bot-api-secret-token", "")
        if not hmac.compare_digest(
            given.encode("utf-8", "replace"), self._secret.encode()
        ):
            reason = "the secret is not that of the webhook"
            raise Unreadable(reason, Answer(403, reason.encode(), "text/plain"))
        try:
            update = msgspec.json.decode(inbound.body, type=dict[str, Any])
        except msgspec.DecodeError:
            raise Unreadable("expected a JSON object", Answer(400)) from None
        query = mapping(update.get("callback_query"))
        if query:
            return Overheard(Answer(200), pressed=_pressed(query))
        return Overheard(_introduced(mapping(update.get("message"))))

    def reply(self, text: str) -> Answer:
        """Nobody gives commands here."""
        return Answer(200)

    def show(self, pressed: Pressed, text: str, *, done: bool) -> Answer:
        """Below the message, or as a note to whoever pressed."""
        place = pressed.place
        if not done:
            return _call(
                "answerCallbackQuery",
                callback_query_id=place["query"],
                text=text[:200],
                show_alert=True,
            )
        return _call(
            "editMessageText",
            chat_id=int(place["chat"]),
            message_id=int(place["message"]),
            text=f"{place['text'][:_LONGEST]}\n\n{text}",
            link_preview_options={"is_disabled": True},
        )


def _pressed(query: Mapping[str, Any]) -> Pressed:
    message = mapping(query.get("message"))
    verb, _, token = str(query.get("data", "")).partition(":")
    return Pressed(
        token,
        _VERBS.get(verb, verb),
        str(mapping(query.get("from")).get("id", "")),
        {
            "query": str(query.get("id", "")),
            "chat": str(mapping(message.get("chat")).get("id", "0")),
            "message": str(message.get("message_id", "0")),
            "text": str(message.get("text", "")),
        },
    )


def _introduced(message: Mapping[str, Any]) -> Answer:
    """Somebody who writes to the bot is told what their address is."""
    chat = mapping(message.get("chat"))
    if chat.get("type") != "private" or not isinstance(chat.get("id"), int):
        return Answer(200)
    text = f"Your address for pages is {chat['id']}. Add it to your page in Tocsin."
    return _call("sendMessage", chat_id=chat["id"], text=text)


def _call(method: str, **fields: object) -> Answer:
    """An answer to an update may be a call of the bot's."""
    return Answer(200, msgspec.json.encode({"method": method, **fields}))
