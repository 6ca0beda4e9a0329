"""What happened before, told in the room of what happens now."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.stories.stage import Stage

HELPERS = [f"helper{n}" for n in range(1, 9)]
MORE = (
    "people: [{name: dan, email: dan@example.com, role: viewer}, "
    + ", ".join(f"{{name: {name}, email: {name}@example.com}}" for name in HELPERS)
    + "]"
)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path, MORE, people=("alice", "bob", "dan"))
    with TestClient(made, raise_server_exceptions=False) as client:
        made.open(client)
        yield made
    made.installation.stop()


def declared(stage: Stage, title: str, who: str = "alice", **more: object) -> int:
    return int(stage.do(who, "/incidents", title=title, page=False, **more)["number"])


def before(
    stage: Stage, number: int, who: str = "alice"
) -> list[tuple[int, list[str]]]:
    answer = stage.ask(who, "GET", f"/incidents/{number}/related")
    assert answer.status_code == 200, answer.text
    return [(one["number"], one["why"]) for one in answer.json()["incidents"]]


def raised(stage: Stage) -> int:
    made = stage.do(
        "bob", "/alerts", title="Errors 31%", service="checkout", severity="SEV2",
        key="errors",
    )  # fmt: skip
    return int(made["number"])


def test_the_same_alert_leads_to_what_it_was_the_last_time(stage: Stage) -> None:
    alert = raised(stage)
    first = declared(stage, "Cards fail", alerts=[alert])
    stage.do("alice", f"/alerts/{alert}/resolve")
    stage.do(
        "alice", f"/incidents/{first}/state", state="resolved", reason="rolled back"
    )
    stage.clock.at += timedelta(days=30)
    again = raised(stage)
    assert again != alert
    second = declared(stage, "Nobody can pay", alerts=[again])
    assert before(stage, second) == [(first, ["the same alert", "also checkout"])]
    assert before(stage, first) == []

    linked = stage.do("bob", f"/incidents/{second}/recurrence", of=first)
    assert linked["recurrence_of"] == first
    log = stage.ask("bob", "GET", f"/incidents/{second}/log").json()["log"]
    assert log[-1]["text"] == f"This is INC-{first} again: Cards fail"
    twice = stage.ask("bob", "POST", f"/incidents/{second}/recurrence", {"of": first})
    assert twice.status_code == 409
    back = stage.ask("bob", "POST", f"/incidents/{first}/recurrence", {"of": second})
    assert back.json()["detail"] == "of: expected the number of an earlier incident"


def test_after_90_days_and_among_drills_nothing_is_told(stage: Stage) -> None:
    declared(stage, "Card payments fail")
    declared(stage, "Card payments fail", drill=True)
    stage.clock.at += timedelta(days=89)
    assert len(before(stage, declared(stage, "Card payments fail"))) == 1
    stage.clock.at += timedelta(days=91)
    assert before(stage, declared(stage, "Card payments fail")) == []


def test_actions_that_were_promised_and_not_done_are_flagged(stage: Stage) -> None:
    first = declared(stage, "Card payments fail")
    stage.do("alice", f"/incidents/{first}/state", state="resolved", reason="over")
    review = stage.ask("alice", "GET", f"/reviews/{first}").json()
    etag = next(s["etag"] for s in review["sections"] if s["heading"] == "Action Items")
    lines = "- [ ] Add alert for errors (Owner: Alice, Due: Jan 15)\n- [ ] Try it"
    saved = stage.ask(
        "alice", "PUT", f"/reviews/{first}/sections/Action Items", {"text": lines},
        if_match=etag,
    )  # fmt: skip
    assert saved.status_code == 200, saved.text
    second = declared(stage, "Card payments fail again")
    answer = stage.ask("alice", "GET", f"/incidents/{second}/related").json()
    assert [one["unfinished_actions"] for one in answer["incidents"]] == [2]


def test_who_may_not_know_of_a_private_one_is_not_told_of_it(stage: Stage) -> None:
    secret = declared(stage, "Card keys leaked", private=True, services=["checkout"])
    now = declared(stage, "Card keys leaked again", services=["checkout"])
    assert [number for number, _ in before(stage, now)] == [secret]
    assert before(stage, now, "dan") == []
    for what, field in (("recurrence", "of"), ("duplicate", "into")):
        one, other = (now, secret) if what == "recurrence" else (secret, now)
        refused = stage.ask("alice", "POST", f"/incidents/{one}/{what}", {field: other})
        assert refused.status_code == 409
        assert f"INC-{secret} is private" in refused.json()["detail"]
    unknown = {"title": "Again", "recurrence_of": 77}
    answer = stage.ask("alice", "POST", "/incidents", unknown)
    assert answer.json()["detail"] == "recurrence_of: expected a known incident"


def test_a_commander_of_more_than_seven_is_told_to_share(stage: Stage) -> None:
    number = declared(stage, "Everything is down")
    stage.do("alice", f"/incidents/{number}/roles/ic", do="take")
    room = {}
    for helper in HELPERS:
        room = stage.do(
            "alice", f"/incidents/{number}/tasks", text="Look", assignee=helper
        )
        assert bool(room["advice"]) is (helper == HELPERS[-1]), helper
    assert room["advice"].startswith("8 people report to the commander")
