"""Members of teams, invitations and what depends on somebody, over the API."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.edge import Edge
from tocsin.core.people.permissions import Scope


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Edge]:
    made = Edge(tmp_path, people=("alice", "bob", "carol"))
    yield made
    made.installation.stop()


@pytest.fixture
def client(edge: Edge) -> Iterator[TestClient]:
    with TestClient(edge) as made:
        yield made


def by(edge: Edge, person: str) -> dict[str, str]:
    return {"authorization": f"Bearer {edge.tokens[person]}"}


MEMBER = "/api/v1/teams/payments/members/carol"


def test_a_member_is_added_changed_and_taken_out(
    edge: Edge, client: TestClient
) -> None:
    admin = by(edge, "carol")
    assert client.put(MEMBER, json={"role": "lead"}, headers=admin).status_code == 200
    assert edge.desk.directory().grant("carol").team_roles == {"payments": "lead"}
    assert client.put(MEMBER, json={}, headers=admin).status_code == 200
    assert edge.desk.directory().grant("carol").team_roles == {"payments": "responder"}
    assert client.delete(MEMBER, headers=admin).status_code == 204
    assert edge.desk.directory().grant("carol").team_roles == {}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (MEMBER, {"role": "admin"}, 422),
        ("/api/v1/teams/nowhere/members/carol", {}, 404),
        ("/api/v1/teams/payments/members/nobody", {}, 404),
        (MEMBER, {"role": "lead", "extra": 1}, 422),
    ],
)
def test_what_makes_no_sense_is_refused(
    edge: Edge, client: TestClient, path: str, body: Any, status: int
) -> None:
    answer = client.put(path, json=body, headers=by(edge, "carol"))
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_lead_changes_membership_by_the_document_but_nothing_else(
    edge: Edge, client: TestClient
) -> None:
    admin, lead = by(edge, "carol"), by(edge, "alice")
    mine = "/api/v1/teams/payments/members/alice"
    client.put(mine, json={"role": "lead"}, headers=admin)
    got = client.get("/api/v1/people/bob", headers=admin)
    match = {**lead, "if-match": got.headers["etag"]}
    document = {**got.json(), "team_roles": {"payments": "viewer"}}
    put = client.put("/api/v1/people/bob", json=document, headers=match)
    assert put.status_code == 200, put.text
    match["if-match"] = put.headers["etag"]
    for change in (
        {"role": "admin"},
        {"email": "mine@example.com"},
        {"active": False},
        {"team_roles": {"payments": "admin"}},
    ):
        answer = client.put(
            "/api/v1/people/bob", json={**document, **change}, headers=match
        )
        assert answer.status_code == 403, change
    assert client.delete("/api/v1/people/bob", headers=match).status_code == 403


def test_the_record_of_a_membership_belongs_to_the_team(
    edge: Edge, client: TestClient
) -> None:
    admin = by(edge, "carol")
    client.put(MEMBER, json={"role": "lead"}, headers=admin)
    query = {"team": "payments", "noun": "people"}
    found = client.get("/api/v1/audit", params=query, headers=admin).json()["entries"]
    assert [(one["name"], one["team"]) for one in found] == [("carol", "payments")]
    late = client.get(
        "/api/v1/audit", params={"since": "2090-01-01T00:00:00Z"}, headers=admin
    )
    assert late.json()["entries"] == []


def test_what_depends_on_somebody_is_told_before(
    edge: Edge, client: TestClient
) -> None:
    found = client.get("/api/v1/people/alice/leaving", headers=by(edge, "bob")).json()
    how = {(one["noun"], one["how"]) for one in found["named_by"]}
    assert how == {
        ("schedules", "takes turns in Primary"),
        ("schedules", "takes turns in Secondary"),
    }
    assert {one["rotation"] for one in found["gaps"]} == {
        "payments/Primary",
        "payments/Secondary",
    }
    missing = client.get("/api/v1/people/zoe/leaving", headers=by(edge, "bob"))
    assert missing.status_code == 404


def test_a_deactivated_person_is_out_within_the_same_answer(
    edge: Edge, client: TestClient
) -> None:
    admin, bob = by(edge, "carol"), by(edge, "bob")
    assert client.get("/api/v1/me", headers=bob).status_code == 200
    got = client.get("/api/v1/people/bob", headers=admin)
    answer = client.put(
        "/api/v1/people/bob",
        json={**got.json(), "active": False},
        headers={**admin, "if-match": got.headers["etag"]},
    )
    assert answer.status_code == 200
    assert client.get("/api/v1/me", headers=bob).status_code == 401


def test_an_invitation_is_for_who_may_invite(edge: Edge, client: TestClient) -> None:
    path = "/api/v1/people/bob/invitation"
    assert client.post(path, headers=by(edge, "alice")).status_code == 403
    made = client.post(path, headers=by(edge, "carol"))
    assert made.status_code == 201
    assert "/login/invitation/" in made.json()["link"]


def test_a_weak_token_keeps_no_members(edge: Edge, client: TestClient) -> None:
    secret, _ = edge.desk.sign_in.make_token("carol", label="x", scopes={Scope.RESPOND})
    weak = {"authorization": f"Bearer {secret}"}
    assert client.put(MEMBER, json={}, headers=weak).status_code == 403
