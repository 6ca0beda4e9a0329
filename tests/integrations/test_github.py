"""GitHub's webhooks: its own 329 example payloads, signatures, and a delivery sent twice."""

import hmac
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.api.edge import Edge
from tests.cast import MONDAY_9AM
from tocsin.integrations.github import INTEGRATION
from tocsin.interfaces.arrivals import Change, Inbound, Reading, Unreadable
from tocsin.store import inbound as stored
from tocsin.store.database import Database

KEY = "github0key0aaaaaaaaaaaaaaaaaaaaa"
FORMER = "github0key0before0bbbbbbbbbbbbbb"
HUB = f"""
integrations:
  - {{name: hub, type: github, service: checkout, key: {KEY},
     key_before: {FORMER}, key_before_until: 2999-01-01T00:00:00Z}}
"""
PUSH = {
    "ref": "refs/heads/main",
    "compare": "https://github.com/shop/checkout/compare/a...b",
    "after": "b" * 40,
    "commits": [{}, {}],
    "head_commit": {"message": "Raise the timeout\n\nIt was too short."},
    "pusher": {"name": "alice"},
    "repository": {
        "full_name": "shop/checkout",
        "default_branch": "main",
        "pushed_at": 1709543220,
    },
}
READ = ("deployment", "deployment_status", "push", "release", "workflow_run")
_PACKAGE = Path(__file__).parents[1] / "peers/node_modules/@octokit/webhooks-examples"


def read(body: bytes, *, secrets: tuple[str, ...] = (), **headers: str) -> Reading:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    inbound = Inbound("POST", "", (), named, body, secrets=secrets)
    return INTEGRATION.read(inbound, now=MONDAY_9AM)


def refused(body: bytes, **more: Any) -> tuple[int, str]:
    with pytest.raises(Unreadable) as caught:
        read(body, **more)
    answer = caught.value.answer
    return answer.status, json.loads(answer.body)["message"]


def signature(secret: str, body: bytes) -> str:
    return f"sha256={hmac.new(secret.encode(), body, 'sha256').hexdigest()}"


def examples() -> list[tuple[str, dict[str, Any]]]:
    index = _PACKAGE / "api.github.com/index.json"
    if not index.exists() and not os.environ.get("CI"):
        pytest.skip("GitHub's examples are missing (sh tests/peers/install.sh)")
    return [
        (kind["name"], body)
        for kind in json.loads(index.read_text())
        for body in kind["examples"]
    ]


def test_a_push_to_the_default_branch_is_a_change() -> None:
    reading = read(
        json.dumps(PUSH).encode(), x_github_event="push", x_github_delivery="d-1"
    )
    assert reading.events == []
    assert reading.changes == [
        Change(
            summary="Push to main of shop/checkout, 2 commits: Raise the timeout",
            source="GitHub",
            occurred_at=datetime(2024, 3, 4, 9, 7, tzinfo=UTC),
            details={
                "kind": "deploy",
                "repository": "shop/checkout",
                "ref": "main",
                "sha": "b" * 40,
                "by": "alice",
            },
            links=("https://github.com/shop/checkout/compare/a...b",),
            event_id="d-1",
        )
    ]


def test_every_example_of_github_is_answered_and_its_five_kinds_give_changes() -> None:
    told: dict[str, list[str]] = {}
    count = 0
    for event, body in examples():
        reading = read(json.dumps(body).encode(), x_github_event=event)
        assert reading.answer.status == 202
        if not reading.changes:
            assert json.loads(reading.answer.body)["reason"]
        told.setdefault(event, []).extend(one.summary for one in reading.changes)
        count += 1
    assert count == 329
    hello = "Codertocat/Hello-World"
    assert {name: found for name, found in told.items() if found} == {
        "deployment": [
            f"Deployment of {hello} {where} began"
            for where in (
                "master to production",
                "gh-pages to github-pages",
                "master to production",
                "master to production",
            )
        ],
        "deployment_status": [f"Deployed {hello} master to production"] * 3,
        "push": [f"Push to master of {hello}, 1 commit: Initial commit"] * 2,
        "release": [f"Release 0.0.1 of {hello}"] * 3,
        "workflow_run": [
            f"Workflow Manually triggered workflow on main of {hello}: completed",
            "Workflow test on master of octo-org/octo-repo: success",
            "Workflow test on master of octo-org/octo-repo: success",
        ],
    }


def test_githubs_own_vector_of_a_signature_is_right() -> None:
    # The signature is right, so what is refused is the body.
    vector = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    status, message = refused(
        b"Hello, World!",
        secrets=("It's a Secret to Everybody",),
        x_hub_signature_256=f"sha256={vector}",
    )
    assert (status, message[:24]) == (400, "the body cannot be read,")


@pytest.mark.parametrize("given_", ["sha256=00", "nonsense", "sha256=é", "sha256="])
def test_a_wrong_signature_is_refused(given_: str) -> None:
    status, message = refused(
        json.dumps(PUSH).encode(),
        secrets=(KEY,),
        x_github_event="push",
        x_hub_signature_256=given_,
    )
    assert status == 401
    assert "X-Hub-Signature-256" in message


def test_a_form_is_read_as_json_is() -> None:
    form = urlencode({"payload": json.dumps(PUSH)}).encode()
    reading = read(
        form, x_github_event="push", content_type="application/x-www-form-urlencoded"
    )
    assert len(reading.changes) == 1


@pytest.mark.parametrize(
    ("body", "event", "message"),
    [
        (b"{", "push", "the body cannot be read, expected JSON"),
        (b"[1]", "push", "the body is [1], expected a JSON object"),
        (b"{}", "", "'X-GitHub-Event' is missing, expected the name of an event"),
        (b"{}", "push", "'repository' is null, expected an object"),
        (b'{"release": 3}', "release", "'release' is 3, expected an object"),
    ],
)
def test_what_cannot_be_read_is_named(body: bytes, event: str, message: str) -> None:
    status, said = refused(body, x_github_event=event)
    assert (status, said[: len(message)]) == (400, message)


_JSON = st.sampled_from(
    (None, True, -1, 1709543220, 10**30, 1e308, "", "\0\ud800", "success", "completed",
     "published", "9999-12-31T23:59:59-12:00", "https://x", [1], {}, {"login": 3})
) | st.text(max_size=20)  # fmt: skip
_NAMES = ("ref", "deleted", "commits", "head_commit", "pushed_at", "state", "message",
          "default_branch", "event", "created_at", "updated_at")  # fmt: skip
_INNER = st.dictionaries(st.sampled_from(_NAMES), _JSON, max_size=6)
_OUTER = (*READ, "repository", "action", *_NAMES)
_BODIES = st.dictionaries(st.sampled_from(_OUTER), _JSON | _INNER, max_size=8)


@given(
    body=st.binary(max_size=40) | _BODIES.map(lambda one: json.dumps(one).encode()),
    event=st.sampled_from((*READ, "star", "")),
    kind=st.sampled_from(("application/json", "application/x-www-form-urlencoded")),
)
def test_nothing_but_unreadable_comes_of_any_body(
    body: bytes, event: str, kind: str
) -> None:
    try:
        reading = read(body, x_github_event=event, content_type=kind)
    except Unreadable as unreadable:
        assert unreadable.answer.status == 400
    else:
        assert reading.answer.status == 202


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[tuple[Edge, TestClient]]:
    made = Edge(tmp_path, HUB, people=("carol",))
    with TestClient(made, raise_server_exceptions=False) as client:
        yield made, client
    made.installation.stop()


def deliver(
    client: TestClient, delivery: str, sign: str = "", path: str = KEY, **more: Any
) -> int:
    raw = json.dumps(PUSH | more).encode()
    headers = {"x-github-event": "push", "x-github-delivery": delivery}
    if sign:
        headers["x-hub-signature-256"] = signature(sign, raw)
    return client.post(f"/in/{path}", content=raw, headers=headers).status_code


def changes(edge: Edge) -> list[str]:
    since = datetime(2024, 1, 1, tzinfo=UTC)
    rows = edge.installation.database.read(
        lambda tx: stored.changes_since(tx, since=since)
    )
    return [f"{row[1]}: {row[3]}" for row in rows]


def test_a_delivery_sent_twice_is_one_change(edge: tuple[Edge, TestClient]) -> None:
    made, client = edge
    assert [deliver(client, one, KEY) for one in ("d1", "d1", "d2")] == [202] * 3
    push = "checkout: Push to main of shop/checkout, 2 commits: Raise the timeout"
    assert changes(made) == [push, push]


def test_a_delivery_is_kept_once_per_integration(database: Database) -> None:
    change = read(
        json.dumps(PUSH).encode(), x_github_event="push", x_github_delivery="d-1"
    ).changes[0]
    for number in (1, 1, 2):
        database.write(
            lambda tx, number=number: stored.add_changes(
                tx, number, "checkout", [change], now=MONDAY_9AM
            )
        )
    since = datetime(2024, 1, 1, tzinfo=UTC)
    assert len(database.read(lambda tx: stored.changes_since(tx, since=since))) == 2


def test_deliveries_without_a_name_are_changes_each(
    edge: tuple[Edge, TestClient],
) -> None:
    made, client = edge
    assert [deliver(client, "") for _ in range(2)] == [202, 202]
    assert len(changes(made)) == 2


def test_a_wrong_signature_changes_nothing_and_is_kept(
    edge: tuple[Edge, TestClient],
) -> None:
    made, client = edge
    assert deliver(client, "d1", "another secret") == 401
    assert changes(made) == []
    kept = made.installation.database.read(lambda tx: stored.rejects(tx, None))
    assert [row[3] for row in kept] == [401]
    assert b"Raise the timeout" in bytes(kept[0][7])


def test_the_former_key_still_signs_while_it_is_good(
    edge: tuple[Edge, TestClient],
) -> None:
    made, client = edge
    assert deliver(client, "d1", FORMER, FORMER) == 202
    assert deliver(client, "d2", FORMER, KEY) == 202
    assert len(changes(made)) == 2
