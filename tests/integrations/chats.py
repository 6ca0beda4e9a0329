"""Chat servers as their documentation describes them, and what every chat room promises.

The fakes answer as docs.slack.dev and api.mattermost.com say, keep what they are sent, and
can lose an answer after they have done what was asked.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tocsin.interfaces.chats import Said
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown

HOSTILE = Said("Note by eve", "<!channel> @all [x](http://evil) & `code`", "")


class Server:
    """Routes every request to `handle`; answers are (status, headers, JSON)."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, Any], dict[str, str]]] = []
        self.lose_answers = 0
        self.refusals: list[tuple[int, dict[str, str], Any]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def _do(self) -> None:
                size = int(self.headers.get("content-length") or 0)
                raw = self.rfile.read(size).decode()
                kind = self.headers.get("content-type", "")
                body = dict(parse_qsl(raw)) if "urlencoded" in kind else None
                if body is None:
                    body = json.loads(raw) if raw else {}
                headers = {k.lower(): v for k, v in self.headers.items()}
                server.asked.append((self.command, self.path, body, headers))
                if server.refusals:
                    status, more, found = server.refusals.pop(0)
                else:
                    status, more, found = server.handle(
                        self.command, self.path, body, headers
                    )
                    if server.lose_answers:
                        server.lose_answers -= 1
                        self.close_connection = True
                        return
                content = (
                    found if isinstance(found, bytes) else json.dumps(found).encode()
                )
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = _do

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        ).start()

    def handle(
        self, method: str, path: str, body: dict[str, Any], headers: dict[str, str]
    ) -> tuple[int, dict[str, str], Any]:
        """What each chat answers; every fake has its own."""
        raise NotImplementedError

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class FakeSlack(Server):
    """Channels, posts with metadata, pins, members of one workspace."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token
        self.channels: dict[str, dict[str, Any]] = {}
        self.users = {
            "UANA": {"id": "UANA", "profile": {"email": "ana@example.com"}},
            "UGUEST": {
                "id": "UGUEST",
                "is_restricted": True,
                "profile": {"email": "ben@example.com"},
            },
        }

    def handle(self, method: str, path: str, body: Any, headers: Any) -> Any:
        name = path.removeprefix("/").partition("?")[0]
        if headers.get("authorization") != f"Bearer {self.token}":
            return 200, {}, {"ok": False, "error": "invalid_auth"}
        found = getattr(self, name.replace(".", "_"))(body)
        if isinstance(found, str):
            return 200, {}, {"ok": False, "error": found}
        return 200, {}, {"ok": True, **found}

    def auth_test(self, body: Any) -> Any:
        return {"url": "https://example.slack.com/", "user_id": "UBOT"}

    def conversations_create(self, body: Any) -> Any:
        if any(one["name"] == body["name"] for one in self.channels.values()):
            return "name_taken"
        number = f"C{len(self.channels) + 1}"
        made = {"id": number, "name": body["name"], "members": ["UBOT"], "posts": [],
                "is_private": body.get("is_private") == "true", "pins": [],
                "is_archived": False, "topic": "", "purpose": ""}  # fmt: skip
        self.channels[number] = made
        return {"channel": {"id": number, "name": made["name"]}}

    def conversations_list(self, body: Any) -> Any:
        """One channel a page, to see that pages are turned."""
        wanted = body["types"] == "private_channel"
        known = [c for c in self.channels.values() if c["is_private"] == wanted]
        at = int(body.get("cursor") or 0)
        after = str(at + 1) if at + 1 < len(known) else ""
        return {
            "channels": [
                {"id": c["id"], "name": c["name"]} for c in known[at : at + 1]
            ],
            "response_metadata": {"next_cursor": after},
        }

    def conversations_setPurpose(self, body: Any) -> Any:
        self.channels[body["channel"]]["purpose"] = body["purpose"]
        return {}

    def conversations_setTopic(self, body: Any) -> Any:
        self.channels[body["channel"]]["topic"] = body["topic"]
        return {}

    def conversations_archive(self, body: Any) -> Any:
        channel = self.channels[body["channel"]]
        if channel["is_archived"]:
            return "already_archived"
        channel["is_archived"] = True
        return {}

    def conversations_invite(self, body: Any) -> Any:
        channel = self.channels[body["channel"]]
        if body["users"] in channel["members"]:
            return "already_in_channel"
        channel["members"].append(body["users"])
        return {"channel": {"id": channel["id"]}}

    def conversations_history(self, body: Any) -> Any:
        posts = self.channels[body["channel"]]["posts"]
        if "latest" in body:
            posts = [p for p in posts if p["ts"] == body["latest"]]
        return {"messages": list(reversed(posts))}

    def users_lookupByEmail(self, body: Any) -> Any:
        for user in self.users.values():
            if user["profile"]["email"] == body.get("email"):
                return {"user": user}
        return "users_not_found"

    def users_info(self, body: Any) -> Any:
        user = self.users.get(body["user"])
        return {"user": user} if user else "user_not_found"

    def chat_postMessage(self, body: Any) -> Any:
        channel = self.channels.get(body["channel"])
        if channel is None:
            return "channel_not_found"
        if channel["is_archived"]:
            return "is_archived"
        metadata = body.get("metadata")
        ts = f"170954280{len(channel['posts'])}.000100"
        channel["posts"].append(
            {
                "ts": ts,
                "user": "UBOT",
                "text": body["text"],
                "metadata": json.loads(metadata)
                if isinstance(metadata, str)
                else metadata,
            }
        )
        return {"ts": ts, "channel": channel["id"], "message": channel["posts"][-1]}

    def chat_update(self, body: Any) -> Any:
        for post in self.channels[body["channel"]]["posts"]:
            if post["ts"] == body["ts"]:
                post["text"] = body["text"]
                return {"ts": body["ts"]}
        return "message_not_found"

    def pins_add(self, body: Any) -> Any:
        pins = self.channels[body["channel"]]["pins"]
        if body["timestamp"] in pins:
            return "already_pinned"
        pins.append(body["timestamp"])
        return {}

    def texts(self, channel: str) -> list[str]:
        return [post["text"] for post in self.channels[channel]["posts"]]


class FakeMattermost(Server):
    """One team, its channels and posts."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token
        self.channels: dict[str, dict[str, Any]] = {}
        self.posts: dict[str, dict[str, Any]] = {}
        self.members: dict[str, list[str]] = {}
        self.users = {
            "u-ana": {"id": "u-ana", "username": "ana", "email": "ana@example.com",
                      "email_verified": True},
            "u-eve": {"id": "u-eve", "username": "eve", "email": "carol@example.com",
                      "email_verified": False},
        }  # fmt: skip

    def handle(self, method: str, path: str, body: Any, headers: Any) -> Any:  # noqa: PLR0912
        if headers.get("authorization") != f"Bearer {self.token}":
            said = {"id": "api.context.session_expired.app_error", "message": "Invalid"}
            return 401, {}, said
        parts = path.removeprefix("/api/v4/").partition("?")[0].split("/")
        match method, parts:
            case "GET", ["users", "me", "teams"]:
                return 200, {}, [{"id": "t1", "name": "ops"}]
            case "GET", ["users", "username" | "email" as by, value]:
                found = [u for u in self.users.values() if u[by] == value]
                return self._or_missing(found[0] if found else None)
            case "GET", ["users", number]:
                return self._or_missing(self.users.get(number))
            case "POST", ["channels"]:
                return self._create(body)
            case "GET", ["teams", "t1", "channels", "name", name]:
                found = [c for c in self.channels.values() if c["name"] == name]
                return self._or_missing(found[0] if found else None)
            case "POST", ["channels", number, "members"]:
                self.members.setdefault(number, []).append(body["user_id"])
                return 201, {}, {"channel_id": number, "user_id": body["user_id"]}
            case "PUT", ["channels", number, "patch"]:
                self.channels[number] |= body
                return 200, {}, self.channels[number]
            case "DELETE", ["channels", number]:
                self.channels[number]["delete_at"] = 1
                return 200, {}, {"status": "OK"}
            case "GET", ["channels", number, "posts"]:
                posts = {
                    k: v for k, v in self.posts.items() if v["channel_id"] == number
                }
                return 200, {}, {"order": list(posts), "posts": posts}
            case "POST", ["posts"]:
                return self._post(body)
            case "PUT", ["posts", number, "patch"]:
                self.posts[number] |= body
                return 200, {}, self.posts[number]
            case "POST", ["posts", number, "pin"]:
                self.posts[number]["is_pinned"] = True
                return 200, {}, {"status": "OK"}
        return self._or_missing(None)

    @staticmethod
    def _or_missing(found: Any) -> Any:
        missing = {"id": "app_error", "message": "not found", "status_code": 404}
        return (404, {}, missing) if found is None else (200, {}, found)

    def _create(self, body: Any) -> Any:
        if any(one["name"] == body["name"] for one in self.channels.values()):
            code = "store.sql_channel.save_channel.exists.app_error"
            return 400, {}, {"id": code, "message": "A channel with that name exists."}
        made = {"id": f"c{len(self.channels) + 1}", **body}
        self.channels[made["id"]] = made
        return 201, {}, made

    def _post(self, body: Any) -> Any:
        number = f"p{len(self.posts) + 1}"
        self.posts[number] = {"id": number, **body}
        return 201, {}, self.posts[number]

    def texts(self, channel: str) -> list[str]:
        return [p["message"] for p in self.posts.values() if p["channel_id"] == channel]


class ChatRoomContract:
    """Subclass with `room` and `server`: a fake with `texts(channel)`."""

    secret = "s3cr3t-t0k3n-0f-0urs"
    # What would call somebody, or be a link, in this chat.
    marks: tuple[str, ...] = ("<!channel>",)

    def opened(self, room: Any, *, private: bool = False) -> Any:
        return room.open(
            "inc-7-ab12", title="INC-7 Cards fail", private=private, timeout_seconds=2
        )

    def say(self, room: Any, channel: str, said: Said, **more: Any) -> Any:
        more = {"key": "chat:7:entry:1", "doubtful": False, **more}
        return room.say(channel, said, timeout_seconds=2, **more)

    def test_a_channel_that_is_opened_twice_is_one(
        self, room: Any, server: Any
    ) -> None:
        server.lose_answers = 0
        first = self.opened(room)
        # Another one stands before it in every list.
        room.open("other", title="x", private=False, timeout_seconds=2)
        assert self.opened(room) == first
        assert first.url.startswith("http") and len(server.channels) == 2

    def test_a_message_whose_answer_was_lost_is_said_once(
        self, room: Any, server: Any
    ) -> None:
        channel = self.opened(room).channel
        self.say(room, channel, Said("before"), key="chat:7:entry:0")
        server.lose_answers = 1
        with pytest.raises(DeliveryUnknown):
            self.say(room, channel, Said("Note", "text"))
        number = self.say(room, channel, Said("Note", "text"), doubtful=True)
        assert number and len(server.texts(channel)) == 2
        # A doubtful one that is not there is said.
        self.say(room, channel, Said("other"), key="chat:7:entry:2", doubtful=True)
        assert len(server.texts(channel)) == 3

    def test_words_call_nobody_and_stay_words(self, room: Any, server: Any) -> None:
        channel = self.opened(room).channel
        self.say(room, channel, HOSTILE)
        [text] = server.texts(channel)
        assert text.count("\n") == 1
        assert not [mark for mark in self.marks if mark in text], text

    def test_too_much_is_waited_for(self, room: Any, server: Any) -> None:
        channel = self.opened(room).channel
        server.refusals = [(429, {"retry-after": "7"}, {})]
        with pytest.raises(DeliveryFailed) as caught:
            self.say(room, channel, Said("x"))
        assert not caught.value.permanent
        assert caught.value.retry_after_seconds == 7

    def test_a_token_that_is_not_taken_gives_nothing_up_and_is_not_shown(
        self, room: Any, server: Any
    ) -> None:
        channel = self.opened(room).channel
        server.token = "another"
        with pytest.raises(DeliveryFailed) as caught:
            self.say(room, channel, Said("x"))
        assert not caught.value.permanent
        assert self.secret not in caught.value.reason

    def test_nobody_listening_is_a_certain_failure(
        self, room: Any, server: Any
    ) -> None:
        server.stop()
        with pytest.raises(DeliveryFailed) as caught:
            self.opened(room)
        assert not caught.value.permanent
