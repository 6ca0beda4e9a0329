"""Being on call from the command line, against a server of its own."""

import json
import subprocess
from collections.abc import Iterator

import pytest

from tests.cast import COMPANY
from tests.cli.test_incidents import run
from tests.peers.programs import TocsinServer

# A process per call, and a server for all of them.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cli")]
# A second schedule, in which nobody is on call by day.
NIGHTS = """\
schedules:
  - name: nights
    team: payments
    rotations:
      - name: Nights
        layers: [{id: t, participants: [bob], anchor: "2024-01-01T09:00", turn: {unit: week},
          restrictions: [{type: daily, start: "18:00", end: "08:00"}]}]
"""
WITH_NIGHTS = COMPANY.replace("schedules:\n", NIGHTS, 1)
HOURS = ("--from", "2099-01-05T10:00Z", "--to", "2099-01-05T18:00Z")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TocsinServer]:
    made = TocsinServer(tmp_path_factory.mktemp("duty"), company=WITH_NIGHTS)
    made.env["TOCSIN_URL"] = made.url
    made.env["ALICE"] = made.command("token", "alice").strip()
    made.start()
    yield made
    made.stop()


def test_somebody_stands_in_and_asks_what_holds(server: TocsinServer) -> None:
    def said(*arguments: str, code: int = 0) -> "subprocess.CompletedProcess[str]":
        done = run(server, "ALICE", "oncall", *arguments)
        assert done.returncode == code, done.stderr
        return done

    shown = said("cover", "payments/Primary", *HOURS, "--preview").stdout
    assert "Saved" not in shown
    saved = said("cover", "payments/Primary", *HOURS).stdout
    assert saved.startswith(shown)
    assert "Saved as" in saved
    problem = said("cover", "payments", *HOURS, code=2).stderr
    assert "expected schedule/rotation" in problem
    night = ("--from", "2099-03-29T02:15", "--to", "2099-03-29T05:00", "--preview")
    jumped = said("cover", "payments/Primary", *night).stderr
    assert "--from: there is no 02:15 that day" in jumped
    # To hand hours to somebody else needs a lead.
    said("cover", "payments/Primary", *HOURS, "--person", "bob", code=2)
    found = json.loads(said("load", "payments", "--json").stdout)
    assert {one["person"] for one in found["loads"]} == {"alice", "bob"}
    assert "Site Reliability Engineering" in said("load", "payments").stdout
    proof = said("proof", "payments", code=1).stdout
    assert "Somebody is always on call, in every rotation: holds" in proof
    assert "nights in a row" in proof
    assert "/ical/" in said("calendar", "schedule", "payments").stdout
    asked = json.loads(
        said("ask", "payments/Primary", *HOURS, "--why", "A wedding", "--json").stdout
    )
    assert "A wedding" in said("requests", "payments").stdout
    said("take", "payments", asked["id"], "--withdraw")
    assert "Nobody asks" in said("requests", "payments").stdout
    assert (
        "Kept: 2099-03-01 to 2099-03-08."
        in said("away", "2099-03-01", "2099-03-08").stdout
    )
    said("away", "2099-03-01", "2099-03-08", "--take-back")
    gone = said("away", "2099-03-01", "2099-03-08", "--take-back", code=1).stderr
    assert "There are no days away 2099-03-01 to 2099-03-08" in gone
    no = said("away", "2099-03-01", "--person", "bob", code=2).stderr
    assert "needs the role lead" in no
    assert "a day such as" in said("away", "someday", code=2).stderr
    asked_at = run(server, "ALICE", "who", "--at", "2099-01-05 11:00").stdout
    assert "Times are in Europe/Berlin." in asked_at
    assert "payments/Primary" in asked_at
    at_noon = ("policies", "test", "payments", "--at", "2099-01-06 12:00")
    would = run(server, "ALICE", *at_noon).stdout
    assert "6 Jan 2099 12:00:00" in would
    assert "Times are in Europe/Berlin." in would
    never_at = run(server, "ALICE", "who", "--at", "soon").stderr
    assert never_at.startswith("--at: 'soon': expected a time such as")
    # `fri` is the first after the beginning, whatever day it is; this is the help's.
    week = ("--from", "2099-01-06 18:00", "--to", "fri 9:00")
    ahead = said("cover", "payments/Primary", *week, "--preview").stdout
    assert "9 Jan 2099" in ahead or "2 d 15 h" in ahead
    never = said("ask", "payments/Primary", "--from", "x", "--to", "y", code=2).stderr
    assert never.startswith("--from: 'x': expected a time such as 18:00")
    note = said("handoff", "payments/Primary", "--note", "Mind the disk.").stdout
    assert "alice: Mind the disk." in note
    assert "Nothing waits" in said("accept", "payments").stdout
    assert "2 shadow shifts" in said("ready", "payments").stdout
    assert "role lead" in said("read", "payments/Primary", code=2).stderr
    said("thanks", "bob", "For Sunday.")
    said("thanks", "alice", "For me.", code=2)
    assert "no schedule none" in said("load", "none", code=1).stderr


def test_requests_are_named_by_the_beginning_of_their_id_on_ones_own_clock(
    server: TocsinServer,
) -> None:
    def said(*arguments: str, code: int = 0) -> "subprocess.CompletedProcess[str]":
        done = run(server, "ALICE", "oncall", *arguments)
        assert done.returncode == code, (done.stdout, done.stderr)
        return done

    # Alice's clock is Berlin's, and she types no zone.
    hours = ("--from", "2099-01-05T10:00", "--to", "2099-01-05 18:00")
    said("cover", "payments/Primary", *hours)
    why = "A wedding of somebody whose name is rather long"
    asked = said("ask", "payments/Primary", *hours, "--why", why).stdout
    assert "5 Jan 2099 10:00 to 5 Jan 2099 18:00 (Europe/Berlin)" in asked
    found = json.loads(said("requests", "payments", "--json").stdout)["requests"]
    assert found[0]["start"] == "2099-01-05T09:00:00Z", "programs read UTC"
    shown = said("requests", "payments").stdout
    line = shown.splitlines()[1]
    short = found[0]["id"][:8]
    assert line.startswith(f"{short}  alice")
    assert "5 Jan 2099 10:00  5 Jan 2099 18:00  A" in line
    assert max(len(one) for one in shown.splitlines()) <= 80
    assert "Times are in Europe/Berlin." in shown
    unknown = said("take", "payments", "zzz", code=1).stderr
    assert unknown == "REQUEST: no open request begins with 'zzz'\n"
    said("take", "payments", short[:3], "--withdraw")
    assert "Nobody asks" in said("requests", "payments").stdout
    backwards = said("away", "2099-03-08", "2099-03-01", code=2).stderr
    assert backwards.startswith("LAST: ")
    past = ("--from", "2020-01-05T10:00", "--to", "2020-01-05T18:00")
    assert said("ask", "payments/Primary", *past, code=2).stderr.startswith("--from: ")
    lost = said("handoff", "none/Primary", code=1).stderr
    assert "There is no schedule none." in lost


def test_the_turns_of_a_schedule_are_listed_on_ones_own_clock(
    server: TocsinServer,
) -> None:
    def said(*arguments: str, code: int = 0) -> "subprocess.CompletedProcess[str]":
        done = run(server, "ALICE", "oncall", "turns", *arguments)
        assert done.returncode == code, (done.stdout, done.stderr)
        return done

    # Two Mondays in winter, at 9:00 in Berlin.
    weeks = ("payments", "--from", "2098-01-06 09:00", "--to", "2098-01-20 09:00")
    shown = said(*weeks).stdout
    lines = shown.splitlines()
    assert lines[0].split() == ["from", "to", "rotation", "on", "call", "kind"]
    first, second = [one.split() for one in lines if " Primary " in one]
    assert first[:8] == "6 Jan 2098 09:00 13 Jan 2098 09:00".split()
    assert second[:8] == "13 Jan 2098 09:00 20 Jan 2098 09:00".split()
    assert {first[9], second[9]} == {"alice", "bob"}, "they take turns"
    assert [" ".join(one.split()[:3]) for one in lines[1:5]] == [
        "6 Jan 2098", "6 Jan 2098", "13 Jan 2098", "13 Jan 2098",
    ], "by time, of all rotations together"  # fmt: skip
    assert shown.endswith("Times are in Europe/Berlin.\n")
    assert max(len(one) for one in lines) <= 80
    # Without --to it is two weeks, and programs read UTC.
    found = json.loads(said(*weeks[:3], "--json").stdout)["rotations"]
    shifts = found["Primary"]["shifts"]
    assert shifts[0]["start"] == "2098-01-06T08:00:00Z"
    assert shifts[-1]["end"] == "2098-01-20T08:00:00Z"
    day = ("--from", "2098-01-06 08:00", "--to", "2098-01-07 08:00")
    nights = [one.split()[6:] for one in said("nights", *day).stdout.splitlines()]
    assert [one[-3:] for one in nights[1:3]] == [
        ["Nights", "nobody", "gap"],
        ["Nights", "bob", "turn"],
    ], "hours of nobody are listed too"
    assert "alice" in said("payments").stdout, "from now on"
    wrong = said(*weeks[:3], "--to", "2098-01-05 09:00", code=2).stderr
    assert wrong.startswith("--to: expected a time after")
    assert "no schedule none" in said("none", code=1).stderr
