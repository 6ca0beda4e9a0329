"""What is said to the bot in Matrix: commands, pins of a message, invitations."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgspec

from tocsin.integrations.matrix.wire import (
    TIMEOUT_SECONDS,
    MatrixWire,
    Refused,
    TooLong,
    object_of,
    room,
)
from tocsin.interfaces.chats import Heard
from tocsin.interfaces.failures import DeliveryFailed

PREFIXES = ("!tocsin", "!t")
STAR = "📌"
_KINDS = ["m.room.message", "m.reaction"]
# How many events of a room one look takes; fewer when they are more than can be read. In
# the end none: what nobody can read must not deafen us to all that follows.
_AT_ONCE = (200, 20, 1, 0)


class MatrixSource:
    """Listens by long polls of /sync."""

    provider = "matrix"

    def __init__(self, wire: MatrixWire) -> None:
        self._wire = wire

    def listen(self, cursor: str, *, seconds: float) -> tuple[Sequence[Heard], str]:
        """One long poll of /sync. Without a cursor nothing of the past is heard."""
        if not cursor:
            first = self._sync({"timeout": "0"}, limit=1, seconds=TIMEOUT_SECONDS)
            return (), str(first["next_batch"])
        wanted = {"since": cursor, "timeout": str(int(seconds * 1000))}
        for limit in _AT_ONCE:
            try:
                found = self._sync(wanted, limit, seconds=seconds + TIMEOUT_SECONDS)
            except TooLong:
                continue
            return self._heard(found), str(found["next_batch"])
        raise DeliveryFailed("its answer is too long to be read", permanent=False)

    def enter(self, channel: str) -> None:
        """Join a room that we were invited to."""
        self._wire.call("POST", f"{room(channel)}/join", {}, seconds=TIMEOUT_SECONDS)

    def _sync(
        self, wanted: Mapping[str, str], limit: int, *, seconds: float
    ) -> dict[str, Any]:
        nothing: dict[str, Any] = {"types": []}
        chosen = {
            "timeline": {"types": _KINDS, "limit": limit} if limit else nothing,
            "state": nothing,
            "ephemeral": nothing,
            "account_data": nothing,
        }
        sieve = {"room": chosen, "presence": nothing, "account_data": nothing}
        coded = quote(msgspec.json.encode(sieve).decode(), safe="")
        more = "&".join(f"{name}={quote(value)}" for name, value in wanted.items())
        path = f"/sync?filter={coded}&set_presence=offline&{more}"
        return self._wire.call("GET", path, seconds=seconds)

    def _heard(self, found: Mapping[str, Any]) -> list[Heard]:
        rooms = object_of(found.get("rooms"))
        heard: list[Heard] = []
        for channel, held in object_of(rooms.get("invite")).items():
            for event in _events(held, "invite_state"):
                if event.get("state_key") == self._wire.me:
                    sender, at = str(event.get("sender", "")), f"in {channel}"
                    heard.append(Heard(self.provider, "invited", channel, at, sender))
        for channel, held in object_of(rooms.get("join")).items():
            for event in _events(held, "timeline"):
                one = self._event(channel, event)
                if one is not None:
                    heard.append(one)
        return heard

    def _event(self, channel: str, event: Mapping[str, Any]) -> Heard | None:
        sender, content = str(event.get("sender", "")), object_of(event.get("content"))
        message, at = str(event.get("event_id", "")), _at(event)
        if sender == self._wire.me:
            return None
        relation = object_of(content.get("m.relates_to"))
        if event.get("type") == "m.reaction":
            # The variant selector is a matter of the keyboard.
            key = str(relation.get("key", "")).rstrip("\ufe0f")
            target = str(relation.get("event_id", ""))
            return self._starred(channel, target, sender) if key == STAR else None
        if relation.get("rel_type") == "m.replace":
            return None
        verb, _, rest = str(content.get("body", "")).strip().partition(" ")
        if verb.split("\n")[0] not in PREFIXES:
            return None
        return Heard(self.provider, "command", channel, message, sender, rest, at)

    def _starred(self, channel: str, message: str, sender: str) -> Heard | None:
        path = f"{room(channel)}/event/{quote(message, safe='', errors='replace')}"
        try:
            event = self._wire.call("GET", path, seconds=TIMEOUT_SECONDS)
        except Refused as refused:
            if not refused.permanent:
                raise
            return None
        text = str(object_of(event.get("content")).get("body", "")).strip()
        author = str(event.get("sender", ""))
        if not text or author == self._wire.me:
            return None
        return Heard(
            self.provider, "star", channel, message, sender, text, _at(event), author
        )


def _events(held: object, where: str) -> list[dict[str, Any]]:
    events = object_of(object_of(held).get(where)).get("events")
    return [object_of(one) for one in events] if isinstance(events, list) else []


def _at(event: Mapping[str, Any]) -> datetime | None:
    millis = event.get("origin_server_ts")
    if not isinstance(millis, int) or not 0 < millis < 4 * 10**12:
        return None
    return datetime.fromtimestamp(millis / 1000, UTC)
