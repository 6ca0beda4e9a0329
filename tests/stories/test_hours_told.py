"""Whoever's hours change is told, whatever door the change came by; and files take away
nothing that people agreed on pages."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.cast import COMPANY, MONDAY_9AM
from tests.stories.stage import Stage
from tocsin.core.forms import Plain

pytestmark = pytest.mark.slow  # a whole installation is started

DAY = timedelta(days=1)
OVERRIDES = "/schedules/payments/overrides"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path, people=("alice", "bob", "carol"))
    with TestClient(made, base_url="http://localhost") as client:
        made.open(client)
        yield made


def _people(stage: Stage) -> list[str]:
    rows = stage.installation.database.read(
        lambda tx: tx.all(
            "select target from outbox where key like 'hours:%' order by id"
        )
    )
    return [row[0] for row in rows]


def _apply(stage: Stage, text: str) -> Any:
    body = {"files": [{"name": "company.yaml", "text": text}]}
    answer = stage.ask("carol", "POST", "/config", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _document(stage: Stage) -> tuple[Plain, str]:
    answer = stage.ask("carol", "GET", "/schedules/payments")
    return answer.json(), answer.headers["etag"].strip('"')


def _cover(stage: Stage, who: str = "carol") -> str:
    """Bob has Alice's Tuesday."""
    start = MONDAY_9AM + DAY
    body = {
        "rotation": "Primary", "start": start.isoformat(),
        "end": (start + DAY).isoformat(), "person": "bob", "leaving": "alice",
    }  # fmt: skip
    answer = stage.ask(who, "POST", OVERRIDES, body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["override"]["id"])


def test_who_is_covered_and_then_is_not_hears_both(stage: Stage) -> None:
    made = _cover(stage)
    assert sorted(_people(stage)) == ["alice", "bob"]
    done = stage.ask("carol", "DELETE", f"{OVERRIDES}/Primary/{made}")
    assert done.status_code in (200, 204), done.text
    assert sorted(_people(stage)) == ["alice", "alice", "bob", "bob"]
    rows = stage.installation.database.read(
        lambda tx: tx.all(
            "select payload from outbox where key like 'hours:%' order by id"
        )
    )
    texts = [str(row[0]) for row in rows]
    # In their own zone: 09:00 UTC is ten in Berlin.
    assert "Off call from Tue 5 Mar 2024, 10:00 for 1 d" in texts[0]
    assert "On call from Tue 5 Mar 2024, 10:00 for 1 d" in texts[2]
    assert "Europe/Berlin. Changed by carol." in texts[0]


def test_a_changed_document_is_told_and_moves_nothing_that_was(stage: Stage) -> None:
    stage.clock.at += 10 * DAY
    document, etag = _document(stage)
    document["rotations"][0]["users"] = ["bob", "alice"]
    span = f"from={MONDAY_9AM - 30 * DAY:%Y-%m-%dT%H:%MZ}&to={stage.clock.at:%Y-%m-%dT%H:%MZ}"
    before = stage.ask("carol", "GET", f"/schedules/payments/final?{span}").json()
    put = stage.ask("carol", "PUT", "/schedules/payments", document, if_match=etag)
    assert put.status_code == 200, put.text
    after = stage.ask("carol", "GET", f"/schedules/payments/final?{span}").json()
    for one in (before, after):
        for shift in one["rotations"]["Primary"]["shifts"]:
            shift.pop("source", None)
    assert (
        after["rotations"]["Primary"]["shifts"]
        == before["rotations"]["Primary"]["shifts"]
    )
    assert sorted(_people(stage)) == ["alice", "bob"]


def test_files_that_are_applied_again_keep_what_was_agreed_on_pages(
    stage: Stage,
) -> None:
    _cover(stage)
    mine = {
        "contacts": [{"by": "webhook", "address": "https://hooks.example.com/alice"}],
        "leave": [{"from": "2024-04-02", "to": "2024-04-05"}],
    }
    set_ = stage.ask("alice", "PATCH", "/me", mine)
    assert set_.status_code == 200, set_.text
    told = len(_people(stage))
    applied = _apply(stage, COMPANY)
    assert [
        one["kind"] for one in applied["changes"] if one["kind"] != "unchanged"
    ] == []
    document, _ = _document(stage)
    assert document["rotations"][0]["overrides"][0]["user"] == "bob"
    held = stage.ask("alice", "GET", "/me").json()
    assert [one["by"] for one in held["contacts"]] == ["email", "webhook"]
    assert len(held["leave"]) == 1
    assert len(_people(stage)) == told, "nothing changed, so nobody is told"
    # A file that mentions it has the say.
    _apply(
        stage,
        COMPANY.replace("{name: alice,", "{name: alice, contacts: [], leave: [],"),
    )
    held = stage.ask("alice", "GET", "/me").json()
    assert ([one["by"] for one in held["contacts"]], held["leave"]) == (["email"], [])


def test_files_that_change_turns_tell_and_say_once_what_they_changed(
    stage: Stage,
) -> None:
    stage.clock.at += 10 * DAY
    changed = COMPANY.replace(
        "Primary, users: [alice, bob]", "Primary, users: [carol, bob]"
    )
    done = _apply(stage, changed)
    [change] = [one for one in done["changes"] if one["kind"] == "update"]
    assert "what has been stays" in str(change["notes"])
    assert "alice" in _people(stage)
    assert "carol" not in _people(stage), "she made the change"
    again = _apply(stage, changed)
    assert all(one["kind"] == "unchanged" for one in again["changes"])
    # What export prints is the same again.
    exported = stage.ask("carol", "GET", "/config").text
    assert all(one["kind"] == "unchanged" for one in _apply(stage, exported)["changes"])


def test_another_zone_of_the_team_moves_hand_overs_from_now_on(stage: Stage) -> None:
    stage.clock.at += 10 * DAY
    span = f"from={MONDAY_9AM - 30 * DAY:%Y-%m-%dT%H:%MZ}&to={stage.clock.at:%Y-%m-%dT%H:%MZ}"

    def past() -> list[tuple[str, str, str]]:
        found = stage.ask("carol", "GET", f"/schedules/payments/final?{span}").json()
        shifts = found["rotations"]["Primary"]["shifts"]
        return [(one["start"], one["end"], one["user"]) for one in shifts]

    before = past()
    team = {"name": "payments", "time_zone": "America/New_York"}
    put = stage.ask(
        "carol", "PUT", "/teams/payments", team, if_match=_etag(stage, "teams")
    )
    assert put.status_code == 200, put.text
    assert past() == before
    assert sorted(set(_people(stage))) == ["alice", "bob"]
    ahead = f"from={stage.clock.at:%Y-%m-%dT%H:%MZ}&to={stage.clock.at + 9 * DAY:%Y-%m-%dT%H:%MZ}"
    found = stage.ask("carol", "GET", f"/schedules/payments/final?{ahead}").json()
    starts = {
        one["start"][11:16] for one in found["rotations"]["Primary"]["shifts"][1:]
    }
    assert starts == {"13:00"}, "Mon 9am is in New York now"
    # By file it is the same once more: nothing changes, and nothing changes again.
    moved = COMPANY.replace(
        "{name: payments, time_zone: Europe/Berlin}",
        "{name: payments, time_zone: America/New_York}",
    )
    for _ in range(2):
        kinds = {one["noun"]: one["kind"] for one in _apply(stage, moved)["changes"]}
        assert (kinds["schedules"], kinds["teams"]) == ("unchanged", "unchanged")
    assert past() == before


def test_a_file_that_moves_zone_and_turns_at_once_is_applied_once(stage: Stage) -> None:
    stage.clock.at += 10 * DAY
    moved = COMPANY.replace(
        "{name: payments, time_zone: Europe/Berlin}",
        "{name: payments, time_zone: America/New_York}",
    ).replace("Primary, users: [alice, bob]", "Primary, users: [carol, bob]")
    first = {one["noun"]: one["kind"] for one in _apply(stage, moved)["changes"]}
    assert (first["schedules"], first["teams"]) == ("update", "update")
    stage.clock.at += DAY
    again = {one["noun"]: one["kind"] for one in _apply(stage, moved)["changes"]}
    assert (again["schedules"], again["teams"]) == ("unchanged", "unchanged")


def _etag(stage: Stage, noun: str) -> str:
    answer = stage.ask("carol", "GET", f"/{noun}/payments")
    return answer.headers["etag"].strip('"')
