"""The outbox for admins: what waits, what failed, tried again and called off."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from tests.api.edge import Edge
from tests.peers.programs import until
from tests.web.signed_in import SignedIn
from tocsin.engine.nudging import nudge
from tocsin.store import outbox as stored
from tocsin.store.outbox import Message

HOME = "/admin/outbox"
MORE = "people: [{name: lea, email: lea@example.com, role: lead}]"


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """No webhook of the outbox is set up, so what is sent to one fails."""
    made = Edge(tmp_path_factory.mktemp("edge"), MORE, people=("carol", "lea"))
    yield made
    made.installation.stop()


@pytest.fixture(scope="module")
def client(edge: Edge) -> Iterator[TestClient]:
    with TestClient(edge, raise_server_exceptions=False) as made:
        yield made


def put(edge: Edge, key: str, *, target: str = "room", later: float = 0) -> int:
    now = edge.desk.clock.now()
    due_at = now + timedelta(seconds=later)
    message = Message(
        "webhook", "nowhere", target, key, {"text": "<secret>"}, due_at=due_at
    )
    edge.desk.database.write(lambda tx: stored.put(tx, [message], now=now))
    edge.desk.wake()
    found = edge.desk.database.read(lambda tx: stored.by_key(tx, key))
    assert found is not None
    return found.id


def state(edge: Edge, number: int) -> str:
    found = edge.desk.database.read(lambda tx: stored.get(tx, number))
    assert found is not None
    return found.state


def test_what_failed_is_shown_and_tried_again(edge: Edge, client: TestClient) -> None:
    number = put(edge, "hook/1", target="https://hooks.example.com/T0KENT0KENT0KEN")
    until(lambda: state(edge, number) == "failed")
    carol = SignedIn(edge, client, "carol")
    page = carol.get(f"{HOME}?state=failed&lane=webhook")
    assert "nothing is set up for &#39;nowhere&#39;" in page
    assert "hooks.example.com" in page and "T0KENT0KENT0" not in page
    assert "secret" not in page
    carol.post(HOME, retry=str(number))
    until(lambda: state(edge, number) == "failed")
    assert "Nothing is like that" in carol.get(f"{HOME}?lane=social")


def test_what_waits_can_be_called_off_once(edge: Edge, client: TestClient) -> None:
    number = put(edge, "hook/2", target="later", later=3600)
    carol = SignedIn(edge, client, "carol")
    assert "Call off" in carol.get(f"{HOME}?state=waiting")
    carol.post(HOME, cancel=str(number))
    assert state(edge, number) == "cancelled"
    _, page = carol.post(HOME, 409, cancel=str(number))
    assert "there is nothing to call off" in page
    carol.post(HOME, 404, retry="999999")
    carol.post(HOME, 404)


def test_only_admins_look_into_it(edge: Edge, client: TestClient) -> None:
    SignedIn(edge, client, "lea").get(HOME, 403)


def test_the_api_says_the_same(edge: Edge, client: TestClient) -> None:
    numbers = [put(edge, f"hook/api{n}", target="api", later=3600) for n in range(3)]
    headers = {"authorization": f"Bearer {edge.tokens['carol']}"}
    first = client.get("/api/v1/outbox?state=due&limit=2", headers=headers).json()
    assert [one["id"] for one in first["messages"]] == numbers[:0:-1]
    rest = client.get(
        f"/api/v1/outbox?before={first['next']}&state=due", headers=headers
    )
    assert [one["id"] for one in rest.json()["messages"]][:1] == numbers[:1]
    assert "payload" not in first["messages"][0]
    path = f"/api/v1/outbox/{numbers[0]}"
    assert client.post(f"{path}/retry", headers=headers).status_code == 409
    assert client.post(f"{path}/cancel", headers=headers).json()["state"] == "cancelled"
    assert client.post("/api/v1/outbox/99999/retry", headers=headers).status_code == 404


def test_a_post_is_previewed_for_every_network(edge: Edge, client: TestClient) -> None:
    headers = {"authorization": f"Bearer {edge.tokens['lea']}"}
    body = {"body": "Card payments fail. " * 20}
    found = client.post("/api/v1/social/preview", json=body, headers=headers).json()
    assert [(one["network"], one["limit"], one["cut"]) for one in found["posts"]] == [
        ("mastodon", 500, False), ("bluesky", 300, True), ("x", 280, True),
    ]  # fmt: skip


def test_each_row_names_its_kind_and_the_two_lists_lead_to_each_other(
    edge: Edge, client: TestClient
) -> None:
    word = nudge(
        "lea", key="cover:1:lea", subject="Bob asks for cover: payments, Primary",
        text="From Monday on.", url="/s3cr3t-link",
    )  # fmt: skip
    now = edge.desk.clock.now()
    edge.desk.database.write(lambda tx: stored.put(tx, [word], now=now))
    carol = SignedIn(edge, client, "carol")
    page = carol.get(f"{HOME}?lane=nudge")
    assert "Bob asks for cover: payments, Primary" in page
    assert "a word to one person" in page
    assert "s3cr3t" not in page and "From Monday on" not in page
    assert 'href="/admin/messages"' in page
    assert 'href="/admin/outbox"' in carol.get("/admin/messages")
    lead = SignedIn(edge, client, "lea").get("/admin/messages")
    assert "What pages nobody" not in lead, "the outbox is for admins"
