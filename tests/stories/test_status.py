"""What customers read: the page, its feeds and its files, from the words that were approved."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from tests.stories.stage import Stage

PAGES = """
status_pages:
  - name: meridian
    title: Meridian Pay
    team: payments
    export: true
    support: help@example.com
    components:
      - {name: cards, title: Card payments, description: "EU, UK", services: [checkout]}
      - {name: transfers, title: Bank transfers}
  - {name: inside, title: Inside, private: true, components: [{name: all, services: [checkout]}]}
teams: [{name: payments, time_zone: Europe/Berlin, leads: [carol]}]
"""
PEOPLE = ("alice", "bob", "carol")
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path, PAGES, people=PEOPLE, status_dir=str(tmp_path / "site"))
    with TestClient(made, raise_server_exceptions=False) as client:
        made.open(client)
        made.pass_time(minutes=1)
        yield made
    made.installation.stop()


def declared(stage: Stage, severity: str = "SEV2") -> int:
    made = stage.do(
        "alice", "/incidents", title="db-eu-3 has lost its primary", severity=severity,
        services=["checkout"],
    )  # fmt: skip
    number = int(made["number"])
    stage.do("alice", f"/incidents/{number}/roles/ic", do="take")
    return number


def told(
    stage: Stage,
    number: int,
    body: str,
    stage_: str,
    who: str = "alice",
    **more: object,
) -> int:
    made = stage.do(
        who, f"/incidents/{number}/updates", audience="external", stage=stage_,
        body=body, **more,
    )  # fmt: skip
    return int(made["made"])


def page(stage: Stage, path: str = "") -> str:
    answer = stage.client.get(f"/status/meridian{path}")
    assert answer.status_code == 200, answer.text
    return answer.text


def summary(stage: Stage) -> dict[str, object]:
    return dict(json.loads(page(stage, "/api/v2/summary.json")))


def state_of(stage: Stage, component: str) -> str:
    components = summary(stage)["components"]
    assert isinstance(components, list)
    return str(next(one["status"] for one in components if one["id"] == component))


def test_all_is_well_until_customers_are_told_something(stage: Stage) -> None:
    assert "All services are working" in page(stage)
    number = declared(stage)
    stage.do("alice", f"/incidents/{number}/updates", body="Only for us.", minutes=10)
    assert "All services are working" in page(stage)
    assert "db-eu-3" not in page(stage)
    assert "Only for us" not in page(stage)


def test_what_is_not_approved_is_not_told(stage: Stage) -> None:
    number = declared(stage)
    update = told(stage, number, "Card payments fail.", "investigating", "bob")
    assert "Card payments fail" not in page(stage)
    assert state_of(stage, "cards") == "operational"
    stage.do("alice", f"/incidents/{number}/updates/{update}", approve=True)
    assert "Card payments fail" in page(stage)


def test_an_incident_is_told_from_its_first_word_to_its_end(stage: Stage) -> None:
    number = declared(stage)
    told(
        stage,
        number,
        "Some card payments fail. Transfers work.",
        "investigating",
        minutes=20,
    )
    html = page(stage)
    assert '<h1 id="v1">Some card payments fail</h1>' in html
    assert "Next update by" in html
    assert "Still working <b>Bank transfers</b>" in html
    assert "db-eu-3" not in html
    assert state_of(stage, "cards") == "partial_outage"
    assert state_of(stage, "transfers") == "operational"
    stage.pass_time(minutes=30)
    told(
        stage,
        number,
        "We have found the cause.",
        "identified",
        components={"meridian/cards": "degraded"},
    )
    assert state_of(stage, "cards") == "degraded_performance"
    stage.pass_time(minutes=15)
    told(stage, number, "All payments work again.", "resolved")
    assert state_of(stage, "cards") == "operational"
    html = page(stage)
    assert "All services are working" in html
    assert (
        f'href="/status/meridian/i/{number}.html">Some card payments fail</a>' in html
    )
    one = page(stage, f"/i/{number}.html")
    assert one.index("All payments work again.") < one.index(
        "Some card payments fail. T"
    )
    assert "% up" in html

    feed = ElementTree.fromstring(page(stage, "/feed.atom"))  # noqa: S314 - our own
    titles = [str(e.findtext(f"{ATOM}title")) for e in feed.iter(f"{ATOM}entry")]
    assert titles == [
        "Resolved: Some card payments fail",
        "Fixing: Some card payments fail",
        "Looking into it: Some card payments fail",
    ]
    known = json.loads(page(stage, "/api/v2/incidents.json"))["incidents"][0]
    assert (known["status"], known["impact"]) == ("resolved", "major")
    assert [u["status"] for u in known["incident_updates"]] == [
        "resolved", "identified", "investigating",
    ]  # fmt: skip
    assert "<pubDate>" in page(stage, "/feed.rss")


def test_what_ended_without_a_word_is_not_left_as_an_outage(stage: Stage) -> None:
    number = declared(stage)
    told(stage, number, "Card payments fail.", "investigating")
    why = {"state": "resolved", "reason": "back"}
    assert (
        stage.ask("alice", "POST", f"/incidents/{number}/state", why).status_code == 200
    )
    assert state_of(stage, "cards") == "operational"
    assert "All services are working" in page(stage)


def test_days_before_the_page_are_no_data_and_the_day_of_an_outage_is_seen(
    stage: Stage,
) -> None:
    number = declared(stage, "SEV1")
    told(stage, number, "Card payments fail.", "investigating")
    stage.pass_time(minutes=45)
    html = page(stage)
    bars = re.findall(r'<div class="bars".*?</div>', html, re.S)
    marks = re.findall(r'<i(?: class="(\w)")?>', bars[0])
    assert len(marks) == 90
    assert marks[:-1] == ["n"] * 89
    assert marks[-1] == "o"
    assert "Outage, 45 min" in bars[0]


def test_planned_work_is_told_where_it_has_words_for_customers(stage: Stage) -> None:
    for text in ("", "Payments may retry once."):
        stage.do(
            "alice", "/maintenance", services=["checkout"], reason="PostgreSQL 16",
            starts_at="2024-03-05T09:00:00Z", ends_at="2024-03-05T10:00:00Z",
            public_text=text,
        )  # fmt: skip
    html = page(stage)
    assert html.count("Payments may retry once.") == 1
    assert "PostgreSQL" not in html
    calendar = page(stage, "/maintenance.ics")
    assert "DTSTART:20240305T090000Z\r\n" in calendar
    planned = summary(stage)["scheduled_maintenances"]
    assert isinstance(planned, list)
    assert planned[0]["status"] == "scheduled"
    stage.pass_time(minutes=24 * 60)
    assert state_of(stage, "cards") == "under_maintenance"


def test_a_private_page_and_a_private_incident_are_nowhere(stage: Stage) -> None:
    assert stage.client.get("/status/inside").status_code == 404
    assert stage.client.get("/status/nothing").status_code == 404
    assert stage.client.get("/status/meridian/../../etc/passwd").status_code == 404
    made = stage.do(
        "alice", "/incidents", title="Keys leaked", services=["checkout"], private=True
    )
    number = int(made["number"])
    stage.do("alice", f"/incidents/{number}/roles/ic", do="take")
    told(stage, number, "Secret words.", "investigating")
    assert "Secret words" not in page(stage)
    assert state_of(stage, "cards") == "operational"


def test_words_of_people_are_only_words(stage: Stage) -> None:
    number = declared(stage)
    told(stage, number, '<script>alert(1)</script> & ]]> "x"', "investigating")
    for path in ("", f"/i/{number}.html", "/history.html"):
        assert "<script>" not in page(stage, path)
    ElementTree.fromstring(page(stage, "/feed.atom"))  # noqa: S314 - our own
    ElementTree.fromstring(page(stage, "/feed.rss"))  # noqa: S314 - our own


def test_a_page_is_one_small_request_without_scripts(stage: Stage) -> None:
    number = declared(stage)
    told(stage, number, "Card payments fail.", "investigating")
    answer = stage.client.get("/status/meridian")
    assert len(answer.content) < 25_000
    assert "<script" not in answer.text
    assert "src=" not in answer.text
    policy = answer.headers["content-security-policy"]
    nonce = re.search(r"'nonce-([\w-]+)'", policy)
    assert nonce
    assert f'<style nonce="{nonce[1]}">' in answer.text
    assert stage.client.get("/status/meridian/api/v2/status.json").headers[
        "access-control-allow-origin"
    ] == "*"  # fmt: skip


def test_the_files_are_written_on_every_change_and_every_minute(
    stage: Stage, tmp_path: Path
) -> None:
    outbox = stage.installation.outbox
    outbox.boot()
    number = declared(stage)
    told(stage, number, "Card payments fail.", "investigating")
    _send_all(stage)
    site = tmp_path / "site" / "meridian"
    first = (site / "index.html").read_text()
    assert "Card payments fail" in first
    assert 'href="feed.atom"' in first
    assert 'href="../feed.atom"' in (site / "i" / f"{number}.html").read_text()
    assert json.loads((site / "api" / "v2" / "summary.json").read_text())["incidents"]
    stage.pass_time(minutes=1)
    _send_all(stage)
    assert (site / "index.html").read_text() != first
    assert not list(site.rglob("*.new"))
    assert not (tmp_path / "site" / "inside").exists()


def _send_all(stage: Stage) -> None:
    for _ in range(5):
        stage.installation.outbox.step()


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("accent: '#ffffaa'", "stands out from white"),
        ("domain: 'https://x'", "a host name such as status.example.com"),
        ("private: true, export: true", "no export of a private page"),
        ("name: '../x'", "without '/'"),
    ],
)
def test_a_page_that_cannot_be_is_refused(stage: Stage, field: str, said: str) -> None:
    name = "" if field.startswith("name") else "name: bad, "
    text = f"status_pages: [{{{name}title: Bad, {field}, components: [{{name: a}}]}}]"
    body = {"files": [{"name": "bad.yaml", "text": text}], "dry_run": True}
    answer = stage.ask("carol", "POST", "/config", body)
    assert said in answer.text
