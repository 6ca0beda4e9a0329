"""A schedule's load: the page and the API tell the same; findings name their source."""

import re
from collections.abc import Iterator

import pytest

from tests.web.pages import Desk, desk

pytestmark = pytest.mark.slow  # a whole edge is started
LOAD = "/schedules/payments/load"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("load")) as made:
        yield made


def test_the_page_says_who_carried_what_and_what_to_mend(site: Desk) -> None:
    found = site.get("/api/v1/schedules/payments/load?days=28", "viewer").json()
    people = {one["person"]: one for one in found["loads"]}
    assert set(people) == {"alice", "bob"}
    # Both are on call all the while, in one role or the other.
    assert people["alice"]["hours"] == people["bob"]["hours"]
    assert found["fairness"]["gini"] == 0
    checks = {one["check"] for one in found["findings"]}
    assert {"share", "crew", "in_a_row"} <= checks
    page = site.get(LOAD, "viewer").text
    assert "judged over a quarter" in page
    # Alice and Bob were on call for all of the quarter, as their turns count back.
    assert ">Even<" in re.sub(r"<svg.*?</svg>", "", site.get(f"{LOAD}?days=91").text)
    for one in found["findings"]:
        assert one["source"] in page
    assert "style=" not in page
    for period in ("91", "365", "soon"):
        assert site.get(f"/schedules/payments/load?days={period}").status_code == 200


def test_what_holds_for_13_months_is_proved_or_the_date_is_told(site: Desk) -> None:
    found = site.get("/api/v1/schedules/payments/proof?nights=6", "viewer").json()
    claims = {one["claim"]: one for one in found["claims"]}
    assert claims["Somebody is always on call, in every rotation"]["holds"]
    # Both are on call every night, in one role or the other.
    nights = claims["Nobody has more than 6 nights in a row"]
    assert not nights["holds"]
    assert re.search(r"more than 6\d nights in a row", nights["said"])
    page = site.get("/schedules/payments/load?nights=6&rest=12", "viewer").text
    assert "Nobody has more than 6 nights in a row" in page
    assert "At least 12 h of rest" in page
    assert "Show that week" in page
    for bad in ("nights=0", "nights=x", "rest=-1", "rest=999"):
        assert site.get(f"/schedules/payments/load?{bad}").status_code == 200, bad
    answer = site.get("/api/v1/schedules/payments/proof?nights=0", "viewer")
    assert answer.status_code == 422
    assert site.get("/api/v1/schedules/none/proof").status_code == 404


def test_what_is_not_there_is_said(site: Desk) -> None:
    assert site.get("/schedules/none/load").status_code == 404
    assert site.get("/api/v1/schedules/none/load").status_code == 404
    assert site.get("/api/v1/schedules/payments/load?days=0").status_code == 422


def test_a_lead_has_everybodys_shifts_and_others_their_own(site: Desk) -> None:
    answer = site.get("/schedules/payments/record.csv?days=28")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    first, *rows = answer.text.splitlines()
    assert first.startswith('"person","schedule","rotation","start","end","hours"')
    people = {line.split(",")[0] for line in rows}
    assert {'"alice"', '"bob"'} <= people
    own = site.get("/schedules/payments/record.csv?days=28", "responder").text
    assert len(own.splitlines()) == 1, "who took no turn has none"
    for wrong in ("0", "401", "many"):
        answer = site.get(f"/schedules/payments/record.csv?days={wrong}")
        assert answer.status_code == 422
        assert answer.text.startswith("days: expected a whole number from 1 to 400")
    assert site.get("/schedules/none/record.csv").status_code == 404
