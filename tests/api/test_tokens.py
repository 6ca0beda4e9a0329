"""API tokens: made with less than their maker has, shown once, ended at once."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.api.edge import Edge

MORE = "people: [{name: vera, email: vera@example.com, role: viewer}]"


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    people = ("alice", "carol", "vera")
    made = Edge(tmp_path_factory.mktemp("edge"), MORE, people=people)
    yield made
    made.installation.stop()


@pytest.fixture(scope="module")
def anyone(edge: Edge) -> Iterator[TestClient]:
    with TestClient(edge, raise_server_exceptions=False) as client:
        yield client


class Caller:
    """Calls with one token."""

    def __init__(self, anyone: TestClient, token: str) -> None:
        self._client, self._headers = anyone, {"authorization": f"Bearer {token}"}

    def __call__(self, method: str, path: str, json: object = None):  # type: ignore[no-untyped-def]
        path = f"/api/v1{path}"
        return self._client.request(method, path, json=json, headers=self._headers)


def test_a_token_is_shown_once_used_and_ended(edge: Edge, anyone: TestClient) -> None:
    alice = Caller(anyone, edge.tokens["alice"])
    made = alice("POST", "/tokens", {"label": "grafana", "scopes": ["read"]})
    assert made.status_code == 201
    token = made.json()
    listed = alice("GET", "/tokens").json()["tokens"]
    assert token["token"] not in str(listed)
    bot = Caller(anyone, token["token"])
    assert bot("GET", "/alerts").status_code == 200
    refused = bot("POST", "/alerts", {"title": "x", "service": "checkout"})
    assert refused.status_code == 403
    assert "scopes: read" in refused.json()["detail"]
    assert alice("DELETE", f"/tokens/{token['id']}").status_code == 204
    assert bot("GET", "/alerts").status_code == 401


def test_when_and_from_where_it_was_last_used_is_told(
    edge: Edge, anyone: TestClient
) -> None:
    carol = Caller(anyone, edge.tokens["carol"])
    made = carol("POST", "/tokens", {"label": "ci", "scopes": ["send"]}).json()
    assert made["last_used_at"] is None
    Caller(anyone, made["token"])(
        "POST", "/alerts", {"title": "x", "service": "checkout"}
    )
    edge.desk.database.write(lambda tx: None)  # what was submitted before is written
    (held,) = [
        o for o in carol("GET", "/tokens").json()["tokens"] if o["label"] == "ci"
    ]
    assert held["last_used_at"] is not None
    assert held["last_address"]


def test_nobody_makes_a_token_that_may_more_than_they(
    edge: Edge, anyone: TestClient
) -> None:
    vera = Caller(anyone, edge.tokens["vera"])
    for scope in ("send", "respond", "configure", "admin", "scim"):
        answer = vera("POST", "/tokens", {"label": "x", "scopes": [scope]})
        assert answer.status_code == 403, scope
    assert (
        vera("POST", "/tokens", {"label": "x", "scopes": ["read"]}).status_code == 201
    )


def test_a_weak_token_makes_no_tokens(edge: Edge, anyone: TestClient) -> None:
    carol = Caller(anyone, edge.tokens["carol"])
    weak = carol("POST", "/tokens", {"label": "w", "scopes": ["respond"]}).json()
    answer = Caller(anyone, weak["token"])(
        "POST", "/tokens", {"label": "x", "scopes": ["read"]}
    )
    assert answer.status_code == 403


def test_only_admins_make_and_end_tokens_of_others(
    edge: Edge, anyone: TestClient
) -> None:
    carol, alice = (Caller(anyone, edge.tokens[name]) for name in ("carol", "alice"))
    body = {"label": "for alice", "scopes": ["respond"], "person": "alice"}
    made = carol("POST", "/tokens", body).json()
    assert made["made_by"] == "carol"
    for_bob = alice("POST", "/tokens", {**body, "person": "bob"})
    assert for_bob.status_code == 403
    mine = carol("POST", "/tokens", {"label": "c", "scopes": ["read"]}).json()
    assert alice("DELETE", f"/tokens/{mine['id']}").status_code == 404


def test_a_token_expires(edge: Edge, anyone: TestClient) -> None:
    carol = Caller(anyone, edge.tokens["carol"])
    made = carol("POST", "/tokens", {"label": "short", "scopes": ["read"], "days": 1})
    token = made.json()
    edge.desk.database.write(
        lambda tx: tx.run(
            "update api_tokens set expires_at = 1 where id = :id", id=token["id"]
        )
    )
    assert Caller(anyone, token["token"])("GET", "/alerts").status_code == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"label": " ", "scopes": ["read"]}, "label"),
        ({"label": "x", "scopes": []}, "scopes"),
        ({"label": "x", "scopes": ["root"]}, "scopes"),
        ({"label": "x", "scopes": ["read"], "team": "nobody"}, "team"),
        ({"label": "x", "scopes": ["read"], "days": 0}, "days"),
        ({"label": "x", "scopes": ["read"], "person": "nobody"}, "person"),
    ],
)
def test_a_bad_request_names_the_field(
    edge: Edge, anyone: TestClient, body: dict[str, object], field: str
) -> None:
    answer = Caller(anyone, edge.tokens["carol"])("POST", "/tokens", body)
    assert answer.status_code == 422
    assert field in answer.text
