"""Changes that anything posts as JSON: read by many words, kept once, or refused in words."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.api.edge import Edge
from tests.cast import MONDAY_9AM
from tocsin.integrations.generic import INTEGRATION
from tocsin.interfaces.arrivals import Change, Inbound, Reading, Unreadable
from tocsin.store import inbound as stored

KEY = "changes0key0aaaaaaaaaaaaaaaaaaaa"
SENDER = f"integrations: [{{name: ci, type: generic, service: checkout, key: {KEY}}}]"


def read(body: Any) -> Reading:
    inbound = Inbound("POST", "/changes", (), {}, json.dumps(body).encode())
    return INTEGRATION.read(inbound, now=MONDAY_9AM)


def test_a_change_is_read_with_all_that_it_says() -> None:
    reading = read(
        {
            "summary": "checkout 1.24 to production", "kind": "Deploy", "id": "b-812",
            "time": "2024-03-04T09:07:00+01:00", "url": "https://ci.example.com/812",
            "author": "alice", "env": "production", "version": "1.24",
            "rollback": "kubectl rollout undo deploy/checkout",
            "details": {"region": "eu", "pods": 12},
        }
    )  # fmt: skip
    assert (reading.events, reading.answer.status) == ([], 202)
    assert reading.changes == [
        Change(
            "checkout 1.24 to production", "a webhook",
            datetime(2024, 3, 4, 8, 7, tzinfo=UTC),
            {
                "region": "eu", "pods": "12", "by": "alice", "environment": "production",
                "ref": "1.24", "rollback": "kubectl rollout undo deploy/checkout",
                "kind": "deploy",
            },
            ("https://ci.example.com/812",), "b-812",
        )
    ]  # fmt: skip


def test_a_list_is_many_and_a_title_alone_is_enough() -> None:
    reading = read([{"title": "One"}, {"message": "Two", "timestamp": 1709543220}])
    assert [one.summary for one in reading.changes] == ["One", "Two"]
    assert reading.changes[1].occurred_at == datetime(2024, 3, 4, 9, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "summary: expected what was changed"),
        ({"summary": "x", "kind": "party"}, "kind: expected one of deploy, flag"),
        ({"summary": "x", "time": "soon"}, "time: expected a time such as"),
        ([{"summary": "x"}, 1], "[1].: expected a JSON object"),
    ],
)
def test_what_is_wrong_is_refused_with_its_field(body: Any, field: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(body)
    assert caught.value.answer.status == 400
    assert field in json.loads(caught.value.answer.body)["detail"]


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(["summary", "kind", "time", "link", "details", "id", "by"]),
        inner,
    ),
    max_leaves=12,
))  # fmt: skip
def test_no_json_breaks_it(body: Any) -> None:
    try:
        assert read(body).answer.status == 202
    except Unreadable as refusal:
        assert refusal.answer.status == 400


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Edge]:
    made = Edge(tmp_path, SENDER, people=("alice", "carol"))
    yield made
    made.installation.stop()


def test_over_http_it_is_kept_once_and_what_cannot_be_read_is_kept_raw(
    edge: Edge,
) -> None:
    with TestClient(edge) as client:
        body = {"summary": "checkout 1.24", "id": "b-1", "rollback": "undo it"}
        for _ in range(2):
            assert client.post(f"/in/{KEY}/changes", json=body).status_code == 202
        assert client.post(f"/in/{KEY}/changes", json={"kind": "x"}).status_code == 400
        token = {"authorization": f"Bearer {edge.tokens['alice']}"}
        found = client.get("/api/v1/changes", headers=token).json()["changes"]
        assert [(one["summary"], one["kind"]) for one in found] == [
            ("checkout 1.24", "deploy")
        ]
        rejects = edge.installation.database.read(
            lambda tx: tx.all("select reason from rejects")
        )
        assert len(rejects) == 1
        assert "summary: expected" in rejects[0][0]


def test_with_a_token_for_several_services_and_an_incident_shows_how_to_undo_it(
    edge: Edge,
) -> None:
    with TestClient(edge) as client:
        token = {"authorization": f"Bearer {edge.tokens['carol']}"}

        def post(path: str, **body: Any) -> Any:
            return client.post(f"/api/v1{path}", json=body, headers=token)

        unknown = post("/changes", summary="x", services=["nothing"])
        assert unknown.status_code == 422
        assert "expected known ones, not 'nothing'" in unknown.json()["detail"]
        assert post("/changes", summary="", services=["checkout"]).status_code == 422
        for _ in range(2):
            made = post(
                "/changes", summary="Flag new_3ds on", services=["checkout"],
                id="flag-1", rollback="turn new_3ds off",
            )  # fmt: skip
            assert made.status_code == 201
        listed = client.get("/api/v1/changes?service=checkout", headers=token).json()
        assert len(listed["changes"]) == 1
        assert listed["changes"][0]["kind"] == "flag"
        assert listed["changes"][0]["details"]["by"] == "carol"
        incident = post("/incidents", title="Cards fail", services=["checkout"]).json()
        (suspect,) = incident["suspects"]
        assert suspect["rollback"] == "turn new_3ds off"


def test_the_list_goes_on_behind_its_cursor(edge: Edge) -> None:
    told = [Change(f"Change {n}", "ci", None, {}) for n in range(5)]
    edge.installation.database.write(
        lambda tx: stored.add_changes(tx, 1, "checkout", told, now=MONDAY_9AM)
    )
    with TestClient(edge) as client:
        token = {"authorization": f"Bearer {edge.tokens['alice']}"}
        first = client.get("/api/v1/changes?limit=3", headers=token).json()
        rest = client.get(
            f"/api/v1/changes?limit=3&before={first['next']}", headers=token
        ).json()
    names = [one["summary"] for one in (*first["changes"], *rest["changes"])]
    assert names == [f"Change {n}" for n in (4, 3, 2, 1, 0)]
    assert rest["next"] is None
