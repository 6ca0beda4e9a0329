"""What Mattermost tells us: its slash command, and buttons that were pressed.

Source: developers.mattermost.com (slash commands, interactive messages), read 2026-11-25.
"""

import hmac
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from tocsin.integrations.mattermost.rooms import MattermostRooms, escaped
from tocsin.interfaces.arrivals import Answer, Inbound, Unreadable
from tocsin.interfaces.chats import Heard, Overheard, Pressed
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown


class MattermostDoor:
    """The slash command proves itself by the token it was given when made, a button by
    the page's token, which only the message holds.
    """

    provider = "mattermost"
    prefix = "/tocsin "

    def __init__(self, token: str, rooms: MattermostRooms) -> None:
        self._token = token
        self._rooms = rooms

    def read(self, inbound: Inbound, *, now: datetime) -> Overheard:
        """Check the token, then read. Raises Unreadable."""
        kind = inbound.headers.get("content-type", "").partition(";")[0].strip()
        if kind == "application/json":
            return _pressed(inbound.body)
        try:
            body = inbound.body.decode()
            fields = dict(parse_qsl(body, keep_blank_values=True, max_num_fields=100))
        except ValueError:
            raise Unreadable("expected a form", Answer(400)) from None
        given = fields.get("token", "")
        if not self._token or not hmac.compare_digest(
            given.encode(), self._token.encode()
        ):
            reason = "the token is not that of the command"
            raise Unreadable(reason, Answer(401, reason.encode(), "text/plain"))
        user, channel = fields.get("user_id", ""), fields.get("channel_id", "")
        message = fields.get("trigger_id", "")
        if not (user and channel and message):
            raise Unreadable("no slash command of Mattermost's", Answer(400))
        try:
            email = self._rooms.email_of(user)
        except (DeliveryFailed, DeliveryUnknown):
            email = ""
        sender = fields.get("user_name", "")
        text = fields.get("text", "")
        heard = Heard(
            self.provider, "command", channel, message, sender, text, email=email
        )
        return Overheard(self.reply(""), heard)

    def reply(self, text: str) -> Answer:
        """Shown to whoever asked, and to nobody else."""
        body = {"response_type": "ephemeral", "text": escaped(text)}
        return Answer(200, msgspec.json.encode(body))

    def show(self, pressed: Pressed, text: str, *, done: bool) -> Answer:
        """In the message's place, or to whoever pressed."""
        if not done:
            return Answer(200, msgspec.json.encode({"ephemeral_text": escaped(text)}))
        update = {"message": escaped(text), "props": {}}
        return Answer(200, msgspec.json.encode({"update": update}))


def _pressed(body: bytes) -> Overheard:
    try:
        found = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError:
        raise Unreadable("expected a JSON object", Answer(400)) from None
    context = found.get("context")
    context = context if isinstance(context, dict) else {}
    pressed = Pressed(
        str(context.get("token", "")),
        str(context.get("verb", "")),
        str(found.get("user_name", "")),
    )
    return Overheard(Answer(200, b"{}"), pressed=pressed)
