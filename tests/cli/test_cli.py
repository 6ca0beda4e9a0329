"""The command line from outside: what it prints, and its exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cast import COMPANY
from tocsin import cli

pytestmark = pytest.mark.slow  # a process per call


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "company.yaml").write_text(COMPANY)
    return tmp_path


def tocsin(
    home: Path, *arguments: str, **env: str
) -> "subprocess.CompletedProcess[str]":
    settings = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TOCSIN_DATABASE_URL": f"sqlite:///{home}/t.db",
        "TOCSIN_DATA_DIR": str(home),
        **env,
    }
    return subprocess.run(
        [sys.executable, "-m", "tocsin", *arguments],
        env=settings,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_apply_shows_a_plan_applies_it_and_then_has_nothing_to_do(home: Path) -> None:
    dry = tocsin(home, "apply", "company.yaml", "--dry-run", "--json")
    assert {change["kind"] for change in json.loads(dry.stdout)["changes"]} == {
        "create"
    }
    assert tocsin(home, "apply", "company.yaml", "--yes").returncode == 0
    again = tocsin(home, "apply", "company.yaml", "--json")
    assert {change["kind"] for change in json.loads(again.stdout)["changes"]} == {
        "unchanged"
    }
    exported = tocsin(home, "export")
    (home / "out.yaml").write_text(exported.stdout)
    back = tocsin(home, "apply", "out.yaml", "--json")
    assert {change["kind"] for change in json.loads(back.stdout)["changes"]} == {
        "unchanged"
    }


def test_the_blocks_of_the_on_call_article_apply_as_they_stand(home: Path) -> None:
    (home / "people.yaml").write_text(
        "people:\n"
        + "".join(
            f"  - {{name: {n}, email: {n}@example.com}}\n"
            for n in ("alice", "bob", "charlie")
        )
    )
    (home / "article.yaml").write_text(
        "schedule:\n  rotation:\n    - name: Primary\n      users: [alice, bob]\n      start: Mon 9am\n    - name: Secondary\n      users: [charlie]\n"
        "  escalation:\n    - level: 1\n      after: 15 minutes\n    - level: 2\n      after: 30 minutes\n"
    )
    (home / "rules.yaml").write_text(
        "- name: High Error Rate\n  condition: error_rate > 0.05 for 5 minutes\n  action: Page on-call\n- name: High Latency\n  condition: p99_latency > 2s for 10 minutes\n  action: Create incident\n"
    )
    done = tocsin(home, "apply", "people.yaml", "article.yaml", "rules.yaml", "--yes")
    assert done.returncode == 0, done.stderr
    text = tocsin(home, "export").stdout
    assert "rotation: on-call/Primary" in text
    assert "error_rate > 0.05 for 5 minutes" in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("people: [1, 2", "expected YAML"),
        ("people: [{name: a, email: a@x.org, time_zone: PST}]", "America/Los_Angeles"),
        (
            "escalation_policies: [{name: p, levels: [{after: 0m, page: [{user: ghost}]}], fallback: [{user: ghost}]}]",
            "expected a known person",
        ),
        (
            "escalation_policies: [{name: p, levels: [{after: 0m, page: [{user: a}]}]}]",
            "fallback",
        ),
        (
            "schedules: [{name: s, rotations: [{name: P, users: []}]}]",
            "nobody would be on call",
        ),
        (
            "schedules: [{name: s, rotations: [{name: P, users: [a], start: Funday}]}]",
            "Mon 9am",
        ),
        ("servces: []", "servces"),
        ("people: [{name: a, emial: a@x.org}]", "bad.yaml:1: people[a].emial"),
        ("- {name: Spike, condition: any spike, action: ignore}", "AL01"),
        (
            "- {name: R, condition: error_rate > 5, action: Page on-call}",
            "did you mean 5%",
        ),
    ],
)
def test_bad_configuration_is_exit_2_and_says_what_to_do(
    home: Path, text: str, words: str
) -> None:
    (home / "bad.yaml").write_text(text)
    done = tocsin(home, "apply", "bad.yaml", "--yes")
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"TOCSIN_PROT": "80"}, "TOCSIN_PROT is not a setting"),
        ({"TOCSIN_PORT": "http"}, "TOCSIN_PORT"),
        (
            {"TOCSIN_DATABASE_URL": "mysql://x"},
            "expected sqlite:///PATH or postgresql://",
        ),
        ({"TOCSIN_CONFIG": "/nowhere.toml"}, "TOCSIN_CONFIG"),
    ],
)
def test_bad_settings_stop_the_start(
    home: Path, env: dict[str, str], words: str
) -> None:
    done = tocsin(home, "serve", **env)
    assert done.returncode == 2
    assert words in done.stderr


def test_exit_codes(home: Path) -> None:
    assert tocsin(home, "no-such-verb").returncode == 2
    assert tocsin(home, "alerts").returncode == 2
    assert (
        tocsin(
            home, "alerts", TOCSIN_URL="http://127.0.0.1:9", TOCSIN_TOKEN="x"
        ).returncode
        == 3
    )
    assert tocsin(home, "token", "nobody").returncode == 2
    (home / "s.json").write_text('{"tz": "EST", "layers": []}')
    rendered = tocsin(
        home,
        "schedules",
        "render",
        "s.json",
        "--from",
        "2024-01-01T00:00Z",
        "--to",
        "2024-01-02T00:00Z",
    )
    assert rendered.returncode == 2
    assert "tz: expected an IANA time zone" in rendered.stderr


def test_doctor_says_what_is_missing(home: Path) -> None:
    tocsin(home, "apply", "company.yaml", "--yes")
    done = tocsin(home, "doctor", "--json")
    found = {one["check"]: one for one in json.loads(done.stdout)}
    assert found["durability"]["ok"]
    assert not found["channels"]["ok"]
    assert "TOCSIN_SMTP_URL" in found["channels"]["says"]
    assert done.returncode == 1


def test_every_verb_has_help_with_an_example() -> None:
    from click.testing import CliRunner

    for verb in cli._VERBS:
        shown = CliRunner().invoke(cli.root, [verb, "--help"])
        assert shown.exit_code == 0, verb


def test_layers_overrides_and_leave_can_be_given_in_full(home: Path) -> None:
    (home / "layers.yaml").write_text(
        """
people: [{name: alice, email: a@x.org}, {name: bob, email: b@x.org}]
schedules:
  - name: nights
    time_zone: Europe/Berlin
    rotations:
      - name: Primary
        layers:
          - {id: L1, priority: 0, participants: [alice], anchor: "2024-01-01T09:00", turn: {unit: week, count: 1}}
          - {id: L2, priority: 1, participants: [bob], anchor: "2024-01-01T09:00", turn: {unit: week, count: 1}, restrictions: [{type: daily, start: "22:00", end: "06:00"}]}
        overrides: [{id: o1, seq: 1, kind: cover, user: alice, start: "2024-03-04T21:00Z", end: "2024-03-04T22:00Z"}]
"""
    )
    assert tocsin(home, "apply", "layers.yaml", "--yes").returncode == 0
    from datetime import UTC, datetime

    from tocsin.core.pages.escalation import Target, TargetKind
    from tocsin.store import directory
    from tocsin.store.sqlite import open_sqlite

    stored = open_sqlite(str(home / "t.db")).read(directory.load)
    target = Target(TargetKind.ROTATION, "nights/Primary")
    hours = [(12, "alice"), (21, "alice"), (22, "bob")]
    for hour, name in hours:
        assert stored.resolve(
            target, now=datetime(2024, 3, 4, hour, 30, tzinfo=UTC)
        ) == (name,)
