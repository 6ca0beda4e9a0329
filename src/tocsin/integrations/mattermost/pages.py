"""Pages as direct messages of Mattermost, with buttons.

Source: api.mattermost.com (v4: direct channels, posts) and developers.mattermost.com
(interactive messages), read 2026-11-25. `pending_post_id` drops a quick repetition.
"""

from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import quote

from tocsin.integrations.mattermost.rooms import (
    MattermostRefused,
    MattermostRooms,
    escaped,
)
from tocsin.interfaces.failures import DeliveryFailed
from tocsin.interfaces.pagers import PageMessage, Receipt
from tocsin.wording import body, heading

_BUTTONS = (("ack", "Acknowledge"), ("pass", "Pass on"))


class MattermostPager:
    """The channel `mattermost`: an address is a username."""

    channel = "mattermost"

    def __init__(self, rooms: MattermostRooms, *, back: str) -> None:
        """`back` is where a pressed button is told."""
        self._rooms = rooms
        self._back = back
        self._direct = lru_cache(maxsize=1000)(self._direct_channel)

    def problems(self, address: str) -> Sequence[str]:
        """Whether it is a username."""
        bare = address.removeprefix("@")
        if bare and all(c.isascii() and (c.isalnum() or c in "._-") for c in bare):
            return ()
        return ["the username: expected letters, digits, dots, dashes"]

    def page(
        self, message: PageMessage, *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """Post to them. Raises DeliveryFailed, DeliveryUnknown."""
        name = to.removeprefix("@").lower()
        actions = [
            {
                "id": verb,
                "name": label,
                "type": "button",
                "integration": {
                    "url": self._back,
                    "context": {"token": message.token, "verb": verb},
                },
            }
            for verb, label in _BUTTONS
            if message.token
        ]
        text = f"**{escaped(heading(message))}**\n{escaped(body(message))}"
        attachment = {"fallback": heading(message), "text": text, "actions": actions}
        post = {
            "channel_id": self._direct(name, timeout_seconds / 2),
            # A phone shows the message itself, not what is attached to it.
            "message": f"{escaped(heading(message))} {message.link}",
            "pending_post_id": key,
            "props": {"attachments": [attachment], "tocsin_key": key},
        }
        made = self._rooms.call("POST", "/posts", post, seconds=timeout_seconds / 2)
        return Receipt(str(made.get("id", "")), "posted")

    def _direct_channel(self, name: str, seconds: float) -> str:
        try:
            path = f"/users/username/{quote(name, safe='')}"
            user = str(self._rooms.call("GET", path, seconds=seconds)["id"])
        except MattermostRefused as refused:
            if refused.status != 404:
                raise
            reason = f"the server has nobody with the username {name}"
            raise DeliveryFailed(reason, permanent=True) from None
        me = str(self._rooms.call("GET", "/users/me", seconds=seconds)["id"])
        made = self._rooms.call("POST", "/channels/direct", [me, user], seconds=seconds)
        return str(made["id"])
