"""Standing in for somebody: the same by form and by API, shown before it is saved."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.web.pages import Desk, desk
from tocsin.store.database import Tx

pytestmark = pytest.mark.slow  # a whole edge is started

FORM = "/schedules/payments/override"
API = "/api/v1/schedules/payments/overrides"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("overrides")) as made:
        yield made


def _day(days: int, hour: int) -> datetime:
    at = datetime.now(UTC) + timedelta(days=days)  # noqa: DTZ005 - hours ahead of any clock
    return at.replace(hour=hour, minute=0, second=0, microsecond=0)


def _typed(at: datetime) -> str:
    # The schedule's zone is Berlin; the winter's offset is enough for a form.
    return at.strftime("%Y-%m-%dT%H:%M")


def _final(site: Desk, start: datetime, end: datetime) -> list[dict[str, Any]]:
    span = f"from={start:%Y-%m-%dT%H:%MZ}&to={end:%Y-%m-%dT%H:%MZ}"
    found = site.get(f"/api/v1/schedules/payments/final?{span}", "carol").json()
    shifts: list[dict[str, Any]] = found["rotations"]["Primary"]["shifts"]
    return shifts


def _overrides(site: Desk) -> list[dict[str, Any]]:
    document = site.document("schedules", "payments")
    assert document is not None
    return list(document["rotations"][0].get("overrides", []))


def _told(site: Desk) -> list[str]:
    def read(tx: Tx) -> list[str]:
        rows = tx.all("select target from outbox where key like 'hours:%' order by id")
        return [row[0] for row in rows]

    return site.edge.desk.database.read(read)


def test_the_form_shows_what_changes_and_saves_what_it_showed(site: Desk) -> None:
    start, end = _day(3, 10), _day(3, 18)
    page = site.get(FORM).text
    assert "Who is on call then" in page
    assert "28 days" in page
    fields = {
        "rotation": "Primary", "start": _typed(start), "end": _typed(end),
        "person": "carol", "leaving": "",
    }  # fmt: skip
    before = _overrides(site)
    shown = site.form(FORM, {**fields, "do": "preview"})
    assert shown.status_code == 200
    assert "carol takes over 8 h" in shown.text
    assert _overrides(site) == before
    saved = site.form(FORM, {**fields, "do": "save"})
    assert saved.status_code == 303
    (held,) = _overrides(site)
    assert held["user"] == "carol"
    from_form = {k: v for k, v in held.items() if k not in ("id", "seq")}
    begins = datetime.fromisoformat(held["start"])
    ends = datetime.fromisoformat(held["end"])
    assert {one["user"] for one in _final(site, begins, ends)} == {"carol"}
    assert "carol" in _told(site)
    assert "Take back" in site.get(saved.headers["location"]).text
    answer = site.post(f"{FORM}/end", rotation="Primary", override=held["id"])
    assert answer.status_code == 303
    assert _overrides(site) == []
    # The API writes the same record.
    body = {
        "rotation": "Primary", "start": held["start"], "end": held["end"],
        "person": "carol",
    }  # fmt: skip
    seen = site.json(f"{API}/preview", body)
    assert seen.status_code == 200
    made = site.json(API, body)
    assert made.status_code == 201
    assert made.json()["effect"] == seen.json()["effect"]
    (held,) = _overrides(site)
    assert {k: v for k, v in held.items() if k not in ("id", "seq")} == from_form


def test_a_responder_takes_hours_and_gives_none_away(site: Desk) -> None:
    body = {
        "rotation": "Secondary",
        "start": _day(5, 8).isoformat(),
        "end": _day(5, 9).isoformat(),
    }
    assert site.json(API, {**body, "person": "bob"}, "responder").status_code == 403
    mine = site.json(API, {**body, "person": "responder"}, "responder")
    assert mine.status_code == 201, mine.text
    body["start"], body["end"] = _day(6, 8).isoformat(), _day(6, 9).isoformat()
    assert site.json(API, {**body, "leaving": "bob"}, "responder").status_code == 403
    assert site.json(API, {**body, "person": "other"}, "other").status_code == 403
    page = site.get(FORM, "responder").text
    assert 'value="alice"' not in page
    assert "needs a lead" in page


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"person": "nobody-here"}, "person"),
        ({"end": "2020-01-01T00:00Z"}, "end"),
        ({"start": "2020-01-01T00:00Z"}, "start"),
        ({"rotation": "Tertiary"}, "rotation"),
        ({"end": "2150-01-01T00:00Z"}, "end"),
        ({"person": "alice", "leaving": "alice"}, "person"),
        ({"person": ""}, "person"),
    ],
)
def test_what_cannot_be_says_which_field_and_what_was_expected(
    site: Desk, change: dict[str, str], field: str
) -> None:
    body = {
        "rotation": "Primary",
        "start": _day(8, 8).isoformat(),
        "end": _day(8, 9).isoformat(),
        "person": "alice",
    }
    answer = site.json(API, {**body, **change})
    assert answer.status_code == 422, answer.text
    errors = answer.json()["errors"]
    assert field in [one["field"] for one in errors], errors
    assert all(one["expected"] for one in errors)


def test_the_form_refuses_with_a_summary_and_keeps_what_was_typed(site: Desk) -> None:
    fields = {"rotation": "Primary", "person": "alice", "leaving": "", "do": "save"}
    bad = site.form(FORM, {**fields, "start": "soon", "end": _typed(_day(8, 9))})
    assert bad.status_code == 422
    assert 'href="#start"' in bad.text
    backwards = site.form(
        FORM, {**fields, "start": _typed(_day(8, 9)), "end": _typed(_day(8, 8))}
    )
    assert backwards.status_code == 422
    assert 'href="#end"' in backwards.text
    assert _typed(_day(8, 9)) in backwards.text
    assert site.get("/schedules/none/override").status_code == 404
    assert site.get(f"{FORM}?start=x&end=y&rotation=none").status_code == 200


def test_what_is_over_or_unknown_cannot_be_taken_back(site: Desk) -> None:
    gone = site.json(f"{API}/preview", {"rotation": "Primary"})
    assert gone.status_code == 422
    said = site.post(f"{FORM}/end", rotation="Primary", override="none")
    assert said.status_code == 303
    assert "no%20such%20override" in said.headers["set-cookie"]


def test_the_schedule_offers_to_stand_in_to_those_who_may(site: Desk) -> None:
    page = site.get("/schedules/payments").text
    assert re.search(r'href="/schedules/payments/override\?rotation=Primary', page)
    assert "/override" not in site.get("/schedules/payments", "viewer").text
