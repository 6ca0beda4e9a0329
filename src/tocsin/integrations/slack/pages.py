"""Pages as direct messages of Slack, with buttons.

Source: docs.slack.dev (chat.postMessage, Block Kit, block_actions), read 2026-11-25.
Slack knows no idempotency keys: a message that is tried again may come twice and says so.
"""

from collections.abc import Sequence

import msgspec

from tocsin.integrations.slack.rooms import SlackRooms, escaped
from tocsin.interfaces.pagers import PageMessage, Receipt
from tocsin.wording import body, heading

_LONGEST = 2900


class SlackPager:
    """The channel `slack`: an address is a member id."""

    channel = "slack"

    def __init__(self, rooms: SlackRooms) -> None:
        self._rooms = rooms

    def problems(self, address: str) -> Sequence[str]:
        """Whether it is a member id."""
        if address[:1] in ("U", "W") and address.isascii() and address.isalnum():
            return ()
        return ["the member id: expected U…, from Slack's profile, Copy member ID"]

    def page(
        self, message: PageMessage, *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """Post to them. Raises DeliveryFailed, DeliveryUnknown."""
        posted = self._rooms.call(
            "chat.postMessage",
            timeout_seconds,
            channel=to,
            text=escaped(f"{heading(message)}: {body(message)}")[:_LONGEST],
            blocks=msgspec.json.encode(_blocks(message)).decode(),
            unfurl_links="false",
            unfurl_media="false",
        )
        return Receipt(str(posted.get("ts", "")), "posted")


def _blocks(message: PageMessage) -> list[dict[str, object]]:
    buttons = [_link("Open", message.link)]
    if message.token:
        buttons = [
            _button("ack", "Acknowledge", message.token, style="primary"),
            _button("pass", "Pass on", message.token),
            *buttons,
        ]
    return [
        {"type": "header", "text": _plain(heading(message)[:150])},
        {"type": "section", "text": _plain(body(message)[:_LONGEST])},
        {"type": "actions", "elements": buttons},
    ]


def _button(verb: str, label: str, token: str, **more: str) -> dict[str, object]:
    return {
        "type": "button", "text": _plain(label), "action_id": f"page_{verb}",
        "value": token, **more,
    }  # fmt: skip


def _link(label: str, url: str) -> dict[str, object]:
    return {
        "type": "button", "text": _plain(label), "action_id": "page_open", "url": url,
    }  # fmt: skip


def _plain(text: str) -> dict[str, object]:
    return {"type": "plain_text", "text": text, "emoji": False}
