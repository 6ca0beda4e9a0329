"""Growing people: checklists, sign-off, shadow shifts, a test page at the start."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.cast import MONDAY_9AM
from tests.stories.stage import Stage
from tests.web.pages import desk
from tocsin.engine.oncall.shift_watch import ShiftWatch

pytestmark = pytest.mark.slow  # a whole installation is started

# Mon 9am in Berlin, where the schedule lives.
HANDOVER = MONDAY_9AM + timedelta(days=7, hours=-1)
READINESS = "/schedules/payments/readiness"


def _set(stage: Stage, **fields: object) -> None:
    held = stage.ask("carol", "GET", "/schedules/payments").json()
    document = {key: value for key, value in held.items() if key != "etag"}
    etag = stage.ask("carol", "GET", "/schedules/payments").headers["etag"].strip('"')
    put = stage.ask(
        "carol", "PUT", "/schedules/payments", {**document, **fields}, if_match=etag
    )
    assert put.status_code == 200, put.text


def _told(stage: Stage, prefix: str) -> list[str]:
    rows = stage.installation.database.read(
        lambda tx: tx.all("select target, key from outbox order by id")
    )
    return [row[0] for row in rows if row[1].startswith(prefix)]


def _watch(stage: Stage) -> None:
    installed = stage.installation
    ShiftWatch(
        installed.database, installed.directories, stage.clock,
        channels=lambda: ("email",), public_url="http://localhost",
    ).look()  # fmt: skip


def test_a_shadow_gets_copies_and_is_asked_nothing(stage: Stage) -> None:
    shadow = {
        "rotation": "Primary", "user": "carol",
        "from": MONDAY_9AM.isoformat(),
        "until": (MONDAY_9AM + timedelta(hours=8)).isoformat(),
    }  # fmt: skip
    _set(stage, shadows=[shadow])
    stage.do("alice", "/alerts", service="checkout", title="Disk 91% full")
    stage.pass_time(minutes=20)
    # Alice has Primary: her copy goes to Carol. Bob's of Secondary does not.
    assert _told(stage, "shadow:") == ["carol"]
    assert stage.paged() == [(0, "alice"), (15, "bob")]
    # She is no answer: without her there is nobody, and with her there is nobody.
    stage.clock.at = MONDAY_9AM + timedelta(hours=9)
    stage.do("alice", "/alerts", service="checkout", title="Another")
    stage.pass_time(minutes=1)
    assert _told(stage, "shadow:") == ["carol"]


def test_a_shadow_hears_of_nothing_that_they_may_not_know(stage: Stage) -> None:
    shadow = {
        "rotation": "Primary", "user": "dan",
        "from": MONDAY_9AM.isoformat(),
        "until": (MONDAY_9AM + timedelta(hours=8)).isoformat(),
    }  # fmt: skip
    dan = {"name": "dan", "email": "dan@example.com", "role": "viewer"}
    assert stage.ask("carol", "PUT", "/people/dan", dan).status_code < 300
    _set(stage, shadows=[shadow])
    held = stage.ask("carol", "GET", "/services/checkout")
    document = {key: value for key, value in held.json().items() if key != "etag"}
    etag = held.headers["etag"].strip('"')
    put = stage.ask(
        "carol", "PUT", "/services/checkout", {**document, "private": True},
        if_match=etag,
    )  # fmt: skip
    assert put.status_code == 200, put.text
    stage.do("alice", "/alerts", service="checkout", title="Secret")
    stage.pass_time(minutes=1)
    assert stage.paged() == [(0, "alice")]
    assert _told(stage, "shadow:") == []


def test_the_checklist_is_ticked_signed_off_and_asked_for(stage: Stage) -> None:
    _set(stage, readiness=["Access tested"])
    found = stage.ask("bob", "GET", READINESS).json()["people"]
    assert [one["person"] for one in found] == ["alice", "bob"]
    assert [item["done"] for item in found[0]["items"]][1:] == [False, False]
    path = f"{READINESS}/bob"
    assert stage.ask("alice", "PUT", f"{path}/Access tested").status_code == 403
    assert stage.ask("carol", "PUT", f"{path}/Access tested").status_code == 204
    assert stage.ask("carol", "PUT", f"{path}/Juggling").status_code == 409
    assert stage.ask("carol", "PUT", f"{READINESS}/zoe/signed off").status_code == 409
    stage.clock.at = HANDOVER - timedelta(days=6)
    _watch(stage)
    stage.clock.at = HANDOVER - timedelta(hours=20)
    assert stage.ask("carol", "PUT", f"{READINESS}/alice/signed off").status_code == 204
    _watch(stage)
    _watch(stage)
    # A week before both and the admin of each; a day before only of Bob.
    assert sorted(_told(stage, "ready:")) == ["alice", "bob", "bob", "carol", "carol", "carol"]  # fmt: skip
    assert (
        stage.ask("carol", "DELETE", f"{READINESS}/alice/signed off").status_code == 204
    )
    audit = stage.ask("carol", "GET", "/audit?noun=readiness").json()
    assert [one["action"] for one in audit["entries"]] == ["untick", "tick", "tick"]


def test_a_shift_begins_with_a_test_page_and_the_lead_hears_of_silence(
    stage: Stage,
) -> None:
    _set(stage, contact_test=True)
    stage.pass_time(minutes=1)
    stage.clock.at = HANDOVER
    stage.pass_time(minutes=1)
    week = 7 * 24 * 60 - 60
    assert sorted(stage.paged()) == [(week, "alice"), (week, "bob")]
    stage.pass_time(minutes=20)
    _watch(stage)
    _watch(stage)
    # Neither answered; who keeps the installation hears of both, once.
    assert _told(stage, "unanswered:") == ["carol", "carol"]


def test_a_lead_ticks_signs_off_and_adds_shadow_shifts_on_the_page(
    tmp_path: Path,
) -> None:
    address = "/schedules/payments/readiness"
    with desk(tmp_path) as site:
        settings = {"items": "Access tested\n\nRunbooks read", "do": "settings"}
        assert site.form(address, settings).status_code == 303
        held = site.document("schedules", "payments")
        assert held is not None
        assert held["readiness"] == ["Access tested", "Runbooks read"]
        tick = {"person": "bob", "item": "Access tested", "do": "tick"}
        assert site.form(address, tick, "responder").status_code == 403
        assert site.form(address, tick).status_code == 303
        assert "lead, " in site.get(address).text
        odd = {"person": "bob", "item": "Juggling", "do": "tick"}
        assert site.form(address, odd).status_code == 422
        shadow = {
            "user": "responder", "rotation": "Primary", "do": "shadow",
            "from": "2031-01-01T09:00", "until": "2031-01-02T09:00",
        }  # fmt: skip
        wrong = site.form(address, {**shadow, "until": "2030-12-31T09:00"})
        assert 'id="until-wrong"' in wrong.text
        assert site.form(address, shadow).status_code == 303
        assert "follows Primary" in site.get(address).text
        own = {"person": "responder", "item": "signed off", "do": "tick"}
        assert site.form(address, own).status_code == 303
        assert "signed off" in site.get(address, "viewer").text
        assert site.form(address, {"do": "end-0"}).status_code == 303
        held = site.document("schedules", "payments")
        assert held is not None
        assert "shadows" not in held


def test_what_is_missing_leads_to_where_it_is_done(tmp_path: Path) -> None:
    more = "schedules: [{name: desk, team: payments, rotations: [{name: Primary, users: [responder]}]}]"
    with desk(tmp_path, more) as site:
        own = site.get("/schedules/desk/readiness", "responder").text
        assert 'href="#shadows"' in own
        assert "a lead sets it up with you" in own
        other = site.get("/schedules/desk/readiness", "viewer").text
        assert 'href="#shadows"' not in other, "it is not theirs to do"
        led = site.get("/schedules/desk/readiness", "lead").text
        assert "Set up a shadow shift" in led
        area = led.partition('name="items"')[2].partition("</textarea>")[0]
        assert area.endswith(">"), "nothing is asked yet, so nothing stands there"
        assert "Nothing is asked yet. Such as: Access tested" in led
