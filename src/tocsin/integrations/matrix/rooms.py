"""Rooms of incidents: made, named, written to, pinned in, and closed.

A transaction id makes a message that is sent twice one message, a room's alias makes a
room that is made twice one room. Rooms are not encrypted. An incident that is not private
can be joined by everybody of this homeserver, by nobody of another.
"""

from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import quote

from tocsin.integrations.matrix.wire import MatrixWire, Refused, room
from tocsin.interfaces.chats import Opened, Said


class MatrixRooms:
    """The provider `matrix`."""

    provider = "matrix"
    has_rooms = True

    def __init__(self, wire: MatrixWire) -> None:
        self._wire = wire

    def open(
        self, name: str, *, title: str, private: bool, timeout_seconds: float
    ) -> Opened:
        """A room with the alias `name`, made if it is not there."""
        alias = f"#{name}:{self._wire.me.partition(':')[2]}"
        preset = "private_chat" if private else "public_chat"
        body = {
            "room_alias_name": name,
            "name": title,
            "preset": preset,
            "visibility": "private",
            "creation_content": {} if private else {"m.federate": False},
        }
        url = f"https://matrix.to/#/{quote(alias, safe='#:')}"
        try:
            made = self._wire.call("POST", "/createRoom", body, seconds=timeout_seconds)
        except Refused as refused:
            if refused.code != "M_ROOM_IN_USE":
                raise
            path = f"/directory/room/{quote(alias, safe='')}"
            made = self._wire.call("GET", path, seconds=timeout_seconds)
        return Opened(str(made["room_id"]), url)

    def invite(
        self, channel: str, *, handle: str, email: str, timeout_seconds: float
    ) -> str:
        """Somebody whose Matrix name is known."""
        if not handle:
            return "they have no Matrix name in Tocsin"
        members = self._wire.call(
            "GET", f"{room(channel)}/joined_members", seconds=timeout_seconds
        )
        if handle in members.get("joined", {}):
            return f"{handle} is there already"
        path = f"{room(channel)}/invite"
        self._wire.call("POST", path, {"user_id": handle}, seconds=timeout_seconds)
        return f"{handle} was invited"

    def set_topic(self, channel: str, topic: str, *, timeout_seconds: float) -> None:
        """The room's topic."""
        path = f"{room(channel)}/state/m.room.topic"
        self._wire.call("PUT", path, {"topic": topic}, seconds=timeout_seconds)

    def say(
        self,
        channel: str,
        said: Said,
        *,
        key: str,
        doubtful: bool,
        timeout_seconds: float,
    ) -> str:
        """A notice; the key is its transaction id, so a doubt needs no look."""
        return self.send(channel, _content(said), key, timeout_seconds)

    def edit(
        self,
        channel: str,
        message: str,
        said: Said,
        *,
        key: str,
        timeout_seconds: float,
    ) -> None:
        """Another text for a message."""
        new = _content(said)
        content = {
            **new,
            "body": f"* {new['body']}",
            "m.new_content": new,
            "m.relates_to": {"rel_type": "m.replace", "event_id": message},
        }
        self.send(channel, content, key, timeout_seconds)

    def pin(self, channel: str, message: str, *, timeout_seconds: float) -> None:
        """Among the room's pinned messages."""
        path = f"{room(channel)}/state/m.room.pinned_events"
        try:
            held = self._wire.call("GET", path, seconds=timeout_seconds)
        except Refused as refused:
            if refused.code != "M_NOT_FOUND":
                raise
            held = {}
        pinned = [one for one in held.get("pinned", []) if one != message]
        body = {"pinned": [*pinned, message]}
        self._wire.call("PUT", path, body, seconds=timeout_seconds)

    def archive(self, channel: str, *, timeout_seconds: float) -> None:
        """Nobody but moderators may write any more."""
        path = f"{room(channel)}/state/m.room.power_levels"
        levels = self._wire.call("GET", path, seconds=timeout_seconds)
        levels["events_default"] = 50
        self._wire.call("PUT", path, levels, seconds=timeout_seconds)

    def send(
        self, channel: str, content: Mapping[str, Any], key: str, seconds: float
    ) -> str:
        """Any message; `key` is its transaction id. Its event's id."""
        path = f"{room(channel)}/send/m.room.message/{quote(key, safe='')}"
        return str(self._wire.call("PUT", path, content, seconds=seconds)["event_id"])


def _content(said: Said) -> dict[str, Any]:
    """As text and as HTML; nobody is mentioned by what they wrote."""
    plain = "\n".join(part for part in (said.head, said.text, said.foot) if part)
    parts = [f"<strong>{escape(said.head)}</strong>"] if said.head else []
    if said.text:
        parts.append(escape(said.text).replace("\n", "<br>"))
    if said.foot:
        parts.append(f"<em>{escape(said.foot)}</em>")
    return {
        "msgtype": "m.notice",
        "body": plain,
        "format": "org.matrix.custom.html",
        "formatted_body": "<br>".join(parts),
        "m.mentions": {},
    }
