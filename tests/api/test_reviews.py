"""Reviews, actions and runbooks by the API, as scripts use them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.api.edge import Edge

RUNBOOK = (
    "# Pool\n## Diagnosis\n- Look at the pool: `SELECT 1`\n## Resolution\n- Take 417\n"
)
MORE = f"""
services:
  - {{name: ledger, team: payments, escalation_policy: payments, runbook: {json.dumps(RUNBOOK)}}}
people:
  - {{name: dan, email: dan@example.com, role: viewer}}
"""


class Api:
    """Requests of one person."""

    def __init__(self, client: TestClient, token: str) -> None:
        self._client = client
        self._headers = {"authorization": f"Bearer {token}"}

    def __call__(self, method: str, path: str, body: object = None, **headers: str):  # type: ignore[no-untyped-def]
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.request(
            method, f"/api/v1{path}", json=body, headers={**self._headers, **sent}
        )


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Edge]:
    made = Edge(tmp_path, MORE, people=("alice", "bob", "carol", "dan"))
    yield made
    made.installation.stop()


@pytest.fixture
def client(edge: Edge) -> Iterator[TestClient]:
    with TestClient(edge) as made:
        yield made


@pytest.fixture
def alice(edge: Edge, client: TestClient) -> Api:
    return Api(client, edge.tokens["alice"])


@pytest.fixture
def dan(edge: Edge, client: TestClient) -> Api:
    return Api(client, edge.tokens["dan"])


def resolved(api: Api, *, private: bool = False) -> int:
    body = {
        "title": "Checkout is slow", "severity": "SEV2", "services": ["ledger"],
        "private": private, "page": False,
    }  # fmt: skip
    number = api("POST", "/incidents", body).json()["number"]
    for state in ("monitoring", "resolved"):
        answer = api(
            "POST",
            f"/incidents/{number}/state",
            {"state": state, "reason": "417 is back"},
        )
        assert answer.status_code == 200, answer.text
    return int(number)


def etag(api: Api, number: int, heading: str) -> str:
    sections = api("GET", f"/reviews/{number}").json()["sections"]
    return next(
        (s["etag"] for s in sections if s["heading"] == heading), "e3b0c44298fc1c14"
    )


def write(api: Api, number: int, heading: str, text: str):  # type: ignore[no-untyped-def]
    seen = f'"{etag(api, number, heading)}"'
    return api(
        "PUT", f"/reviews/{number}/sections/{heading}", {"text": text}, if_match=seen
    )


def test_a_review_is_read_written_and_exported(alice: Api) -> None:
    number = resolved(alice)
    listed = alice("GET", "/reviews").json()["reviews"]
    assert [(one["incident"], one["state"], one["missing"]) for one in listed] == [
        (number, "draft", ["Impact", "Root Cause", "Action Items"])
    ]
    assert (
        write(alice, number, "Root Cause", "Alice forgot the limit.").status_code == 200
    )
    review = alice("GET", f"/reviews/{number}")
    assert review.headers["etag"] == f'"{review.json()["version"]}"'
    assert {one["code"] for one in review.json()["advice"]} == {"BL1", "BL6"}
    text = alice("GET", f"/reviews/{number}/review.md")
    assert text.headers["content-type"] == "text/markdown; charset=utf-8"
    assert "## Root Cause\nAlice forgot the limit.\n" in text.text


def test_a_section_needs_the_etag_of_what_was_seen(alice: Api) -> None:
    number = resolved(alice)
    path, body = f"/reviews/{number}/sections/Lessons", {"text": "Limits."}
    assert alice("PUT", path, body).status_code == 428
    assert alice("PUT", path, body, if_match='"stale"').status_code == 412
    assert write(alice, number, "Lessons", "Limits.").status_code == 200
    assert "Lessons" in [
        s["heading"] for s in alice("GET", f"/reviews/{number}").json()["sections"]
    ]


def test_impact_is_read_back_as_figures(alice: Api) -> None:
    number = resolved(alice)
    text = "- Users affected: 10,000\n- Duration: 45 minutes\n- Revenue impact: $X"
    assert write(alice, number, "Impact", text).json()["impact"] == {
        "users_affected": 10_000,
        "duration_seconds": 2700,
        "revenue": "$X",
    }


@pytest.mark.slow  # many requests
def test_a_review_goes_its_way_and_says_what_is_missing(
    alice: Api, edge: Edge, client: TestClient
) -> None:
    bob = Api(client, edge.tokens["bob"])
    number = resolved(alice)
    state = f"/reviews/{number}/state"
    assert alice("POST", state, {"state": "in_review"}).status_code == 422
    answer = alice("POST", state, {"state": "in_review", "reviewer": "bob"})
    assert (answer.status_code, answer.json()["detail"]) == (
        409, "Still empty: Impact, Root Cause, Action Items.",
    )  # fmt: skip
    write(alice, number, "Impact", "- Users affected: 7")
    write(alice, number, "Root Cause", "A pool without a limit.")
    write(alice, number, "Action Items", "- [ ] Limit it (Owner: bob, Due: 2099-01-01)")
    for heading in alice("GET", f"/reviews/{number}").json()["unconfirmed"]:
        assert (
            alice(
                "POST", f"/reviews/{number}/confirm", {"heading": heading}
            ).status_code
            == 200
        )
    assert (
        alice("POST", state, {"state": "in_review", "reviewer": "bob"}).status_code
        == 200
    )
    assert alice("POST", state, {"state": "reviewed"}).status_code == 409
    assert bob("POST", state, {"state": "reviewed"}).json()["state"] == "reviewed"
    assert alice("POST", state, {"state": "waived", "reason": "x"}).status_code == 409
    assert alice("PUT", f"/reviews/{number}/owner", {"owner": "zoe"}).status_code == 422


@pytest.mark.slow  # many requests
def test_actions_are_listed_promised_and_done(alice: Api) -> None:
    number = resolved(alice)
    write(alice, number, "Action Items", (
        "- [ ] Later (Owner: alice, Due: 2099-01-02)\n"
        "- [ ] Sooner (Owner: bob, Due: 2099-01-01)\n- [ ] Some day (Owner: bob)\n"
        "- [ ] Late (Owner: bob, Due: 2020-01-01)"
    ))  # fmt: skip

    def shown(query: str) -> list[str]:
        return [
            one["text"] for one in alice("GET", f"/actions{query}").json()["actions"]
        ]

    assert shown("") == ["Late", "Sooner", "Later", "Some day"]
    assert shown("?owner=bob&overdue=true") == ["Late"]
    page = alice("GET", "/actions?limit=2").json()
    assert shown(f"?limit=2&after={page['next']}") == ["Later", "Some day"]
    assert alice("GET", "/actions?after=x").status_code == 422
    one = alice("GET", "/actions?owner=alice").json()["actions"][0]
    path = f"/actions/{one['id']}"
    assert alice("POST", f"{path}/done", {"proof": " "}).status_code == 422
    assert alice("POST", f"{path}/done", {"proof": "in 419"}).json()["state"] == "done"
    assert alice("POST", f"{path}/done", {"proof": "again"}).status_code == 409
    assert alice("POST", f"{path}/reopen").json()["state"] == "open"
    changed = alice(
        "POST", f"{path}/promise", {"owner": "bob", "due": "2099-02-01"}
    ).json()
    assert (changed["owner"], changed["due_on"]) == ("bob", "2099-02-01")
    for wrong in ({"due": "soon"}, {"owner": "zoe"}, {"ticket": "a) b"}):
        assert alice("POST", f"{path}/promise", wrong).status_code == 422, wrong


def test_who_may_not_know_of_an_incident_finds_no_review(alice: Api, dan: Api) -> None:
    number = resolved(alice, private=True)
    write(alice, number, "Action Items", "- [ ] Limit it (Owner: bob, Due: 2099-01-01)")
    assert alice("GET", "/actions/ACT-1").status_code == 200
    for path in (f"/reviews/{number}", f"/reviews/{number}/review.md", "/actions/ACT-1",
                 f"/incidents/{number}/runbook"):  # fmt: skip
        assert dan("GET", path).status_code == 404, path
    assert dan("GET", "/reviews").json()["reviews"] == []
    assert dan("GET", "/actions").json()["actions"] == []
    assert dan("POST", "/reviews", {"incident": number}).status_code == 403


def test_a_runbook_is_ticked_off(alice: Api) -> None:
    number = alice(
        "POST", "/incidents", {"title": "x", "services": ["ledger"], "page": False}
    ).json()["number"]
    (book,) = alice("GET", f"/incidents/{number}/runbook").json()["runbooks"]
    step = book["diagnosis"][0]
    assert (step["number"], step["commands"][0]["kind"], book["left"]) == (
        "D1",
        "sql",
        2,
    )
    ticked = alice(
        "POST", f"/incidents/{number}/runbook/{step['id']}", {"result": "done"}
    )
    assert ticked.json()["runbooks"][0]["diagnosis"][0]["by"] == "alice"
    again = alice(
        "POST", f"/incidents/{number}/runbook/{step['id']}", {"result": "done"}
    )
    assert again.status_code == 409
    assert alice("POST", f"/incidents/{number}/runbook/zzz", {}).status_code == 422
    assert alice("POST", "/incidents/999/runbook/zzz", {}).status_code == 404


@pytest.mark.parametrize("runbook", ["---\na: [\n---\n# R", "x" * 60_001])
def test_a_runbook_that_cannot_be_read_is_refused_where_it_is_written(
    edge: Edge, client: TestClient, runbook: str
) -> None:
    carol = Api(client, edge.tokens["carol"])
    held = carol("GET", "/services/ledger")
    body = {**held.json(), "runbook": runbook}
    answer = carol("PUT", "/services/ledger", body, if_match=held.headers["etag"])
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].endswith("runbook")
