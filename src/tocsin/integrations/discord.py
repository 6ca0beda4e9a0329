"""Pages by a bot of Discord, with buttons, and what Discord tells us.

Source: docs.discord.com/developers (create DM, create message with `enforce_nonce`,
components, receiving interactions and their Ed25519 signature), read 2026-11-25.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tocsin.interfaces.arrivals import Answer, Inbound, Unreadable
from tocsin.interfaces.chats import Overheard, Pressed
from tocsin.interfaces.machine import Egress
from tocsin.interfaces.pagers import PageMessage, Receipt
from tocsin.judging import mapping, object_of, refuse_unless_taken
from tocsin.wording import body, heading

URL = "https://discord.com/api/v10"
_GOOD_FOR = timedelta(minutes=5)
_LONGEST = 1800
_MARKS = re.compile(r"([\\`*_~|>#\-\[\]()<:])")
_PING, _COMPONENT = 1, 3
_PONG, _MESSAGE, _UPDATE = 1, 4, 7
_ONLY_YOU, _NO_PREVIEW = 64, 4
_VERBS = {"a": "ack", "p": "pass"}


class DiscordPager:
    """The channel `discord`: an address is a user id."""

    channel = "discord"

    def __init__(self, token: str, egress: Egress, *, url: str = URL) -> None:
        self._token = token
        self._egress = egress
        self._url = url
        self._direct = lru_cache(maxsize=1000)(self._direct_channel)

    def problems(self, address: str) -> Sequence[str]:
        """Whether it is a user id."""
        if address.isascii() and address.isdigit() and 15 <= len(address) <= 20:
            return ()
        return ["the user id: expected a number; Discord copies it in developer mode"]

    def page(
        self, message: PageMessage, *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """Send. Raises DeliveryFailed, DeliveryUnknown."""
        text = f"**{escaped(heading(message))}**\n{escaped(body(message))}"
        buttons = [_link("Open", message.link)]
        if message.token:
            buttons = [
                _button("Acknowledge", f"a:{message.token}", style=1),
                _button("Pass on", f"p:{message.token}", style=2),
                *buttons,
            ]
        request = {
            "content": text[:_LONGEST],
            "components": [{"type": 1, "components": buttons}],
            "allowed_mentions": {"parse": []},
            "flags": _NO_PREVIEW,
            # The same nonce within minutes is the same message.
            "nonce": sha256(key.encode()).hexdigest()[:25],
            "enforce_nonce": True,
        }
        channel = self._direct(to, timeout_seconds / 2)
        made = self._call(f"/channels/{channel}/messages", request, timeout_seconds / 2)
        return Receipt(str(made.get("id", "")), "sent")

    def _direct_channel(self, to: str, seconds: float) -> str:
        made = self._call("/users/@me/channels", {"recipient_id": to}, seconds)
        return str(made.get("id", ""))

    def _call(
        self, path: str, request: Mapping[str, object], seconds: float
    ) -> dict[str, Any]:
        answer = self._egress.request(
            "POST",
            f"{self._url}{path}",
            headers={
                "authorization": f"Bot {self._token}",
                "content-type": "application/json",
                "user-agent": "DiscordBot (https://github.com/tocsin, 1)",
            },
            body=msgspec.json.encode(request),
            timeout_seconds=seconds,
        )
        found = object_of(answer)
        refuse_unless_taken(
            answer,
            self._token,
            said=f"{found.get('code', '')} {found.get('message', '')}".strip(),
        )
        return found


class DiscordDoor:
    """Interactions, signed with the application's key over their time and body."""

    provider = "discord"
    prefix = ""

    def __init__(self, public_key: str) -> None:
        """`public_key` as the developer portal shows it. Raises ValueError."""
        self._key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))

    def read(self, inbound: Inbound, *, now: datetime) -> Overheard:
        """Check the signature, then read. Raises Unreadable."""
        self._check(inbound, now)
        try:
            found = msgspec.json.decode(inbound.body, type=dict[str, Any])
        except msgspec.DecodeError:
            raise Unreadable("expected a JSON object", Answer(400)) from None
        if found.get("type") != _COMPONENT:
            # A ping proves to Discord that forged requests are refused.
            return Overheard(_answer(_PONG))
        member = mapping(found.get("member"))
        user = mapping(member.get("user")) or mapping(found.get("user"))
        data = str(mapping(found.get("data")).get("custom_id", ""))
        verb, _, token = data.partition(":")
        shown = str(mapping(found.get("message")).get("content", ""))
        pressed = Pressed(
            token, _VERBS.get(verb, verb), str(user.get("id", "")), {"text": shown}
        )
        return Overheard(_answer(_PONG), pressed=pressed)

    def _check(self, inbound: Inbound, now: datetime) -> None:
        stamp = inbound.headers.get("x-signature-timestamp", "")
        given = inbound.headers.get("x-signature-ed25519", "")
        try:
            self._key.verify(bytes.fromhex(given), stamp.encode() + inbound.body)
            age = now - datetime.fromtimestamp(int(stamp), UTC)
        except (InvalidSignature, ValueError, OverflowError, OSError):
            reason = "the signature is not Discord's"
            raise Unreadable(
                reason, Answer(401, reason.encode(), "text/plain")
            ) from None
        if abs(age) > _GOOD_FOR:
            raise Unreadable("the request is too old", Answer(401))

    def reply(self, text: str) -> Answer:
        """Nobody gives commands here."""
        return _answer(_PONG)

    def show(self, pressed: Pressed, text: str, *, done: bool) -> Answer:
        """Below the message, or to whoever pressed."""
        if not done:
            said = {"content": escaped(text)[:_LONGEST], "flags": _ONLY_YOU}
            return _answer(_MESSAGE, said)
        content = f"{pressed.place.get('text', '')[:_LONGEST]}\n\n{escaped(text)}"
        return _answer(_UPDATE, {"content": content[:2000], "components": []})


def escaped(text: str) -> str:
    """For Markdown: shown as it was written; `allowed_mentions` lets nobody be called."""
    return _MARKS.sub(r"\\\1", text)


def _button(label: str, custom_id: str, *, style: int) -> dict[str, object]:
    return {"type": 2, "style": style, "label": label, "custom_id": custom_id}


def _link(label: str, url: str) -> dict[str, object]:
    return {"type": 2, "style": 5, "label": label, "url": url}


def _answer(kind: int, data: Mapping[str, object] | None = None) -> Answer:
    body: dict[str, object] = {"type": kind}
    if data is not None:
        body["data"] = data
    return Answer(200, msgspec.json.encode(body))
