"""An incident commanded from Slack, over HTTP, and told to Teams."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from tests.integrations.chats import FakeSlack, Server
from tests.stories.stage import Stage
from tocsin.engine.chat.hearing import Hearing
from tocsin.integrations.slack.door import signature
from tocsin.interfaces.chats import Heard

PEOPLE = """
people:
  - {name: ana, email: ana@example.com, teams: [payments]}
  - {name: ben, email: ben@example.com, role: viewer, chat: {slack: UBEN}}
"""


class Workflow(Server):
    """A workflow of Teams."""

    def handle(self, method: str, path: str, body: Any, headers: Any) -> Any:
        return 202, {}, b""

    def heads(self) -> list[str]:
        return [
            body["attachments"][0]["content"]["body"][0]["inlines"][0]["text"]
            for _, _, body, _ in self.asked
        ]


class Play(Stage):
    """Ana is known by her mail address, Ben by his member id and may only look."""

    def __init__(self, home: Path, slack: FakeSlack, teams: Workflow) -> None:
        self.slack = slack
        super().__init__(
            home, PEOPLE, people=("ana", "carol"), slack_url=slack.url,
            slack_token=slack.token, slack_signing_secret="signing",
            teams_url=f"{teams.url}/workflow?sig=1",
        )  # fmt: skip
        self.said = 0

    def slash(self, user: str, channel: str, text: str, **more: str) -> str:
        self.said += 1
        fields = {
            "user_id": user, "channel_id": channel, "text": text,
            "trigger_id": f"t{self.said}", **more,
        }  # fmt: skip
        body = urlencode(fields).encode()
        answer = self.knock(body, "application/x-www-form-urlencoded")
        self.post()
        return str(answer.get("text", ""))

    def knock(self, body: bytes, kind: str, key: str = "signing") -> Any:
        stamp = str(int(self.clock.at.timestamp()))
        answer = self.client.post(
            "/chat/slack",
            content=body,
            headers={
                "content-type": kind,
                "x-slack-request-timestamp": stamp,
                "x-slack-signature": signature(key, stamp, body),
            },
        )
        if answer.status_code != 200:
            return answer.status_code
        return answer.json() if answer.content else {}


@pytest.fixture
def teams() -> Iterator[Workflow]:
    made = Workflow()
    yield made
    made.stop()


@pytest.fixture
def play(tmp_path: Path, teams: Workflow) -> Iterator[Play]:
    slack = FakeSlack("xoxb-1")
    made = Play(tmp_path, slack, teams)
    with TestClient(made, raise_server_exceptions=False) as client:
        made.open(client)
        yield made
    made.installation.stop()
    slack.stop()


def texts(play: Play, channel: str = "C1") -> str:
    return "\n".join(play.slack.texts(channel))


def test_an_incident_is_commanded_from_its_channel(play: Play, teams: Workflow) -> None:
    answer = play.slash("UANA", "CELSEWHERE", 'declare "Cards fail" -s 2')
    assert answer.startswith("INC-1 SEV2 is declared: http")
    assert play.slack.channels["C1"]["members"] == ["UBOT", "UANA"]
    assert play.slack.channels["C1"]["topic"].startswith("SEV2 · declared")

    assert play.slash("UANA", "C1", "role ic take") == "It is in the log of INC-1."
    assert "commander: ana" in play.slack.channels["C1"]["topic"]
    play.slash("UANA", "C1", "update --next 20m We are going back a version")
    assert "*Update by ana, 09:00 UTC*\nWe are going back a version" in texts(play)
    assert "expected the reason. Write: severity" in play.slash("UANA", "C1", "sev 1")
    play.slash("UANA", "C1", "severity 1 everybody is affected")
    play.slash("UANA", "C1", "task @UBEN --within 10m ask the bank")
    assert "ben: ask the bank (10 min)" in texts(play)
    assert "Incident commander: ana" in play.slash("UANA", "C1", "who")
    assert "ask the bank" in play.slash("UANA", "C1", "log 3")
    assert "/tocsin" in play.slash("UANA", "C1", "help")

    # Teams hears what the whole company hears.
    assert [head.partition(",")[0] for head in teams.heads()] == [
        "INC-1 SEV2: State by ana",
        "INC-1 SEV2: State by ana",
        "INC-1 SEV2: Update by ana",
        "INC-1 SEV1: Severity by ana",
    ]


def test_a_command_that_slack_sends_twice_is_done_once(play: Play) -> None:
    play.slash("UANA", "CELSEWHERE", "declare Cards fail")
    for _ in range(2):
        play.slash("UANA", "C1", "page bob knows the queue", trigger_id="same")
    log = play.ask("ana", "GET", "/incidents/1/log").json()["log"]
    assert sum("knows the queue" in e["text"] and e["kind"] == "page"
               and e["source"] == "slack" for e in log) == 1  # fmt: skip


def test_rights_are_those_of_the_person(play: Play) -> None:
    play.slash("UANA", "CELSEWHERE", "declare Cards fail")
    assert "needs the role responder" in play.slash("UBEN", "C1", "note hello")
    assert "Nobody in Tocsin is UEVE" in play.slash("UEVE", "C1", "note hello")
    assert "Nobody in Tocsin is UGUEST" in play.slash("UGUEST", "C1", "note hello")
    assert "hello" not in texts(play)


def test_a_pushpin_is_an_entry_once(play: Play) -> None:
    play.slash("UANA", "CELSEWHERE", "declare Cards fail")
    post = {"ts": "1709542805.5", "user": "UBEN", "text": "I restarted &lt;it&gt;"}
    play.slack.channels["C1"]["posts"].append(post)
    event = {
        "type": "reaction_added", "user": "UANA", "reaction": "pushpin",
        "item_user": "UBEN", "item": {"channel": "C1", "ts": "1709542805.5"},
    }  # fmt: skip
    body = json.dumps({"type": "event_callback", "event": event}).encode()
    assert play.knock(body, "application/json") == {}
    assert play.knock(body, "application/json") == {}
    log = play.ask("ana", "GET", "/incidents/1/log").json()["log"]
    kept = [(e["author"], e["text"]) for e in log if e["kind"] == "chat"]
    assert kept == [("ana", "ben: I restarted <it>")]
    play.post()
    assert texts(play).count("I restarted") == 1


def test_who_cannot_prove_to_be_slack_is_sent_away(play: Play) -> None:
    body = urlencode(
        {"user_id": "UANA", "channel_id": "C1", "trigger_id": "t", "text": "declare x"}
    )
    kind = "application/x-www-form-urlencoded"
    assert play.knock(body.encode(), kind, key="guessed") == 401
    assert play.client.get("/chat/slack").status_code == 405
    assert play.client.post("/chat/mattermost").status_code == 404
    big = play.client.post("/chat/slack", content=b"x" * 600_000)
    assert big.status_code == 413
    assert play.ask("ana", "GET", "/incidents").json()["incidents"] == []


def test_what_is_private_stays_in_its_own_channel(play: Play, teams: Workflow) -> None:
    play.do(
        "ana",
        "/incidents",
        title="A leak",
        private=True,
        services=["checkout"],
        page=False,
    )
    play.post()
    assert play.slack.channels["C1"]["is_private"]
    assert teams.asked == []


def test_a_command_that_is_heard_late_pages_nobody(play: Play) -> None:
    desk = play.installation.front_desk()
    play.slash("UANA", "CELSEWHERE", "declare Cards fail")
    then = play.clock.at
    play.clock.at += timedelta(minutes=40)

    def hear(text: str) -> str:
        play.said += 1
        heard = Heard("slack", "command", "C1", f"late{play.said}", "UANA", text, then,
                      email="ana@example.com")  # fmt: skip
        return Hearing(desk).hear(heard, prefix="/tocsin ").text

    assert "say it again if it is still meant" in hear("page bob")
    assert hear("note it began at nine") == "It is in the log of INC-1."
    log = play.ask("ana", "GET", "/incidents/1/log").json()["log"]
    assert not [e for e in log if e["kind"] == "page"]
    [note] = [e for e in log if e["text"] == "it began at nine"]
    assert note["occurred_at"].startswith(f"{then:%Y-%m-%dT%H:%M}")
