"""Pages as direct messages: Slack, Mattermost, Teams, Telegram, Discord, Pushover, push.

The fakes answer as each service's documentation says. Slack's own SDK makes the blocks that
ours are compared with, PyNaCl's and pywebpush's cryptography judge Discord and web push.
"""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode

import http_ece
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from msgspec.structs import replace
from slack_sdk.models.blocks import (
    ActionsBlock,
    ButtonElement,
    HeaderBlock,
    PlainTextObject,
    SectionBlock,
)

from tests.integrations.chats import FakeMattermost, FakeSlack, Server
from tests.integrations.contracts import PagerContract, message
from tests.integrations.test_http_pagers import HttpPeer, peer  # noqa: F401
from tocsin.core.targets import Allowed
from tocsin.egress import GuardedEgress
from tocsin.integrations import web_push
from tocsin.integrations.discord import DiscordDoor, DiscordPager
from tocsin.integrations.mattermost import (
    MattermostDoor,
    MattermostPager,
    MattermostRooms,
)
from tocsin.integrations.pushover import PushoverDoor, PushoverPager
from tocsin.integrations.slack import SlackDoor, SlackPager, SlackRooms
from tocsin.integrations.slack.door import signature
from tocsin.integrations.teams import TeamsPager
from tocsin.integrations.telegram import TelegramDoor, TelegramPager
from tocsin.integrations.web_push import PushPager
from tocsin.interfaces.arrivals import Inbound, Unreadable
from tocsin.interfaces.chats import Pressed
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown

NOW = datetime(2024, 3, 4, 3, 7, tzinfo=UTC)
OUT = GuardedEgress(Allowed(any_=True))
INSIDE = GuardedEgress(Allowed(private=True))
PAGE = replace(message(), token="1-a-b")


def send(pager: Any, to: str, shown: Any = PAGE) -> Any:
    return pager.page(shown, to=to, key="tocsin-page-7", timeout_seconds=2)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


# -- one request each: the whole contract ---------------------------------------


@pytest.mark.slow  # one timeout of two seconds
class TestTeams(PagerContract):
    @pytest.fixture
    def pager(self) -> TeamsPager:
        return TeamsPager(INSIDE)

    @pytest.fixture
    def address(self, peer: HttpPeer) -> str:  # noqa: F811
        return f"http://127.0.0.1:{peer.port}/workflow?sig={self.secret}"

    def test_the_card_opens_the_page(self, pager: Any, address: str, peer: Any) -> None:  # noqa: F811
        send(pager, address)
        [attachment] = json.loads(peer.requests[0][1])["attachments"]
        card = attachment["content"]
        assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
        assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
        assert card["actions"] == [
            {"type": "Action.OpenUrl", "title": "Acknowledge", "url": PAGE.link}
        ]
        runs = [line["inlines"][0]["text"] for line in card["body"]]
        assert runs[:2] == ["SEV2 checkout", "Checkout error rate 31%"]

    def test_it_asks_the_egress_whether_it_may(self, address: str) -> None:
        with pytest.raises(DeliveryFailed, match="private network"):
            send(TeamsPager(GuardedEgress(Allowed())), address)


@pytest.mark.slow  # one timeout of two seconds
class TestTelegram(PagerContract):
    @pytest.fixture
    def pager(self, peer: HttpPeer) -> TelegramPager:  # noqa: F811
        return TelegramPager(self.secret, OUT, url=f"http://127.0.0.1:{peer.port}")

    @pytest.fixture
    def address(self) -> str:
        return "4711"

    def test_it_has_buttons_and_no_markup(
        self,
        pager: Any,
        address: str,
        peer: Any,  # noqa: F811
    ) -> None:
        send(pager, address)
        body = json.loads(peer.requests[0][1])
        assert body["chat_id"] == 4711
        assert "parse_mode" not in body
        [[ack, on]] = body["reply_markup"]["inline_keyboard"]
        assert ack == {"text": "Acknowledge", "callback_data": "a:1-a-b"}
        assert on["callback_data"] == "p:1-a-b"
        assert body["text"].endswith(PAGE.link)


@pytest.mark.slow  # one timeout of two seconds
class TestPushover(PagerContract):
    @pytest.fixture
    def pager(self, peer: HttpPeer) -> PushoverPager:  # noqa: F811
        url = f"http://127.0.0.1:{peer.port}"
        return PushoverPager(self.secret, OUT, back="https://t.example/b", url=url)

    @pytest.fixture
    def address(self) -> str:
        return "u" * 30

    def test_an_urgent_one_rings_until_it_is_acknowledged(
        self,
        pager: Any,
        address: str,
        peer: Any,  # noqa: F811
    ) -> None:
        send(pager, address)
        fields = parse_qs(peer.requests[0][1].decode())
        assert (fields["priority"], fields["retry"], fields["expire"]) == (
            ["2"], ["60"], ["300"],
        )  # fmt: skip
        assert fields["callback"] == ["https://t.example/b?page=1-a-b"]
        send(pager, address, message())
        assert "priority" not in parse_qs(peer.requests[1][1].decode())


class Browser:
    """A browser's half of web push, by an implementation that is not ours."""

    def __init__(self, endpoint: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = bytes(range(16))
        public = self.key.public_key().public_bytes(
            serialization.Encoding.X962,
            serialization.PublicFormat.UncompressedPoint,
        )
        self.address = f"{endpoint}#{b64(public)}.{b64(self.auth)}"

    def read(self, body: bytes) -> dict[str, Any]:
        plain = http_ece.decrypt(
            body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"
        )
        return dict(json.loads(plain))


@pytest.mark.slow  # one timeout of two seconds
class TestPush(PagerContract):
    @pytest.fixture
    def pager(self) -> PushPager:
        return PushPager(
            web_push.key_of(web_push.new_key()), INSIDE,
            subject="https://tocsin.example", now=lambda: NOW,
            random=lambda count: b"s" * count,
        )  # fmt: skip

    @pytest.fixture
    def far(self, peer: HttpPeer) -> Browser:  # noqa: F811
        return Browser(f"http://127.0.0.1:{peer.port}/push/{self.secret}")

    @pytest.fixture
    def address(self, far: Browser) -> str:
        return far.address

    def test_the_browser_alone_can_read_it(
        self,
        pager: Any,
        far: Browser,
        peer: Any,  # noqa: F811
    ) -> None:
        send(pager, far.address)
        headers, body = peer.requests[0]
        said = far.read(body)
        assert said["title"] == "SEV2 checkout"
        assert said["url"] == PAGE.link
        assert b"checkout" not in body
        assert (headers["urgency"], headers["ttl"]) == ("high", "3600")
        assert len(headers["topic"]) == 32

    def test_who_sends_is_proven(self, pager: Any, far: Browser, peer: Any) -> None:  # noqa: F811
        send(pager, far.address)
        given = peer.requests[0][0]["authorization"].removeprefix("vapid ")
        parts = dict(one.strip().split("=", 1) for one in given.split(","))
        head, claims, made = parts["t"].split(".")
        assert parts["k"] == pager.public_key

        def raw(text: str) -> bytes:
            return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

        assert json.loads(raw(head)) == {"typ": "JWT", "alg": "ES256"}
        said = json.loads(raw(claims))
        assert said["aud"] == f"http://127.0.0.1:{peer.port}"
        assert 0 < said["exp"] - NOW.timestamp() <= 24 * 3600
        key = ec.EllipticCurvePublicKey.from_encoded_point(
            ec.SECP256R1(), raw(parts["k"])
        )
        both = raw(made)
        halves = (int.from_bytes(both[:32], "big"), int.from_bytes(both[32:], "big"))
        key.verify(
            encode_dss_signature(*halves), f"{head}.{claims}".encode(),
            ec.ECDSA(hashes.SHA256()),
        )  # fmt: skip

    def test_a_subscription_that_ended_is_gone_for_good(
        self,
        pager: Any,
        far: Browser,
        peer: Any,  # noqa: F811
    ) -> None:
        peer.answer = (410, {})
        with pytest.raises(DeliveryFailed, match="no subscription any more") as caught:
            send(pager, far.address)
        assert caught.value.permanent

    def test_long_words_are_cut_to_what_services_take(
        self,
        pager: Any,
        far: Browser,
        peer: Any,  # noqa: F811
    ) -> None:
        send(pager, far.address, message("支払い" * 900, alerts=50))
        body = peer.requests[0][1]
        assert len(body) <= 4096
        assert far.read(body)["body"].endswith("…")


def test_the_example_of_rfc_8291() -> None:
    """Section 5 and appendix A: the same keys, salt and text give the same bytes."""

    def raw(text: str) -> bytes:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    to = web_push.Subscription(
        "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
        raw(
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcx"
            "aOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
        ),
        raw("BTBZMqHH6r4Tts7J_aSIgg"),
    )
    made = web_push.encrypt(
        b"When I grow up, I want to be a watermelon",
        to,
        key=web_push.key_of("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
        salt=raw("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert b64(made) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
        "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
        "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


@pytest.mark.parametrize(
    "address", ["", "https://p.example/1", "https://p.example/1#AAAA.BBBB", "x#é.é"]
)
def test_what_is_no_subscription_is_refused(address: str) -> None:
    key = web_push.key_of(web_push.new_key())
    pager = PushPager(
        key, OUT, subject="mailto:a@b.example", now=lambda: NOW, random=lambda n: b"s"
    )
    assert "the button on your page makes" in pager.problems(address)[0]


# -- chats that open a conversation first ---------------------------------------


class FakeDiscord(Server):
    """Direct messages of a bot."""

    def handle(self, method: str, path: str, body: Any, headers: Any) -> Any:
        if headers.get("authorization") != "Bot t0k3n":
            return 401, {}, {"message": "401: Unauthorized", "code": 0}
        if path == "/users/@me/channels":
            return 200, {}, {"id": "9001", "type": 1, "recipients": [body]}
        if path == "/channels/9001/messages":
            return 200, {}, {"id": str(len(self.asked)), "content": body["content"]}
        return 404, {}, {"message": "Unknown Channel", "code": 10003}


@pytest.fixture
def discord() -> Iterator[FakeDiscord]:
    made = FakeDiscord()
    yield made
    made.stop()


def test_discord_opens_a_conversation_and_calls_nobody(discord: FakeDiscord) -> None:
    pager = DiscordPager("t0k3n", OUT, url=discord.url)
    shown = replace(message("@everyone **x** [a](http://evil)"), token="1-a-b")
    to = "80351110224678912"
    send(pager, to, shown)
    send(pager, to, shown)
    [opened, first, second] = discord.asked
    assert opened[2] == {"recipient_id": to}
    assert first[2]["nonce"] == second[2]["nonce"], "the same message is the same"
    assert first[2]["enforce_nonce"] is True
    assert first[2]["allowed_mentions"] == {"parse": []}
    assert r"\*\*x\*\* \[a\]\(http\://evil\)" in first[2]["content"]
    [row] = first[2]["components"]
    assert [one.get("custom_id") for one in row["components"]] == [
        "a:1-a-b", "p:1-a-b", None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body", "permanent"),
    [
        (429, {"message": "You are being rate limited.", "retry_after": 3.2}, False),
        (403, {"code": 50007, "message": "Cannot send messages to this user"}, True),
        (500, {}, False),
        (401, {"message": "401: Unauthorized", "code": 0}, False),
    ],
)
def test_what_discord_refuses(
    discord: FakeDiscord, status: int, body: Any, permanent: bool
) -> None:
    discord.refusals = [(status, {"retry-after": "4"}, body)]
    with pytest.raises(DeliveryFailed) as caught:
        send(DiscordPager("t0k3n", OUT, url=discord.url), "80351110224678912")
    assert caught.value.permanent is permanent
    assert caught.value.retry_after_seconds == 4


def test_slack_posts_blocks_as_its_own_sdk_makes_them() -> None:
    server = FakeSlack("xoxb-1")
    server.channels["UANA"] = {"id": "D1", "posts": [], "is_archived": False}
    try:
        receipt = send(SlackPager(SlackRooms("xoxb-1", OUT, url=server.url)), "UANA")
        fields = server.asked[0][2]
    finally:
        server.stop()
    assert receipt.provider_id
    plain = {"emoji": False}
    theirs = [
        HeaderBlock(text=PlainTextObject(text="SEV2 checkout", **plain)),
        SectionBlock(
            text=PlainTextObject(
                text="Checkout error rate 31%\nLevel 1 of payments: you are paged "
                "first.\nbob is paged at 03:22 UTC unless you answer.",
                **plain,
            )
        ),
        ActionsBlock(
            elements=[
                ButtonElement(
                    text=PlainTextObject(text="Acknowledge", **plain),
                    action_id="page_ack", value="1-a-b", style="primary",
                ),
                ButtonElement(
                    text=PlainTextObject(text="Pass on", **plain),
                    action_id="page_pass", value="1-a-b",
                ),
                ButtonElement(
                    text=PlainTextObject(text="Open", **plain),
                    action_id="page_open", url=PAGE.link,
                ),
            ]
        ),
    ]  # fmt: skip
    assert json.loads(fields["blocks"]) == [one.to_dict() for one in theirs]


def test_mattermost_posts_to_the_two_of_us() -> None:
    class Direct(FakeMattermost):
        def handle(self, method: str, path: str, body: Any, headers: Any) -> Any:
            if path.endswith("/users/me"):
                return 200, {}, {"id": "u-bot"}
            if path.endswith("/channels/direct"):
                return 201, {}, {"id": "d-" + body[1], "type": "D"}
            return super().handle(method, path, body, headers)

    server = Direct("t0k3n")
    try:
        rooms = MattermostRooms(server.url, "t0k3n", OUT)
        pager = MattermostPager(rooms, back="https://t.example/chat/mattermost")
        send(pager, "@Ana")
        with pytest.raises(DeliveryFailed, match="nobody with the username zoe") as no:
            send(pager, "zoe")
        assert no.value.permanent
        [post] = server.posts.values()
    finally:
        server.stop()
    assert post["channel_id"] == "d-u-ana"
    ack, on = post["props"]["attachments"][0]["actions"]
    assert ack["integration"] == {
        "url": "https://t.example/chat/mattermost",
        "context": {"token": "1-a-b", "verb": "ack"},
    }
    assert on["integration"]["context"]["verb"] == "pass"


# -- what comes back --------------------------------------------------------------

ED = Ed25519PrivateKey.generate()
ED_PUBLIC = ED.public_key().public_bytes(
    serialization.Encoding.Raw, serialization.PublicFormat.Raw
)


def inbound(body: bytes, headers: dict[str, str], **query: str) -> Inbound:
    return Inbound("POST", "", tuple(query.items()), headers, body)


def of_discord(body: Any, *, at: datetime = NOW) -> Inbound:
    raw, stamp = json.dumps(body).encode(), str(int(at.timestamp()))
    made = ED.sign(stamp.encode() + raw).hex()
    headers = {"x-signature-timestamp": stamp, "x-signature-ed25519": made}
    return inbound(raw, headers)


def test_discord_knows_a_ping_a_press_and_a_forgery() -> None:
    door = DiscordDoor(ED_PUBLIC.hex())
    assert json.loads(door.read(of_discord({"type": 1}), now=NOW).answer.body) == {
        "type": 1
    }
    press = {
        "type": 3, "user": {"id": "42"}, "data": {"custom_id": "p:1-a-b"},
        "message": {"content": "**SEV2**"},
    }  # fmt: skip
    read = door.read(of_discord(press), now=NOW)
    assert read.pressed == Pressed("1-a-b", "pass", "42", {"text": "**SEV2**"})
    shown = json.loads(door.show(read.pressed, "You have it.", done=True).body)
    assert shown["type"] == 7
    assert shown["data"]["components"] == []
    private = json.loads(door.show(read.pressed, "No.", done=False).body)
    assert (private["type"], private["data"]["flags"]) == (4, 64)
    good = of_discord(press)
    late = of_discord(press, at=datetime(2024, 3, 4, 3, 1, tzinfo=UTC))
    for forged in (
        replace(good, body=good.body + b" "),
        replace(good, headers={}),
        replace(good, headers={**good.headers, "x-signature-ed25519": "zz"}),
        late,
    ):
        with pytest.raises(Unreadable) as caught:
            door.read(forged, now=NOW)
        assert caught.value.answer.status == 401


def test_telegram_knows_a_press_a_newcomer_and_a_forgery() -> None:
    door = TelegramDoor("s3cr3t")
    headers = {"x-telegram-bot-api-secret-token": "s3cr3t"}
    query = {
        "callback_query": {
            "id": "q1", "from": {"id": 4711}, "data": "a:1-a-b",
            "message": {"message_id": 5, "chat": {"id": 4711}, "text": "SEV2"},
        }
    }  # fmt: skip
    pressed = door.read(inbound(json.dumps(query).encode(), headers), now=NOW).pressed
    assert pressed is not None
    assert (pressed.token, pressed.verb, pressed.sender) == ("1-a-b", "ack", "4711")
    shown = json.loads(door.show(pressed, "You have it.", done=True).body)
    assert (shown["method"], shown["chat_id"], shown["message_id"]) == (
        "editMessageText", 4711, 5,
    )  # fmt: skip
    assert "reply_markup" not in shown, "the buttons go"
    said = json.loads(door.show(pressed, "No.", done=False).body)
    assert (said["method"], said["show_alert"]) == ("answerCallbackQuery", True)
    hello = {"message": {"text": "/start", "chat": {"id": 99, "type": "private"}}}
    answer = door.read(inbound(json.dumps(hello).encode(), headers), now=NOW).answer
    assert "Your address for pages is 99" in json.loads(answer.body)["text"]
    group = {"message": {"text": "/start", "chat": {"id": -9, "type": "group"}}}
    assert not door.read(
        inbound(json.dumps(group).encode(), headers), now=NOW
    ).answer.body
    with pytest.raises(Unreadable) as caught:
        door.read(inbound(b"{}", {}), now=NOW)
    assert caught.value.answer.status == 403


def test_slack_knows_a_press_and_shows_what_became_of_it() -> None:
    server = FakeSlack("xoxb-1")
    server.channels["D1"] = {"posts": [{"ts": "1.1", "text": "x"}]}
    try:
        door = SlackDoor("signing", SlackRooms("xoxb-1", OUT, url=server.url))
        payload = {
            "type": "block_actions", "user": {"id": "UANA"}, "channel": {"id": "D1"},
            "message": {"ts": "1.1", "text": "SEV2 &lt;x&gt;"},
            "actions": [{"action_id": "page_ack", "value": "1-a-b"}],
        }  # fmt: skip
        body = urlencode({"payload": json.dumps(payload)}).encode()
        stamp = str(int(NOW.timestamp()))
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "x-slack-request-timestamp": stamp,
            "x-slack-signature": signature("signing", stamp, body),
        }
        pressed = door.read(inbound(body, headers), now=NOW).pressed
        assert pressed is not None
        assert (pressed.token, pressed.verb, pressed.sender) == ("1-a-b", "ack", "UANA")
        assert door.show(pressed, "You have it.", done=True).status == 200
        assert server.texts("D1") == ["SEV2 &lt;x&gt;\nYou have it."]
        assert server.asked[-1][2]["blocks"] == "[]"
    finally:
        server.stop()


def test_mattermost_knows_a_press() -> None:
    server = FakeMattermost("t")
    try:
        door = MattermostDoor("", MattermostRooms(server.url, "t", OUT))
        body = {
            "user_id": "u-ana", "user_name": "ana",
            "context": {"token": "1-a-b", "verb": "ack"},
        }  # fmt: skip
        headers = {"content-type": "application/json"}
        read = door.read(inbound(json.dumps(body).encode(), headers), now=NOW)
        assert read.pressed == Pressed("1-a-b", "ack", "ana")
        shown = json.loads(door.show(read.pressed, "You have it.", done=True).body)
        assert shown == {"update": {"message": "You have it.", "props": {}}}
        said = json.loads(door.show(read.pressed, "No.", done=False).body)
        assert said == {"ephemeral_text": "No."}
    finally:
        server.stop()


def test_pushover_is_asked_before_anything_is_believed() -> None:
    class Receipts(Server):
        known: Any = (200, {}, {"status": 1, "acknowledged": 0})

        def handle(self, method: str, path: str, body: Any, headers: Any) -> Any:
            assert (method, path) == ("GET", "/1/receipts/r1.json?token=app")
            return self.known

    server = Receipts()
    try:
        door = PushoverDoor("app", OUT, url=server.url)
        told = inbound(b"receipt=r1&acknowledged=1", {}, page="1-a-b")
        with pytest.raises(Unreadable) as caught:
            door.read(told, now=NOW)
        assert caught.value.answer.status == 403
        who = {"status": 1, "acknowledged": 1, "acknowledged_by": "u" * 30}
        server.known = (200, {}, who)
        assert door.read(told, now=NOW).pressed == Pressed("1-a-b", "ack", "u" * 30)
        server.lose_answers = 1
        with pytest.raises(Unreadable) as caught:
            door.read(told, now=NOW)
        assert caught.value.answer.status == 503, "it asks again later"
        with pytest.raises(Unreadable):
            door.read(inbound(b"receipt=../x", {}, page="1"), now=NOW)
    finally:
        server.stop()


def test_pushover_repeats_no_more_what_was_answered_elsewhere() -> None:
    class Receipts(Server):
        rings = True

        def handle(self, method: str, path: str, body: Any, headers: Any) -> Any:
            assert (method, path) == ("POST", "/1/receipts/r1/cancel.json")
            assert body == {"token": "app"}
            if not self.rings:
                errors = ["receipt not found; may be invalid or expired"]
                found = {"receipt": "not found", "errors": errors, "status": 0}
                return 404, {}, found
            self.rings = False
            return 200, {}, {"status": 1, "request": "q"}

    server = Receipts()
    try:
        pager = PushoverPager("app", OUT, back="https://t.example/b", url=server.url)
        assert pager.recall("r1", timeout_seconds=2) == "called off"
        assert "nothing to call off" in pager.recall("r1", timeout_seconds=2)
        server.refusals = [(500, {}, {})]
        with pytest.raises(DeliveryFailed):
            pager.recall("r1", timeout_seconds=2)
    finally:
        server.stop()


def test_an_answer_that_is_lost_is_doubt(discord: FakeDiscord) -> None:
    discord.lose_answers = 1
    with pytest.raises(DeliveryUnknown):
        send(DiscordPager("t0k3n", OUT, url=discord.url), "80351110224678912")
