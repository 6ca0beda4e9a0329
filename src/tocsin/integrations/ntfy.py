"""Pages by ntfy, a push service that can be run on one's own server.

Source: docs.ntfy.sh/publish, read 2026-11-23. An address is a topic on the server of the
settings, or a whole `https://server/topic`. The settings' token is for the settings'
server only; a server that somebody typed never sees it.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec

from tocsin.core.credentials import without
from tocsin.core.severity import Urgency
from tocsin.interfaces import (
    DeliveryFailed,
    Egress,
    HttpAnswer,
    PageMessage,
    Receipt,
)

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
            return ["set TOCSIN_NTFY_URL, or use https://SERVER/TOPIC as the address"]
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
        return _judged(answer, secret=self._token)

    def _body(self, message: PageMessage, topic: str) -> dict[str, object]:
        worst = message.alerts[0] if message.alerts else None
        title = f"{worst.severity.name} {worst.service}" if worst else "Tocsin"
        if len(message.alerts) > 1:
            title = f"{len(message.alerts)} alerts, worst {title}"
        lines = [alert.title for alert in message.alerts[:10]]
        lines += [message.why] + ([f"{message.next_up}."] if message.next_up else [])
        if message.may_be_repeat:
            lines.append("(may be a repeat)")
        return {
            "topic": topic,
            "title": ("TEST: " if message.test else "") + title,
            "message": "\n".join(lines)[:_LONGEST_MESSAGE],
            "priority": 5 if message.urgency is Urgency.HIGH else 3,
            "tags": ["rotating_light"],
            "click": message.link,
            "actions": [{"action": "view", "label": "Answer", "url": message.link}],
        }

    def _split(self, address: str) -> tuple[str, str]:
        if address.startswith(("http://", "https://")):
            parts = urlsplit(address)
            return f"{parts.scheme}://{parts.netloc}", parts.path.strip("/")
        return self._server, address


def _judged(answer: HttpAnswer, *, secret: str) -> Receipt:
    code = answer.status
    if 200 <= code < 300:
        return Receipt(_id_of(answer), f"{code} accepted")
    wait = answer.headers.get("retry-after", "")
    raise DeliveryFailed(
        # A server that is not well may repeat the headers it was sent.
        f"{code} {without(answer.text, secret)[:300]}".strip(),
        permanent=code not in (408, 425, 429) and code < 500,
        retry_after_seconds=float(wait) if wait.isdigit() else None,
    )


def _id_of(answer: HttpAnswer) -> str:
    try:
        body = msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        return ""
    return str(body.get("id", "")) if isinstance(body, dict) else ""
