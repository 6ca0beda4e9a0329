"""Pages by ntfy, a push service that can be run on one's own server.

Source: docs.ntfy.sh/publish, read 2026-11-23. An address is a topic on the server of the
settings, or a whole `https://server/topic`. The settings' token is for the settings'
server only; a server that somebody typed never sees it.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec

from tocsin.core.severity import Urgency
from tocsin.interfaces.failures import DeliveryFailed
from tocsin.interfaces.machine import Egress
from tocsin.interfaces.pagers import PageMessage, Receipt
from tocsin.judging import object_of, refuse_unless_taken
from tocsin.wording import body, heading, way_in

_LONGEST_MESSAGE = 3500


class NtfyPager:
    """The `ntfy` channel."""

    channel = "ntfy"

    def __init__(self, *, server: str, token: str, own: Egress, typed: Egress) -> None:
        """`own` goes to the server of the settings, `typed` to any other."""
        self._server = server
        self._token = token
        self._own = own
        self._typed = typed

    def problems(self, address: str) -> Sequence[str]:
        """Whether `address` names a topic."""
        server, topic = self._split(address)
        if not server:
            return ["expected https://SERVER/TOPIC, as TOCSIN_NTFY_URL is not set here"]
        if server != self._server:
            found = self._typed.problems(server)
            if found:
                return found
        if not topic or not all(char.isalnum() or char in "_-" for char in topic):
            return ["the topic: expected letters, digits, - and _"]
        return []

    def page(
        self, message: PageMessage, *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """Publish. Raises DeliveryFailed, DeliveryUnknown."""
        if self.problems(to):
            raise DeliveryFailed(self.problems(to)[0], permanent=True)
        server, topic = self._split(to)
        is_ours = server == self._server
        headers = {"content-type": "application/json", "user-agent": "Tocsin"}
        if is_ours and self._token:
            headers["authorization"] = f"Bearer {self._token}"
        answer = (self._own if is_ours else self._typed).request(
            "POST",
            server,
            headers=headers,
            body=msgspec.json.encode(self._body(message, topic)),
            timeout_seconds=timeout_seconds,
        )
        refuse_unless_taken(answer, self._token)
        return Receipt(
            str(object_of(answer).get("id", "")), f"{answer.status} accepted"
        )

    def _body(self, message: PageMessage, topic: str) -> dict[str, object]:
        return {
            "topic": topic,
            "title": heading(message),
            "message": body(message)[:_LONGEST_MESSAGE],
            "priority": 5 if message.urgency is Urgency.HIGH else 3,
            "tags": [] if message.subject else ["rotating_light"],
            "click": message.link,
            "actions": [
                {"action": "view", "label": way_in(message), "url": message.link}
            ],
        }

    def _split(self, address: str) -> tuple[str, str]:
        if address.startswith(("http://", "https://")):
            parts = urlsplit(address)
            return f"{parts.scheme}://{parts.netloc}", parts.path.strip("/")
        return self._server, address
