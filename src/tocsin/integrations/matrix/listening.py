"""What is said to the bot in Matrix: commands, pins of a message, invitations."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgspec

from tocsin.integrations.matrix.wire import TIMEOUT_SECONDS, MatrixWire, Refused, room
from tocsin.interfaces import DeliveryFailed, Heard

PREFIXES = ("!tocsin", "!t")
STAR = "📌"
# How many events of a room one look takes; fewer when they are more than can be read.
_AT_ONCE = (50, 10, 1)


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
            except msgspec.DecodeError:
                continue
            return self._heard(found), str(found["next_batch"])
        raise DeliveryFailed("its answer is too long to be read", permanent=False)

    def enter(self, channel: str) -> None:
        """Join a room that we were invited to."""
        self._wire.call("POST", f"{room(channel)}/join", {}, seconds=TIMEOUT_SECONDS)

    def _sync(
        self, wanted: Mapping[str, str], limit: int, *, seconds: float
    ) -> dict[str, Any]:
        nothing = {"types": []}  # type: dict[str, list[str]]
        chosen = {
            "timeline": {"types": ["m.room.message", "m.reaction"], "limit": limit},
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
        rooms = found.get("rooms", {})
        heard: list[Heard] = []
        for channel, held in rooms.get("invite", {}).items():
            events = held.get("invite_state", {}).get("events", [])
            for event in events:
                if event.get("state_key") == self._wire.me:
                    sender = str(event.get("sender", ""))
                    heard.append(
                        Heard(
                            self.provider, "invited", channel, f"in {channel}", sender
                        )
                    )
        for channel, held in rooms.get("join", {}).items():
            for event in held.get("timeline", {}).get("events", []):
                one = self._event(channel, event)
                if one is not None:
                    heard.append(one)
        return heard

    def _event(self, channel: str, event: Mapping[str, Any]) -> Heard | None:
        sender, content = str(event.get("sender", "")), event.get("content", {})
        message, at = str(event.get("event_id", "")), _at(event)
        if sender == self._wire.me or not isinstance(content, dict):
            return None
        relation = content.get("m.relates_to") or {}
        if event.get("type") == "m.reaction":
            # The variant selector is a matter of the keyboard.
            key = str(relation.get("key", "")).rstrip("\ufe0f")
            target = str(relation.get("event_id", ""))
            return self._starred(channel, target, sender) if key == STAR else None
        if relation.get("rel_type") == "m.replace":
            return None
        text = str(content.get("body", "")).strip()
        verb, _, rest = text.partition(" ")
        if verb.split("\n")[0] not in PREFIXES:
            return None
        return Heard(self.provider, "command", channel, message, sender, rest, at)

    def _starred(self, channel: str, message: str, sender: str) -> Heard | None:
        path = f"{room(channel)}/event/{quote(message, safe='')}"
        try:
            event = self._wire.call("GET", path, seconds=TIMEOUT_SECONDS)
        except Refused:
            return None
        text = str(event.get("content", {}).get("body", "")).strip()
        author = str(event.get("sender", ""))
        if not text or author == self._wire.me:
            return None
        return Heard(
            self.provider, "star", channel, message, sender, text, _at(event), author
        )


def _at(event: Mapping[str, Any]) -> datetime | None:
    millis = event.get("origin_server_ts")
    if not isinstance(millis, int) or not 0 < millis < 4 * 10**12:
        return None
    return datetime.fromtimestamp(millis / 1000, UTC)
