"""Everything by keyboard alone, and shortcuts that get in nobody's way.

Slow: drives a real browser.
"""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.web.browsing import Site, violations

pytestmark = pytest.mark.slow


def test_from_the_door_to_an_acknowledged_alert_by_keyboard(site: Site) -> None:
    site.send("keys-walk", "Walked to by keys")
    context = site.context("")
    page = context.new_page()
    page.goto(site.server.command("sign-in-link", "bob").strip())
    _tab_to(page, "Sign in")
    page.keyboard.press("Enter")
    page.wait_for_url(site.url + "/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_url(site.url + "/alerts")
    for _ in range(60):
        page.keyboard.press("j")
        if "Walked to by keys" in page.locator("main .picked").inner_text():
            break
    expect(page.locator("main .picked a.t")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/alerts/\d+$"))
    page.keyboard.press("a")
    page.locator("main").get_by_text("Acked by").first.wait_for()
    context.close()


def test_a_row_is_acknowledged_where_it_is(site: Site) -> None:
    site.send("keys-row", "Acked in its row")
    page = site.page("/alerts", "bob")
    row = page.locator("main li", has_text="Acked in its row")
    for _ in range(60):
        page.keyboard.press("j")
        if "Acked in its row" in page.locator("main .picked").inner_text():
            break
    page.keyboard.press("a")
    expect(row).to_have_count(0)
    page.context.close()


def test_keys_are_off_in_fields_and_can_be_switched_off(site: Site) -> None:
    page = site.page("/find")
    page.locator("main").get_by_label("Find or do").click()
    page.keyboard.type("gajk?/")
    expect(page).to_have_url(re.compile("/find$"))
    expect(page.locator("main").get_by_label("Find or do")).to_have_value("gajk?/")
    page.locator("h1").click()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    assert not violations(page)
    page.get_by_label("Keys work outside of fields").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page).to_have_url(re.compile("/find$"))
    page.keyboard.press("/")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.context.close()


def test_find_answers_while_one_types_and_leads_on(site: Site) -> None:
    page = site.page("/oncall")
    page.keyboard.press("/")
    dialog = page.get_by_role("dialog", name="Find or do")
    expect(dialog).to_be_visible()
    page.keyboard.type("dan")
    dialog.get_by_text("Dan Diaz").wait_for()
    assert not violations(page)
    for _ in range(3):
        page.keyboard.press("Backspace")
    page.keyboard.type("alerts")
    dialog.get_by_role("link", name="Alerts", exact=True).wait_for()
    page.keyboard.press("ArrowDown")
    expect(
        dialog.locator("#finder-found a, #finder-found button").first
    ).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.context.close()


def _tab_to(page: Page, name: str) -> None:
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText || ''").strip() == name:
            return
    raise AssertionError(f"{name} is not reached by Tab")
