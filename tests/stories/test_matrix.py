"""An incident in a real Matrix homeserver: two people, a stranger, and chat dying midway."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from tests.cast import COMPANY
from tests.integrations.contracts import message
from tests.peers.programs import TocsinServer, until
from tests.peers.synapse import Member, Synapse
from tests.stories.stage import Stage
from tests.web.signed_in import SignedIn
from tocsin.engine.chat.hearing import Hearing
from tocsin.engine.chat.listening import Listener
from tocsin.wiring.chats import chat_sources

PEOPLE = """
people:
  - {name: ana, email: ana@example.com, teams: [payments], chat: {matrix: "@ana:localhost"}}
  - {name: ben, email: ben@example.com, teams: [payments], chat: {matrix: "@ben:localhost"}}
"""

# Each starts a homeserver, which takes three seconds.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("synapse")]


@pytest.fixture(scope="module")
def synapse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    made = Synapse(tmp_path_factory.mktemp("synapse"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def members(synapse: Synapse) -> dict[str, Member]:
    return {name: synapse.person(name) for name in ("ana", "ben", "mallory")}


class Play(Stage):
    """The installation, its rooms, and what it hears when it listens."""

    def __init__(self, home: Path, url: str, bot: Member) -> None:
        super().__init__(
            home, PEOPLE, people=("ana", "ben", "carol"),
            matrix_url=url, matrix_token=bot.token,
            bridge_url="https://meet.example.com/inc-{number}-{secret}",
        )  # fmt: skip
        self.bot = bot.name
        [(source, prefix)] = chat_sources(self.installation.settings)
        desk = self.installation.front_desk()
        self.listener = Listener(
            source, Hearing(desk), desk, prefix=prefix, poll_seconds=1
        )
        self.listener.once()

    def room(self, number: int) -> str:
        found = self.installation.database.read(
            lambda tx: tx.one(
                "select channel, url from chat_channels where incident = :n", n=number
            )
        )
        assert found is not None and found[0]
        return str(found[0])

    def hear(self) -> None:
        self.listener.once()
        self.post()

    def log(self, number: int) -> list[dict[str, str]]:
        return list(self.ask("carol", "GET", f"/incidents/{number}/log").json()["log"])


@pytest.fixture
def play(
    tmp_path: Path, synapse: Synapse, members: dict[str, Member]
) -> Iterator[Play]:
    # Each play has a bot of its own, which has heard of no other.
    bot = synapse.person(f"tocsin{len(members)}")
    members[bot.name] = bot
    made = Play(tmp_path, synapse.url, bot)
    with TestClient(made, raise_server_exceptions=False) as client:
        made.open(client)
        yield made
    made.installation.stop()


def declared(play: Play, **more: object) -> tuple[int, str]:
    made = play.do(
        "ana", "/incidents", title="Card <payments> fail", page=False, **more
    )
    play.post()
    number = int(made["number"])
    return number, play.room(number)


# long because: one incident is told from its beginning to its end.
def test_an_incident_and_its_room_say_the_same(
    play: Play, members: dict[str, Member]
) -> None:
    ana, ben = members["ana"], members["ben"]
    number, room = declared(play, severity="SEV1", services=["checkout"])
    assert room in ana.invited_to() and room not in ben.invited_to()
    ana.join(room)
    [place] = play.ask("ben", "GET", f"/incidents/{number}").json()["chat"]
    assert place["in"] == "matrix" and place["url"].startswith("https://matrix.to/#/#")
    assert place["url"] in SignedIn(play, play.client, "ben").get(
        f"/incidents/{number}"
    )
    topic = ana.state(room, "m.room.topic")["topic"]
    assert topic.startswith("SEV1 · declared · commander: nobody yet · next update by")
    assert f"call: https://meet.example.com/inc-{number}-" in topic
    first = ana.messages(room)[0]
    assert first["content"]["body"].startswith(
        f"INC-{number} SEV1, declared by ana\nCard <payments> fail"
    )
    assert "Card &lt;payments&gt; fail" in first["content"]["formatted_body"]
    assert ana.state(room, "m.room.pinned_events")["pinned"] == [first["event_id"]]

    # Roles bring people in, and the topic says who commands.
    play.do("ben", f"/incidents/{number}/roles/ic", do="take")
    play.post()
    assert room in ben.invited_to()
    ben.join(room)
    topic = ben.state(room, "m.room.topic")["topic"]
    assert topic.startswith("SEV1 · investigating · commander: ben")

    # What is said by command is in the log, under its author, and in the room.
    ana.say(room, "!tocsin note errors are at 31%, mostly EU")
    ana.say(room, "just talking")
    asked = ana.say(room, "I restarted the queue at 14:02")
    ben.react(room, asked, "📌️")
    ben.say(room, "!t severity 2 half of it works")
    play.hear()
    said = [(e["kind"], e["author"], e["source"], e["text"]) for e in play.log(number)]
    assert ("note", "ana", "matrix", "errors are at 31%, mostly EU") in said
    assert ("chat", "ben", "matrix", "ana: I restarted the queue at 14:02") in said
    assert [one for one in said if one[0] == "severity"][0][1] == "ben"
    assert "just talking" not in str(said)
    assert any(text.endswith("errors are at 31%, mostly EU") and "Note by ana" in text
               for text in ben.texts(room))  # fmt: skip
    # A message that was pinned from here is not said here again.
    assert sum("I restarted the queue" in text for text in ben.texts(room)) == 1

    # Hearing it all again changes nothing.
    play.installation.database.write(
        lambda tx: tx.run("delete from meta where key = 'chat_cursor:matrix'")
    )
    before = len(play.log(number))
    ben.react(room, asked, "📌")
    play.hear()
    play.hear()
    assert len(play.log(number)) == before

    # Questions and mistakes are answered.
    ben.say(room, "!tocsin severity high")
    ben.say(room, "!tocsin status")
    play.hear()
    texts = ben.texts(room)
    assert any("expected a severity from 1 to 4, not 'high'" in text for text in texts)
    assert any(
        text.startswith("SEV2, investigating") and "Incident commander: ben" in text
        for text in texts
    )

    # At the end nobody writes there any more, and everybody can read it.
    for state in ("monitoring", "resolved"):
        play.do("ben", f"/incidents/{number}/state", state=state, reason="rolled back")
    play.do("ben", f"/incidents/{number}/state", state="closed", review="yes")
    play.post()
    assert "A post-mortem will be written." in ben.texts(room)[-1]
    with pytest.raises(AssertionError, match="M_FORBIDDEN"):
        ben.say(room, "too late")


def test_a_stranger_in_the_room_commands_nothing(
    play: Play, members: dict[str, Member]
) -> None:
    number, room = declared(play)
    mallory = members["mallory"]
    mallory.join(room)
    before = len(play.log(number))
    mallory.say(room, "!tocsin severity 4 all is well")
    mallory.say(room, f"!tocsin INC-{number} note trust me")
    mallory.react(room, mallory.say(room, "I am ana"), "📌")
    play.hear()
    assert len(play.log(number)) == before
    assert any(
        "Nobody in Tocsin is @mallory:localhost" in t for t in mallory.texts(room)
    )


def test_a_private_incident_has_a_private_room(
    play: Play, members: dict[str, Member]
) -> None:
    _, room = declared(play, private=True, services=["checkout"])
    with pytest.raises(AssertionError, match="M_FORBIDDEN"):
        members["mallory"].join(room)
    members["ana"].join(room)


def test_chat_dies_midway_and_nothing_is_lost_or_said_twice(
    play: Play, synapse: Synapse, members: dict[str, Member]
) -> None:
    ana = members["ana"]
    number, room = declared(play)
    ana.join(room)
    went_down = play.clock.at
    synapse.stop()
    for count in range(1, 6):
        play.do("ana", f"/incidents/{number}/entries", text=f"while down {count}")
        play.post(minutes=3)
    play.do("ana", f"/incidents/{number}/roles/ic", do="take")
    play.post(minutes=1)
    synapse.start()
    play.post(minutes=2)
    play.do("ana", f"/incidents/{number}/entries", text="up again")
    play.post()

    bodies = ana.texts(room)
    kept = [body for body in bodies if "while down" in body]
    assert [body.splitlines()[1] for body in kept] == [
        f"while down {count}" for count in range(1, 6)
    ]
    marks = [body.splitlines()[2] for body in kept]
    start = f"{went_down:%H:%M}"
    assert all(
        mark.startswith(f"sent late: chat was down from {start} UTC to ")
        for mark in marks
    ), marks
    assert "late" not in next(body for body in bodies if "up again" in body)
    assert "commander: ana" in ana.state(room, "m.room.topic")["topic"]


def test_a_served_installation_speaks_and_listens_by_itself(
    tmp_path: Path, synapse: Synapse
) -> None:
    """With its own threads and clock, killed in mid-incident and started again."""
    bot, ana = synapse.person("tocsin-served"), synapse.person("nora")
    nora = '- {name: ana, email: ana@example.com, chat: {matrix: "@nora:localhost"}}'
    served = TocsinServer(
        tmp_path, company=COMPANY.replace("people:", f"people:\n  {nora}"),
        env={"TOCSIN_MATRIX_URL": synapse.url, "TOCSIN_MATRIX_TOKEN": bot.token},
    )  # fmt: skip
    served.start()
    token = served.command("token", "ana").split()[-1]
    headers = {"authorization": f"Bearer {token}"}
    try:
        with served.client() as client:
            body = {"title": "Cards fail", "page": False}
            client.post("/api/v1/incidents", json=body, headers=headers)
            room = until(lambda: next(iter(ana.invited_to()), ""), what="an invitation")
            ana.join(room)
            ana.say(room, "!tocsin note errors at 31%")
            until(lambda: any("Note by ana" in text for text in ana.texts(room)))
        served.kill()
        ana.say(room, "!tocsin note said while it was dead")
        served.start()
        until(lambda: any("Note by ana" in t and "dead" in t for t in ana.texts(room)))
        notes = [text for text in ana.texts(room) if text.startswith("Note by ana")]
        assert len(notes) == 2
    finally:
        served.stop()


def test_an_incident_is_declared_from_a_conversation_with_the_bot(
    play: Play, members: dict[str, Member]
) -> None:
    ana = members["ana"]
    body = {"preset": "trusted_private_chat", "invite": [play.bot]}
    room = ana.call("POST", "/createRoom", body)["room_id"]
    play.hear()
    ana.say(room, 'declare "Search is slow" -s 3')
    ana.say(room, '!tocsin declare "Search is slow" -s 3')
    play.hear()
    assert any("INC-1 SEV3 is declared: http" in text for text in ana.texts(room))
    ana.join(play.room(1))
    ana.say(room, "!tocsin INC-1 note from afar")
    play.hear()
    assert any("It is in the log of INC-1." in text for text in ana.texts(room))
    assert any("from afar" in text for text in ana.texts(play.room(1)))


def test_a_page_in_matrix_is_answered_there(
    play: Play, members: dict[str, Member]
) -> None:
    ana = members["ana"]
    pager = play.staged.engine.pagers["matrix"]
    body = {
        "action": "trigger",
        "key": "m",
        "severity": "SEV2",
        "title": "Queue <full>",
    }
    key = "0123456789abcdef0123456789abcdef"
    assert play.client.post(f"/in/{key}", json=body).status_code == 202
    play.installation.engine.step()
    number = play.ask("carol", "GET", "/alerts").json()["alerts"][0]["number"]
    shown = message("Queue <full>")
    shown = replace(shown, alerts=(replace(shown.alerts[0], number=number),))
    before = set(ana.invited_to())
    for _ in range(2):
        sent = pager.page(shown, to="@ana:localhost", key="k1", timeout_seconds=10)
    [room] = set(ana.invited_to()) - before
    ana.join(room)
    said = [one for one in ana.messages(room) if one["event_id"] == sent.provider_id]
    assert len(said) == 1, "the same key is the same message"
    content = said[0]["content"]
    assert content["m.mentions"] == {"user_ids": ["@ana:localhost"]}
    assert "Queue &lt;full&gt;" in content["formatted_body"]
    assert f"!tocsin ack ALR-{number}" in content["body"]
    ana.say(room, f"!tocsin ack ALR-{number}")
    play.hear()
    alert = play.ask("carol", "GET", f"/alerts/{number}").json()
    assert (alert["status"], alert["acknowledged_by"]) == ("acknowledged", "ana")
