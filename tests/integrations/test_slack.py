"""Slack: our adapter and Slack's own SDK against one fake of the documented contract."""

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier

from tests.integrations.chats import ChatRoomContract, FakeSlack
from tocsin.core.targets import Allowed
from tocsin.egress import GuardedEgress
from tocsin.integrations.slack import SlackDoor, SlackRooms
from tocsin.integrations.slack.door import plain, signature
from tocsin.interfaces.arrivals import Inbound, Unreadable
from tocsin.interfaces.chats import Said

NOW = datetime(2018, 7, 12, 18, 37, tzinfo=UTC)
SIGNING = "8f742231b10e8888abcd99yyyzzz85a5"


@pytest.fixture
def server() -> Iterator[FakeSlack]:
    made = FakeSlack(ChatRoomContract.secret)
    yield made
    made.stop()


@pytest.fixture
def room(server: FakeSlack) -> SlackRooms:
    egress = GuardedEgress(Allowed(any_=True))
    return SlackRooms(server.token, egress, url=server.url)


class TestRooms(ChatRoomContract):
    def test_slacks_own_client_sees_what_we_did(
        self, room: SlackRooms, server: FakeSlack
    ) -> None:
        """The fake is what slack_sdk takes for Slack, so it is a fair judge of us."""
        client = WebClient(server.token, base_url=f"{server.url}/")
        channel = self.opened(room).channel
        with pytest.raises(SlackApiError, match="name_taken"):
            client.conversations_create(name="inc-7-ab12")
        assert client.conversations_list(types="public_channel")["channels"] == [
            {"id": channel, "name": "inc-7-ab12"}
        ]
        ts = self.say(room, channel, Said("Note by ana", "31% & rising", "late"))
        [message] = client.conversations_history(channel=channel)["messages"]
        assert message["text"] == "*Note by ana*\n31% &amp; rising\n_late_"
        assert message["metadata"]["event_payload"] == {"key": "chat:7:entry:1"}
        client.chat_update(channel=channel, ts=ts, text="by the SDK")
        room.edit(channel, ts, Said("Corrected"), key="k", timeout_seconds=2)
        assert server.texts(channel) == ["*Corrected*"]

    def test_people_come_by_member_id_or_mail_address(
        self, room: SlackRooms, server: FakeSlack
    ) -> None:
        channel = self.opened(room, private=True).channel
        assert server.channels[channel]["is_private"]

        def invite(handle: str, email: str) -> str:
            return room.invite(channel, handle=handle, email=email, timeout_seconds=2)

        assert invite("", "ana@example.com") == "UANA was invited"
        assert invite("UANA", "") == "UANA is there already"
        assert "nobody with their mail address" in invite("", "zoe@example.com")
        assert server.channels[channel]["members"] == ["UBOT", "UANA"]

    def test_topic_pin_and_archive_may_be_repeated(
        self, room: SlackRooms, server: FakeSlack
    ) -> None:
        channel = self.opened(room).channel
        ts = self.say(room, channel, Said("first"))
        for _ in range(2):
            room.set_topic(channel, "SEV1 · <ana>" + "x" * 300, timeout_seconds=2)
            room.pin(channel, ts, timeout_seconds=2)
            room.archive(channel, timeout_seconds=2)
        kept = server.channels[channel]
        assert (
            kept["topic"].startswith("SEV1 · &lt;ana&gt;") and len(kept["topic"]) == 250
        )
        assert kept["pins"] == [ts] and kept["is_archived"]

    def test_a_guest_is_vouched_for_by_nobody(self, room: SlackRooms) -> None:
        assert room.email_of("UANA") == "ana@example.com"
        assert room.email_of("UGUEST") == ""


def request(
    body: bytes, kind: str, *, at: datetime = NOW, key: str = SIGNING
) -> Inbound:
    stamp = str(int(at.timestamp()))
    return Inbound("POST", "", (), {
        "content-type": kind, "x-slack-request-timestamp": stamp,
        "x-slack-signature": signature(key, stamp, body),
    }, body)  # fmt: skip


def form(**fields: str) -> bytes:
    return urlencode(fields).encode()


FORM, JSON = "application/x-www-form-urlencoded", "application/json; charset=utf-8"
COMMAND = form(
    command="/tocsin", text="task &lt;@UANA|ana&gt; look", user_id="UANA",
    channel_id="C1", trigger_id="13345224609.738474920.8088930838d88f008e0",
)  # fmt: skip


class TestDoor:
    @pytest.fixture
    def door(self, room: SlackRooms) -> SlackDoor:
        return SlackDoor(SIGNING, room)

    def test_slacks_documented_vector(self) -> None:
        body = (
            "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
            "&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA"
            "&user_name=roadrunner&command=%2Fwebhook-collect&text="
            "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J"
            "%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
            "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
        )
        expected = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
        assert signature(SIGNING, "1531420618", body.encode()) == expected
        verifier = SignatureVerifier(SIGNING)
        assert (
            verifier.generate_signature(timestamp="1531420618", body=body) == expected
        )

    @pytest.mark.parametrize(
        ("at", "key"),
        [
            (NOW - timedelta(minutes=6), SIGNING),
            (NOW + timedelta(minutes=6), SIGNING),
            (NOW, "another secret"),
        ],
    )
    def test_an_old_or_foreign_request_is_refused(
        self, door: SlackDoor, at: datetime, key: str
    ) -> None:
        with pytest.raises(Unreadable) as caught:
            door.read(request(COMMAND, FORM, at=at, key=key), now=NOW)
        assert caught.value.answer.status == 401

    @pytest.mark.parametrize(
        "headers",
        [{}, {"x-slack-request-timestamp": "soon"}, {"x-slack-signature": "é"}],
    )
    def test_a_request_without_proof_is_refused(
        self, door: SlackDoor, headers: dict[str, str]
    ) -> None:
        given = request(COMMAND, FORM).headers | headers if headers else {}
        with pytest.raises(Unreadable) as caught:
            door.read(Inbound("POST", "", (), given, COMMAND), now=NOW)
        assert caught.value.answer.status == 401

    def test_a_changed_body_is_refused(self, door: SlackDoor) -> None:
        given = request(COMMAND, FORM)
        changed = Inbound("POST", "", (), given.headers, COMMAND + b"&user_id=UEVE")
        with pytest.raises(Unreadable):
            door.read(changed, now=NOW)

    def test_a_command_is_heard_with_a_vouched_address(self, door: SlackDoor) -> None:
        heard = door.read(request(COMMAND, FORM), now=NOW).heard
        assert heard is not None
        assert (heard.kind, heard.sender, heard.email, heard.channel) == (
            "command", "UANA", "ana@example.com", "C1",
        )  # fmt: skip

    def test_the_address_is_proven_to_slack(self, door: SlackDoor) -> None:
        body = json.dumps({"type": "url_verification", "challenge": "3eZb"}).encode()
        assert door.read(request(body, JSON), now=NOW).answer.body == b"3eZb"

    def test_a_pushpin_puts_a_message_into_the_log(
        self, door: SlackDoor, room: SlackRooms, server: FakeSlack
    ) -> None:
        channel = room.open(
            "inc-7", title="x", private=False, timeout_seconds=2
        ).channel
        server.channels[channel]["posts"].append(
            {
                "ts": "1709542805.5",
                "user": "UBEN",
                "text": "I &lt;3 <https://x.test|logs>",
            }
        )

        def event(reaction: str) -> Any:
            body = {
                "type": "event_callback",
                "event": {
                    "type": "reaction_added", "user": "UANA", "reaction": reaction,
                    "item_user": "UBEN",
                    "item": {"type": "message", "channel": channel, "ts": "1709542805.5"},
                },
            }  # fmt: skip
            return door.read(request(json.dumps(body).encode(), JSON), now=NOW).heard

        heard = event("pushpin")
        assert (heard.kind, heard.text, heard.author, heard.message) == (
            "star", "I <3 logs (https://x.test)", "UBEN", "1709542805.5",
        )  # fmt: skip
        assert heard.at == datetime(2024, 3, 4, 9, 0, 5, tzinfo=UTC)
        assert event("eyes") is None

    def test_the_shortcut_does_the_same(self, door: SlackDoor) -> None:
        payload = {
            "type": "message_action", "callback_id": "add_to_log",
            "user": {"id": "UANA"}, "channel": {"id": "C1"},
            "message": {"ts": "1709542805.5", "user": "UBEN", "text": "restarted"},
        }  # fmt: skip
        body = form(payload=json.dumps(payload))
        heard = door.read(request(body, FORM), now=NOW).heard
        assert heard is not None and (heard.kind, heard.text) == ("star", "restarted")

    @pytest.mark.parametrize("body", [b"[]", b"{", b"\xff", b"nothing"])
    @pytest.mark.parametrize("kind", [FORM, JSON])
    def test_what_cannot_be_read_is_answered(
        self, door: SlackDoor, body: bytes, kind: str
    ) -> None:
        with pytest.raises(Unreadable) as caught:
            door.read(request(body, kind), now=NOW)
        assert caught.value.answer.status == 400


def test_slacks_marks_become_plain_words() -> None:
    assert plain("<@U1|ana> <#C1|ops> <!here> <https://a.b> &amp;lt;") == (
        "@U1 ops !here https://a.b &lt;"
    )


SHAPES = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["type", "event", "item", "user", "message", "channel", "ts"]
            ),
            inner | st.sampled_from(["event_callback", "reaction_added", "pushpin"]),
            max_size=4,
        )
    ),
    max_leaves=8,
)
ANYWHERE = SlackDoor(
    SIGNING,
    SlackRooms("t", GuardedEgress(Allowed(any_=True)), url="http://127.0.0.1:1"),
)


@given(SHAPES, st.text(max_size=20), st.binary(max_size=20))
def test_no_request_whatever_its_shape_breaks_the_door(
    shape: Any, stamp: str, raw: bytes
) -> None:
    body = json.dumps(shape).encode()
    shortcut = form(payload=json.dumps({"callback_id": "add_to_log", "message": shape}))
    for given_, kind in ((body, JSON), (form(payload=body.decode()), FORM),
                         (shortcut, FORM), (raw, FORM), (raw, JSON)):  # fmt: skip
        with contextlib.suppress(Unreadable):
            ANYWHERE.read(request(given_, kind), now=NOW)
    headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": stamp}
    for one in (headers, {**headers, "x-slack-request-timestamp": "9" * len(stamp)}):
        with pytest.raises(Unreadable):
            ANYWHERE.read(Inbound("POST", "", (), one, raw), now=NOW)
