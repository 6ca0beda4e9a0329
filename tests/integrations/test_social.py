"""Posting twice with the same key posts once: Mastodon, Bluesky and X.

The fakes keep the documented contracts; Mastodon's is also judged by Mastodon.py, and
what is here of Bluesky was run by hand against the real PDS (docs/response/social.md).
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from mastodon import Mastodon

from tests.integrations.chats import Server
from tocsin.core.targets import Allowed
from tocsin.egress import GuardedEgress
from tocsin.integrations.bluesky import BlueskyPoster, record_key
from tocsin.integrations.mastodon import MastodonPoster
from tocsin.integrations.x import XPoster, XSecrets, authorization
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.pagers import Receipt

NOW = datetime(2024, 3, 4, 9, 0, 5, 678901, tzinfo=UTC)
TEXT = "支払い: card payments fail. https://status.example.com/i/7"
PAYLOAD = {"text": TEXT, "at": NOW.isoformat()}
SECRET = "s3cr3t-t0k3n-0f-0urs"


class FakeMastodon(Server):
    """POST /api/v1/statuses, with Idempotency-Key; enough of an instance for clients."""

    def __init__(self) -> None:
        super().__init__()
        self.token = SECRET
        self.statuses: list[dict[str, Any]] = []
        self.by_key: dict[str, dict[str, Any]] = {}

    def handle(self, method: str, path: str, body: Any, headers: Any) -> Any:
        if "/instance" in path:
            return 200, {}, {"uri": "x", "version": "4.3.0", "configuration": {}}
        if headers.get("authorization") != f"Bearer {self.token}":
            return 401, {}, {"error": "The access token is invalid"}
        if (method, path) != ("POST", "/api/v1/statuses"):
            return 404, {}, {"error": "Record not found"}
        key = headers.get("idempotency-key", "")
        if key in self.by_key:
            return 200, {}, self.by_key[key]
        if not body.get("status") or len(body["status"]) > 500:
            return 422, {}, {"error": "Validation failed: Text character limit"}
        number = str(len(self.statuses) + 1)
        made = {
            "id": number, "url": f"https://social.example/@acme/{number}",
            "content": body["status"], "visibility": body.get("visibility", "public"),
            "in_reply_to_id": body.get("in_reply_to_id"),
        }  # fmt: skip
        self.statuses.append(made)
        if key:
            self.by_key[key] = made
        return 200, {}, made


class FakePds(Server):
    """createSession and putRecord; tokens that end, records that are put over."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, dict[str, Any]] = {}
        self.sessions = 0

    def handle(self, method: str, path: str, body: Any, headers: Any) -> Any:
        if path.endswith("com.atproto.server.createSession"):
            if body["password"] != SECRET:
                error = "AuthenticationRequired"
                return 401, {}, {"error": error, "message": "Invalid password"}
            self.sessions += 1
            return 200, {}, {"did": "did:plc:acme", "accessJwt": f"jwt-{self.sessions}"}
        if headers.get("authorization") != f"Bearer jwt-{self.sessions}":
            return 400, {}, {"error": "ExpiredToken", "message": "Token has expired"}
        assert path.endswith("com.atproto.repo.putRecord")
        if len(body["record"]["text"]) > 300:
            said = "Invalid app.bsky.feed.post record: grapheme too big (maximum 300)"
            return 400, {}, {"error": "InvalidRequest", "message": said}
        self.records[body["rkey"]] = body["record"]
        uri = f"at://did:plc:acme/app.bsky.feed.post/{body['rkey']}"
        return 200, {}, {"uri": uri, "cid": f"cid-{body['rkey']}"}


class FakeX(Server):
    """POST /2/tweets; refuses a text that was posted before."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def handle(self, method: str, path: str, body: Any, headers: Any) -> Any:
        if not headers.get("authorization", "").startswith("OAuth oauth_consumer_key="):
            return 401, {}, {"title": "Unauthorized"}
        if body["text"] in self.texts:
            detail = "You are not allowed to create a Tweet with duplicate content."
            return 403, {}, {"title": "Forbidden", "detail": detail, "status": 403}
        self.texts.append(body["text"])
        return 201, {}, {"data": {"id": str(len(self.texts)), "text": body["text"]}}


@pytest.fixture
def egress() -> GuardedEgress:
    return GuardedEgress(Allowed(any_=True))


@pytest.fixture(params=[FakeMastodon, FakePds, FakeX])
def server(request: pytest.FixtureRequest) -> Iterator[Any]:
    made = request.param()
    yield made
    made.stop()


@pytest.fixture
def poster(server: Any, egress: GuardedEgress) -> Any:
    if isinstance(server, FakeMastodon):
        return MastodonPoster(server.url, SECRET, egress)
    if isinstance(server, FakePds):
        return BlueskyPoster(server.url, "acme.example", SECRET, egress)
    secrets = XSecrets("app-key-of-ours", "key-secret", SECRET, "token-secret")
    return XPoster(
        secrets, egress, now=lambda: NOW, nonce=lambda: "nonce", url=server.url
    )


def post(poster: Any, key: str = "social:7:1", **more: Any) -> Receipt:
    receipt: Receipt = poster.post(
        {**PAYLOAD, **more}, to="", key=key, timeout_seconds=2
    )
    return receipt


def posts(server: Any) -> int:
    if isinstance(server, FakeMastodon):
        return len(server.statuses)
    return len(server.records if isinstance(server, FakePds) else server.texts)


def test_a_post_whose_answer_was_lost_is_there_once(poster: Any, server: Any) -> None:
    if isinstance(server, FakePds):
        post(poster, "another")  # signs in
    before = posts(server)
    server.lose_answers = 1
    with pytest.raises(DeliveryUnknown):
        post(poster)
    assert post(poster, doubtful=True).answer
    assert posts(server) == before + 1


def test_too_much_is_waited_for(poster: Any, server: Any) -> None:
    server.refusals = [(429, {"retry-after": "7"}, {})]
    with pytest.raises(DeliveryFailed) as caught:
        post(poster)
    assert not caught.value.permanent and caught.value.retry_after_seconds == 7


def test_secrets_that_are_repeated_are_not_kept(poster: Any, server: Any) -> None:
    server.refusals = [(422, {}, {"error": SECRET, "message": SECRET})]
    with pytest.raises(DeliveryFailed) as caught:
        post(poster)
    assert caught.value.permanent and SECRET not in caught.value.reason


class TestMastodon:
    @pytest.fixture(params=[FakeMastodon])
    def server(self, request: pytest.FixtureRequest) -> Iterator[FakeMastodon]:
        made = FakeMastodon()
        yield made
        made.stop()

    def test_mastodon_py_and_we_mean_the_same_by_a_key(
        self, poster: MastodonPoster, server: FakeMastodon
    ) -> None:
        """Mastodon.py takes the fake for a server, so it is a fair judge of us."""
        client = Mastodon(
            access_token=SECRET, api_base_url=server.url, version_check_mode="none"
        )
        theirs = client.status_post(TEXT, idempotency_key="social:7:1")
        ours = post(poster)
        assert ours.provider_id == str(theirs["id"])
        assert len(server.statuses) == 1
        assert server.statuses[0]["content"] == TEXT
        post(poster, "social:7:2", parent=ours.provider_id)
        assert server.statuses[1]["in_reply_to_id"] == ours.provider_id
        assert server.statuses[1]["visibility"] == "public"


class TestBluesky:
    @pytest.fixture(params=[FakePds])
    def server(self, request: pytest.FixtureRequest) -> Iterator[FakePds]:
        made = FakePds()
        yield made
        made.stop()

    def test_a_post_is_a_record_with_its_links_by_bytes(
        self, poster: BlueskyPoster, server: FakePds
    ) -> None:
        first = post(poster)
        [(rkey, record)] = server.records.items()
        assert first.answer == f"https://bsky.app/profile/acme.example/post/{rkey}"
        assert record["createdAt"] == "2024-03-04T09:00:05.678Z"
        [facet] = record["facets"]
        found = TEXT.encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]]
        assert found.decode() == "https://status.example.com/i/7"
        post(poster, "social:7:2", root=first.provider_id, parent=first.provider_id)
        reply = list(server.records.values())[1]["reply"]
        assert reply["root"] == reply["parent"] == {
            "uri": f"at://did:plc:acme/app.bsky.feed.post/{rkey}", "cid": f"cid-{rkey}",
        }  # fmt: skip

    def test_a_session_is_kept_and_renewed_when_it_has_ended(
        self, poster: BlueskyPoster, server: FakePds
    ) -> None:
        post(poster, "1")
        post(poster, "2")
        assert server.sessions == 1
        server.sessions = 5
        post(poster, "3")
        assert server.sessions == 6 and len(server.records) == 3

    def test_its_key_is_a_tid_of_time_and_key(self) -> None:
        first, same = record_key(NOW, "a"), record_key(NOW, "a")
        later = record_key(NOW.replace(second=6), "a")
        assert first == same != record_key(NOW, "b")
        assert len(first) == 13 and first < later and first[0] in "234567abcdefghij"


class TestX:
    @pytest.fixture(params=[FakeX])
    def server(self, request: pytest.FixtureRequest) -> Iterator[FakeX]:
        made = FakeX()
        yield made
        made.stop()

    def test_the_documented_signature(self) -> None:
        """docs.x.com, "Creating a signature"."""
        header = authorization(
            "POST",
            "https://api.twitter.com/1.1/statuses/update.json",
            XSecrets(
                "xvz1evFS4wEEPTGEFPHBog",
                "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
                "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
                "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
            ),
            nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
            stamp="1318622958",
            fields={
                "include_entities": "true",
                "status": "Hello Ladies + Gentlemen, a signed OAuth request!",
            },
        )
        assert 'oauth_signature="hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D"' in header

    def test_a_duplicate_proves_only_what_was_in_doubt(
        self, poster: XPoster, server: FakeX
    ) -> None:
        assert post(poster).answer == "https://x.com/i/status/1"
        with pytest.raises(DeliveryFailed) as caught:
            post(poster)
        assert caught.value.permanent
        assert post(poster, doubtful=True).answer == "it was there already"
        assert server.texts == [TEXT]

    def test_its_own_word_for_when_to_come_back_is_heard(
        self, poster: XPoster, server: FakeX
    ) -> None:
        reset = str(int(NOW.timestamp()) + 90)
        server.refusals = [(429, {"x-rate-limit-reset": reset}, {})]
        with pytest.raises(DeliveryFailed) as caught:
            post(poster)
        assert caught.value.retry_after_seconds == 90

    def test_an_answer_is_a_post_of_its_thread(
        self, poster: XPoster, server: FakeX
    ) -> None:
        post(poster, parent="41")
        assert json.loads(json.dumps(server.asked[0][2]))["reply"] == {
            "in_reply_to_tweet_id": "41"
        }
