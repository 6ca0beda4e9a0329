"""An incident from the command line, against a server of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.cast import COMPANY
from tests.peers.programs import TocsinServer

# A process per call, and a server for all of them.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cli")]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TocsinServer]:
    made = TocsinServer(tmp_path_factory.mktemp("cli"), company=COMPANY)
    made.env["TOCSIN_URL"] = made.url
    made.env["ALICE"] = made.command("token", "alice").strip()
    made.env["BOB"] = made.command("token", "bob").strip()
    made.start()
    yield made
    made.stop()


def run(
    server: TocsinServer, who: str, *arguments: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tocsin", *arguments],
        env={**server.env, "TOCSIN_TOKEN": server.env[who]},
        cwd=server.home,
        capture_output=True,
        text=True,
        timeout=60,
    )


# long because: one incident is told from its beginning to its end.
def test_an_incident_is_worked_on_with_the_command_line_alone(
    server: TocsinServer,
) -> None:
    def said(who: str, *arguments: str) -> str:
        done = run(server, who, *arguments)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout

    declared = said("ALICE", "declare", "Card payments fail", "--severity", "SEV2",
                    "--service", "checkout")  # fmt: skip
    assert declared.startswith("INC-1 SEV2: Card payments fail\n")
    assert "IC alice" in said("ALICE", "role", "INC-1", "ic")
    said("ALICE", "role", "INC-1", "lead", "--offer", "bob")
    assert "Lead bob" in said("BOB", "role", "INC-1", "lead", "--accept")
    said("BOB", "note", "INC-1", "6 of 12 pods restart")
    said("ALICE", "decide", "INC-1", "Roll back", "--dissent", "bob: flag first")
    assert said("ALICE", "task", "INC-1", "@bob", "Roll back") == "Task 1 of INC-1.\n"
    assert "Task 1 (open) bob: Roll back" in said("BOB", "status", "INC-1")
    said("BOB", "task", "INC-1", "--id", "1", "--state", "done")
    waits = said(
        "BOB", "update", "INC-1", "We found it.", "--external", "--minutes", "20"
    )
    assert waits == "Update 1 of INC-1 waits for the commander (--approve 1).\n"
    assert (
        said("ALICE", "update", "INC-1", "--approve", "1") == "The update goes out.\n"
    )
    assert "Update 2 of INC-1 is out." in said("BOB", "update", "INC-1", "Rolled back.")
    said("ALICE", "page", "bob", "once more, please", "--incident", "INC-1")
    said("ALICE", "status", "INC-1", "monitoring")
    said("ALICE", "status", "INC-1", "resolved", "--reason", "all green")
    closed = said("ALICE", "status", "INC-1", "closed", "--review", "yes", "--json")
    assert json.loads(closed)["state"] == "closed"
    log = said("BOB", "log", "INC-1")
    assert log.startswith("# INC-1: Card payments fail\n")
    assert log.count("6 of 12 pods restart") == 1
    assert said("BOB", "incidents") == "No incident is open.\n"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["declare", "x", "--service", "ghost"], 2, "services: expected known ones"),
        (["declare", "x", "--alert", "ALR-x"], 2, "expected a number such as ALR-12"),
        (["status", "INC-999", "monitoring"], 1, "There is no incident"),
        (["task", "INC-1"], 2, "expected who and what"),
        (["update", "INC-1", "x", "--component", "y"], 2, "page/component=state"),
        (["role", "INC-1", "king"], 2, "'king' is not one of"),
    ],
)
def test_what_makes_no_sense_ends_with_its_code(
    server: TocsinServer, arguments: list[str], code: int, told: str
) -> None:
    done = run(server, "ALICE", *arguments)
    assert (done.returncode, told in done.stderr) == (code, True), done.stderr


def test_a_pipeline_tells_what_it_changed(server: TocsinServer) -> None:
    told = run(
        server, "ALICE", "change", "ledger 2.1 to production", "--service", "checkout",
        "--id", "build-1", "--rollback", "git revert 4f1c",
    )  # fmt: skip
    assert told.stdout == "On record for checkout: ledger 2.1 to production\n"
    listed = run(server, "ALICE", "changes", "--json").stdout
    assert json.loads(listed)["changes"][0]["details"]["rollback"] == "git revert 4f1c"
    wrong = run(server, "ALICE", "change", "x", "--service", "nothing")
    assert wrong.returncode == 2
    assert "services: expected known ones" in wrong.stderr
