"""The escalation policies: sentences, the editor, and who would be paged if."""

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.web.pages import Desk, desk, etag_in

pytestmark = pytest.mark.slow  # a whole edge is started once for the module
MORE = """
teams:
  - {name: payments, region: DE-BE, support_hours: {from: "09:00", to: "17:00", days: [mon, fri]}}
escalation_policies:
  - name: full
    team: payments
    levels:
      - {after: {SEV1: 0s, SEV2: 1m, SEV3: 5m, SEV4: 1h}, page: [{round_robin: [alice, bob]}], everyone_acks: true}
      - {after: 2h, page: [{schedule: payments}, {team: payments}], condition: if_not_resolved, when: {support_hours: true, days: [mon, tue], holiday: false, local_night: false}}
    repeat: 2
    wait: 7m
    nag: 20m
    ack_timeout: {SEV1: 10m, SEV2: 20m, SEV3: 1h, SEV4: none}
    fallback: [{user: carol}, {rotation: payments/Primary}]
  - {name: theirs, team: search, levels: [{page: [{user: bob}]}], fallback: [{user: carol}]}
"""
NEW: dict[str, Any] = {
    "levels": "2",
    "team": "payments",
    "after-0": "0m",
    "target-0-0": "rotation:payments/Primary",
    "after-1": "4m",
    "target-1-0": "user:carol",
    "fallback-0": "user:carol",
    "wait": "6m",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("policies"), MORE) as made:
        yield made


def fields(page: str) -> dict[str, str]:
    """What the editor would send if nothing was touched."""
    form = page[
        page.index('id="editor"') : page.index("</form>", page.index('id="editor"'))
    ]
    found = dict(
        re.findall(
            r'<input[^>]* name="([^"]+)"(?: type="[^"]*")? value="([^"]*)"', form
        )
    )
    found |= {
        name: "on"
        for name in re.findall(r'checkbox" name="([^"]+)" value="on" checked', form)
    }
    found |= {
        name: "if_not_resolved"
        for name in re.findall(
            r'checkbox" name="([^"]+)" value="if_not_resolved" checked', form
        )
    }
    for name, options in re.findall(
        r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form, re.S
    ):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        found[name] = html.unescape(chosen.group(1)) if chosen else ""
    unsent = ("turn-", "everyone-", "condition-")
    checked = set(re.findall(r'name="([^"]+)" value="[^"]*" checked', form))
    return {
        name: html.unescape(value)
        for name, value in found.items()
        if not name.startswith(unsent) or name in checked
    }


def test_a_policy_reads_as_sentences(site: Desk) -> None:
    text = re.sub(r"<[^>]+>", "", site.get("/policies/full").text)
    assert "in turn one of alice, bob; each of them has to acknowledge." in text
    assert "even when somebody has acknowledged" in text
    assert (
        "only in support hours (Mon, Fri 09:00-17:00, UTC) and on Mon, Tue and "
        "not on public holidays and for whom it is not night where they are" in text
    )
    assert "After 7 min begin again, 2×." in text
    assert "and again every 20 min" in text


def test_saving_what_was_not_touched_changes_nothing(site: Desk) -> None:
    before = site.document("policies", "full")
    typed = fields(site.get("/policies/full/edit").text)
    saved = site.post("/policies/full/edit", **typed, do="save")
    assert saved.status_code == 303, re.findall(r'class="wrong".*', saved.text)
    after = site.document("policies", "full")
    assert before is not None
    assert after is not None
    # A delay without severities stays one.
    assert after == before


def test_the_buttons_add_move_and_remove_and_lose_nothing(site: Desk) -> None:
    page = site.post("/new/policy", **NEW, name="mine", do="add-level").text
    assert fields(page)["after-2"] == "10m"
    page = site.post("/new/policy", **fields(page), do="up-1").text
    typed = fields(page)
    assert typed["target-0-0"] == "user:carol"
    assert typed["target-1-0"] == "rotation:payments/Primary"
    assert (typed["after-0"], typed["after-1"]) == ("0m", "4m")
    page = site.post("/new/policy", **typed, do="add-target-0").text
    page = site.post("/new/policy", **fields(page), do="drop-level-2").text
    typed = fields(page)
    assert typed["target-0-1"] == ""
    assert "after-2" not in typed
    assert typed["name"] == "mine"
    assert typed["wait"] == "6m"


def test_times_that_cannot_be_are_refused_at_their_fields(site: Desk) -> None:
    typed = NEW | {"days-0": "someday", "name": "odd"}
    page = site.post("/new/policy", **typed, do="save")
    assert page.status_code == 422
    assert 'id="days-0-wrong"' in page.text


def test_a_team_keeps_its_support_hours(site: Desk) -> None:
    address = "/admin/teams/payments"
    saved = site.post(
        address,
        **{"from": "08:00", "to": "18:00"},
        days="Mon tuesday",
        region="DE-BE",
        do="save",
    )
    assert saved.status_code == 303
    held = site.document("teams", "payments")
    assert held is not None
    assert held["support_hours"] == {
        "from": "08:00",
        "to": "18:00",
        "days": ["mon", "tue"],
    }
    refused = site.post(address, **{"from": "08:00"}, do="save")
    assert refused.status_code == 422


def test_nonsense_buttons_do_nothing(site: Desk) -> None:
    for word in ("drop-level-99", "up-x", "drop-target-0-", "", "add-target-7", "-1"):
        assert site.post("/new/policy", **NEW, do=word).status_code == 200, word


def test_a_lead_makes_a_policy_and_deletes_it(site: Desk) -> None:
    assert site.post("/new/policy", **NEW, do="save").status_code == 422
    made = site.post("/new/policy", **NEW, name="mine", do="save")
    assert made.headers["location"] == "/policies/mine"
    assert site.document("policies", "mine") == {
        "name": "mine",
        "team": "payments",
        "levels": [
            {"after": "0m", "page": [{"rotation": "payments/Primary"}]},
            {"after": "4m", "page": [{"user": "carol"}]},
        ],
        "wait": "6m",
        "fallback": [{"user": "carol"}],
    }
    again = site.post("/new/policy", **NEW, name="mine", do="save")
    assert again.status_code == 409
    assert "There is one named" in again.text
    gone = site.post("/policies/mine/edit", do="delete", confirm="mine")
    assert gone.headers["location"] == "/policies"
    assert site.document("policies", "mine") is None


def test_every_problem_stands_at_its_field(site: Desk) -> None:
    wrong = {**NEW, "after-1": "soon", "target-0-0": "user:nobody", "repeat": "99"}
    answer = site.post("/new/policy", **wrong, name="x", do="save")
    assert answer.status_code == 422
    for name in ("after-1", "repeat"):
        assert f'href="#{name}"' in answer.text, name
    assert 'value="soon"' in answer.text
    unknown = {**NEW, "target-0-0": "user:nobody"}
    answer = site.post("/new/policy", **unknown, name="x", do="save")
    assert 'href="#target-0-0"' in answer.text
    assert "not there any more" in answer.text


def test_the_dry_run_is_of_what_is_not_saved_yet(site: Desk) -> None:
    unsaved = {**NEW, "after-1": "33m", "severity": "SEV1"}
    page = site.post("/new/policy", **unsaved, do="try").text
    # Nobody having answered a SEV1 within 5 minutes, the next level is paged then.
    assert "+5 min" in page
    assert "+33 min" not in page
    assert "SEV1: the first escalation comes after 33 min" in page
    slower = site.post("/new/policy", **{**unsaved, "severity": "SEV4"}, do="try").text
    assert "+33 min" in slower
    assert "Not urgent" in slower
    early = site.post("/new/policy", **{**NEW, "after-1": "3m"}, do="try").text
    assert "+3 min" in early
    broken = site.post("/new/policy", **{**NEW, "after-1": "soon"}, do="try").text
    assert "Expected a duration" in broken


def test_the_question_takes_a_time_in_a_zone(site: Desk) -> None:
    address = "/policies/payments?severity=SEV4&at=2024-03-05T03:00&zone=Asia/Tokyo"
    page = site.get(address).text
    assert "SEV4, Tuesday 5 March 2024, 03:00 in Asia/Tokyo" in page
    assert "alice" in page
    for bad in ("at=yesterday", "at=9999-12-31T23:59", "at=2024-01-01T00:00&zone=EST"):
        answer = site.get(f"/policies/payments?{bad}")
        assert answer.status_code == 200, bad
        assert 'role="alert"' in answer.text, bad


def test_leads_keep_only_the_policies_of_their_team(site: Desk) -> None:
    assert site.get("/policies/theirs", "viewer").status_code == 200
    assert site.get("/policies/theirs/edit", "lead").status_code == 403
    assert site.post("/policies/theirs/edit", "lead", **NEW).status_code == 403
    assert site.get("/new/policy", "responder").status_code == 403
    assert site.get("/policies/nothing").status_code == 404


def test_somebody_elses_change_is_not_overwritten(site: Desk) -> None:
    typed = fields(site.get("/policies/payments/edit").text)
    assert site.post("/policies/payments/edit", **{**typed, "wait": "8m"}, do="save")
    mine = site.post("/policies/payments/edit", **{**typed, "wait": "9m"}, do="save")
    assert mine.status_code == 409
    assert fields(mine.text)["wait"] == "9m"
    assert etag_in(mine.text) != typed["etag"]


def test_the_api_gives_the_same_dry_run(site: Desk) -> None:
    saved = site.get("/api/v1/policies/payments/test?severity=SEV1", "viewer").json()
    assert saved["pages"][0]["person"] == "alice"
    document = {
        "levels": [{"page": [{"user": "bob"}]}],
        "fallback": [{"user": "carol"}],
    }
    told = site.json("/api/v1/policies/new/test", document, "viewer")
    assert [one["person"] for one in told.json()["pages"]] == ["bob", "carol", "carol"][
        : len(told.json()["pages"])
    ]
    assert told.json()["warnings"]
    refused = site.json("/api/v1/policies/new/test", {"levels": []}, "viewer")
    assert refused.status_code == 422
    assert site.document("policies", "new") is None


def test_a_team_without_support_hours_is_led_to_where_they_are_set(site: Desk) -> None:
    where = 'href="/admin/teams/search#from"'
    blank = site.get("/new/policy", "carol").text
    asked = {**NEW, "name": "hours", "support_hours-0": "true"}
    none = site.post("/new/policy", "carol", **{**asked, "team": "search"}, do="save")
    assert none.status_code == 422
    assert "as the team search has none" in none.text
    assert where in none.text, "beside the error"
    assert "search has no support hours yet" in none.text
    assert where not in blank, "the first team has them"
    one = site.post("/new/policy", "carol", **{**asked, "team": ""}, do="save")
    assert "A policy without a team has no support hours: choose a team." in one.text
