"""A whole incident through HTTP: from the alert to the close, with every promise kept or said.

Each minute is on a clock that the story moves; the engine is the real one.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.stories.stage import Stage

PEOPLE = ("alice", "bob", "carol")
LEAD = """
teams: [{name: payments, time_zone: Europe/Berlin, leads: [carol]}]
people: [{name: dan, email: dan@example.com, role: viewer}]
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path, LEAD, people=(*PEOPLE, "dan"))
    with TestClient(made, raise_server_exceptions=False) as client:
        made.open(client)
        yield made
    made.installation.stop()


def kinds(stage: Stage, number: int) -> list[tuple[str, str]]:
    """(kind, text) of the log, without what its alerts went through."""
    log = stage.ask("alice", "GET", f"/incidents/{number}/log").json()["log"]
    return [(one["kind"], one["text"]) for one in log if one["source"] != "alert"]


def texts(stage: Stage, number: int, kind: str) -> list[str]:
    return [text for one, text in kinds(stage, number) if one == kind]


def declared(stage: Stage, severity: str = "SEV1", who: str = "alice") -> int:
    made = stage.do(
        who, "/incidents", title="Card payments fail", severity=severity,
        services=["checkout"],
    )  # fmt: skip
    return int(made["number"])


# long because: one incident is told from its beginning to its end.
def test_an_incident_from_its_alert_to_its_close(stage: Stage) -> None:
    alert = stage.do(
        "bob", "/alerts", title="Checkout errors 31%", service="checkout",
        severity="SEV1", key="errors",
    )["number"]  # fmt: skip
    stage.pass_time(minutes=1)
    stage.do("alice", f"/alerts/{alert}/acknowledge")
    stage.pass_time(minutes=1)
    room = stage.do("alice", "/incidents", title="Card payments fail", alerts=[alert])
    number, path = room["number"], f"/incidents/{room['number']}"
    assert (room["severity"], room["state"]) == ("SEV1", "declared")
    assert room["empty_roles"] == ["IC", "Lead", "Comms"]

    # Roles: one taken, one offered and accepted; the giver stays until then.
    assert stage.do("alice", f"{path}/roles/ic", do="take")["state"] == "investigating"
    offered = stage.do("alice", f"{path}/roles/lead", do="offer", to="bob")
    assert offered["empty_roles"] == ["Lead", "Comms"]
    stage.do("bob", f"{path}/roles/lead", do="accept")
    stage.do("alice", f"{path}/roles/comms", do="offer", to="carol")
    assert stage.do("carol", f"{path}/roles/comms", do="accept")["empty_roles"] == []
    stage.do(
        "alice", f"{path}/impact", text="Card payments in the EU fail", share=30,
        start="2024-03-04T08:55:00Z", start_source="graph of errors",
    )  # fmt: skip

    # The first update in time; the second a minute late, and everybody hears of it.
    stage.pass_time(minutes=2)
    told = stage.do(
        "carol", f"{path}/updates", audience="internal", stage="investigating",
        body="We look at card payments.", minutes=10,
    )  # fmt: skip
    assert told["next_update_at"] == "2024-03-04T09:14:00Z"
    stage.pass_time(minutes=16)
    late = texts(stage, number, "reminder")
    assert late == [
        "The next update was promised in 5 minutes.",
        "The promised update is due now.",
        "Nothing was written here for 15 minutes: what is known now?",
        "The promised update is 5 minutes late.",
    ]
    stage.do("carol", f"{path}/updates", body="Still looking.", minutes=20)

    # The board: one refuted, another supported.
    wrong = stage.do("bob", f"{path}/hypotheses", statement="The bank is down")["made"]
    stage.do("bob", f"{path}/hypotheses/{wrong}", state="refuted", finding="it answers")
    right = stage.do(
        "bob", f"{path}/hypotheses", statement="The deploy of 08:54",
        prediction="errors since 08:54",
    )["made"]  # fmt: skip
    found = stage.do(
        "bob", f"{path}/hypotheses/{right}", state="supported", finding="it does"
    )
    assert found["state"] == "identified"
    task = stage.do(
        "alice", f"{path}/tasks", text="Roll back checkout", assignee="bob", minutes=10
    )["made"]
    stage.do(
        "alice", f"{path}/decisions", text="Roll back", dissent="carol: flag first"
    )

    # To customers only with the commander's word.
    outside = stage.do(
        "carol", f"{path}/updates", audience="external", stage="identified",
        body="We have found the cause and are rolling back.", minutes=20,
    )["made"]  # fmt: skip
    refused = stage.ask("carol", "POST", f"{path}/updates/{outside}", {"approve": True})
    assert refused.status_code == 409
    assert "The commander approves" in refused.json()["detail"]
    stage.do("alice", f"{path}/updates/{outside}", approve=True)

    # The commander hands over; the commander was alice until bob said yes.
    stage.do("alice", f"{path}/roles/ic", do="offer", to="carol")
    stage.do("carol", f"{path}/roles/ic", do="accept")
    stage.do("bob", f"{path}/tasks/{task}", state="done")
    stage.pass_time(minutes=5)
    only = stage.ask("bob", "POST", f"{path}/state", {"state": "monitoring"})
    assert only.status_code == 409
    assert (
        stage.do("carol", f"{path}/state", state="monitoring")["state"] == "monitoring"
    )
    early = stage.ask("carol", "POST", f"{path}/state", {"state": "resolved"})
    assert "60 quiet minutes" in early.json()["detail"]
    stage.pass_time(minutes=61)
    assert stage.do("carol", f"{path}/state", state="resolved")["state"] == "resolved"
    closed = stage.do("carol", f"{path}/state", state="closed", review="yes")
    assert closed["state"] == "closed"
    assert not [one for one in closed["roles"] if one["state"] == "held"]

    figures = {one["name"]: one["seconds"] / 60 for one in closed["metrics"]}
    assert {name: round(value) for name, value in figures.items()} == {
        "TTD": 5, "TTN": 0, "TTA": 1, "TTE": 2, "TTI": 20, "TTM": 30, "TTR": 91,
    }  # fmt: skip
    markdown = stage.ask("alice", "GET", f"{path}/log.md").text
    for once in (
        "Still looking.",
        "Hypothesis refuted: The bank is down",
        "Roll back (dissent",
    ):
        assert markdown.count(once) == 1, once
    assert markdown.index("Hypothesis refuted") < markdown.index("Hypothesis supported")


def test_declaring_pages_the_services_that_nothing_pages_for_yet(stage: Stage) -> None:
    declared(stage)
    stage.pass_time(minutes=1)
    assert stage.paged() == [(0, "alice")]


def test_a_role_that_stays_empty_is_paged_for(stage: Stage) -> None:
    number = declared(stage, "SEV2")
    stage.do("alice", f"/incidents/{number}/roles/ic", do="take")
    stage.pass_time(minutes=6)
    said = texts(stage, number, "reminder")
    assert said == ["Nobody is Lead yet; whoever is on call is paged."]
    room = stage.ask("alice", "GET", f"/incidents/{number}").json()
    assert len(room["alerts"]) == 2  # the service's, and the one for the role


def test_whom_a_team_names_for_a_role_is_asked_to_take_it(tmp_path: Path) -> None:
    more = """
teams:
  - {name: payments, time_zone: Europe/Berlin, incident_roles: {commander: [{user: carol}]}}
"""
    stage = Stage(tmp_path, more, people=PEOPLE)
    with TestClient(stage) as client:
        stage.open(client)
        number = declared(stage, "SEV3")
        stage.pass_time(minutes=6)
        room = stage.ask("alice", "GET", f"/incidents/{number}").json()
        offers = [
            (o["role"], o["person"]) for o in room["roles"] if o["state"] == "offered"
        ]
        assert offers == [("IC", "carol")]
        assert (5, "carol") in stage.paged()
    stage.installation.stop()


def test_somebody_is_paged_until_they_answer(stage: Stage) -> None:
    number = declared(stage, "SEV3")
    path = f"/incidents/{number}"
    before = stage.ask("alice", "GET", path).json()["alerts"]
    room = stage.do("alice", f"{path}/page", target="bob", why="you know the bank")
    [asked] = set(room["alerts"]) - set(before)
    stage.pass_time(minutes=3)
    assert (0, "bob") in stage.paged()
    stage.do("bob", f"/alerts/{asked}/acknowledge")
    count = len(stage.paged())
    stage.pass_time(minutes=10)
    assert [one for one in stage.paged()[count:] if one[1] == "bob"] == []


def test_anybody_raises_the_severity_and_the_commander_lowers_it(stage: Stage) -> None:
    number = declared(stage, "SEV3")
    path = f"/incidents/{number}/severity"
    stage.do("alice", f"/incidents/{number}/roles/ic", do="take")
    why = {"severity": "SEV1", "reason": "90% of users"}
    assert stage.ask("bob", "POST", path, why).status_code == 200
    down = {"severity": "SEV2", "reason": "half of them"}
    refused = stage.ask("bob", "POST", path, down)
    assert refused.status_code == 409
    assert stage.ask("alice", "POST", path, down).status_code == 200
    silent = stage.ask("alice", "POST", path, {"severity": "SEV3"})
    assert (silent.status_code, silent.json()["detail"][:6]) == (422, "reason")


def test_what_is_refuted_undoes_the_cause(stage: Stage) -> None:
    number = declared(stage)
    path = f"/incidents/{number}/hypotheses"
    card = stage.do("bob", path, statement="The cache")["made"]
    stage.do("bob", f"{path}/{card}", state="supported", finding="it is full")
    back = stage.do("bob", f"{path}/{card}", state="refuted", finding="it was always")
    assert back["state"] == "investigating"


ARTICLE = """[UPDATE] 2:45 PM PST
We are investigating elevated error rates on our API.
Impact: ~15% of requests failing
Team: Working on identifying root cause
ETA: 30 minutes to next update"""


def test_the_article_s_update_is_read_sent_and_shown_byte_for_byte(
    tmp_path: Path,
) -> None:
    more = "teams: [{name: payments, time_zone: America/Los_Angeles}]"
    stage = Stage(tmp_path, more, people=PEOPLE)
    stage.clock.at = datetime(2024, 3, 4, 22, 45, tzinfo=UTC)
    with TestClient(stage) as client:
        stage.open(client)
        number = declared(stage)
        told = stage.do("alice", f"/incidents/{number}/updates", block=ARTICLE)
        assert told["next_update_at"] == "2024-03-04T23:15:00Z"
        assert told["updates"][0]["block"] == ARTICLE
    stage.installation.stop()


def test_a_note_that_is_sent_twice_is_there_once(stage: Stage) -> None:
    number = declared(stage)
    for _ in range(2):
        stage.do("bob", f"/incidents/{number}/entries", text="6 of 12 pods", key="n1")
    assert texts(stage, number, "note") == ["6 of 12 pods"]


def test_a_correction_leaves_what_it_corrects(stage: Stage) -> None:
    number = declared(stage)
    stage.do("bob", f"/incidents/{number}/entries", text="All pods restart")
    log = stage.ask("bob", "GET", f"/incidents/{number}/log").json()["log"]
    wrong = next(one["id"] for one in log if one["text"] == "All pods restart")
    stage.do(
        "bob", f"/incidents/{number}/entries/{wrong}/correction", text="6 of 12 restart"
    )
    log = stage.ask("bob", "GET", f"/incidents/{number}/log").json()["log"]
    old = next(one for one in log if one["id"] == wrong)
    assert old["text"] == "All pods restart"
    assert old["corrected_by"] == next(
        one["id"] for one in log if one["text"] == "6 of 12 restart"
    )
    markdown = stage.ask("bob", "GET", f"/incidents/{number}/log.md").text
    assert "~~All pods restart~~ (corrected by bob)" in markdown


def test_the_same_incident_twice_is_merged_with_its_alerts(stage: Stage) -> None:
    first, second = declared(stage), declared(stage)
    merged = stage.do("bob", f"/incidents/{second}/duplicate", into=first)
    assert (merged["state"], merged["duplicate_of"]) == ("duplicate", first)
    alerts = stage.ask("bob", "GET", f"/incidents/{first}").json()["alerts"]
    assert len(alerts) == 2
    again = stage.ask("bob", "POST", f"/incidents/{second}/state", {"state": "closed"})
    assert again.status_code == 409


def test_open_tasks_keep_it_from_being_closed(stage: Stage) -> None:
    number = declared(stage, "SEV4")
    path = f"/incidents/{number}"
    task = stage.do("alice", f"{path}/tasks", text="Tell the bank", assignee="bob")
    stage.do("alice", f"{path}/state", state="resolved", reason="nobody noticed")
    body = {"state": "closed", "review": "nobody noticed"}
    refused = stage.ask("alice", "POST", f"{path}/state", body)
    assert refused.json()["detail"].startswith("1 task is open")
    stage.do("bob", f"{path}/tasks/{task['made']}", state="moved")
    assert stage.do("alice", f"{path}/state", **body)["state"] == "closed"


def test_a_private_incident_is_nothing_to_others(stage: Stage) -> None:
    made = stage.do(
        "alice", "/incidents", title="Keys leaked", services=["checkout"], private=True
    )
    path = f"/incidents/{made['number']}"
    assert stage.ask("dan", "GET", path).status_code == 404
    assert stage.ask("dan", "GET", "/incidents").json()["incidents"] == []
    assert stage.ask("bob", "GET", path).status_code == 200


def test_who_declares_a_private_incident_sees_it_also_with_a_token(
    stage: Stage,
) -> None:
    made = stage.do("bob", "/incidents", title="Something leaked", private=True)
    assert stage.ask("bob", "GET", f"/incidents/{made['number']}").status_code == 200
    assert stage.ask("dan", "GET", f"/incidents/{made['number']}").status_code == 404


def test_an_alert_declares_where_its_service_says_so(tmp_path: Path) -> None:
    more = """
services:
  - {name: checkout, team: payments, escalation_policy: payments, declare_incident: SEV1}
"""
    stage = Stage(tmp_path, more, people=PEOPLE)
    with TestClient(stage) as client:
        stage.open(client)
        by_source = (
            "/in/"
            + stage.installation.database.read(stage.installation.directories.current)
            .integrations[0]
            .key
        )
        event = {"title": "All of checkout is down", "key": "a", "severity": "SEV1"}
        assert client.post(by_source, json=event).status_code == 202
        stage.pass_time(minutes=1)
        client.post(by_source, json={**event, "key": "b", "title": "Still down"})
        stage.pass_time(minutes=1)
        found = stage.ask("alice", "GET", "/incidents").json()["incidents"]
        assert [(one["title"], one["declared_by"]) for one in found] == [
            ("All of checkout is down", "engine")
        ]
        room = stage.ask("alice", "GET", f"/incidents/{found[0]['number']}").json()
        assert len(room["alerts"]) == 2
    stage.installation.stop()


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("", {"title": "  "}, "title"),
        ("", {"title": "x", "services": ["ghost"]}, "services: expected known ones"),
        ("", {"title": "x", "alerts": [999]}, "alerts: expected known ones"),
        (
            "/1/tasks",
            {"text": "x", "assignee": "ghost"},
            "assignee: expected one person",
        ),
        ("/1/page", {"target": "ghost"}, "target: expected a person"),
        ("/1/updates", {"body": "{fields} left"}, "body: expected every field"),
        ("/1/updates", {"block": "no update"}, "block: first line"),
        ("/1/entries", {"text": "x", "at": "2020-01-01T00:00:00Z"}, "at: expected"),
    ],
)
def test_what_makes_no_sense_is_told_by_field(
    stage: Stage, path: str, body: dict[str, object], said: str
) -> None:
    declared(stage)
    answer = stage.ask("alice", "POST", f"/incidents{path}", body)
    assert answer.status_code == 422, answer.text
    assert said in answer.text


def test_a_page_that_nobody_answers_in_time_is_said_and_measured(stage: Stage) -> None:
    number = declared(stage, "SEV2")
    stage.pass_time(minutes=16)
    late = "Nobody has answered a page within 15 minutes (SEV2)."
    assert late in texts(stage, number, "reminder")
    room = stage.ask("alice", "GET", f"/incidents/{number}").json()
    stage.do("alice", f"/alerts/{room['alerts'][0]}/acknowledge")
    room = stage.ask("alice", "GET", f"/incidents/{number}").json()
    answered = next(one for one in room["metrics"] if one["name"] == "TTA")
    assert (answered["target_seconds"], answered["is_met"]) == (900, False)
