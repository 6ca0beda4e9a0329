"""Whatever a homeserver or somebody in a room sends, Tocsin goes on listening.

What a real homeserver does is in tests/stories/test_matrix.py.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from tocsin.integrations.matrix import MatrixSource, MatrixWire
from tocsin.interfaces.machine import HttpAnswer

ME = "@tocsin:localhost"
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["content", "m.relates_to", "body", "key", "event_id", "events", "x"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["m.room.message", "m.reaction"]) | JUNK,
        "sender": st.sampled_from([ME, "@eve:localhost"]) | JUNK,
        "content": JUNK,
        "event_id": JUNK,
        "origin_server_ts": JUNK | st.integers(),
        "state_key": JUNK,
    },
)


class Homeserver:
    """Answers as it is told; the first `too_long` looks are cut."""

    def __init__(self, rooms: Any, *, too_long: int = 0) -> None:
        self.rooms = rooms
        self.too_long = too_long
        self.limits: list[object] = []

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        timeout_seconds: float,
    ) -> HttpAnswer:
        if url.endswith("/whoami"):
            return HttpAnswer(200, {}, json.dumps({"user_id": ME}).encode())
        if "/event/" in url:
            event = {"sender": "@ana:localhost", "content": {"body": "said"}}
            return HttpAnswer(200, {}, json.dumps(event).encode())
        sieve = json.loads(unquote(url.partition("filter=")[2].partition("&")[0]))
        self.limits.append(sieve["room"]["timeline"].get("limit", 0))
        found = json.dumps({"next_batch": "s2", "rooms": self.rooms}).encode()
        if len(self.limits) <= self.too_long:
            found = found[:-3]
        return HttpAnswer(200, {}, found)


def heard(server: Homeserver) -> tuple[list[Any], str]:
    wire = MatrixWire("http://hs.test", "token", server)  # type: ignore[arg-type]
    found, cursor = MatrixSource(wire).listen("s1", seconds=0)
    return list(found), cursor


def said(body: Any, **more: Any) -> dict[str, Any]:
    content = {"body": body, **more}
    event = {"type": "m.room.message", "sender": "@ana:localhost", "content": content,
             "event_id": "$1", "origin_server_ts": 1709542800000}  # fmt: skip
    return {"join": {"!a:b": {"timeline": {"events": [event]}}}}


@given(st.lists(EVENTS, max_size=3), JUNK)
def test_no_event_whatever_its_shape_deafens_us(events: Any, junk: Any) -> None:
    rooms = {
        "join": {"!a:b": {"timeline": {"events": events}}, "!c:d": junk},
        "invite": {"!e:f": {"invite_state": {"events": events}}},
    }
    assert heard(Homeserver(rooms))[1] == "s2"
    assert heard(Homeserver(junk))[1] == "s2"


def test_half_a_character_is_heard_around() -> None:
    [one], _ = heard(Homeserver(said("!t note caf\ud800 is down")))
    assert one.text == "note caf\ud800 is down"


def test_more_than_can_be_read_is_asked_for_in_smaller_parts() -> None:
    server = Homeserver(said("!t who"), too_long=2)
    [one], _ = heard(server)
    assert (one.text, server.limits) == ("who", [200, 20, 1])


def test_what_nobody_can_read_is_passed_over() -> None:
    server = Homeserver({}, too_long=3)
    assert heard(server) == ([], "s2")
    assert server.limits == [200, 20, 1, 0]


def test_only_commands_and_pins_are_heard() -> None:
    assert heard(Homeserver(said("hello !t note")))[0] == []
    edited = said("!t note x", **{"m.relates_to": {"rel_type": "m.replace"}})
    assert heard(Homeserver(edited))[0] == []
    assert heard(Homeserver(said("!tocsin")))[0][0].text == ""


def test_a_pin_of_no_message_deafens_nobody() -> None:
    for target in ("$\ud800", "", "../../../x", 7):
        relation = {"rel_type": "m.annotation", "event_id": target, "key": "📌\ufe0f"}
        rooms = said("", **{"m.relates_to": relation})
        rooms["join"]["!a:b"]["timeline"]["events"][0]["type"] = "m.reaction"
        [one], cursor = heard(Homeserver(rooms))
        assert (one.kind, one.text, cursor) == ("star", "said", "s2")
