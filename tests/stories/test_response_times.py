"""Nobody answers in time: who hears of it, and where it can be read afterwards."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.stories.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path, people=("alice", "bob"))
    with TestClient(made, raise_server_exceptions=False) as client:
        made.open(client)
        yield made
    made.installation.stop()


def raised(stage: Stage, key: str = "errors", severity: str = "SEV1") -> int:
    made = stage.do(
        "bob", "/alerts", title="Errors 31%", service="checkout", severity=severity,
        key=key,
    )  # fmt: skip
    return int(made["number"])


def seen(stage: Stage, number: int) -> dict[str, Any]:
    return dict(stage.ask("alice", "GET", f"/alerts/{number}").json())


def load(stage: Stage) -> dict[str, Any]:
    return dict(stage.ask("alice", "GET", "/schedules/payments/load").json())


def test_a_sev1_that_nobody_answers_pages_the_next_level_after_five_minutes(
    stage: Stage,
) -> None:
    number = raised(stage)
    stage.pass_time(minutes=1)
    assert seen(stage, number)["run"]["answer_by"] == "2024-03-04T09:05:00Z"
    assert load(stage)["response_times_missed"] == {}
    stage.pass_time(minutes=5)
    # Bob was due after fifteen minutes.
    assert stage.paged()[:2] == [(0, "alice"), (5, "bob")]
    found = seen(stage, number)
    assert found["run"]["target_missed_at"] == "2024-03-04T09:05:00Z"
    assert [
        one["text"] for one in found["timeline"] if one["reason"] == "target_missed"
    ][-1].startswith("Nobody answered within 5 min, the response time of SEV1")
    assert load(stage)["response_times_missed"] == {"checkout": 1}


def test_an_answer_in_time_is_counted_nowhere(stage: Stage) -> None:
    number = raised(stage)
    stage.pass_time(minutes=4)
    stage.do("alice", f"/alerts/{number}/acknowledge")
    stage.pass_time(minutes=20)
    assert stage.paged() == [(0, "alice")]
    assert seen(stage, number)["run"]["target_missed_at"] is None
    assert load(stage)["response_times_missed"] == {}
