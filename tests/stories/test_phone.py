"""Paged by text message and call: answered from the phone, and never lost on the way."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from tests.integrations.phones import PLIVO, TWILIO, FakePlivo, FakeTwilio
from tests.stories.stage import Stage
from tocsin.engine.loop import Delivery
from tocsin.integrations.phone import plivo, twilio

ALICE, BOB = "+4915100000001", "+4915100000002"
PEOPLE = f"""
people:
  - name: alice
    time_zone: UTC
    contacts:
      - {{by: sms, address: "{ALICE}"}}
      - {{by: voice, address: "{ALICE}"}}
    notify:
      high: [{{by: sms}}, {{by: voice, after: 3m}}]
  - name: bob
    time_zone: UTC
    contacts: [{{by: sms, address: "{BOB}"}}]
    notify: {{high: [{{by: sms}}]}}
"""
HERE = "https://tocsin.example"
KEY = "0123456789abcdef0123456789abcdef"


class Play(Stage):
    """Alice has text messages and calls, Bob text messages."""

    def __init__(self, home: Path, one: FakeTwilio, other: FakePlivo) -> None:
        self.one, self.other = one, other
        super().__init__(
            home, PEOPLE, people=("alice", "carol"), public_url=HERE,
            twilio_url=one.url, twilio_account=TWILIO[0], twilio_token=TWILIO[1],
            twilio_number="+15005550006",
            plivo_url=other.url, plivo_account=PLIVO[0], plivo_token=PLIVO[1],
            plivo_number="+15005550007",
        )  # fmt: skip

    def alert(self, key: str = "errors", title: str = "Errors 31%") -> None:
        body = {"action": "trigger", "key": key, "severity": "SEV2", "title": title}
        answer = self.client.post(f"/in/{KEY}", json=body)
        assert answer.status_code == 202, answer.text
        self.installation.engine.step()

    def knock(self, path: str, *, forged: bool = False, **fields: str) -> Any:
        """A request of Twilio's."""
        signed = twilio.signature(TWILIO[1], f"{HERE}{path}", fields)
        return self.client.post(
            path,
            content=urlencode(fields).encode(),
            headers={
                "content-type": "application/x-www-form-urlencoded",
                "x-twilio-signature": "forged" if forged else signed,
            },
        )

    def reply(self, text: str, sender: str = ALICE, **more: Any) -> str:
        answer = self.knock("/phone/twilio/sms", From=sender, Body=text, **more)
        assert answer.status_code == 200, answer.text
        return str(answer.text)

    def status(self, number: int = 1) -> dict[str, Any]:
        return dict(self.ask("carol", "GET", f"/alerts/{number}").json())

    def trail(self, number: int = 1) -> str:
        return self.ask("carol", "GET", f"/alerts/{number}").text

    def texts(self) -> list[tuple[str, str]]:
        return [(one["To"], one["Body"]) for one in self.one.sent() if "Body" in one]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    one, other = FakeTwilio(), FakePlivo()
    made = Play(tmp_path, one, other)
    with TestClient(made, base_url=HERE, raise_server_exceptions=False) as client:
        made.open(client)
        yield made
    one.stop()
    other.stop()
    made.installation.stop()


def test_a_reply_acknowledges_and_stands_in_the_trail(play: Play) -> None:
    play.alert()
    [(to, text)] = play.texts()
    assert to == ALICE
    assert "1a ack" in text
    assert "acknowledged; nobody else is paged" in play.reply("1a")
    assert play.status()["status"] == "acknowledged"
    assert "alice has it, until 09:30 UTC, by text message." in play.trail()
    sent = len(play.one.asked)
    play.pass_time(minutes=25)
    assert len(play.one.asked) == sent, "nobody else is paged"
    assert "alice" in play.ask("carol", "GET", "/audit").text


def test_each_message_has_its_number_and_a_bare_letter_means_the_newest(
    play: Play,
) -> None:
    play.alert("one", "First")
    play.pass_time(minutes=0.5)
    play.alert("two", "Second")
    assert [text.split("a ack")[0][-1] for _, text in play.texts()] == ["1", "2"]
    assert "ALR-1 passed on" in play.reply("1P")
    assert "ALR-2 acknowledged" in play.reply("a.")
    assert play.status(1)["status"] == "triggered"
    assert "Reply with the message&apos;s number" in play.reply("what?").replace(
        "'", "&apos;"
    )
    assert "Reply with" in play.reply("7a"), "there is no seventh"


def test_a_reply_declares_an_incident(play: Play) -> None:
    play.alert()
    answer = play.reply("1d")
    assert "INC-1 SEV2 is declared" in answer
    assert play.status()["status"] == "acknowledged"
    assert play.ask("carol", "GET", "/incidents/1").json()["title"] == "Errors 31%"


def test_a_stranger_gets_no_answer_and_changes_nothing(play: Play) -> None:
    play.alert()
    assert play.reply("1a", sender=BOB) == "<Response></Response>"
    assert play.status()["status"] == "triggered"


def test_a_key_acknowledges_and_stands_in_the_trail(play: Play) -> None:
    play.alert()
    play.pass_time(minutes=4)
    call = next(one for one in play.one.sent() if "Twiml" in one)
    token = call["Twiml"].split("/voice/")[1].split('"')[0]
    path = f"/phone/twilio/voice/{token}"
    said = play.knock(path, To=ALICE, CallSid="CA1")
    assert "Severity 2 on checkout. Errors 31%" in said.text
    assert "<Gather" in said.text
    said = play.knock(path, To=ALICE, CallSid="CA1", Digits="3")
    assert "Press 1 to acknowledge" in said.text
    assert "nothing on this key" in play.knock(path, Digits="9").text
    assert play.status()["status"] == "triggered"
    said = play.knock(path, To=ALICE, CallSid="CA1", Digits="1")
    assert "ALR-1 acknowledged" in said.text
    assert "<Hangup" in said.text
    assert play.status()["status"] == "acknowledged"
    assert "until 09:34 UTC, by call." in play.trail()
    assert "too old" in play.knock("/phone/twilio/voice/1-zz-nonsense", Digits="1").text


def test_a_forged_request_is_refused_and_on_the_record(play: Play) -> None:
    play.alert()
    for _ in range(3):
        answer = play.knock("/phone/twilio/sms", From=ALICE, Body="1a", forged=True)
        assert answer.status_code == 403
    assert play.status()["status"] == "triggered"
    rows = [
        one
        for one in play.ask("carol", "GET", "/audit").json()["entries"]
        if one["noun"] == "telephone"
    ]
    assert len(rows) == 1, "one a minute"
    assert "not Twilio's" in str(rows[0]["after"])
    assert play.client.post("/phone/nobody/sms").status_code == 404
    assert play.client.get("/phone/twilio/sms").status_code == 405


@pytest.mark.parametrize("status", [429, 500])
def test_the_other_provider_takes_over_within_the_same_attempt(
    play: Play, status: int
) -> None:
    play.one.refusals = [(status, {}, {"message": "busy"})]
    play.alert()
    [sent] = play.other.sent()
    assert sent["dst"] == ALICE[1:]
    assert "plivo" in play.trail()


def test_what_is_taken_and_never_arrives_goes_out_again_by_the_other(
    play: Play,
) -> None:
    play.alert()
    play.pass_time(minutes=1)
    assert len(play.texts()) == 1
    calls = [one for one in play.one.sent() if "Twiml" in one]
    assert len(calls) + sum("answer_url" in one for one in play.other.sent()) == 1, (
        "the call did not wait for its three minutes"
    )
    again = [one for one in play.other.sent() if "text" in one]
    assert len(again) == 1
    assert "may be a repeat" in again[0]["text"]
    assert "1a ack" in again[0]["text"], "it keeps its number"
    assert "no word came that it arrived" in play.trail()
    play.pass_time(minutes=14)
    to_alice = [to for to, _ in play.texts() if to == ALICE]
    assert len(to_alice) + len(again) == 3, "three sendings are enough"
    assert BOB in [to for to, _ in play.texts()], "escalation trusts no provider"


def test_a_delivered_message_is_left_alone(play: Play) -> None:
    play.alert()
    sid = f"SM{1:032d}"
    report = {"MessageSid": sid, "MessageStatus": "delivered"}
    assert play.knock("/phone/twilio/report", **report).status_code == 204
    play.pass_time(minutes=2)
    assert len(play.one.asked) == 1
    assert not play.other.asked
    # What arrived has arrived, whatever is said of it later.
    report["MessageStatus"] = "failed"
    play.knock("/phone/twilio/report", **report)
    play.pass_time(minutes=0.5)
    assert len(play.one.asked) == 1
    (logged,) = play.ask("carol", "GET", "/messages").json()["messages"]
    assert (logged["outcome"], logged["delivered"]) == ("accepted", "delivered")
    assert logged["delivered_at"]


def test_a_report_that_is_faster_than_our_own_commit_counts_when_it_is_known(
    play: Play,
) -> None:
    held: list[Delivery] = []
    play.installation.engine._dispatch = held.append
    play.alert()
    [delivery] = held
    sent = delivery.engine.call(delivery.claimed)
    assert sent is not None
    report = {"MessageSid": f"SM{1:032d}", "MessageStatus": "delivered"}
    assert play.knock("/phone/twilio/report", **report).status_code == 204
    other = {"MessageSid": "SM-of-somebody-else", "MessageStatus": "failed"}
    assert play.knock("/phone/twilio/report", **other).status_code == 204
    delivery.engine.record(delivery.claimed, sent)
    play.pass_time(minutes=2)
    assert len(play.one.asked) == 1, "it arrived, so it is not sent again"
    (logged,) = play.ask("carol", "GET", "/messages").json()["messages"]
    assert logged["delivered"] == "delivered"


def test_a_bad_report_is_acted_upon_at_once(play: Play) -> None:
    play.alert()
    sid = f"SM{1:032d}"
    play.knock("/phone/twilio/report", MessageSid=sid, MessageStatus="undelivered")
    play.installation.engine.step()
    assert len(play.one.asked) + len(play.other.asked) == 3, "again, and the call"
    assert "was not delivered" in play.trail()


def test_nobody_is_paged_again_once_somebody_answered(play: Play) -> None:
    play.alert()
    play.reply("1a")
    play.pass_time(minutes=5)
    assert len(play.one.asked) == 1
    assert not play.other.asked
    assert "answered meanwhile" in play.trail()


def test_a_call_rings_no_more_once_somebody_answered_elsewhere(play: Play) -> None:
    play.alert()
    play.pass_time(minutes=3.2)
    assert len(play.one.ringing) == 1
    assert play.ask("carol", "POST", "/alerts/1/acknowledge").status_code == 200
    assert play.one.ringing, "an answer waits for no provider"
    play.installation.outbox.step()
    assert not play.one.ringing


def test_a_call_goes_on_while_it_tells_of_something_else(play: Play) -> None:
    play.alert("one", "First")
    play.alert("two", "Second")
    play.pass_time(minutes=3.2)
    play.ask("carol", "POST", "/alerts/1/acknowledge")
    play.installation.outbox.step()
    assert play.one.ringing, "the second is still to be answered"
    play.ask("carol", "POST", "/alerts/2/acknowledge")
    play.installation.outbox.step()
    assert not play.one.ringing


def test_a_call_that_was_placed_during_the_answer_is_ended_as_well(play: Play) -> None:
    play.alert()
    delivered = {"MessageSid": f"SM{1:032d}", "MessageStatus": "delivered"}
    play.knock("/phone/twilio/report", **delivered)
    play.pass_time(minutes=2.9)
    held: list[Delivery] = []
    play.installation.engine._dispatch = held.append
    play.clock.at += timedelta(minutes=0.2)
    play.installation.engine.step()
    [delivery] = held
    sent = delivery.engine.call(delivery.claimed)
    assert sent is not None and play.one.ringing
    play.ask("carol", "POST", "/alerts/1/acknowledge")
    play.installation.outbox.step()
    assert play.one.ringing, "nobody knows of the call yet"
    delivery.engine.record(delivery.claimed, sent)
    play.installation.outbox.step()
    assert not play.one.ringing


def test_plivo_answers_as_well(play: Play) -> None:
    play.one.refusals = [(500, {}, {})]
    play.alert()
    fields = {"From": ALICE[1:], "To": "15005550007", "Text": "1a", "MessageUUID": "m"}
    path = "/phone/plivo/sms"
    signed = plivo.signature(PLIVO[1], f"{HERE}{path}", fields, "n")
    answer = play.client.post(
        path,
        content=urlencode(fields).encode(),
        headers={
            "content-type": "application/x-www-form-urlencoded",
            "x-plivo-signature-v3": signed,
            "x-plivo-signature-v3-nonce": "n",
        },
    )
    assert f'dst="{ALICE[1:]}"' in answer.text
    assert play.status()["status"] == "acknowledged"
