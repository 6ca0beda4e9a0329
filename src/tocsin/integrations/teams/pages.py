"""Pages as cards of Microsoft Teams, by the address of a person's own workflow.

Source: learn.microsoft.com (Workflows, Adaptive Cards 1.4), read 2026-11-25. A workflow
tells nobody what was pressed, so the card's button opens the page that answers.
"""

from collections.abc import Sequence

import msgspec

from tocsin.core.severity import Urgency
from tocsin.integrations.teams.cards import line
from tocsin.integrations.teams.cards import message as card
from tocsin.interfaces.failures import DeliveryFailed
from tocsin.interfaces.machine import Egress
from tocsin.interfaces.pagers import PageMessage, Receipt
from tocsin.judging import refuse_unless_taken
from tocsin.wording import body, heading, way_in


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


def _message(shown: PageMessage) -> dict[str, object]:
    color = "Attention" if shown.urgency is Urgency.HIGH else "Default"
    lines = [line(heading(shown), weight="Bolder", color=color, size="Medium")]
    lines += [line(one) for one in body(shown).split("\n")]
    title = way_in(shown) if shown.subject else "Acknowledge"
    answer = {"type": "Action.OpenUrl", "title": title, "url": shown.link}
    return card(lines, [answer])
