"""Hand-over notes and thanks: by page and by API, as people use them."""

from datetime import timedelta

import pytest

from tests.cast import MONDAY_9AM
from tests.stories.stage import Stage
from tests.web.signed_in import SignedIn
from tocsin.engine.oncall.shift_watch import ShiftWatch

pytestmark = pytest.mark.slow  # a whole installation is started

# Mon 9am in Berlin, where the schedule lives.
HANDOVER = MONDAY_9AM + timedelta(days=7, hours=-1)
HANDOFFS = "/schedules/payments/handoffs"


def _monday(stage: Stage, *, minutes: float) -> None:
    stage.clock.at = HANDOVER + timedelta(minutes=minutes)
    stage.pass_time(minutes=0.01)


def test_alice_writes_bob_accepts_and_what_was_open_is_kept(stage: Stage) -> None:
    stage.pass_time(minutes=1)
    _monday(stage, minutes=-20)
    stage.do("alice", "/alerts", service="checkout", title="Disk 91% full")
    coming = stage.ask("bob", "GET", f"{HANDOFFS}/coming?rotation=Primary").json()
    assert coming["outgoing"] == ["alice"]
    assert coming["incoming"] == ["bob"]
    assert [one["said"] for one in coming["open"]] == ["nobody has it"]
    note = {"note": "The disk fills up on **Mondays**."}
    put = stage.ask("alice", "PUT", f"{HANDOFFS}/coming/note?rotation=Primary", note)
    assert put.status_code == 200, put.text
    early = stage.ask("bob", "POST", f"{HANDOFFS}/{put.json()['id']}/accept")
    assert early.status_code == 409
    stage.pass_time(minutes=25)
    found = stage.ask("bob", "GET", HANDOFFS).json()["handoffs"]
    mine = next(one for one in found if one["rotation"] == "Primary")
    assert mine["state"] == "made"
    assert mine["note"] == note["note"]
    whole = stage.ask("bob", "GET", f"{HANDOFFS}/{mine['id']}").json()
    assert whole["pages"] == 1
    refused = stage.ask("carol", "POST", f"{HANDOFFS}/{mine['id']}/accept")
    assert refused.status_code == 403
    assert stage.do("bob", f"{HANDOFFS}/{mine['id']}/accept")["accepted_by"] == "bob"
    again = stage.ask("bob", "POST", f"{HANDOFFS}/{mine['id']}/accept")
    assert again.status_code == 409
    late = stage.ask("alice", "PUT", f"{HANDOFFS}/{mine['id']}/note", note)
    assert late.status_code == 409
    # What is open later is no part of what was handed over.
    stage.do("alice", "/alerts", service="checkout", title="Another")
    kept = stage.ask("bob", "GET", f"{HANDOFFS}/{mine['id']}").json()
    assert [one["title"] for one in kept["open"] if one["kind"] == "alert"] == [
        "Disk 91% full"
    ]


def test_a_hand_over_across_a_night_is_drafted_made_and_accepted(stage: Stage) -> None:
    held = stage.ask("carol", "GET", "/schedules/payments")
    days = {
        "id": "days", "participants": ["alice", "bob"], "anchor": "2024-03-04T09:00",
        "turn": {"unit": "day", "count": 1},
        "restrictions": [{"type": "daily", "start": "09:00", "end": "18:00"}],
    }  # fmt: skip
    document = {
        **{key: value for key, value in held.json().items() if key != "etag"},
        "rotations": [
            {"name": "Primary", "layers": [days]},
            {"name": "Secondary", "users": ["carol"]},
        ],
    }
    etag = held.headers["etag"].strip('"')
    put = stage.ask("carol", "PUT", "/schedules/payments", document, if_match=etag)
    assert put.status_code == 200, put.text
    stage.pass_time(minutes=1)
    # The evening in Berlin: nobody is on call.
    stage.clock.at = MONDAY_9AM + timedelta(hours=8, minutes=30)
    stage.pass_time(minutes=1)
    path = f"{HANDOFFS}/coming?rotation=Primary"
    coming = stage.ask("bob", "GET", path).json()
    assert (coming["outgoing"], coming["incoming"]) == (["alice"], ["bob"])
    assert coming["at"] == "2024-03-05T08:00:00Z"
    words = {"note": "The disk fills up."}
    put = stage.ask("alice", "PUT", f"{HANDOFFS}/coming/note?rotation=Primary", words)
    assert put.status_code == 200, put.text
    stage.clock.at = MONDAY_9AM + timedelta(hours=23)
    stage.pass_time(minutes=1)
    (made,) = stage.ask("bob", "GET", HANDOFFS).json()["handoffs"]
    assert (made["state"], made["note"]) == ("made", words["note"])
    assert stage.do("bob", f"{HANDOFFS}/{made['id']}/accept")["accepted_by"] == "bob"


def test_what_is_unknown_is_not_found(stage: Stage) -> None:
    assert stage.ask("bob", "GET", "/schedules/none/handoffs").status_code == 404
    assert stage.ask("bob", "GET", f"{HANDOFFS}/nothing").status_code == 404
    assert stage.ask("bob", "GET", f"{HANDOFFS}/coming").status_code == 404
    nothing = stage.ask("bob", "PUT", f"{HANDOFFS}/nothing/note", {"note": "x"})
    assert nothing.status_code == 404


def test_thanks_are_sent_and_kept(stage: Stage) -> None:
    stage.do("bob", "/thanks", to="alice", text="For the night of Sunday.")
    said = stage.ask("carol", "GET", "/thanks").json()["thanks"]
    assert [(one["to"], one["by"], one["text"]) for one in said] == [
        ("alice", "bob", "For the night of Sunday.")
    ]
    own = stage.ask("bob", "POST", "/thanks", {"to": "bob", "text": "me"})
    assert own.status_code == 422
    nobody = stage.ask("bob", "POST", "/thanks", {"to": "zoe", "text": "you"})
    assert nobody.json()["errors"][0]["field"] == "to"


def test_the_watch_reminds_of_shifts_once_a_stage(stage: Stage) -> None:
    installed = stage.installation
    watch = ShiftWatch(
        installed.database, installed.directories, stage.clock,
        channels=lambda: ("email",), public_url="http://localhost",
    )  # fmt: skip

    def told() -> list[tuple[str, str]]:
        rows = installed.database.read(
            lambda tx: tx.all("select target, key from outbox order by id")
        )
        return sorted(
            (who, key.split(":")[-2]) for who, key in rows if key.startswith("shift:")
        )

    for hours in (-30, -20, -19, -0.5, -0.4):
        stage.clock.at = HANDOVER + timedelta(hours=hours)
        watch.look()
    assert told() == [
        ("alice", "1 d"), ("alice", "1 h"), ("bob", "1 d"), ("bob", "1 h"),
    ]  # fmt: skip


def test_a_test_page_is_none_of_the_shift_and_what_was_accepted_is_past(
    stage: Stage,
) -> None:
    stage.pass_time(minutes=1)
    _monday(stage, minutes=-20)
    coming = f"{HANDOFFS}/coming?rotation=Primary"
    before = stage.ask("bob", "GET", coming).json()
    assert stage.ask("alice", "POST", "/me/test", {"urgency": "high"}).status_code < 300
    stage.pass_time(minutes=5)
    assert "alice" in {who for _, who in stage.paged()}, "she was paged, as a test"
    assert stage.ask("bob", "GET", coming).json()["pages"] == before["pages"]
    note = {"note": "Mind the **disk**."}
    stage.ask("alice", "PUT", f"{HANDOFFS}/coming/note?rotation=Primary", note)
    alice = SignedIn(stage, stage.client, "alice")
    ahead = alice.get("/schedules/payments/handoff?rotation=Primary")
    assert "is on call since" in ahead
    assert "What happens" in ahead
    stage.pass_time(minutes=25)
    mine = next(
        one
        for one in stage.ask("bob", "GET", HANDOFFS).json()["handoffs"]
        if one["rotation"] == "Primary"
    )
    stage.do("bob", f"{HANDOFFS}/{mine['id']}/accept")
    after = SignedIn(stage, stage.client, "alice").get(f"/handoffs/{mine['id']}")
    assert "was on call from" in after
    assert "What happened" in after
    assert "is on call since" not in after
    schedule = SignedIn(stage, stage.client, "alice").get("/schedules/payments")
    assert "<strong>disk</strong>" in schedule
