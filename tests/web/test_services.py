"""The catalogue of services and one service: seen, paged, changed and deleted."""

from collections.abc import Iterator

import pytest

from tests.web.pages import Desk, desk, etag_in

pytestmark = pytest.mark.slow  # a whole edge is started once for the module
PRIVATE = """
services:
  - {name: ledger, team: payments, escalation_policy: payments, private: true}
  - {name: orphan, escalation_policy: payments, description: An old thing}
"""
MANY = "services:\n" + "\n".join(
    f"  - {{name: s{n:03}, team: search, escalation_policy: payments}}"
    for n in range(60)
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("services"), PRIVATE, MANY) as made:
        yield made


def test_the_list_has_pages_and_filters_in_its_address(site: Desk) -> None:
    first = site.get("/services").text
    assert "s046" in first
    assert "s050" not in first
    assert "after=s0" in first
    assert "s059" in site.get("/services?after=s049").text
    found = site.get("/services?q=old").text
    assert "orphan" in found
    assert "s000" not in found
    assert "s000" not in site.get("/services?team=payments").text
    assert "No service is like that" in site.get("/services?q=nonsense").text


def test_what_is_not_ready_can_be_listed(site: Desk) -> None:
    found = site.get("/services?state=unready&q=orphan").text
    assert "No team owns it." in found


def test_a_private_service_is_not_there_for_others(site: Desk) -> None:
    assert "ledger" in site.get("/services", "lead").text
    assert "ledger" not in site.get("/services", "other").text
    assert site.get("/services/ledger", "other").status_code == 404
    assert site.post("/services/ledger/page", "other", title="x").status_code == 404
    assert site.get("/services/ledger", "lead").status_code == 200


def test_paging_the_owner_raises_a_real_alert(site: Desk) -> None:
    answer = site.post(
        "/services/checkout/page", "responder", title="Cards fail", severity="SEV1"
    )
    assert answer.status_code == 303
    page = site.get(answer.headers["location"], "responder").text
    assert "Cards fail" in page
    assert "is%20raised" in answer.headers["set-cookie"]
    assert "Cards fail" in site.get("/services/checkout").text
    assert "checkout" in site.get("/services?state=firing").text


def test_paging_asks_for_a_sentence_and_keeps_what_was_typed(site: Desk) -> None:
    answer = site.post("/services/checkout/page", "lead", title=" ", severity="SEV9")
    assert answer.status_code == 422
    assert "Say in a sentence what is wrong." in answer.text
    assert "Choose SEV1" in answer.text


def test_only_responders_of_the_team_page_its_owner(site: Desk) -> None:
    for person in ("viewer", "other"):
        answer = site.post(
            "/services/checkout/page", person, title="x", severity="SEV1"
        )
        assert answer.status_code == 403, person


def test_a_lead_makes_changes_and_deletes_a_service(site: Desk) -> None:
    fields = {"team": "payments", "escalation_policy": "payments"}
    made = site.post("/new/service", **fields, name="refunds", description="Pays back")
    assert made.headers["location"] == "/services/refunds"
    etag = etag_in(site.get("/services/refunds/edit").text)
    saved = site.post(
        "/services/refunds/edit", **fields, description="", private="on", etag=etag
    )
    assert saved.status_code == 303
    assert site.document("services", "refunds") == {
        "name": "refunds", "private": True, **fields,
    }  # fmt: skip
    wrong = site.post("/services/refunds/edit", do="delete", confirm="refund")
    assert wrong.status_code == 422
    site.post("/services/refunds/edit", do="delete", confirm="refunds")
    assert site.document("services", "refunds") is None


def test_somebody_elses_change_is_shown_not_overwritten(site: Desk) -> None:
    fields = {"team": "payments", "escalation_policy": "payments"}
    etag = etag_in(site.get("/services/checkout/edit").text)
    site.post("/services/checkout/edit", **fields, description="Theirs", etag=etag)
    mine = site.post("/services/checkout/edit", **fields, description="Mine", etag=etag)
    assert mine.status_code == 409
    assert "was changed meanwhile" in mine.text
    assert "Theirs" in mine.text
    assert "Mine" in mine.text
    again = {**fields, "description": "Mine", "etag": etag_in(mine.text)}
    assert site.post("/services/checkout/edit", **again).status_code == 303


def test_what_a_change_does_is_shown_before_it_is_saved(site: Desk) -> None:
    before = site.document("services", "orphan")
    etag = etag_in(site.get("/services/orphan/edit", "carol").text)
    fields = {"team": "search", "escalation_policy": "payments", "private": "on"}
    shown = site.post(
        "/services/orphan/edit", "carol", **fields, etag=etag, do="preview"
    )
    assert "From then on search keeps it." in shown.text
    assert "Only its team and the admins will know of it." in shown.text
    assert site.document("services", "orphan") == before


def test_a_lead_of_another_team_may_not_take_a_service(site: Desk) -> None:
    assert site.get("/services/s001/edit", "lead").status_code == 403
    fields = {"team": "payments", "escalation_policy": "payments"}
    assert site.post("/services/s001/edit", "lead", **fields).status_code == 403
    assert site.post("/new/service", "viewer", **fields).status_code == 403


def test_a_policy_that_is_not_there_is_named_at_its_field(site: Desk) -> None:
    answer = site.post("/new/service", name="x", team="payments", escalation_policy="?")
    assert answer.status_code == 422
    assert "a known escalation policy" in answer.text
    assert 'href="#escalation_policy"' in answer.text
