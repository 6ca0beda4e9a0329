"""Hours of an override by drag, by keys and by form: the same record is written."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.web.browsing import Site

pytestmark = pytest.mark.slow  # a browser

WHERE = "/schedules/payments?view=week&from={day}"


def _monday(site: Site) -> datetime:
    """A week ahead of any clock, as the schedule's own zone has it."""
    today = datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)  # noqa: DTZ005
    return today + timedelta(days=14 - today.weekday())


def _record(site: Site, page: Page) -> dict[str, Any]:
    """What saving writes; it is taken back at once."""
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("payments")
    document = site.get("/api/v1/schedules/payments", "alice").json()
    overrides = document["rotations"][0]["overrides"]
    assert len(overrides) == 1
    page.get_by_role("button", name="Undo").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("payments")
    return {k: v for k, v in overrides[0].items() if k not in ("id", "seq")}


def test_drag_keys_and_form_write_the_same_record(site: Site) -> None:
    monday = _monday(site)
    start, end = monday + timedelta(hours=48), monday + timedelta(hours=54)
    page = site.page(WHERE.format(day=f"{monday:%Y-%m-%d}"), "alice")
    box = page.locator('.lane[data-rotation="Primary"] .track').first.bounding_box()
    assert box is not None
    hour, middle = box["width"] / (7 * 24), box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 48 * hour, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 51 * hour, middle)
    page.mouse.move(box["x"] + 54 * hour, middle)
    page.mouse.up()
    expect(page.get_by_label("From")).to_have_value(f"{start:%Y-%m-%dT%H:%M}")
    expect(page.get_by_label("Until")).to_have_value(f"{end:%Y-%m-%dT%H:%M}")
    by_drag = _record(site, page)

    page.goto(WHERE.format(day=f"{monday:%Y-%m-%d}"))
    lane = page.get_by_role("button", name="Pick hours of Primary")
    lane.focus()
    for _ in range(49):  # the first picks the hour from midnight
        lane.press("ArrowRight")
    for _ in range(5):
        lane.press("Shift+ArrowRight")
    expect(page.locator("#status")).to_contain_text(f"{start:%Y-%m-%d %H:%M} to")
    lane.press("Enter")
    expect(page.get_by_label("From")).to_have_value(f"{start:%Y-%m-%dT%H:%M}")
    by_keys = _record(site, page)

    page.goto("/schedules/payments/override?rotation=Primary")
    page.get_by_label("From").fill(f"{start:%Y-%m-%dT%H:%M}")
    page.get_by_label("Until").fill(f"{end:%Y-%m-%dT%H:%M}")
    assert by_drag == by_keys == _record(site, page)
    page.context.close()
