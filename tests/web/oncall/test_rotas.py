"""A rota by form: made, changed from an instant on, and shown before it is saved."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.web.browsing import Site
from tests.web.pages import Desk, desk
from tocsin.store.database import Tx

pytestmark = pytest.mark.slow  # a whole edge is started, and a browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("rotas")) as made:
        yield made


NEW = {
    "name": "nights", "team": "payments", "rotation": "Primary",
    "people": ["alice", "bob", "responder"], "order": ["bob", "alice", "responder"],
    "count": "1", "unit": "week", "weekday": "1", "at": "09:00", "weekend": "on",
}  # fmt: skip


def _typed(days: float) -> str:
    at = datetime.now(UTC) + timedelta(days=days)  # noqa: DTZ005 - ahead of any clock
    return at.strftime("%Y-%m-%dT%H:%M")


def _told(pages: Desk) -> set[str]:
    def read(tx: Tx) -> set[str]:
        rows = tx.all("select target from outbox where key like 'hours:%'")
        return {row[0] for row in rows}

    return pages.edge.desk.database.read(read)


def _final(pages: Desk, name: str, days: tuple[float, float]) -> list[Any]:
    start, end = (datetime.now(UTC) + timedelta(days=n) for n in days)  # noqa: DTZ005
    span = f"from={start:%Y-%m-%dT%H:00Z}&to={end:%Y-%m-%dT%H:00Z}"
    found = pages.get(f"/api/v1/schedules/{name}/final?{span}", "carol").json()
    return [
        (one["start"], one["end"], one["user"])
        for one in found["rotations"]["Primary"]["shifts"]
    ]


def test_a_rota_is_shown_then_saved_then_changed_from_an_instant_on(
    pages: Desk,
) -> None:
    blank = pages.get("/new/rota").text
    assert 'value="payments"' in blank, "the lead's own team is there already"
    shown = pages.form("/new/rota", {**NEW, "begins": _typed(3), "do": "preview"})
    assert shown.status_code == 200
    assert "The next handoffs" in shown.text
    assert "takes over" in shown.text
    assert "Nobody is on call from" in shown.text, "until it begins"
    assert pages.document("schedules", "nights") is None
    saved = pages.form("/new/rota", {**NEW, "begins": _typed(3), "do": "save"})
    assert saved.status_code == 303, saved.text
    document = pages.document("schedules", "nights")
    assert document is not None
    first, weekend = document["rotations"][0]["layers"]
    assert first["participants"] == ["bob", "alice", "responder"], "in the form's order"
    assert weekend["participants"] == ["responder", "bob", "alice"]
    assert {"alice", "bob", "responder"} <= _told(pages)

    page = pages.get("/schedules/nights/rota?rotation=Primary").text
    # Bob has the first turn; the form begins with the next, which is Alice's.
    places = [page.index(f'value="{n}" checked') for n in ("alice", "responder", "bob")]
    assert places == sorted(places)
    before = _final(pages, "nights", (0, 20))
    change = {
        **NEW, "people": ["alice", "bob"], "weekend": "", "begins": _typed(21),
        "unit": "day", "do": "save",
    }  # fmt: skip
    assert pages.form("/schedules/nights/rota", change).status_code == 303
    assert _final(pages, "nights", (0, 20)) == before
    later = {one[2] for one in _final(pages, "nights", (22, 60))}
    assert later == {"alice", "bob"}


def test_who_would_be_on_call_twice_at_once_is_named(pages: Desk) -> None:
    both = {
        **NEW, "weekend": "", "people": ["bob", "alice"], "order": ["bob", "alice"],
        "begins": _typed(1), "do": "preview",
    }  # fmt: skip
    path = "/schedules/payments/rota"
    said = "is on call in Secondary too"
    # Both stand behind each other already: of a rota of one, half clashes.
    assert said in pages.form(path, {**both, "people": ["alice"]}).text
    nobody = {**both, "people": ["lead"], "order": ["lead"]}
    assert said not in pages.form(path, nobody).text


def _stands_in(pages: Desk, leaving: str, person: str) -> None:
    """Over the first whole turn of `leaving` in a week or more."""
    ahead = f"{datetime.now(UTC) + timedelta(days=7):%Y-%m-%dT%H:%M}"  # noqa: DTZ005
    start, end, _ = next(
        one
        for one in _final(pages, "payments", (0, 40))
        if one[2] == leaving and one[0] > ahead
    )
    body = {
        "rotation": "Primary", "start": start, "end": end, "person": person,
        "leaving": leaving,
    }  # fmt: skip
    answer = pages.json("/api/v1/schedules/payments/overrides", body)
    assert answer.status_code < 300, answer.text


def test_what_was_agreed_and_would_do_nothing_any_more_is_said(pages: Desk) -> None:
    _stands_in(pages, leaving="bob", person="responder")
    change = {
        **NEW, "weekend": "", "people": ["alice", "lead"], "order": ["alice", "lead"],
        "begins": _typed(1), "do": "preview",
    }  # fmt: skip
    shown = pages.form("/schedules/payments/rota", change).text
    assert "That would do nothing any more" in shown
    assert shown.index("responder stands in for") < shown.index("Save")
    kept = {**change, "people": ["bob"]}
    assert "nothing any more" not in pages.form("/schedules/payments/rota", kept).text


def test_somebody_moves_up_and_nothing_is_saved(pages: Desk) -> None:
    fields = {**NEW, "name": "x", "begins": _typed(1), "do": "up:alice"}
    page = pages.form("/new/rota", fields).text
    assert page.index('value="alice" checked') < page.index('value="bob" checked')
    assert pages.document("schedules", "x") is None


def _kept(page: str) -> dict[str, Any]:
    """What a browser would send back of the form."""
    fields: dict[str, Any] = dict(
        re.findall(r'<input [^>]*name="([^"]+)"[^>]* value="([^"]*)"', page)
    )
    for name, inner in re.findall(
        r'<select [^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.S
    ):
        chosen = re.findall(r'value="([^"]*)" selected', inner)
        fields[name] = chosen[0] if chosen else re.findall(r'value="([^"]*)"', inner)[0]
    fields["people"] = re.findall(r'name="people" value="([^"]*)" checked', page)
    fields["order"] = re.findall(r'name="order" value="([^"]*)"', page)
    fields["weekend"] = "on" if 'name="weekend" value="on" checked' in page else ""
    return fields


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"unit": "day", "count": "3", "weekend": ""},
        {"unit": "month", "month_day": "15", "weekend": "", "away": "flag"},
        {"hours": "workdays", "opens": "08:00", "closes": "18:00", "weekend": ""},
        {"hours": "daily", "opens": "20:00", "closes": "06:00", "weekend": ""},
    ],
)
def test_saved_as_it_was_shown_a_rota_stays_what_it_is(
    pages: Desk, more: dict[str, Any]
) -> None:
    name = "kept-" + "-".join(more.values())
    first = {**NEW, "name": name, "begins": _typed(2), **more, "do": "save"}
    assert pages.form("/new/rota", first).status_code == 303
    before = _final(pages, name, (0, 120))
    path = f"/schedules/{name}/rota"
    fields = _kept(pages.get(f"{path}?rotation=Primary").text)
    shown = pages.form(path, {**fields, "do": "preview"}).text
    assert "Nobody’s hours change." in shown, fields
    assert pages.form(path, {**fields, "do": "save"}).status_code == 303
    assert _final(pages, name, (0, 120)) == before


def test_what_the_form_cannot_show_is_changed_in_its_file(pages: Desk) -> None:
    layers = [
        {"id": "sun", "participants": ["alice"], "anchor": "2024-01-01T09:00",
         "turn": {"unit": "week"}, "tz": "Asia/Tokyo",
         "restrictions": [{"type": "daily", "start": "09:00", "end": "17:00"}]},
        {"id": "moon", "participants": ["bob"], "anchor": "2024-01-01T09:00",
         "turn": {"unit": "week"}, "priority": -1},
    ]  # fmt: skip
    body = {"team": "payments", "rotations": [{"name": "Primary", "layers": layers}]}
    made = pages.put("/api/v1/schedules/sun", body)
    assert made.status_code < 300, made.text
    held = pages.document("schedules", "sun")
    page = pages.get("/schedules/sun/rota?rotation=Primary")
    assert page.status_code == 200
    assert "more than one layer at a time: sun, moon" in page.text
    assert "a time zone of its own: sun (Asia/Tokyo)" in page.text
    assert "tocsin apply sun.yaml" in page.text
    assert "tz: Asia/Tokyo" in page.text, "the schedule's file is there to copy"
    assert 'name="people"' not in page.text
    assert "When clocks change apart" in page.text
    assert "the clocks of Europe/Berlin change" in page.text
    # Nor is it lost by a form that was open before.
    fields = {**NEW, "begins": _typed(1), "do": "save"}
    assert pages.form("/schedules/sun/rota", fields).status_code == 409
    assert pages.document("schedules", "sun") == held


def test_the_weeks_in_which_clocks_change_apart_are_shown_with_the_change(
    pages: Desk,
) -> None:
    west = {"id": "west", "participants": ["bob"], "anchor": "2024-01-01T09:00",
            "turn": {"unit": "week"}, "tz": "America/New_York"}  # fmt: skip
    east = {"name": "Primary", "users": ["alice"]}
    two = [east, {"name": "Secondary", "layers": [west]}]
    body = {"team": "payments", "time_zone": "Europe/Berlin", "rotations": two}
    made = pages.put("/api/v1/schedules/apart", body)
    assert made.status_code < 300, made.text
    change = {**NEW, "weekend": "", "begins": _typed(1), "do": "preview"}
    shown = pages.form("/schedules/apart/rota", change).text
    assert "When clocks change apart" in shown
    assert "the clocks of America/New_York change" in shown
    alone = pages.form("/schedules/payments/rota", change).text
    assert "When clocks change apart" not in alone


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"month_day": "31"}, "Enter a whole number from 1 to 28."),
        ({"hours": "daily", "opens": "", "closes": "x"}, "Enter a time such as 09:00."),
        (
            {"hours": "daily", "opens": "09:00", "closes": "17:00"},
            "a rota around the clock",
        ),
        ({"people": []}, "Expected one person at least"),
        ({"count": "0"}, "Enter a whole number from 1 to 52."),
        ({"at": "9 o'clock"}, "Enter a time such as 09:00."),
        ({"begins": "2020-01-01T00:00"}, "now or later"),
        ({"begins": "soon"}, "Expected a day and a time"),
        ({"unit": "day"}, "turns of one week"),
        ({"people": ["alice"]}, "two people at least"),
        ({"name": "payments"}, "This name is taken"),
        ({"rotation": ""}, "a name, such as Primary"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    pages: Desk, wrong: dict[str, Any], said: str
) -> None:
    fields = {**NEW, "name": "fresh", "begins": _typed(1), "do": "save", **wrong}
    answer = pages.form("/new/rota", fields)
    assert answer.status_code == 422
    assert said in answer.text.replace("&#39;", "'")
    assert pages.document("schedules", "fresh") is None


def test_the_same_hour_days_ago_is_not_now(pages: Desk) -> None:
    local = datetime.now(ZoneInfo("Europe/Berlin")) - timedelta(days=3, minutes=5)
    begins = local.strftime("%Y-%m-%dT%H:%M")
    fields = {**NEW, "name": "late", "begins": begins, "do": "save"}
    answer = pages.form("/new/rota", fields)
    assert answer.status_code == 422
    assert "now or later" in answer.text


def test_it_takes_a_lead_of_the_team(pages: Desk) -> None:
    fields = {**NEW, "name": "y", "begins": _typed(1), "do": "save"}
    assert pages.form("/new/rota", fields, "responder").status_code == 403
    assert pages.get("/schedules/payments/rota", "other").status_code == 403
    assert pages.get("/schedules/nowhere/rota").status_code == 404


def test_five_people_a_week_each_with_the_weekend_split_in_ten_interactions(
    site: Site,
) -> None:
    """Who never saw it: every click and every field that is filled counts as one."""
    page = site.page("/schedules", "alice")
    count = 0

    def click(locator: Any) -> None:
        nonlocal count
        count += 1
        locator.click()

    click(page.get_by_role("link", name="New rota"))
    count += 1
    page.get_by_label("Name").fill("five")
    boxes = page.locator('input[name="people"]')
    for place in range(boxes.count()):
        if boxes.nth(place).is_checked() != (place < 5):
            click(boxes.nth(place))
    click(page.get_by_label("Weekends are somebody else’s"))
    click(page.get_by_role("button", name="Save"))
    expect(page.get_by_role("heading", level=1)).to_have_text("five")
    assert count <= 10, count
    page.context.close()
    found = site.get("/api/v1/schedules/five", "alice")
    assert found.status_code == 200, found.text
    base, weekend = found.json()["rotations"][0]["layers"]
    assert len(set(base["participants"])) == len(set(weekend["participants"])) == 5
