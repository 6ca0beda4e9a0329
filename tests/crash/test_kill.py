"""kill -9 of a serving process under load: nothing that was answered 2xx is lost.

Slow: a process is started and killed in every round. `TOCSIN_KILL_ROUNDS` sets how many.
"""

import json
import os
import random
import sqlite3
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest

from tests.peers.databases import free_port
from tests.peers.programs import TocsinServer, until

pytestmark = pytest.mark.slow

ROUNDS = int(os.environ.get("TOCSIN_KILL_ROUNDS", "12"))
KEY = "0123456789abcdef0123456789abcdef"
COMPANY = f"""
people: [{{name: alice, email: alice@example.com, contacts: [{{by: webhook, address: "http://127.0.0.1:PORT/hook"}}], notify: {{high: [{{by: webhook, after: 0s}}]}}}}]
escalation_policies:
  - {{name: p, levels: [{{after: 0s, page: [{{user: alice}}]}}], fallback: [{{user: alice}}], wait: 1h}}
services: [{{name: checkout, escalation_policy: p}}]
integrations: [{{name: in, type: generic, service: checkout, key: {KEY}}}]
"""


class Hook:
    """A receiver of webhook pages: the titles that arrived."""

    def __init__(self) -> None:
        self.titles: set[str] = set()
        self.calls = 0
        hook = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                hook.titles.update(alert["title"] for alert in body["alerts"])
                hook.calls += 1
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.port = free_port()
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()


class Sender:
    """Posts events as fast as they are answered; remembers which were answered 2xx."""

    def __init__(self, server: TocsinServer, name: str) -> None:
        self.answered: list[str] = []
        self._server = server
        self._name = name
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        number = 0
        with self._server.client() as client:
            while not self._stop.is_set():
                number += 1
                key = f"{self._name}-{number}"
                try:
                    answer = client.post(
                        f"/in/{KEY}",
                        json={"key": key, "title": f"Event {key}", "severity": "SEV2"},
                    )
                except httpx2.HTTPError:
                    return
                if answer.status_code < 300:
                    self.answered.append(key)

    def stop(self) -> list[str]:
        self._stop.set()
        self._thread.join(30)
        return self.answered


def test_every_answered_event_survives_and_every_due_page_goes_out(
    tmp_path: Path,
) -> None:
    dice = random.Random(20240304)
    hook = Hook()
    server = TocsinServer(
        tmp_path,
        company=COMPANY.replace("PORT", str(hook.port)),
        env={"TOCSIN_CANARY": "false"},
    )
    answered: list[str] = []
    pause = threading.Event()
    try:
        for number in range(ROUNDS):
            server.start()
            senders = [Sender(server, f"r{number}s{index}") for index in range(4)]
            pause.wait(dice.uniform(0.05, 0.7))
            server.kill()
            for sender in senders:
                answered += sender.stop()
            assert not set(answered) - _stored(tmp_path), f"lost in round {number}"
        server.start()
        until(lambda: _waiting(tmp_path) == 0, seconds=240, what="every due page")
    finally:
        server.stop()
        hook.stop()
    missing = [key for key in answered if f"Event {key}" not in hook.titles]
    assert not missing, (len(missing), missing[:3])
    print(
        f"\n{ROUNDS} kills, {len(answered)} events answered 2xx, 0 lost, {hook.calls} pages"
    )


def _query(home: Path, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(f"file:{home / 'tocsin.db'}?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def _stored(home: Path) -> set[str]:
    return {str(row[0]) for row in _query(home, "select key from alerts")}


def _waiting(home: Path) -> int:
    sql = "select (select count(*) from runs where state = 'open' and json_extract(data, '$.next_level') = 0), (select count(*) from pages where state in ('due', 'sending'))"
    [(runs, pages)] = _query(home, sql)
    assert isinstance(pages, int)
    assert isinstance(runs, int)
    return pages + runs
