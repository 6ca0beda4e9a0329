"""Pages as cards of Microsoft Teams, by the address of a person's own workflow.

Source: learn.microsoft.com (Workflows, Adaptive Cards 1.4), read 2026-11-25. A workflow
tells nobody what was pressed, so the card's button opens the page that answers.
"""

from collections.abc import Sequence

import msgspec

from tocsin.core.severity import Urgency
from tocsin.interfaces import DeliveryFailed, Egress, PageMessage, Receipt
from tocsin.judging import refuse_unless_taken
from tocsin.wording import body, heading

_SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
_CARD = "application/vnd.microsoft.card.adaptive"


class TeamsPager:
    """The channel `teams`: an address is a workflow's, which posts to one person."""

    channel = "teams"

    def __init__(self, egress: Egress) -> None:
        """People typed the addresses: see its Egress."""
        self._egress = egress

    def problems(self, address: str) -> Sequence[str]:
        """Whether pages may go there."""
        return self._egress.problems(address)

    def page(
        self, message: PageMessage, *, to: str, key: str, timeout_seconds: float
    ) -> Receipt:
        """Post a card. Raises DeliveryFailed, DeliveryUnknown."""
        answer = self._egress.request(
            "POST",
            to,
            headers={"content-type": "application/json", "user-agent": "Tocsin"},
            body=msgspec.json.encode(_message(message)),
            timeout_seconds=timeout_seconds,
        )
        refuse_unless_taken(answer, to)
        if "HTTP error" in answer.text or "delivery failed" in answer.text:
            # The older connectors say 200 to everything, and what was wrong below.
            raise DeliveryFailed("the workflow could not post it", permanent=False)
        return Receipt("", f"{answer.status} accepted")


def _message(message: PageMessage) -> dict[str, object]:
    color = "Attention" if message.urgency is Urgency.HIGH else "Default"
    lines = [_run(heading(message), weight="Bolder", color=color, size="Medium")]
    lines += [_run(line) for line in body(message).split("\n")]
    card = {
        "$schema": _SCHEMA,
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": lines,
        "actions": [
            {"type": "Action.OpenUrl", "title": "Acknowledge", "url": message.link}
        ],
    }
    attachment = {"contentType": _CARD, "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _run(text: str, **look: str) -> dict[str, object]:
    """A plain run: nothing in it is read as markup or a mention."""
    run = {"type": "TextRun", "text": text, **look}
    return {"type": "RichTextBlock", "inlines": [run]}
