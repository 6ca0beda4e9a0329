"""Asking for cover from a chat: what the page does, in the grammar of every chat."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.cast import MONDAY_9AM
from tests.stories.stage import Stage
from tocsin.engine.chat.hearing import Hearing
from tocsin.interfaces.chats import Heard

HERE = "https://tocsin.example"
# Alice has this week, Bob the next; Carol has no turns.
PEOPLE = """
people:
  - {name: alice, email: alice@example.com, teams: [payments], time_zone: Europe/Berlin,
     chat: {slack: UALICE, matrix: "@alice:example.org", mattermost: alice}}
  - {name: bob, email: bob@example.com, teams: [payments], chat: {slack: UBOB}}
  - {name: carol, email: carol@example.com, role: admin, chat: {slack: UCAROL}}
  - {name: vera, email: vera@example.com, role: viewer, chat: {slack: UVERA}}
"""
SLACK = {"alice": "UALICE", "bob": "UBOB", "carol": "UCAROL", "vera": "UVERA"}
COVER = "/schedules/payments/cover-requests"
LINK = f"{HERE}/schedules/payments#cover"


class Play(Stage):
    """Nothing is sent to a chat; what is typed there is handed in."""

    def __init__(self, home: Path, *more: str) -> None:
        super().__init__(
            home, PEOPLE, *more, people=("alice", "bob", "carol"), public_url=HERE
        )
        self.hearing = Hearing(self.installation.front_desk())
        self.said = 0

    def type(
        self, text: str, who: str = "alice", *, chat: str = "slack", sender: str = ""
    ) -> str:
        self.said += 1
        heard = Heard(
            provider=chat,
            kind="command",
            channel="C1",
            message=str(self.said),
            sender=sender or SLACK[who],
            text=text,
            at=self.clock.at,
        )
        return self.hearing.hear(heard, prefix="/tocsin ").text

    def requests(self) -> list[tuple[str, str, str, str]]:
        found = self.ask("bob", "GET", COVER).json()["requests"]
        return [
            (one["person"], one["rotation"], one["start"][:16], one["end"][:16])
            for one in found
        ]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    made = Play(tmp_path)
    with TestClient(made, base_url=HERE, raise_server_exceptions=False) as client:
        made.open(client)
        yield made
    made.installation.stop()


@pytest.mark.parametrize(
    ("chat", "sender"),
    [("slack", "UALICE"), ("matrix", "@alice:example.org"), ("mattermost", "alice")],
)
def test_the_next_shift_is_asked_for_in_every_chat(
    play: Play, chat: str, sender: str
) -> None:
    said = play.type("cover me my child is ill", chat=chat, sender=sender)
    assert said == (
        "Whoever is free is asked to take payments, Secondary from Mon 11 Mar, 09:00 to "
        f"Mon 18 Mar, 09:00 CET. Until somebody does the hours are yours: {LINK}"
    )
    assert play.requests() == [
        ("alice", "Secondary", "2024-03-11T08:00", "2024-03-18T08:00")
    ]


def test_hours_of_ones_own_are_asked_for_and_somebody_takes_them(play: Play) -> None:
    said = play.type("cover me 18:00 22:00 dentist")
    assert "payments, Primary from Mon 4 Mar, 18:00 to Mon 4 Mar, 22:00 CET" in said
    [held] = play.ask("bob", "GET", COVER).json()["requests"]
    assert held["why"] == "dentist"
    taken = play.ask("carol", "POST", f"{COVER}/{held['id']}/take", {})
    assert taken.status_code == 200, taken.text
    assert play.requests() == []


def test_what_was_asked_already_is_not_asked_again(play: Play) -> None:
    play.type("cover me")
    assert play.type("cover me please").startswith("You have asked already")
    assert len(play.requests()) == 1


@pytest.mark.parametrize(
    ("who", "typed", "said"),
    [
        (
            "alice",
            "cover me 2024-03-01T08:00 2024-03-02T08:00",
            "a start that is ahead",
        ),
        ("carol", "cover me 18:00 22:00", "You are not on call from Mon 4 Mar"),
        ("carol", "cover me", "You are not on call in the next 8 weeks"),
        ("alice", "cover me 18:00", "Write: cover me [FROM TO] [WHY]"),
        ("alice", "cover me 18:00 2024-03-01T10:00", "expected an end after 18:00"),
        ("alice", "cover bob", "expected me"),
        ("alice", "help cover", "/tocsin cover me [FROM TO] [WHY]"),
    ],
)
def test_what_cannot_be_asked_says_what_is_expected(
    play: Play, who: str, typed: str, said: str
) -> None:
    assert said in play.type(typed, who)
    assert play.requests() == []


def test_who_is_always_on_call_is_asked_which_hours(tmp_path: Path) -> None:
    always = """
schedules:
  - name: payments
    team: payments
    rotations: [{name: Primary, users: [alice]}, {name: Secondary, users: [bob, vera], start: Mon 9am, length: 1 week}]
"""
    play = Play(tmp_path, always)
    said = play.type("cover me")
    assert said.startswith("You are on call now, and no other shift of yours begins")
    assert "needs the role responder" in play.type("cover me", "vera")
    play.installation.stop()


def test_a_line_that_is_heard_long_after_asks_nobody(play: Play) -> None:
    heard = Heard("slack", "command", "C1", "late", "UALICE", "cover me", MONDAY_9AM)
    play.clock.at += timedelta(hours=1)
    answer = play.hearing.hear(heard, prefix="/tocsin ")
    assert "say it again" in answer.text
