"""Datadog: its webhook with our payload and with another's, its two official clients."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from datadog_api_client import ApiClient, Configuration
from datadog_api_client.v1.api.events_api import EventsApi
from datadog_api_client.v1.model.event_alert_type import EventAlertType
from datadog_api_client.v1.model.event_create_request import EventCreateRequest
from hypothesis import given
from hypothesis import strategies as st

from tests.cast import COMPANY, MONDAY_9AM
from tests.peers.programs import TocsinServer
from tocsin.core.alerts.alerts import EventKind
from tocsin.integrations.catalogue import DATADOG_PAYLOAD
from tocsin.integrations.datadog import INTEGRATION
from tocsin.interfaces.arrivals import Inbound, Reading, Unreadable

KEY = "datadog0key0aaaaaaaaaaaaaaaaaaaa"
SENDER = f"  - {{name: dd, type: datadog, service: checkout, key: {KEY}}}\n"
FILLED = {
    "id": "7654", "cycle": "c-1", "monitor_id": "42", "transition": "Triggered",
    "alert_type": "error", "severity": "P2", "title": "[P2] Checkout errors",
    "body": "31 % of requests fail", "scopes": "host:web-1,env:prod",
    "tags": "env:prod,team:payments,canary", "query": "avg(last_5m):…",
    "host": "web-1", "url": "https://app.datadoghq.com/monitors/42",
    "date": "1709543220000",
}  # fmt: skip


def read(body: Any, path: str = "") -> Reading:
    raw = json.dumps(body).encode()
    return INTEGRATION.read(Inbound("POST", path, (), {}, raw), now=MONDAY_9AM)


def test_a_monitor_is_one_alert_from_triggered_to_recovered() -> None:
    (event,) = read(FILLED).events
    assert (event.kind, event.key, event.level) == (EventKind.TRIGGER, "c-1", "p2")
    assert event.labels == {"env": "prod", "team": "payments", "canary": "true"}
    assert event.details["body"] == "31 % of requests fail"
    assert event.occurred_at == datetime(2024, 3, 4, 9, 7, tzinfo=UTC)
    assert event.link == "https://app.datadoghq.com/monitors/42"
    (over,) = read({**FILLED, "transition": "Recovered"}).events
    assert (over.kind, over.key) == (EventKind.RESOLVE, "c-1")


@pytest.mark.parametrize(
    ("transition", "kind", "level"),
    [
        ("Re-Triggered", "trigger", "error"), ("Warn", "trigger", "warning"),
        ("Re-Warn", "trigger", "warning"), ("No Data", "trigger", "error"),
        ("Renotify", "trigger", "error"), ("Warn Recovered", "resolve", "warning"),
    ],
)  # fmt: skip
def test_each_transition_means_what_it_says(
    transition: str, kind: str, level: str
) -> None:
    body = {**FILLED, "transition": transition, "severity": "$ALERT_PRIORITY"}
    (event,) = read(body).events
    assert (event.kind.value, event.level) == (kind, level)


def test_what_datadog_had_nothing_for_is_nothing() -> None:
    empty = {
        **FILLED,
        "cycle": "$ALERT_CYCLE_KEY",
        "host": "null",
        "url": "",
        "date": "",
    }
    (event,) = read(empty).events
    assert event.key == "42:host:web-1,env:prod"
    assert "host" not in event.details
    assert (event.link, event.occurred_at) == ("", None)


def test_another_template_that_is_in_use_is_read_too() -> None:
    keeps = {
        "body": "31 % fail", "last_updated": "1709543220000", "event_type": "x",
        "title": "Checkout errors", "severity": "P1", "alert_type": "error",
        "alert_query": "avg:…", "alert_transition": "Triggered", "date": "1709543220000",
        "scopes": "host:web-1", "url": "https://app.datadoghq.com/x", "tags": "env:prod",
        "id": "1", "monitor_id": "42",
    }  # fmt: skip
    (event,) = read(keeps).events
    assert (event.key, event.level) == ("42:host:web-1", "p1")
    assert event.details["query"] == "avg:…"


def test_an_event_that_names_the_webhook_is_a_change() -> None:
    told = {**FILLED, "transition": "", "alert_type": "info", "title": "Deploy 1.24"}
    reading = read(told)
    assert reading.events == []
    assert [one.summary for one in reading.changes] == ["Deploy 1.24"]


def test_the_payload_to_paste_is_json_of_names_that_are_read() -> None:
    assert set(json.loads(DATADOG_PAYLOAD)) == set(FILLED)


@pytest.mark.parametrize(
    ("body", "path", "said"),
    [
        ({}, "", "'title' is null, expected $EVENT_TITLE"),
        ([], "", "the body is [], expected a JSON object"),
        ({"title": "x"}, "/api/v1/events", "'text' is null, expected a text"),
        (
            {"title": "x", "text": "y", "alert_type": "odd"}, "/api/v1/events",
            "'alert_type' is 'odd', expected one of",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_as_datadog_refuses(
    body: Any, path: str, said: str
) -> None:
    with pytest.raises(Unreadable) as caught:
        read(body, path)
    assert caught.value.answer.status == 400
    assert json.loads(caught.value.answer.body)["errors"][0].startswith(said)


_FIELDS = st.sampled_from([*FILLED, "text", "aggregation_key", "date_happened"])
_VALUES = st.none() | st.text() | st.integers() | st.lists(st.text()) | st.floats()


@given(st.dictionaries(_FIELDS, _VALUES), st.sampled_from(["", "/api/v1/events"]))
def test_no_json_breaks_it(body: dict[str, Any], path: str) -> None:
    try:
        assert read(body, path).answer.status == 202
    except Unreadable as refusal:
        assert refusal.answer.status == 400


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TocsinServer]:
    company = COMPANY.replace("integrations:\n", f"integrations:\n{SENDER}", 1)
    made = TocsinServer(tmp_path_factory.mktemp("datadog"), company=company)
    yield made.start()
    made.stop()


@pytest.mark.slow  # a server of its own
def test_the_official_client_posts_events(server: TocsinServer) -> None:
    made = Configuration(host=f"{server.url}/in/{KEY}")
    made.api_key["apiKeyAuth"] = "any"
    with ApiClient(made) as client:
        events = EventsApi(client)
        trouble = events.create_event(
            EventCreateRequest(
                title="Queue is full", text="9,000 wait", aggregation_key="queue",
                alert_type=EventAlertType.ERROR, tags=["env:prod"],
            )
        )  # fmt: skip
        assert trouble.status == "ok"
        assert trouble.event.title == "Queue is full"
        events.create_event(
            EventCreateRequest(title="Deploy 1.24", text="to production")
        )
    token = server.command("token", "alice", "--scope", "read").strip()
    http = server.client()
    http.headers["authorization"] = f"Bearer {token}"
    alerts = http.get("/api/v1/alerts").json()["alerts"]
    assert [one["title"] for one in alerts] == ["Queue is full"]
    changes = http.get("/api/v1/changes").json()["changes"]
    assert [one["summary"] for one in changes] == ["Deploy 1.24"]


@pytest.mark.slow  # a server of its own
def test_the_command_dog_posts_events(server: TocsinServer) -> None:
    done = subprocess.run(
        [
            sys.executable, "-c", "from datadog.dogshell import main; main()", "--api-key", "a",
            "--application-key", "b", "event", "post", "--alert_type", "warning",
            "--aggregation_key", "disk", "Disk is 97% full", "of db-1",
        ],
        env={**server.env, "DATADOG_HOST": f"{server.url}/in/{KEY}"},
        cwd=server.home, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    token = server.command("token", "alice", "--scope", "read").strip()
    http = server.client()
    http.headers["authorization"] = f"Bearer {token}"
    titles = [one["title"] for one in http.get("/api/v1/alerts").json()["alerts"]]
    assert "Disk is 97% full" in titles
