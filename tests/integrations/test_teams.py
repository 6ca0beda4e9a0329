"""Microsoft Teams by its documented contract: a card posted to a workflow's address."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integrations.chats import HOSTILE, Server
from tocsin.core.targets import Allowed
from tocsin.egress import GuardedEgress
from tocsin.integrations.teams import TeamsRooms
from tocsin.interfaces.chats import Said
from tocsin.interfaces.failures import DeliveryFailed


class Workflow(Server):
    """Says 202, as "When a Teams webhook request is received" does."""

    answer: tuple[int, dict[str, str], Any] = (202, {}, b"")

    def handle(self, method: str, path: str, body: Any, headers: Any) -> Any:
        return self.answer


@pytest.fixture
def server() -> Iterator[Workflow]:
    made = Workflow()
    yield made
    made.stop()


@pytest.fixture
def room(server: Workflow) -> TeamsRooms:
    url = f"{server.url}/workflows/abc/triggers/manual?sig=s3cr3t-s1gnature"
    return TeamsRooms(url, GuardedEgress(Allowed(any_=True)))


def say(room: TeamsRooms, said: Said) -> None:
    room.say("", said, key="k", doubtful=False, timeout_seconds=2)


def test_an_update_is_a_card_of_plain_runs(room: TeamsRooms, server: Workflow) -> None:
    say(room, Said("INC-7 SEV1: Update", HOSTILE.text + "\nline two", "sent late"))
    [attachment] = server.asked[0][2]["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    runs = [block["inlines"][0] for block in card["body"]]
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    assert [run["text"] for run in runs] == [
        "INC-7 SEV1: Update", HOSTILE.text, "line two", "sent late",
    ]  # fmt: skip
    assert runs[0]["weight"] == "Bolder"


@pytest.mark.parametrize(
    ("answer", "permanent", "wait"),
    [
        ((429, {"retry-after": "7"}, {}), False, 7),
        ((500, {}, {}), False, None),
        ((404, {}, {"error": "s3cr3t-s1gnature"}), True, None),
        ((200, {}, b"Webhook message delivery failed with error: 429"), False, None),
    ],
)
def test_refusals_are_what_they_are(
    room: TeamsRooms, server: Workflow, answer: Any, permanent: bool, wait: float | None
) -> None:
    server.answer = answer
    with pytest.raises(DeliveryFailed) as caught:
        say(room, Said("x"))
    assert caught.value.permanent is permanent
    assert caught.value.retry_after_seconds == wait
    assert "s3cr3t" not in caught.value.reason
