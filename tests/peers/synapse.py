"""A real Matrix homeserver on a loopback port, and people who write in it."""

import hmac
import os
import subprocess
import uuid
from hashlib import sha1
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from tests.peers.databases import free_port
from tests.peers.programs import Program

HOME = Path(__file__).parents[2] / ".cache" / "synapse"
_SECRET = "only-for-tests"
_CONFIG = """
server_name: localhost
pid_file: {home}/pid
listeners: [{{port: {port}, type: http, bind_addresses: ["127.0.0.1"], tls: false, resources: [{{names: [client]}}]}}]
database: {{name: sqlite3, args: {{database: "{home}/homeserver.db"}}}}
media_store_path: {home}/media
signing_key_path: {home}/signing.key
registration_shared_secret: {secret}
report_stats: false
trusted_key_servers: []
rc_message: {{per_second: 1000, burst_count: 1000}}
rc_login: {{address: {{per_second: 1000, burst_count: 1000}}, account: {{per_second: 1000, burst_count: 1000}}}}
rc_invites: {{per_room: {{per_second: 1000, burst_count: 1000}}, per_user: {{per_second: 1000, burst_count: 1000}}, per_issuer: {{per_second: 1000, burst_count: 1000}}}}
rc_joins: {{local: {{per_second: 1000, burst_count: 1000}}}}
rc_room_creation: {{per_second: 1000, burst_count: 1000}}
log_config: {home}/log.yaml
"""
_LOG = "version: 1\nhandlers: {h: {class: logging.StreamHandler}}\nroot: {level: WARNING, handlers: [h]}\n"


class Synapse:
    """Started, stopped and started again on the same data."""

    def __init__(self, home: Path) -> None:
        python = HOME / "bin" / "python"
        if not python.exists() and not os.environ.get("CI"):
            pytest.skip("Synapse is not installed (sh tests/peers/install.sh)")
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        (home / "hs.yaml").write_text(
            _CONFIG.format(home=home, port=self.port, secret=_SECRET)
        )
        (home / "log.yaml").write_text(_LOG)
        self._command = [
            str(python), "-m", "synapse.app.homeserver", "-c", str(home / "hs.yaml"),
        ]  # fmt: skip
        subprocess.run(
            [*self._command, "--generate-keys"],
            check=True, cwd=home, capture_output=True, timeout=120,
        )  # fmt: skip
        self._program: Program | None = None
        self.start()

    def start(self) -> None:
        self._program = Program(
            self._command, self.home, ready=f"{self.url}/_matrix/client/versions"
        )

    def stop(self) -> None:
        if self._program is not None:
            self._program.stop()
            self._program = None

    def person(self, name: str) -> "Member":
        """Somebody new, registered by the shared secret."""
        with httpx2.Client(base_url=self.url, timeout=30) as client:
            path = "/_synapse/admin/v1/register"
            nonce = client.get(path).json()["nonce"]
            said = "\0".join((nonce, name, "pass-word", "notadmin"))
            mac = hmac.new(_SECRET.encode(), said.encode(), sha1).hexdigest()
            body = {
                "nonce": nonce, "username": name, "password": "pass-word",
                "admin": False, "mac": mac,
            }  # fmt: skip
            made = client.post(path, json=body).json()
        return Member(self.url, made["user_id"], made["access_token"])


class Member:
    """A person in Matrix, as their client speaks."""

    def __init__(self, url: str, name: str, token: str) -> None:
        self.name = name
        self.token = token
        self._since = ""
        self._client = httpx2.Client(
            base_url=f"{url}/_matrix/client/v3",
            headers={"authorization": f"Bearer {token}"},
            timeout=30,
        )

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._client.request(method, path, json=body)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()

    def invited_to(self) -> list[str]:
        """Rooms that one was asked into since this was last called."""
        # The same question is answered from a cache, so each asks on from the last.
        found = self.call("GET", f"/sync?timeout=0{self._since}")
        self._since = f"&since={found['next_batch']}"
        return list(found.get("rooms", {}).get("invite", {}))

    def join(self, room: str) -> None:
        self.call("POST", f"/rooms/{quote(room)}/join", {})

    def say(self, room: str, text: str) -> str:
        path = f"/rooms/{quote(room)}/send/m.room.message/{uuid.uuid4().hex}"
        return str(
            self.call("PUT", path, {"msgtype": "m.text", "body": text})["event_id"]
        )

    def react(self, room: str, message: str, key: str) -> None:
        relation = {"rel_type": "m.annotation", "event_id": message, "key": key}
        path = f"/rooms/{quote(room)}/send/m.reaction/{uuid.uuid4().hex}"
        self.call("PUT", path, {"m.relates_to": relation})

    def state(self, room: str, kind: str) -> Any:
        return self.call("GET", f"/rooms/{quote(room)}/state/{kind}")

    def messages(self, room: str) -> list[dict[str, Any]]:
        """Everything in the room, oldest first."""
        found = self.call("GET", f"/rooms/{quote(room)}/messages?dir=b&limit=200")
        return [
            event
            for event in reversed(found["chunk"])
            if event["type"] == "m.room.message"
        ]

    def texts(self, room: str) -> list[str]:
        return [event["content"].get("body", "") for event in self.messages(room)]
