"""What Slack tells us: slash commands, the "add to log" shortcut, and pushpins.

Source: docs.slack.dev (verifying requests, slash commands, Events API, interactivity),
read 2026-11-25. Every request is signed over its time and body; one that is older than
five minutes could be a copy of somebody else's and is refused.
"""

import contextlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from tocsin.integrations.slack.rooms import SlackRooms, escaped
from tocsin.interfaces.arrivals import Answer, Inbound, Unreadable
from tocsin.interfaces.chats import Heard, Overheard, Pressed
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown

STAR = "pushpin"
SHORTCUT = "add_to_log"
_GOOD_FOR = timedelta(minutes=5)
_MARK = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
_SHOW_SECONDS = 2.0
_OK = Answer(200, b"", "text/plain")


class SlackDoor:
    """Reads requests of the app's three addresses, which may be one."""

    provider = "slack"
    prefix = "/tocsin "

    def __init__(self, signing_secret: str, rooms: SlackRooms) -> None:
        self._secret = signing_secret
        self._rooms = rooms

    def read(self, inbound: Inbound, *, now: datetime) -> Overheard:
        """Check the signature, then read. Raises Unreadable."""
        self._check(inbound, now)
        kind = inbound.headers.get("content-type", "").partition(";")[0].strip()
        if kind == "application/json":
            return self._event(_json(inbound.body))
        fields = _fields(inbound.body)
        if "payload" in fields:
            return self._interaction(_json(fields["payload"].encode()))
        return self._command(fields)

    def reply(self, text: str) -> Answer:
        """Shown to whoever asked, and to nobody else."""
        body = {"response_type": "ephemeral", "text": escaped(text)}
        return Answer(200, msgspec.json.encode(body))

    def show(self, pressed: Pressed, text: str, *, done: bool) -> Answer:
        """In the message's place, or to whoever pressed."""
        place = pressed.place
        with contextlib.suppress(DeliveryFailed, DeliveryUnknown):
            # It is done whether or not Slack can show it.
            if done:
                shown = escaped(f"{place['text']}\n{text}")
                self._rooms.call(
                    "chat.update", _SHOW_SECONDS, channel=place["channel"],
                    ts=place["message"], text=shown, blocks="[]",
                )  # fmt: skip
            else:
                self._rooms.call(
                    "chat.postEphemeral", _SHOW_SECONDS, channel=place["channel"],
                    user=pressed.sender, text=escaped(text),
                )  # fmt: skip
        return _OK

    def _check(self, inbound: Inbound, now: datetime) -> None:
        stamp = inbound.headers.get("x-slack-request-timestamp", "")
        given = inbound.headers.get("x-slack-signature", "")
        if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 11:
            raise _refused("the request has no time")
        age = now - datetime.fromtimestamp(int(stamp), UTC)
        if abs(age) > _GOOD_FOR:
            raise _refused("the request is too old")
        expected = signature(self._secret, stamp, inbound.body)
        if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
            raise _refused("the signature is not Slack's")

    def _command(self, fields: Mapping[str, str]) -> Overheard:
        user, channel = fields.get("user_id", ""), fields.get("channel_id", "")
        message = fields.get("trigger_id", "")
        if not (user and channel and message):
            raise Unreadable("no slash command of Slack's", Answer(400))
        heard = Heard(
            self.provider, "command", channel, message, user,
            plain(fields.get("text", "")), email=self._email(user),
        )  # fmt: skip
        return Overheard(_OK, heard)

    def _interaction(self, payload: Mapping[str, Any]) -> Overheard:
        if payload.get("type") != "block_actions":
            return self._shortcut(payload)
        actions = payload.get("actions")
        action = _object(actions[0]) if isinstance(actions, list) and actions else {}
        verb = str(action.get("action_id", "")).removeprefix("page_")
        if verb == "open":
            return Overheard(_OK)
        message = _object(payload.get("message"))
        place = {
            "channel": str(_object(payload.get("channel")).get("id", "")),
            "message": str(message.get("ts", "")),
            "text": plain(str(message.get("text", ""))),
        }
        user = str(_object(payload.get("user")).get("id", ""))
        pressed = Pressed(str(action.get("value", "")), verb, user, place)
        return Overheard(_OK, pressed=pressed)

    def _shortcut(self, payload: Mapping[str, Any]) -> Overheard:
        if payload.get("callback_id") != SHORTCUT:
            return Overheard(_OK)
        message = _object(payload.get("message"))
        return Overheard(
            _OK,
            self._starred(
                str(_object(payload.get("user")).get("id", "")),
                str(_object(payload.get("channel")).get("id", "")),
                str(message.get("ts", "")),
                str(message.get("user", "")),
                str(message.get("text", "")),
            ),
        )

    def _event(self, body: Mapping[str, Any]) -> Overheard:
        if body.get("type") == "url_verification":
            challenge = str(body.get("challenge", ""))
            return Overheard(Answer(200, challenge.encode(), "text/plain"))
        event = _object(body.get("event"))
        item = _object(event.get("item"))
        if event.get("type") != "reaction_added" or event.get("reaction") != STAR:
            return Overheard(_OK)
        channel, ts = str(item.get("channel", "")), str(item.get("ts", ""))
        try:
            text = self._rooms.message(channel, ts)
        except (DeliveryFailed, DeliveryUnknown):
            # Slack sends the event again when it is not answered with 200.
            busy = Answer(503)
            raise Unreadable("the message cannot be fetched now", busy) from None
        user, author = str(event.get("user", "")), str(event.get("item_user", ""))
        return Overheard(_OK, self._starred(user, channel, ts, author, text))

    def _starred(
        self, user: str, channel: str, ts: str, author: str, text: str
    ) -> Heard | None:
        if not (user and channel and ts and text.strip()):
            return None
        return Heard(
            self.provider, "star", channel, ts, user, plain(text), _at(ts), author,
            self._email(user),
        )  # fmt: skip

    def _email(self, user: str) -> str:
        try:
            return self._rooms.email_of(user)
        except (DeliveryFailed, DeliveryUnknown):
            # Whoever has a member id in Tocsin is known all the same.
            return ""


def signature(secret: str, stamp: str, body: bytes) -> str:
    """`v0=` and the HMAC-SHA-256 of `v0:stamp:body` in hexadecimal."""
    said = f"v0:{stamp}:".encode() + body
    return "v0=" + hmac.new(secret.encode(), said, sha256).hexdigest()


def plain(text: str) -> str:
    """Without Slack's marks: links as addresses, people as `@U…`."""
    found = _MARK.sub(_shown, text)
    return found.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _shown(mark: re.Match[str]) -> str:
    target, label = mark.group(1), mark.group(2)
    if target.startswith("@"):
        return target
    if target.startswith(("#", "!")):
        return label or target
    return target if not label or label in target else f"{label} ({target})"


def _refused(reason: str) -> Unreadable:
    return Unreadable(reason, Answer(401, reason.encode(), "text/plain"))


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _json(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError:
        raise Unreadable("expected a JSON object", Answer(400)) from None


def _fields(body: bytes) -> dict[str, str]:
    try:
        return dict(
            parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=100)
        )
    except ValueError:
        raise Unreadable("expected a form", Answer(400)) from None


def _at(ts: str) -> datetime | None:
    whole = ts.partition(".")[0]
    if not whole.isascii() or not whole.isdigit() or len(whole) > 11:
        return None
    return datetime.fromtimestamp(int(whole), UTC)
