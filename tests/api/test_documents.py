"""Configuration through the API, one document at a time, and who may change which."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from tests.api.edge import Edge

MORE = """
teams: [{name: search, time_zone: UTC}]
people:
  - {name: dan, email: dan@example.com, role: viewer, teams: [search]}
  - {name: lea, email: lea@example.com, role: viewer, teams: [payments], team_roles: {payments: lead}}
services:
  - {name: ledger, team: payments, escalation_policy: payments, private: true}
"""
INDEX = {"name": "index", "team": "search", "escalation_policy": "payments"}


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    people = ("alice", "carol", "dan", "lea")
    made = Edge(tmp_path_factory.mktemp("edge"), MORE, people=people)
    yield made
    made.installation.stop()


@pytest.fixture(scope="module")
def anyone(edge: Edge) -> Iterator[TestClient]:
    with TestClient(edge, raise_server_exceptions=False) as client:
        yield client


def _as(edge: Edge, anyone: TestClient, name: str) -> TestClient:
    token = {"authorization": f"Bearer {edge.tokens[name]}"}
    client = TestClient(edge, raise_server_exceptions=False, headers=token)
    client.portal = anyone.portal
    return client


@pytest.fixture
def carol(edge: Edge, anyone: TestClient) -> TestClient:
    return _as(edge, anyone, "carol")


@pytest.fixture
def dan(edge: Edge, anyone: TestClient) -> TestClient:
    return _as(edge, anyone, "dan")


@pytest.fixture
def lea(edge: Edge, anyone: TestClient) -> TestClient:
    return _as(edge, anyone, "lea")


def test_a_document_is_made_seen_changed_and_removed(carol: TestClient) -> None:
    made = carol.put("/api/v1/services/index", json=INDEX)
    assert (made.status_code, made.json()["team"]) == (201, "search")
    seen = carol.get("/api/v1/services/index")
    assert seen.headers["etag"] == made.headers["etag"]
    match = {"if-match": seen.headers["etag"]}
    more = {**INDEX, "description": "Finds things"}
    changed = carol.put("/api/v1/services/index", json=more, headers=match)
    assert changed.status_code == 200
    assert changed.headers["etag"] != seen.headers["etag"]
    stale = carol.put("/api/v1/services/index", json=INDEX, headers=match)
    assert stale.status_code == 412
    assert "changed meanwhile" in stale.json()["detail"]
    match = {"if-match": changed.headers["etag"]}
    assert carol.delete("/api/v1/services/index", headers=match).status_code == 204
    assert carol.get("/api/v1/services/index").status_code == 404


def test_without_an_etag_nothing_is_replaced_or_removed(carol: TestClient) -> None:
    for answer in (
        carol.put("/api/v1/services/checkout", json=INDEX | {"name": "checkout"}),
        carol.delete("/api/v1/services/checkout"),
    ):
        assert answer.status_code == 428
        assert "If-Match" in answer.json()["detail"]


def test_new_only_refuses_what_is_there(carol: TestClient) -> None:
    answer = carol.put(
        "/api/v1/services/checkout",
        json=INDEX | {"name": "checkout"},
        headers={"if-none-match": "*"},
    )
    assert answer.status_code == 412
    assert "already" in answer.json()["detail"]


def test_every_wrong_field_is_named(carol: TestClient) -> None:
    answer = carol.put(
        "/api/v1/people/zoe",
        json={"role": "chief", "time_zone": "PST", "email": "zoe", "colour": "red"},
    )
    assert answer.status_code == 422
    fields = {one["field"] for one in answer.json()["errors"]}
    assert fields == {
        "people[zoe].role",
        "people[zoe].time_zone",
        "people[zoe].email",
        "people[zoe].colour",
    }


def test_what_others_need_is_not_removed(carol: TestClient) -> None:
    etag = carol.get("/api/v1/policies/payments").headers["etag"]
    answer = carol.delete("/api/v1/policies/payments", headers={"if-match": etag})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "services[checkout].escalation_policy"


def test_a_lead_keeps_what_the_team_owns_and_nothing_else(
    lea: TestClient, dan: TestClient
) -> None:
    etag = lea.get("/api/v1/services/checkout").headers["etag"]
    body = {"team": "payments", "escalation_policy": "payments", "description": "Pay"}
    match = {"if-match": etag}
    path = "/api/v1/services/checkout"
    assert dan.put(path, json=body, headers=match).status_code == 403
    stolen = lea.put(path, json={**body, "team": "search"}, headers=match)
    assert stolen.status_code == 403
    assert lea.put(path, json=body, headers=match).status_code == 200
    assert lea.put("/api/v1/services/index", json=INDEX).status_code == 403
    assert lea.put("/api/v1/people/eve", json={"email": "e@x.de"}).status_code == 403


def test_a_team_of_another_cannot_touch_schedule_policy_or_integration(
    edge: Edge, anyone: TestClient, dan: TestClient
) -> None:
    for path in (
        "schedules/payments",
        "policies/payments",
        "integrations/checkout-generic",
    ):
        held = _as(edge, anyone, "carol").get(f"/api/v1/{path}")
        match = {"if-match": held.headers["etag"]}
        for answer in (
            dan.put(f"/api/v1/{path}", json=held.json(), headers=match),
            dan.delete(f"/api/v1/{path}", headers=match),
        ):
            assert answer.status_code == 403, path


def test_a_private_service_is_not_there_for_others(
    dan: TestClient, lea: TestClient, carol: TestClient
) -> None:
    carol.post("/api/v1/alerts", json={"title": "Secret trouble", "service": "ledger"})
    for client, sees in ((dan, False), (lea, True), (carol, True)):
        names = [
            one["name"] for one in client.get("/api/v1/services").json()["services"]
        ]
        assert ("ledger" in names) is sees
        assert (client.get("/api/v1/services/ledger").status_code == 200) is sees
        alerts = client.get("/api/v1/alerts").json()["alerts"]
        found = [one for one in alerts if one["service"] == "ledger"]
        assert bool(found) is sees
        path = "/api/v1/policies/ledger/test"
        assert (client.get(path).status_code == 200) is sees
    number = next(
        one["number"]
        for one in carol.get("/api/v1/alerts").json()["alerts"]
        if one["service"] == "ledger"
    )
    assert dan.get(f"/api/v1/alerts/{number}").status_code == 404
    assert dan.post(f"/api/v1/alerts/{number}/acknowledge").status_code in (403, 404)
    assert "ledger" not in dan.put("/api/v1/services/ledger", json=INDEX).text


def test_keys_and_ways_to_reach_people_are_for_their_keepers(
    edge: Edge, anyone: TestClient, dan: TestClient, lea: TestClient
) -> None:
    alice = _as(edge, anyone, "alice")
    assert "key" in lea.get("/api/v1/integrations/checkout-generic").json()
    assert "key" not in dan.get("/api/v1/integrations/checkout-generic").json()
    assert "contacts" not in dan.get("/api/v1/people/carol").json()
    assert "notify" in alice.get("/api/v1/people/alice").json()


def test_each_change_is_in_the_audit_log(carol: TestClient) -> None:
    carol.put("/api/v1/teams/web", json={"time_zone": "UTC"})
    entry = carol.get("/api/v1/audit?noun=teams&name=web").json()["entries"][0]
    assert (entry["actor"], entry["via"], entry["action"]) == ("carol", "API", "create")
    assert entry["address"]
    assert entry["before"] == ""
    assert '"name":"web"' in entry["after"]
    assert carol.get("/api/v1/audit/chain").json() == {"whole": True, "problem": ""}
    assert "0123456789abcdef" not in carol.get("/api/v1/audit?limit=200").text


def test_lists_are_paged_by_name(carol: TestClient) -> None:
    first = carol.get("/api/v1/people?limit=2").json()
    assert [one["name"] for one in first["people"]] == ["alice", "bob"]
    rest = carol.get(f"/api/v1/people?limit=50&after={first['next']}").json()
    assert [one["name"] for one in rest["people"]] == ["carol", "dan", "lea"]
    assert rest["next"] is None


def test_a_post_that_is_sent_again_is_carried_out_once(carol: TestClient) -> None:
    end = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    body = {
        "matchers": [{"name": "a", "value": "b"}],
        "ends_at": end,
        "comment": "deploy",
        "service": "checkout",
    }
    key = {"idempotency-key": "one deploy"}
    first, again = (
        carol.post("/api/v1/silences", json=body, headers=key) for _ in range(2)
    )
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert len(carol.get("/api/v1/silences").json()["silences"]) == 1
    other = carol.post(
        "/api/v1/silences", json={**body, "comment": "another"}, headers=key
    )
    assert other.status_code == 422
    assert "another request" in other.json()["detail"]


def test_a_key_of_one_caller_means_nothing_to_another(
    carol: TestClient, lea: TestClient
) -> None:
    number = carol.post(
        "/api/v1/alerts", json={"title": "Twice", "service": "checkout"}
    ).json()["number"]
    path, key = f"/api/v1/alerts/{number}/note", {"idempotency-key": "k"}
    for client in (carol, lea, carol, lea):
        client.post(path, json={"text": "Seen"}, headers=key)
    facts = carol.get(f"/api/v1/alerts/{number}").json()["timeline"]
    notes = [one["actor"] for one in facts if one["text"] == "Seen"]
    assert sorted(notes) == ["carol", "lea"]


def test_what_was_refused_may_be_tried_again_with_its_key(carol: TestClient) -> None:
    key = {"idempotency-key": "refused"}
    number = carol.post(
        "/api/v1/alerts", json={"title": "Again", "service": "checkout"}
    ).json()["number"]
    path = f"/api/v1/alerts/{number}/undo"
    assert carol.post(path, headers=key).status_code == 409
    carol.post(f"/api/v1/alerts/{number}/acknowledge")
    assert carol.post(path, headers=key).status_code == 200
