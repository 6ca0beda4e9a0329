"""The schedules' pages: the weeks as lanes, and the same in words."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.web.pages import Desk, desk
from tocsin.core.building.directory_building import build
from tocsin.web.oncall.lanes import WIDTH, calendar

ROTATION = {
    "name": "Primary",
    "layers": [
        {
            "id": "days",
            "participants": ["ana", "ben"],
            "anchor": "2026-03-02T09:00",
            "turn": {"unit": "week", "count": 1},
            "restrictions": [{"type": "daily", "start": "06:00", "end": "22:00"}],
        }
    ],
    "leave": [
        {"user": "ben", "start": "2026-03-10T00:00Z", "end": "2026-03-11T00:00Z"}
    ],
}
DOCUMENTS = {
    "people": {n: {"name": n, "email": f"{n}@example.com"} for n in ("ana", "ben")},
    "schedules": {
        "web": {"name": "web", "time_zone": "Europe/Berlin", "rotations": [ROTATION]}
    },
}


def test_lanes_fill_the_window_even_where_the_clock_changes() -> None:
    schedule = build(DOCUMENTS, version=1, ids={})[0].schedules["web"]
    now = datetime(2026, 3, 29, 12, tzinfo=UTC)
    shown = calendar(
        schedule, date(2026, 3, 23), 14, zone=ZoneInfo("Europe/Berlin"), now=now
    )
    pieces = sorted(shown.paged[0].pieces, key=lambda one: one.x)
    end = 0.0
    for piece in pieces:
        assert piece.x == pytest.approx(end, abs=0.05)
        end = piece.x + piece.width
    assert end == pytest.approx(WIDTH, abs=0.05)
    short, usual = shown.days[6], shown.days[5]
    assert short.width == pytest.approx(usual.width * 23 / 24, rel=0.01)
    assert short.is_today
    assert {one.kind for one in pieces} == {"turn", "gap"}
    assert len(shown.gaps) == 15


def test_leave_is_a_lane_of_its_own() -> None:
    schedule = build(DOCUMENTS, version=1, ids={})[0].schedules["web"]
    now = datetime(2026, 3, 9, 12, tzinfo=UTC)
    shown = calendar(schedule, date(2026, 3, 9), 7, zone=ZoneInfo("UTC"), now=now)
    assert [lane.label for lane in shown.made_from] == ["days", "away"]
    assert shown.made_from[1].pieces[0].person == "ben"
    later = calendar(
        schedule, date(2026, 3, 16), 7, zone=ZoneInfo("UTC"), now=now + timedelta(0)
    )
    assert later.now_x is None


def test_a_rotation_that_came_has_no_gap_before_it_was_there() -> None:
    [layer] = ROTATION["layers"]  # type: ignore[misc]
    came = {**layer, "start": "2026-03-11T10:00Z"}  # type: ignore[dict-item]
    web = {
        **DOCUMENTS["schedules"]["web"],
        "rotations": [{"name": "New", "layers": [came]}],
    }  # type: ignore[dict-item]
    found, _ = build({**DOCUMENTS, "schedules": {"web": web}}, version=1, ids={})
    now = datetime(2026, 3, 11, 11, tzinfo=UTC)
    berlin = ZoneInfo("Europe/Berlin")
    shown = calendar(found.schedules["web"], date(2026, 3, 9), 7, zone=berlin, now=now)
    assert min(piece.start for piece in shown.paged[0].pieces) == now - timedelta(
        hours=1
    )
    assert shown.gaps, "nights are nobody's"
    # What is to come and does not cover the days before it leaves a gap.
    before = now - timedelta(days=2)
    shown = calendar(
        found.schedules["web"], date(2026, 3, 9), 7, zone=berlin, now=before
    )
    assert shown.gaps[0].start == before


def test_turns_that_a_file_changed_are_called_turns_before_and_after() -> None:
    [layer] = ROTATION["layers"]  # type: ignore[misc]
    was = {**layer, "id": "Primary", "until": "2026-03-11T10:00Z"}  # type: ignore[dict-item]
    now = {**layer, "id": "Primary-202603111000", "start": "2026-03-11T10:00Z"}  # type: ignore[dict-item]
    web = {
        **DOCUMENTS["schedules"]["web"],
        "rotations": [{"name": "Primary", "layers": [was, now]}],
    }  # type: ignore[dict-item]
    found, _ = build({**DOCUMENTS, "schedules": {"web": web}}, version=1, ids={})
    at = datetime(2026, 3, 11, 11, tzinfo=UTC)
    shown = calendar(
        found.schedules["web"], date(2026, 3, 9), 7, zone=ZoneInfo("UTC"), now=at
    )
    assert [lane.label for lane in shown.made_from] == ["turns", "turns"]
    formed = [{**layer, "id": f"{kind}-3bcf9038"} for kind in ("turns", "weekend")]  # type: ignore[dict-item]
    web = {**web, "rotations": [{"name": "Primary", "layers": formed}]}
    found, _ = build({**DOCUMENTS, "schedules": {"web": web}}, version=1, ids={})
    shown = calendar(
        found.schedules["web"], date(2026, 3, 9), 7, zone=ZoneInfo("UTC"), now=at
    )
    assert [lane.label for lane in shown.made_from] == ["turns", "weekends"]


def test_a_rotation_that_is_gone_is_seen_where_it_was_and_its_end_is_no_gap() -> None:
    [layer] = ROTATION["layers"]  # type: ignore[misc]
    ended = {**layer, "until": "2026-03-12T10:00Z"}  # type: ignore[dict-item]
    second = {"name": "Second", "layers": [ended]}
    web = {**DOCUMENTS["schedules"]["web"], "retired": [second]}  # type: ignore[dict-item]
    found, problems = build({**DOCUMENTS, "schedules": {"web": web}}, version=1, ids={})
    assert not problems
    now = datetime(2026, 3, 20, 12, tzinfo=UTC)

    def lanes(first: date) -> list[str]:
        shown = calendar(
            found.schedules["web"], first, 7, zone=ZoneInfo("UTC"), now=now
        )
        gone = [one for one in shown.paged if one.label != "Primary"]
        assert all(piece.person for one in gone for piece in one.pieces)
        assert not any(one.rotation == "Second" for one in shown.gaps)
        return [one.label for one in shown.paged]

    assert lanes(date(2026, 3, 9)) == ["Primary", "Second (gone)"]
    assert lanes(date(2026, 3, 16)) == ["Primary"]
    assert [one.rotation for one in found.who(now=now)] == ["Primary"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("schedules")) as made:
        yield made


@pytest.mark.slow  # a whole edge is started
def test_the_address_carries_dates_and_the_clock_can_be_ones_own(site: Desk) -> None:
    page = site.get("/schedules/payments?from=2024-03-04&view=week", "carol").text
    assert "4 March – 10 March 2024" in page
    assert "from=2024-03-11" in page
    assert "from=2024-02-26" in page
    assert "Europe/Berlin" in page
    assert "hands over to" in page
    assert "style=" not in page
    for view in ("2w", "month", "list"):
        answer = site.get(f"/schedules/payments?view={view}&clock=mine")
        assert answer.status_code == 200
    for bad in ("from=soon", "from=9999-12-31", "view=century", "from=0001-01-01"):
        assert site.get(f"/schedules/payments?{bad}").status_code == 200, bad
    assert site.get("/schedules/none").status_code == 404


@pytest.mark.slow  # a whole edge is started
def test_the_list_says_who_is_on_now_and_what_is_not_covered(site: Desk) -> None:
    page = site.get("/schedules").text
    assert "payments" in page
    assert "Covered" in page
    assert "No schedule is like that" in site.get("/schedules?q=zzz").text


UNPAGED = """
schedules:
  - name: desk
    team: payments
    rotations: [{name: Primary, users: [alice, bob]}, {name: Secondary, users: [bob]}]
  - name: half
    team: payments
    rotations: [{name: Primary, users: [alice]}, {name: Shadows, users: [bob]}]
escalation_policies:
  - {name: half, team: payments, levels: [{page: [{rotation: half/Primary}]}], fallback: [{user: carol}]}
"""


@pytest.mark.slow  # a whole edge is started
def test_a_rota_that_no_policy_pages_says_so(tmp_path: Path) -> None:
    with desk(tmp_path, UNPAGED) as site:
        everywhere = site.get("/schedules").text
        assert everywhere.count("No escalation policy pages") == 2
        page = site.get("/schedules/desk").text
        assert "No escalation policy pages it yet." in page
        [link] = re.findall(r'href="(/new/policy[^"]+)"', page)
        form = site.get(link).text
        assert re.search(r'value="rotation:desk/Primary" selected', form)
        part = site.get("/schedules/half").text
        assert "No escalation policy pages Shadows yet." in part
        assert "/new/policy" not in site.get("/schedules/desk", "responder").text
        assert "No escalation policy" not in site.get("/schedules/payments").text


@pytest.mark.slow  # a whole edge is started
def test_a_policy_that_no_service_uses_says_so(tmp_path: Path) -> None:
    with desk(tmp_path, UNPAGED) as site:
        page = site.get("/policies/half").text
        assert "No service uses it yet" in page
        [link] = re.findall(r'href="(/new/service[^"]+)"', page)
        assert re.search(r'value="half" selected', site.get(link).text)
        assert 'href="/services"' in page
        assert "No service uses it" not in site.get("/policies/payments").text


@pytest.mark.slow  # a whole edge is started
def test_on_call_now_leads_to_schedules_people_and_thanks(site: Desk) -> None:
    page = site.get("/oncall", "responder").text
    assert 'href="/schedules/payments"' in page
    assert re.search(r'href="/admin/people/(alice|bob)"', page)
    assert re.search(r'href="/thanks\?to=(alice|bob)"', page)
    assert "/thanks?to=" not in site.get("/oncall", "viewer").text


@pytest.mark.slow  # a whole edge is started
def test_a_gap_that_is_past_is_no_hole_to_fill(tmp_path: Path) -> None:
    layer = {**ROTATION["layers"][0], "participants": ["alice", "bob"]}
    days = {"name": "Days", "layers": [layer]}
    made = {"name": "days", "team": "payments", "rotations": [days]}
    with desk(tmp_path, json.dumps({"schedules": [made]})) as site:
        now = site.edge.desk.clock.now()
        first = f"{now - timedelta(days=28):%Y-%m-%d}"
        page = site.get(f"/schedules/days?from={first}&view=week").text
        # Below it, what is ahead is listed whatever days are shown.
        past = page.partition('id="gp-h"')[0]
        assert "Nobody, 8 h" in past
        assert 'class="hole"' not in past
        assert '<rect class="gap"' not in past
        assert ">Fill<" not in past
        ahead = site.get(f"/schedules/days?from={now:%Y-%m-%d}&view=week").text
        assert 'class="hole"' in ahead
        assert ">Fill<" in ahead
