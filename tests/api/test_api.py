"""The API: what it does, what it refuses, and that no input breaks it."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.api.edge import Edge

KEY = "0123456789abcdef0123456789abcdef"
EVENTS = "c" * 32
MORE = f"""
integrations:
  - {{name: prom, type: prometheus, service: checkout, key: {KEY[::-1]}}}
  - {{name: am, type: alertmanager, service: checkout, key: {"a" * 32}}}
  - {{name: pd, type: pagerduty-events, service: checkout, key: {EVENTS}}}
  - {{name: beat, type: heartbeat, service: checkout, key: {"b" * 32}, period: 1h}}
"""


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    made = Edge(tmp_path_factory.mktemp("edge"), MORE, people=("alice", "carol"))
    yield made
    made.installation.stop()


@pytest.fixture(scope="module")
def anyone(edge: Edge) -> Iterator[TestClient]:
    with TestClient(edge, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def admin(edge: Edge, anyone: TestClient) -> TestClient:
    client = TestClient(
        edge,
        raise_server_exceptions=False,
        headers={"authorization": f"Bearer {edge.tokens['carol']}"},
    )
    client.portal = anyone.portal
    return client


def test_an_alert_lives_its_life_by_the_api(admin: TestClient) -> None:
    made = admin.post(
        "/api/v1/alerts",
        json={"title": "Cards fail", "service": "checkout", "severity": "SEV1"},
    )
    assert made.status_code == 202, made.text
    number = made.json()["number"]
    listed = admin.get("/api/v1/alerts").json()["alerts"]
    assert number in [one["number"] for one in listed]
    assert (
        admin.post(f"/api/v1/alerts/{number}/acknowledge").json()["acknowledged_by"]
        == "carol"
    )
    assert (
        admin.post(
            f"/api/v1/alerts/{number}/note", json={"text": "Looking"}
        ).status_code
        == 200
    )
    assert admin.post(f"/api/v1/alerts/{number}/resolve").json()["status"] == "resolved"
    again = admin.post(f"/api/v1/alerts/{number}/acknowledge")
    assert again.status_code == 409
    assert again.headers["content-type"] == "application/problem+json"
    assert "resolved by carol" in again.json()["detail"]
    story = admin.get(f"/api/v1/alerts/{number}").json()
    assert "Looking" in [fact["text"] for fact in story["timeline"]]


def test_a_retried_request_with_its_key_is_one_event(admin: TestClient) -> None:
    body = {"title": "Once", "service": "checkout", "key": "once"}
    first, second = (
        admin.post("/api/v1/alerts", json=body, headers={"idempotency-key": "k1"})
        for _ in range(2)
    )
    assert (first.json()["outcome"], second.json()["outcome"]) == (
        "created",
        "duplicate",
    )


def test_who_is_on_call_and_who_would_be_paged(admin: TestClient) -> None:
    rows = admin.get("/api/v1/oncall", params={"service": "checkout"}).json()["on_call"]
    assert {row["rotation"] for row in rows} == {"Primary", "Secondary"}
    pages = admin.get("/api/v1/policies/checkout/test").json()["pages"]
    assert [page["level"] for page in pages] == [1, 2, "fallback"]


def test_export_applies_to_nothing_new(admin: TestClient) -> None:
    text = admin.get("/api/v1/config").text
    planned = admin.post(
        "/api/v1/config", json={"files": [{"name": "x", "text": text}], "dry_run": True}
    ).json()
    assert {change["kind"] for change in planned["changes"]} == {"unchanged"}


def test_bad_configuration_names_the_field(admin: TestClient) -> None:
    text = "people: [{name: eve, email: eve@example.com, time_zone: EST}]\nservices: [{name: s, escalation_policy: nope}]"
    answer = admin.post(
        "/api/v1/config", json={"files": [{"name": "x.yaml", "text": text}]}
    )
    assert answer.status_code == 422
    problems = "\n".join(answer.json()["problems"])
    assert "America/New_York" in problems
    assert "services[s].escalation_policy: 'nope'" in problems


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/alerts", 401),
        ("GET", "/api/v1/nothing", 404),
        ("DELETE", "/api/v1/alerts", 405),
        ("GET", "/api/v1/alerts/", 401),
    ],
)
def test_problems_are_problem_documents(
    anyone: TestClient, method: str, path: str, status: int
) -> None:
    answer = anyone.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


def test_a_responder_cannot_change_the_configuration(
    edge: Edge, anyone: TestClient
) -> None:
    headers = {"authorization": f"Bearer {edge.tokens['alice']}"}
    answer = anyone.post(
        "/api/v1/config", json={"files": [{"name": "x", "text": "{}"}]}, headers=headers
    )
    assert answer.status_code == 403
    assert "admin" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        (f"/in/{KEY}", b"{not json", 400, "JSON"),
        (
            f"/in/{KEY}",
            b'{"title": 5, "labels": 3, "nope": 1, "summary": null, "title": ""}',
            400,
            "title",
        ),
        (f"/in/{'9' * 32}", b"{}", 404, "no integration has this key"),
        (f"/in/{KEY[::-1]}/api/v2/alerts", b"[{]", 400, "parsing alerts body"),
        (
            f"/in/{KEY[::-1]}/api/v2/alerts",
            b'[{"labels": {}}]',
            400,
            "at least one label pair required",
        ),
        (
            f"/in/{KEY[::-1]}/api/v2/alerts",
            b'[{"labels": {"bad name": "x"}}]',
            400,
            "invalid name",
        ),
        (
            f"/in/{'a' * 32}",
            b'{"alerts": [{"status": "maybe", "labels": {}}]}',
            400,
            "firing",
        ),
        (
            "/v2/enqueue",
            b'{"routing_key": "short"}',
            400,
            "no integration has this key",
        ),
        (
            "/v2/enqueue",
            b'{"routing_key": "%s", "event_action": "boo"}' % EVENTS.encode(),
            400,
            "event_action",
        ),
        (f"/in/{KEY}", b"x" * 1_100_000, 413, "1048576"),
        ("/v2/enqueue", b"x" * 600_000, 413, "524288"),
    ],
)
def test_bad_input_is_refused_in_the_senders_words(
    anyone: TestClient, path: str, body: bytes, status: int, words: str
) -> None:
    answer = anyone.post(
        path, content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == status, answer.text
    assert words in answer.text


def test_what_could_not_be_read_is_shown_to_the_owner(
    admin: TestClient, anyone: TestClient
) -> None:
    anyone.post(
        f"/in/{KEY}", content=b'{"broken": ', headers={"authorization": "Bearer secret"}
    )
    rejects = admin.get("/api/v1/integrations/checkout-generic/rejects").json()[
        "rejects"
    ]
    assert rejects[0]["body"] == '{"broken": '
    assert "JSON" in rejects[0]["reason"]


def test_a_heartbeat_that_fails_opens_an_alert(
    admin: TestClient, anyone: TestClient
) -> None:
    assert anyone.get(f"/ping/{'b' * 32}/fail").text == "OK"
    titles = [one["title"] for one in admin.get("/api/v1/alerts").json()["alerts"]]
    assert "The job said that it failed" in titles
    assert anyone.get(f"/ping/{'b' * 32}").text == "OK"


def test_pagerduty_answers_as_pagerduty(anyone: TestClient) -> None:
    event = {
        "routing_key": EVENTS,
        "event_action": "trigger",
        "dedup_key": "d",
        "payload": {"summary": "s", "source": "h", "severity": "info"},
    }
    answer = anyone.post("/v2/enqueue/", json=event)
    assert (answer.status_code, answer.json()) == (
        202,
        {"status": "success", "message": "Event processed", "dedup_key": "d"},
    )
    old = anyone.post(
        "/generic/2010-04-15/create_event.json",
        json={
            "service_key": EVENTS,
            "event_type": "trigger",
            "description": "x",
            "incident_key": "i",
        },
    )
    assert (old.status_code, old.json()["incident_key"]) == (200, "i")


SENDERS = [
    f"/in/{KEY}",
    f"/in/{KEY[::-1]}/api/v2/alerts",
    f"/in/{KEY[::-1]}/api/v2/silences",
    f"/in/{'a' * 32}",
    "/v2/enqueue",
    "/v2/change/enqueue",
    "/generic/2010-04-15/create_event.json",
    f"/ping/{'b' * 32}",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "labels",
                    "alerts",
                    "status",
                    "payload",
                    "routing_key",
                    "event_action",
                    "title",
                    "startsAt",
                    "endsAt",
                    "summary",
                    "severity",
                    "matchers",
                    "dedup_key",
                ]
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@pytest.mark.slow  # thousands of requests
@settings(
    max_examples=4800,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
@given(
    path=st.sampled_from(SENDERS),
    body=JSON,
    raw=st.binary(max_size=40),
    use_raw=st.booleans(),
)
def test_no_senders_request_breaks_it(
    anyone: TestClient, path: str, body: object, raw: bytes, use_raw: bool
) -> None:
    import json

    if isinstance(body, dict) and path.startswith(("/v2", "/generic")):
        body = {**body, "routing_key": EVENTS}
    content = raw if use_raw else json.dumps(body).encode("utf-8", "surrogatepass")
    answer = anyone.post(
        path, content=content, headers={"content-type": "application/json"}
    )
    assert answer.status_code < 500, (path, content, answer.text)


# With those of the senders above, 10,000 requests.
_FROM_SCHEMA = 5200


@pytest.mark.slow  # thousands of requests
def test_no_request_of_the_schema_breaks_the_api(edge: Edge, admin: TestClient) -> None:
    schema = schemathesis.openapi.from_dict(admin.get("/api/v1/openapi.json").json())
    sent = 0
    failed: list[str] = []
    operations = list(schema.get_all_operations())
    # Some have few different requests: the others make up for them.
    each = _FROM_SCHEMA * 3 // 2 // len(operations)
    for operation in operations:
        found = operation.ok()

        @settings(
            max_examples=each,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        @given(case=found.as_strategy())
        def fuzz(case: Any) -> None:
            nonlocal sent
            more = case.as_transport_kwargs(base_url="http://testserver")
            sent += 1
            try:
                answer = admin.request(
                    more["method"],
                    more["url"],
                    params=more.get("params"),
                    json=more.get("json"),
                    headers={
                        k: v
                        for k, v in dict(more.get("headers") or {}).items()
                        if k.lower() != "authorization"
                    },
                )
            except (UnicodeError, ValueError):
                return  # what no client can put on the wire
            if answer.status_code >= 500:
                failed.append(
                    f"{case.method} {case.path} {answer.status_code} {answer.text[:200]} {more}"
                )

        fuzz()
    assert sent >= _FROM_SCHEMA
    assert not failed, failed[:3]
