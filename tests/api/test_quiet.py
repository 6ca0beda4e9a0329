"""Silences and maintenance windows over the API."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api.edge import Edge

MORE = """
teams:
  - {name: search}
people:
  - {name: dan, email: dan@example.com, role: viewer, teams: [search]}
services:
  - {name: ledger, team: payments, escalation_policy: payments, private: true}
"""


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Edge]:
    made = Edge(tmp_path, MORE, people=("alice", "carol", "dan"))
    yield made
    made.installation.stop()


@pytest.fixture
def client(edge: Edge) -> Iterator[TestClient]:
    with TestClient(edge) as made:
        yield made


def by(edge: Edge, person: str) -> dict[str, str]:
    return {"authorization": f"Bearer {edge.tokens[person]}"}


def window(**more: Any) -> dict[str, Any]:
    ends = datetime.now(UTC) + timedelta(hours=1)
    return {"services": ["checkout"], "reason": "disks", "ends_at": f"{ends}", **more}


def test_a_window_is_made_read_and_ended(edge: Edge, client: TestClient) -> None:
    alice = by(edge, "alice")
    made = client.post("/api/v1/maintenance", json=window(), headers=alice)
    assert made.status_code == 201, made.text
    assert made.json()["state"] == "active"
    path = f"/api/v1/maintenance/{made.json()['id']}"
    assert client.get(path, headers=alice).json()["reason"] == "disks"
    raised = {"title": "Errors", "service": "checkout"}
    number = client.post("/api/v1/alerts", json=raised, headers=alice).json()["number"]
    alert = client.get(f"/api/v1/alerts/{number}", headers=alice).json()
    assert alert["suppressed_by"] == [f"maintenance:{made.json()['id']}"]
    assert client.delete(path, headers=alice).status_code == 204
    listed = client.get("/api/v1/maintenance", headers=alice).json()["maintenance"]
    assert [one["state"] for one in listed] == ["expired"]


@pytest.mark.parametrize(
    "change",
    [
        {"services": []},
        {"services": ["nowhere"]},
        {"reason": "  "},
        {"ends_at": "2001-01-01T00:00:00Z"},
        {"ends_at": "2190-01-01T00:00:00Z"},
        {"starts_at": "2001-01-01T00:00:00Z"},
        {"unknown": 1},
    ],
)
def test_a_window_that_makes_no_sense_is_a_problem(
    edge: Edge, client: TestClient, change: dict[str, Any]
) -> None:
    body = window(**change)
    answer = client.post("/api/v1/maintenance", json=body, headers=by(edge, "carol"))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_another_team_neither_makes_nor_ends_nor_knows_of_private_ones(
    edge: Edge, client: TestClient
) -> None:
    dan = by(edge, "dan")
    assert (
        client.post("/api/v1/maintenance", json=window(), headers=dan).status_code
        == 403
    )
    made = client.post(
        "/api/v1/maintenance",
        json=window(services=["ledger"]),
        headers=by(edge, "carol"),
    ).json()
    assert client.get("/api/v1/maintenance", headers=dan).json()["maintenance"] == []
    path = f"/api/v1/maintenance/{made['id']}"
    assert client.get(path, headers=dan).status_code == 404
    assert client.delete(path, headers=dan).status_code == 404
    hidden = window(services=["ledger"])
    assert (
        client.post("/api/v1/maintenance", json=hidden, headers=dan).status_code == 422
    )


def test_the_effect_of_a_silence_is_asked_for(edge: Edge, client: TestClient) -> None:
    alice = by(edge, "alice")
    raised = {"title": "Errors", "service": "checkout", "labels": {"host": "a"}}
    client.post("/api/v1/alerts", json=raised, headers=alice)
    body = {"matchers": [{"name": "host", "value": "a"}]}
    effect = client.post("/api/v1/silences/effect", json=body, headers=alice).json()
    assert "matches_now" in effect, effect
    assert (effect["matches_now"], effect["matched_in_7_days"]) == (1, 1)
    bad = {"matchers": [{"name": "host", "value": "(a+)+", "is_regex": True}]}
    answer = client.post("/api/v1/silences/effect", json=bad, headers=alice)
    assert answer.status_code == 422


def test_a_silence_replaces_another(edge: Edge, client: TestClient) -> None:
    alice = by(edge, "alice")
    ends = f"{datetime.now(UTC) + timedelta(hours=1)}"
    body = {
        "matchers": [{"name": "host", "value": "a"}],
        "ends_at": ends,
        "comment": "x",
    }
    first = client.post("/api/v1/silences", json=body, headers=alice).json()
    body |= {"replaces": first["id"], "ticket": "OPS-7"}
    second = client.post("/api/v1/silences", json=body, headers=alice).json()
    assert "id" in second, second
    old = client.get(f"/api/v1/silences/{first['id']}", headers=alice).json()
    assert (old["state"], second["state"]) == ("expired", "active")
    assert second["ticket"] == "OPS-7"
    body["replaces"] = "nonsense"
    assert client.post("/api/v1/silences", json=body, headers=alice).status_code == 404
