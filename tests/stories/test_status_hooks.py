"""Updates into a chat and to a program: asked for, confirmed there, told, and left."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from tests.stories.stage import Stage
from tests.stories.test_status import declared, told
from tests.stories.test_status_mails import stage
from tocsin.core.alerts.standard_webhooks import signature
from tocsin.core.status.subscribers import hook_secret
from tocsin.integrations.hooks import HookPoster
from tocsin.interfaces.machine import HttpAnswer

__all__ = ["stage"]  # a fixture
CHAT = "https://hooks.slack.com/services/T1/B1/secret-of-the-channel"
PROGRAM = "https://status.example.org/tocsin"


class Outside:
    """The internet, as far as readers' hooks go."""

    def __init__(self) -> None:
        self.got: list[tuple[str, Mapping[str, str], bytes]] = []
        self.gone = False

    def problems(self, url: str) -> list[str]:
        return []

    def addresses(self, host: str) -> list[str]:
        return [host]

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        timeout_seconds: float,
    ) -> HttpAnswer:
        self.got.append((url, headers, body))
        return HttpAnswer(410 if self.gone else 200, {}, b"ok")

    def bodies(self, url: str) -> list[dict[str, Any]]:
        return [msgspec.json.decode(body) for to, _, body in self.got if to == url]


@pytest.fixture
def outside(stage: Stage) -> Outside:
    made, outbox = Outside(), stage.installation.outbox
    poster = HookPoster(made, now=stage.clock.now)
    outbox.posters = {**outbox.posters, poster.channel: poster}
    return made


def asked(stage: Stage, hook: str, kind: str) -> int:
    form = {"hook": hook, "kind": kind}
    answer = stage.client.post("/status/meridian/mails", data=form)
    stage.post()
    return answer.status_code


def path_in(text: str) -> str:
    found = re.search(r"/status/meridian/mails/\S+", text)
    assert found
    return found[0]


def subscribed(stage: Stage, outside: Outside, hook: str, kind: str) -> str:
    assert asked(stage, hook, kind) == 200
    (body,) = outside.bodies(hook)
    link = path_in(body["text"] if kind == "chat" else body["meta"]["confirm"])
    assert "Saved" in stage.client.post(link, data={"do": "confirm"}).text
    outside.got.clear()
    return link


def test_a_chat_that_confirmed_is_told_in_words(stage: Stage, outside: Outside) -> None:
    link = subscribed(stage, outside, CHAT, "chat")
    told(stage, declared(stage), "Cards fail <!channel> & more.", "investigating")
    stage.post(minutes=1)
    (body,) = outside.bodies(CHAT)
    assert body["text"].startswith(
        "Looking into it\n\nCards fail &lt;!channel&gt; &amp;"
    )
    assert path_in(body["text"]) == link
    stage.client.post(link, data={"do": "leave"})
    told(stage, declared(stage), "Cards fail again.", "investigating")
    stage.post(minutes=1)
    assert len(outside.got) == 1


def test_a_program_is_told_as_statuspage_tells_it_and_can_check_who_did(
    stage: Stage, outside: Outside
) -> None:
    link = subscribed(stage, outside, PROGRAM, "webhook")
    number = declared(stage)
    told(stage, number, "Card payments fail.", "investigating")
    stage.post(minutes=1)
    (body,) = outside.bodies(PROGRAM)
    assert path_in(body["meta"]["unsubscribe"]) == link
    assert body["page"]["status_indicator"] == "major"
    assert body["incident"]["id"] == str(number)
    assert body["incident"]["incident_updates"][0]["body"] == "Card payments fail."
    _, headers, raw = outside.got[-1]
    name = link.rpartition("/")[2].rpartition(".")[0]
    secret = hook_secret(stage.installation.secret, name)
    made = signature(secret, headers["webhook-id"], headers["webhook-timestamp"], raw)
    assert headers["webhook-signature"] == f"v1,{made}"
    assert secret in stage.client.get(link).text


def test_nobody_is_told_who_did_not_confirm(stage: Stage, outside: Outside) -> None:
    assert asked(stage, CHAT, "chat") == 200
    told(stage, declared(stage), "Card payments fail.", "investigating")
    stage.post(minutes=1)
    assert len(outside.got) == 1
    assert "Card payments fail" not in outside.bodies(CHAT)[0]["text"]


def test_the_secret_of_a_chat_is_shown_to_nobody(
    stage: Stage, outside: Outside
) -> None:
    link = subscribed(stage, outside, CHAT, "chat")
    told(stage, declared(stage), "Card payments fail.", "investigating")
    stage.post(minutes=1)
    assert "secret-of-the-channel" not in stage.client.get(link).text
    database = stage.installation.database
    messages = database.read(lambda tx: tx.all("select * from outbox"))
    assert "secret-of-the-channel" not in str(messages)
    rows = database.read(lambda tx: tx.all("select address from subscribers"))
    assert all(str(row[0]).startswith("sealed:") for row in rows)
    assert len(rows) == 1


def test_a_hook_that_is_gone_is_called_no_more(stage: Stage, outside: Outside) -> None:
    link = subscribed(stage, outside, CHAT, "chat")
    outside.gone = True
    told(stage, declared(stage), "Card payments fail.", "investigating")
    stage.post(minutes=1)
    outside.gone = False
    told(stage, declared(stage), "Card payments fail again.", "investigating")
    stage.post(minutes=1)
    assert len(outside.got) == 1
    assert "You get no more updates" in stage.client.get(link).text


@pytest.mark.parametrize(
    "hook", ["mailto:a@b", "ftp://h/x", "https://", "https://user:pw@h/x", "hello"]
)
def test_what_is_no_address_is_refused_in_words(
    stage: Stage, outside: Outside, hook: str
) -> None:
    form = {"hook": hook, "kind": "chat"}
    answer = stage.client.post("/status/meridian/mails", data=form)
    assert answer.status_code == 422
    assert "Expected an address that begins with https://" in answer.text


def test_an_address_is_asked_for_so_often_and_no_more(
    stage: Stage, outside: Outside
) -> None:
    answers = {asked(stage, CHAT, "chat") for _ in range(12)}
    assert answers == {200, 429}
    stage.clock.at += timedelta(hours=2)
    assert len(outside.got) == 1


def test_inside_addresses_are_not_called(stage: Stage) -> None:
    """The poster that the installation itself has: strangers typed these."""
    assert asked(stage, "http://127.0.0.1:9/x", "webhook") == 200
    stage.post()
    rows = stage.installation.database.read(
        lambda tx: tx.all("select state, answer from outbox where channel = 'hook'")
    )
    assert [row[0] for row in rows] == ["failed"]
    assert "127.0.0.1" in rows[0][1]
