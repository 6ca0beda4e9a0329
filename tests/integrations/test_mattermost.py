"""Mattermost by its documented contract: channels, posts, the slash command."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from tests.integrations.chats import ChatRoomContract, FakeMattermost
from tocsin.core.targets import Allowed
from tocsin.egress import GuardedEgress
from tocsin.integrations.mattermost import MattermostDoor, MattermostRooms
from tocsin.interfaces.arrivals import Inbound, Unreadable
from tocsin.interfaces.chats import Said

NOW = datetime(2024, 3, 4, 9, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[FakeMattermost]:
    made = FakeMattermost(ChatRoomContract.secret)
    yield made
    made.stop()


@pytest.fixture
def room(server: FakeMattermost) -> MattermostRooms:
    egress = GuardedEgress(Allowed(any_=True))
    return MattermostRooms(server.url, server.token, egress)


class TestRooms(ChatRoomContract):
    marks = ("@all", " [x](", "<!channel>", "`code`")

    def test_everything_that_a_room_can_do(
        self, room: MattermostRooms, server: FakeMattermost
    ) -> None:
        opened = self.opened(room, private=True)
        assert opened.url == f"{server.url}/ops/channels/inc-7-ab12"
        channel = opened.channel
        number = self.say(room, channel, Said("Note by ana", "31%", "late"))
        room.pin(channel, number, timeout_seconds=2)
        room.set_topic(channel, "SEV1", timeout_seconds=2)
        assert server.posts[number]["message"] == "**Note by ana**\n31%\n*late*"
        assert server.posts[number]["is_pinned"]
        room.edit(channel, number, Said("Corrected"), key="k", timeout_seconds=2)
        assert server.texts(channel) == ["**Corrected**"]
        answers = [
            room.invite(channel, handle=handle, email=email, timeout_seconds=2)
            for handle, email in (
                ("ana", ""),
                ("", "ana@example.com"),
                ("zoe", ""),
                ("", ""),
            )
        ]
        assert (
            answers[0] == "ana was added" and "nobody with the username" in answers[2]
        )
        assert server.members[channel] == ["u-ana", "u-ana"]
        room.archive(channel, timeout_seconds=2)
        kept = server.channels[channel]
        assert (kept["type"], kept["header"], kept["delete_at"]) == ("P", "SEV1", 1)


def command(**fields: str) -> Inbound:
    said = {
        "token": "command-token", "user_id": "u-ana", "user_name": "ana",
        "channel_id": "c1", "trigger_id": "t-1", "text": "note 31%", **fields,
    }  # fmt: skip
    return Inbound("POST", "", (), {}, urlencode(said).encode())


class TestDoor:
    @pytest.fixture
    def door(self, room: MattermostRooms) -> MattermostDoor:
        return MattermostDoor("command-token", room)

    def test_a_command_is_heard(self, door: MattermostDoor) -> None:
        heard = door.read(command(), now=NOW).heard
        assert heard is not None
        assert (heard.sender, heard.email, heard.text, heard.message) == (
            "ana", "ana@example.com", "note 31%", "t-1",
        )  # fmt: skip

    def test_an_address_that_was_not_verified_vouches_for_nobody(
        self, door: MattermostDoor
    ) -> None:
        heard = door.read(command(user_id="u-eve", user_name="eve"), now=NOW).heard
        assert heard is not None and heard.email == ""

    @pytest.mark.parametrize("token", ["", "another", "é"])
    def test_another_token_is_refused(self, door: MattermostDoor, token: str) -> None:
        with pytest.raises(Unreadable) as caught:
            door.read(command(token=token), now=NOW)
        assert caught.value.answer.status == 401

    def test_an_empty_setting_lets_nobody_in(self, room: MattermostRooms) -> None:
        with pytest.raises(Unreadable):
            MattermostDoor("", room).read(command(token=""), now=NOW)

    def test_an_answer_is_for_who_asked_only(self, door: MattermostDoor) -> None:
        said = json.loads(door.reply("*done* @all").body)
        assert said == {"response_type": "ephemeral", "text": "\\*done\\* @\u200ball"}
