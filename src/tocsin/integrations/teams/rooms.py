"""Updates in Microsoft Teams, by the address of a workflow ("post to a channel").

Source: learn.microsoft.com (incoming webhooks with Workflows, Adaptive Cards 1.4), read
2026-11-25. One way: all incidents share the workflow's channel, private ones are never
posted. Texts are plain runs, so that nothing in them is read as markup or a mention.
"""

from typing import Any

import msgspec

from tocsin.core.credentials import without
from tocsin.core.http_verdicts import verdict
from tocsin.integrations.teams.cards import line, message
from tocsin.interfaces.chats import Opened, Said
from tocsin.interfaces.failures import DeliveryFailed
from tocsin.interfaces.machine import Egress


class TeamsRooms:
    """The provider `teams`."""

    provider = "teams"
    has_rooms = False

    def __init__(self, url: str, egress: Egress) -> None:
        self._url = url
        self._egress = egress

    def say(
        self,
        channel: str,
        said: Said,
        *,
        key: str,
        doubtful: bool,
        timeout_seconds: float,
    ) -> str:
        """Post a card. A workflow knows no keys: after a doubt it may come twice."""
        answer = self._egress.request(
            "POST",
            self._url,
            headers={"content-type": "application/json", "user-agent": "Tocsin"},
            body=msgspec.json.encode(_message(said)),
            timeout_seconds=timeout_seconds,
        )
        text = answer.text
        if not 200 <= answer.status < 300:
            judged = verdict(
                answer.status, retry_after=answer.headers.get("retry-after", "")
            )
            reason = f"{answer.status} {without(text, self._url)[:300]}".strip()
            raise DeliveryFailed(
                reason,
                permanent=judged.permanent,
                retry_after_seconds=judged.retry_after_seconds,
            )
        # The older connectors say 200 to everything, and what was wrong in the body.
        if "HTTP error" in text or "delivery failed" in text:
            raise DeliveryFailed(without(text, self._url)[:300], permanent=False)
        return ""

    def open(
        self, name: str, *, title: str, private: bool, timeout_seconds: float
    ) -> Opened:
        """There is one place for all."""
        raise DeliveryFailed(_ONE_WAY, permanent=True)

    def invite(
        self, channel: str, *, handle: str, email: str, timeout_seconds: float
    ) -> str:
        """Nobody can be brought in."""
        raise DeliveryFailed(_ONE_WAY, permanent=True)

    def set_topic(self, channel: str, topic: str, *, timeout_seconds: float) -> None:
        """It has none."""
        raise DeliveryFailed(_ONE_WAY, permanent=True)

    def edit(
        self,
        channel: str,
        message: str,
        said: Said,
        *,
        key: str,
        timeout_seconds: float,
    ) -> None:
        """What was posted stays."""
        raise DeliveryFailed(_ONE_WAY, permanent=True)

    def pin(self, channel: str, message: str, *, timeout_seconds: float) -> None:
        """Nothing can be pinned."""
        raise DeliveryFailed(_ONE_WAY, permanent=True)

    def archive(self, channel: str, *, timeout_seconds: float) -> None:
        """The place is everybody's."""
        raise DeliveryFailed(_ONE_WAY, permanent=True)


_ONE_WAY = "a workflow of Teams can only be posted to"


def _message(said: Said) -> dict[str, Any]:
    return message(
        [
            line(one, **style)
            for text, style in (
                (said.head, {"weight": "Bolder"}),
                (said.text, {}),
                (said.foot, {"italic": True, "isSubtle": True}),
            )
            for one in text.split("\n")
            if one.strip()
        ]
    )
