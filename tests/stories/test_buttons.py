"""A page in Telegram, answered by its button: by whom it was for, and by nobody else."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.integrations.chats import Server
from tests.stories.stage import Stage

KEY = "0123456789abcdef0123456789abcdef"
PEOPLE = """
people:
  - name: alice
    contacts: [{by: telegram, address: "4711"}]
    notify: {high: [{by: telegram}]}
  - name: bob
    contacts: [{by: telegram, address: "4712"}]
    notify: {high: [{by: telegram}]}
"""


class FakeTelegram(Server):
    def handle(self, method: str, path: str, body: Any, headers: Any) -> Any:
        assert path == "/botb0t/sendMessage"
        result = {"message_id": len(self.asked), "chat": {"id": body["chat_id"]}}
        return 200, {}, {"ok": True, "result": result}


class Play(Stage):
    def __init__(self, home: Path, bot: FakeTelegram) -> None:
        self.bot = bot
        super().__init__(
            home, PEOPLE, people=("carol",), telegram_url=bot.url,
            telegram_token="b0t", telegram_secret="s3cr3t",
        )  # fmt: skip

    def alert(self) -> dict[str, Any]:
        body = {"action": "trigger", "key": "e", "severity": "SEV2", "title": "Errors"}
        assert self.client.post(f"/in/{KEY}", json=body).status_code == 202
        self.installation.engine.step()
        return dict(self.bot.asked[-1][2])

    def press(self, sender: int, data: str, secret: str = "s3cr3t") -> Any:
        query = {
            "id": "q", "from": {"id": sender}, "data": data,
            "message": {"message_id": 1, "chat": {"id": sender}, "text": "SEV2"},
        }  # fmt: skip
        return self.client.post(
            "/chat/telegram",
            content=json.dumps({"callback_query": query}),
            headers={"x-telegram-bot-api-secret-token": secret},
        )

    def status(self) -> str:
        return str(self.ask("carol", "GET", "/alerts/1").json()["status"])


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    bot = FakeTelegram()
    made = Play(tmp_path, bot)
    with TestClient(made, raise_server_exceptions=False) as client:
        made.open(client)
        yield made
    bot.stop()
    made.installation.stop()


def test_only_whom_it_was_for_answers_by_the_button(play: Play) -> None:
    sent = play.alert()
    assert sent["chat_id"] == 4711
    [[ack, on]] = sent["reply_markup"]["inline_keyboard"]
    data = ack["callback_data"]
    assert len(data.encode()) <= 64
    assert "somebody else" in play.press(4712, data).json()["text"]
    assert play.press(4711, data, secret="guess").status_code == 403
    assert "too old" in play.press(4711, "a:1-zz-nothing").json()["text"]
    assert play.status() == "triggered"
    assert "You have it" in play.press(4711, data).json()["text"]
    assert play.status() == "acknowledged"
    assert "by button." in play.ask("carol", "GET", "/alerts/1").text
    assert play.press(4711, data).status_code == 200, "twice is harmless"


def test_a_press_passes_it_on(play: Play) -> None:
    [[_, on]] = play.alert()["reply_markup"]["inline_keyboard"]
    assert "Passed on" in play.press(4711, on["callback_data"]).json()["text"]
    play.installation.engine.step()
    assert [body["chat_id"] for _, _, body, _ in play.bot.asked] == [4711, 4712]
