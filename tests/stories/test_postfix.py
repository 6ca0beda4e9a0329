"""Customers' mail through a real Postfix: confirmed, mailed once, bounced, never in the way.

The server is a real one too, with its own clock: what is claimed here is what happened.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.peers.postfix import Postfix
from tests.peers.programs import TocsinServer, text_of, until
from tocsin.store import subscribers as stored
from tocsin.store.sqlite import SqliteConnection

pytestmark = pytest.mark.slow  # starts a mail server, and mails hundreds

READERS = 250
GONE = 3
KEY, RETURNED = "d" * 32, "e" * 32
BOUNCES = "bounces@example.com"
COMPANY = f"""
organisation: {{name: Meridian Pay}}
teams: [{{name: payments}}]
people:
  - {{name: alice, email: alice@example.com, teams: [payments], role: admin}}
schedules:
  - {{name: payments, team: payments, rotations: [{{name: Primary, users: [alice]}}]}}
escalation_policies:
  - name: payments
    team: payments
    levels: [{{after: 0s, page: [{{rotation: payments/Primary}}]}}]
    fallback: [{{user: alice}}]
services: [{{name: checkout, team: payments, escalation_policy: payments}}]
status_pages:
  - name: meridian
    title: Meridian Pay
    team: payments
    components: [{{name: cards, title: Card payments, services: [checkout]}}]
integrations:
  - {{name: json, type: generic, service: checkout, key: {KEY}}}
  - {{name: returned, type: mail-bounces, service: checkout, key: {RETURNED}}}
"""


@pytest.fixture
def postfix(tmp_path: Path) -> Iterator[Postfix]:
    home = tmp_path / "postfix"
    home.mkdir()
    made = Postfix(home, ["alice", "eve", *(f"reader{n}" for n in range(READERS))])
    yield made
    made.stop()


@pytest.fixture
def server(tmp_path: Path, postfix: Postfix) -> Iterator[TocsinServer]:
    home = tmp_path / "tocsin"
    home.mkdir()
    mail = {
        "TOCSIN_SMTP_URL": f"smtp://127.0.0.1:{postfix.port}",
        "TOCSIN_MAIL_PER_MINUTE": "6000",
        "TOCSIN_BOUNCE_ADDRESS": BOUNCES,
    }
    made = TocsinServer(home, company=COMPANY, env=mail)
    _subscribe(home, [f"gone{n}@example.com" for n in range(GONE)])
    _subscribe(home, [f"late{n}@late.example" for n in range(GONE)])
    _subscribe(home, [f"reader{n}@example.com" for n in range(READERS)])
    yield made.start()
    made.stop()


def _subscribe(home: Path, addresses: list[str]) -> None:
    """They have asked and confirmed; mailing so many a link is not what is told here."""
    connection, now = SqliteConnection(str(home / "tocsin.db")), datetime.now(UTC)
    connection.begin()
    for address in addresses:
        name = address.partition("@")[0]
        stored.ask(
            connection, name, page="meridian", address=address, components=[], now=now
        )
        stored.confirm(connection, name, components=[], now=now)
    connection.commit()
    connection.close()


def _states(home: Path, like: str) -> set[str]:
    connection = SqliteConnection(str(home / "tocsin.db"), read_only=True)
    rows = connection.all(
        "select state from subscribers where address like :like", like=like
    )
    connection.close()
    return {str(row[0]) for row in rows}


class Alice:
    """Works on incidents with a token."""

    def __init__(self, server: TocsinServer) -> None:
        token = server.command("token", "alice", "--scope", "respond").strip()
        self._client = server.client()
        self._client.headers["authorization"] = f"Bearer {token}"

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self._client.post(f"/api/v1{path}", json=body)
        assert answer.status_code < 300, answer.text
        return dict(answer.json())


def test_hundreds_are_mailed_and_a_page_does_not_wait_for_them(
    server: TocsinServer, postfix: Postfix
) -> None:
    alice, browser = Alice(server), server.client()
    postfix.hand_over(BOUNCES, f"{server.url}/in/{RETURNED}")
    # One subscribes as people do.
    browser.post("/status/meridian/mails", data={"address": "eve@example.com"})
    until(lambda: postfix.mails("eve"), what="the mail to confirm")
    link = re.search(r"https?://[^/]+(/status/\S+)", text_of(postfix.mails("eve")[0]))
    assert link
    assert browser.post(link[1], data={"do": "confirm"}).status_code == 200

    number = alice.post("/incidents", title="Payments fail", services=["checkout"])
    path = f"/incidents/{number['number']}"
    alice.post(f"{path}/roles/ic", do="take")
    alice.post(
        f"{path}/updates", audience="external", stage="investigating",
        body="Some card payments fail.",
    )  # fmt: skip
    until(lambda: postfix.mails("reader1"), what="the mailing has begun")
    paged = len(postfix.mails("alice"))
    answer = browser.post(f"/in/{KEY}", json={"title": "Disk full", "severity": "SEV1"})
    assert answer.status_code == 202
    until(lambda: len(postfix.mails("alice")) > paged, what="the page")
    assert postfix.count() < READERS, "the page came after the mailing, not in it"

    until(lambda: postfix.mails("eve")[1:], what="eve's mail")
    until(
        lambda: all(postfix.mails(f"reader{n}") for n in range(READERS)),
        what="everybody is mailed", seconds=60,
    )  # fmt: skip
    assert {len(postfix.mails(f"reader{n}")) for n in range(READERS)} == {1}
    until(lambda: _states(server.home, "gone%") == {"suppressed"}, what="bounces")
    assert _states(server.home, "reader%") == {"confirmed"}
    # Taken by the server, and sent back later: the report says whose mail it was.
    until(
        lambda: _states(server.home, "late%") == {"suppressed"},
        what=f"late bounces; {postfix.log()[-2000:]}",
    )
    mail = postfix.mails("eve")[1]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "Some card payments fail." in text_of(mail)
