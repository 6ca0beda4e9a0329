"""Installed as an app, without a connection, and when something is broken.

Slow: drives a real browser and servers of its own.
"""

import json
import re
from urllib.parse import quote

import httpx2
import pytest
from playwright.sync_api import expect

from tests.web.browsing import Site
from tocsin.web import errors

pytestmark = pytest.mark.slow


def test_the_app_can_be_installed(site: Site) -> None:
    manifest = httpx2.get(site.url + "/manifest.webmanifest")
    icons = json.loads(manifest.text)["icons"]
    assert {"192x192", "512x512", "any"} <= {one["sizes"] for one in icons}
    for one in icons:
        answer = httpx2.get(site.url + one["src"])
        assert answer.headers["content-type"].startswith(one["type"])
    page = site.page("/")
    session = page.context.new_cdp_session(page)
    problems = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # Chromium never installs from a window that leaves no traces.
    assert [one["errorId"] for one in problems] in ([], ["in-incognito"])
    page.context.close()


def test_without_a_connection_no_old_page_is_taken_for_the_present(site: Site) -> None:
    context = site.enter("dan", service_workers="allow")
    page = context.pages[0]
    page.goto("/alerts")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    kept = page.evaluate(
        "caches.keys().then(names => Promise.all(names.map(name => caches.open(name).then(one => one.keys()))))"
        ".then(all => all.flat().map(one => new URL(one.url).pathname))"
    )
    assert kept
    assert all(path == "/offline" or path.startswith("/static/") for path in kept)
    context.set_offline(True)
    page.goto("/alerts")
    expect(page.locator("h1")).to_have_text("No connection to Tocsin")
    context.set_offline(False)
    page.get_by_role("link", name="Try again").click()
    expect(page.locator("h1")).to_have_text("Alerts")
    page.get_by_role("button", name="Sign out").click()
    page.goto("/alerts")
    expect(page).to_have_url(re.compile("/login|/sign-in"))
    context.close()


def test_who_gets_lost_is_offered_a_search(site: Site) -> None:
    page = site.page("/services/chekout")
    expect(page.locator("h1")).to_have_text("There is nothing here")
    field = page.locator("main").get_by_label("Find")
    expect(field).to_have_value("chekout")
    field.fill("checkout")
    page.locator("main").get_by_role("button", name="Find").click()
    expect(page).to_have_url(site.url + "/find?q=checkout")
    page.context.close()


def test_a_toast_is_said_once_and_can_be_undone(site: Site) -> None:
    saying = {"text": "Saved.", "undo": "/theme", "fields": {"theme": "system"}}
    context = site.context()
    context.add_cookies(
        [{"name": "tocsin_said", "value": quote(json.dumps(saying)), "url": site.url}]
    )
    page = context.new_page()
    page.goto("/oncall")
    toast = page.locator("#said [role=status]")
    expect(toast).to_contain_text("Saved.")
    expect(toast.get_by_role("button", name="Undo")).to_be_visible()
    page.reload()
    expect(toast).to_have_count(0)
    context.close()


@pytest.mark.parametrize("status", [500, 503])
def test_broken_pages_need_neither_database_nor_scripts(status: int) -> None:
    answer = errors._static(status)
    text = bytes(answer.body).decode()
    assert answer.status_code == status
    assert 'href="/"' in text
    assert "<script" not in text
    assert ("retry-after" in answer.headers) == (status == 503)
