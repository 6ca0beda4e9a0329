"""Connecting a source: its page, its key, its test, and what came of its last request."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from tests.api.edge import Edge
from tests.web.signed_in import SignedIn
from tocsin.core.alerts.alerts import Status
from tocsin.store import alerts as stored_alerts

KEY = "0123456789abcdef0123456789abcdef"
PD = "c" * 32
MORE = f"""
teams: [{{name: search, time_zone: UTC}}]
people:
  - {{name: lea, email: lea@example.com, role: viewer, team_roles: {{payments: lead}}}}
  - {{name: otto, email: otto@example.com, role: viewer, team_roles: {{search: lead}}}}
integrations:
  - {{name: prom, type: prometheus, service: checkout, key: {KEY[::-1]}}}
  - {{name: am, type: alertmanager, service: checkout, key: {"a" * 32}}}
  - {{name: pd, type: pagerduty-events, service: checkout, key: {PD}}}
  - {{name: beat, type: heartbeat, service: checkout, key: {"b" * 32}, period: 1h}}
"""
HOME = "/admin/integrations"


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    made = Edge(tmp_path_factory.mktemp("edge"), MORE, people=("carol",))
    yield made
    made.installation.stop()


@pytest.fixture(scope="module")
def senders(edge: Edge) -> Iterator[TestClient]:
    with TestClient(edge, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="module")
def lea(edge: Edge, senders: TestClient) -> SignedIn:
    return SignedIn(edge, senders, "lea")


@pytest.fixture(scope="module")
def otto(edge: Edge, senders: TestClient) -> SignedIn:
    return SignedIn(edge, senders, "otto")


def key_of(edge: Edge, name: str) -> str:
    return next(i.key for i in edge.desk.directory().integrations if i.name == name)


def test_the_list_finds_what_is_connected_and_what_could_be(lea: SignedIn) -> None:
    assert "checkout-generic" in lea.get(HOME)
    cron = lea.get(f"{HOME}?q=cron")
    assert "Heartbeat" in cron
    assert "vmalert" not in cron
    assert f'href="{HOME}/beat"' not in lea.get(f"{HOME}?state=paused")


def test_the_key_is_for_the_leads_of_its_team(lea: SignedIn, otto: SignedIn) -> None:
    assert f"path_prefix: /in/{KEY[::-1]}" in lea.get(f"{HOME}/prom")
    shown = otto.get(f"{HOME}/prom")
    assert KEY[::-1] not in shown
    assert "The key is shown to the leads of payments" in shown
    otto.post(f"{HOME}/prom", 403, do="rotate")
    otto.get(f"{HOME}/prom/edit", 403)


def test_a_new_one_waits_for_its_first_event_and_says_how_it_was_read(
    edge: Edge, senders: TestClient, lea: SignedIn
) -> None:
    assert "checkout-json" in lea.get(f"{HOME}/new?type=json")
    to, _ = lea.post(
        f"{HOME}/new",
        sender="json",
        name="shop",
        service="checkout",
        mapping="title = alert.name",
        severities="page = SEV1",
    )
    assert "Waiting for the first event" in lea.get(to)
    body = {"alert": {"name": "Cards fail"}, "severity": "page", "id": "c1", "odd": 1}
    senders.post(f"/in/{key_of(edge, 'shop')}", json=body)
    page = lea.get(to)
    assert "Waiting for the first event" not in page
    assert "<code>alert.name</code>" in page
    assert "&#39;page&#39;: SEV1" in page
    assert "Not used: <code>odd</code>" in page
    lea.post(to, 422, do="delete", confirm="sho")
    lea.post(to, do="delete", confirm="shop")
    lea.get(to, 404)


def test_what_was_typed_stays_with_a_sentence_per_wrong_field(lea: SignedIn) -> None:
    _, page = lea.post(
        f"{HOME}/new",
        422,
        sender="json",
        name="bad",
        service="checkout",
        mapping="titel = a.b",
        severities="page = SEV9",
    )
    assert "is not a field: expected one of key, title" in page
    assert "expected SEV1, SEV2, SEV3, SEV4 or none" in page
    assert "titel = a.b" in page
    _, page = lea.post(
        f"{HOME}/new",
        422,
        sender="heartbeat",
        name="b2",
        service="checkout",
        period="often",
    )
    assert "Expected" in page
    lea.post(f"{HOME}/new", 409, sender="json", name="prom", service="checkout")


@pytest.mark.parametrize("name", ["checkout-generic", "prom", "am", "pd"])
def test_a_test_is_a_real_request_that_pages_nobody(
    edge: Edge, lea: SignedIn, name: str
) -> None:
    to, _ = lea.post(f"{HOME}/{name}", do="test")
    number = int(re.search(r"tested=(\d+)", to).group(1))  # type: ignore[union-attr]
    desk = edge.desk
    alert = desk.database.read(lambda tx: stored_alerts.get(tx, number))
    assert alert is not None
    assert alert.status is Status.RESOLVED
    pages = desk.database.read(
        lambda tx: tx.all("select id from pages where alert = :n", n=number)
    )
    assert not pages
    page = lea.get(to)
    assert "This is a test of" in page
    assert "which pages nobody" in page


def test_a_test_that_is_asked_to_page_pages(edge: Edge, lea: SignedIn) -> None:
    to, _ = lea.post(f"{HOME}/prom", do="test-page")
    number = int(re.search(r"tested=(\d+)", to).group(1))  # type: ignore[union-attr]

    alert = edge.desk.database.read(lambda tx: stored_alerts.get(tx, number))
    assert alert is not None
    assert alert.status is Status.TRIGGERED
    assert not alert.suppressed_by
    runs = edge.desk.database.read(
        lambda tx: tx.all("select due_at from runs where alert = :n", n=number)
    )
    assert runs[0][0] is not None
    lea.post(f"/alerts/{number}", do="resolve")


def test_a_heartbeats_test_is_a_ping(lea: SignedIn) -> None:
    to, _ = lea.post(f"{HOME}/beat", do="test")
    assert "Last ping" in lea.get(to)


def test_a_paused_one_answers_503_and_says_so(
    edge: Edge, senders: TestClient, lea: SignedIn
) -> None:
    lea.post(f"{HOME}/am", do="pause")
    body = {"alerts": [{"status": "firing", "labels": {"alertname": "A"}}]}
    assert senders.post(f"/in/{'a' * 32}", json=body).status_code == 503
    assert "Paused" in lea.get(f"{HOME}/am")
    _, page = lea.post(f"{HOME}/am", 409, do="test")
    assert "It was answered 503" in page
    lea.post(f"{HOME}/am", do="resume")
    assert senders.post(f"/in/{'a' * 32}", json=body).status_code == 200


def test_a_former_key_is_good_for_a_day_and_kept_nowhere(
    edge: Edge, senders: TestClient, lea: SignedIn
) -> None:
    lea.post(f"{HOME}/pd", do="rotate")
    new = key_of(edge, "pd")
    assert new != PD
    event = {
        "event_action": "trigger",
        "dedup_key": "rotated",
        "payload": {"summary": "Old key", "source": "db1", "severity": "error"},
    }
    for key in (PD, new):
        answer = senders.post("/v2/enqueue", json={**event, "routing_key": key})
        assert answer.status_code == 202, answer.text
    rows = edge.desk.database.read(lambda tx: tx.all("select body, headers from inbox"))
    assert not any(PD.encode() in bytes(body) for body, _ in rows)
    stored = edge.desk.database.read(
        lambda tx: tx.all("select settings from integrations where name = 'pd'")
    )
    assert PD not in stored[0][0]
    directory = edge.desk.directory()
    later = edge.desk.clock.now() + timedelta(hours=24, minutes=1)
    assert directory.by_key(PD, now=later) is None
    assert directory.by_key(new, now=later) is not None


def test_two_who_edit_at_once_do_not_overwrite_each_other(lea: SignedIn) -> None:
    page = lea.get(f"{HOME}/prom/edit")
    etag = re.search(r'name="etag" value="(\w+)"', page).group(1)  # type: ignore[union-attr]
    lea.post(
        f"{HOME}/prom/edit", service="checkout", severities="page = SEV1", etag=etag
    )
    _, page = lea.post(
        f"{HOME}/prom/edit",
        409,
        service="checkout",
        severities="page = SEV2",
        etag=etag,
    )
    assert "was changed meanwhile" in page
    assert "page = SEV2" in page


def test_the_api_does_what_the_page_does(edge: Edge, senders: TestClient) -> None:
    headers = {"authorization": f"Bearer {edge.tokens['carol']}"}
    at = "/api/v1/integrations/prom"
    made = senders.post(f"{at}/test", json={}, headers=headers)
    assert made.json()["answered"] == 200
    last = senders.get(f"{at}/last", headers=headers).json()["last"]
    title = next(one for one in last["fields"] if one["field"] == "title")
    assert title["made_from"] == ["[0].annotations.summary"]
    before = key_of(edge, "prom")
    key = senders.post(f"{at}/key", headers=headers).json()
    assert before not in key["url"]
    assert senders.get(f"/in/{before}").status_code == 200
    assert senders.post(f"{at}x/test", json={}, headers=headers).status_code == 404
