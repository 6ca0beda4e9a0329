"""Weights, requests and times of pages as design sets them, measured in a real browser.

Slow: a slow line is emulated.
"""

import re
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.web.browsing import Site
from tocsin.web import assets

pytestmark = pytest.mark.slow

KB = 1000
# As WebPageTest's "3G slow": 400 kbit/s, 400 ms there and back; and a slow phone's CPU.
SLOW_3G = {
    "offline": False,
    "latency": 400,
    "downloadThroughput": 400 * KB / 8,
    "uploadThroughput": 400 * KB / 8,
}
CPU_TIMES = 4
# A shift of less than a thousandth of the screen, as while the text is still coming in.
NOTICED = 0.001
OBSERVE = """
window.seen = {lcp: 0, cls: 0};
new PerformanceObserver(list => { for (const one of list.getEntries()) seen.lcp = one.startTime; })
  .observe({type: 'largest-contentful-paint', buffered: true});
new PerformanceObserver(list => { for (const one of list.getEntries()) if (!one.hadRecentInput) seen.cls += one.value; })
  .observe({type: 'layout-shift', buffered: true});
"""
PAGES = [
    "/",
    "/alerts",
    "/incidents",
    "/incidents/new",
    "/alerts/1",
    "/oncall",
    "/admin/integrations",
    "/find",
]


class Wire:
    """What a page asks for, with the bytes that came over the line."""

    def __init__(self, page: Page) -> None:
        self.session = page.context.new_cdp_session(page)
        self.session.send("Network.enable")
        self.urls: dict[str, str] = {}
        self.by_script: set[str] = set()
        self.bytes: dict[str, int] = {}
        self.session.on("Network.requestWillBeSent", self._asked)
        self.session.on("Network.loadingFinished", self._came)

    def _asked(self, event: dict[str, Any]) -> None:
        self.urls[event["requestId"]] = event["request"]["url"]
        if event.get("type") in ("Fetch", "XHR"):
            self.by_script.add(event["requestId"])

    def _came(self, event: dict[str, Any]) -> None:
        self.bytes[event["requestId"]] = int(event["encodedDataLength"])

    @property
    def weight(self) -> int:
        return sum(self.bytes.values())


def _settled(page: Page, path: str) -> None:
    """All that the page needs is there, and its stream is open (which never ends)."""
    page.goto(path, wait_until="load")
    page.locator("body[data-up='1']").wait_for(timeout=5000)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_light_and_asks_nobody_else(site: Site, path: str) -> None:
    context = site.context()
    page = context.new_page()
    wire = Wire(page)
    _settled(page, path)
    asked = [url for url in wire.urls.values() if not url.startswith("data:")]
    strangers = [url for url in asked if not url.startswith(site.url)]
    assert not strangers
    # Page, style, script, icons, font. What comes once the page is seen (its stream, what
    # that has news of, and the browser's own wishes) weighs, but keeps nobody waiting.
    later = ("manifest", "bell", "stream.js", "/live")
    first = [
        url
        for request, url in wire.urls.items()
        if request not in wire.by_script
        and not url.startswith("data:")
        and not any(word in url for word in later)
    ]
    assert len(first) <= 5, first
    assert wire.weight <= 80 * KB, wire.bytes
    again = Wire(page)
    _settled(page, path)
    assert again.weight <= 15 * KB, again.bytes
    assert page.evaluate("document.querySelectorAll('*').length") <= 1500
    context.close()


def test_a_room_with_500_entries_is_light_and_leads_to_the_oldest(site: Site) -> None:
    token = site.server.command("token", "alice").strip()
    with httpx2.Client(
        base_url=f"{site.url}/api/v1", headers={"authorization": f"Bearer {token}"}
    ) as client:
        body = {"title": "A long one", "severity": "SEV4", "drill": True, "page": False}
        number = client.post("/incidents", json=body).json()["number"]
        for n in range(500):
            note = {"text": f"Pod {n} restarts, and nobody knows why it should."}
            assert client.post(f"/incidents/{number}/entries", json=note).is_success
        context = site.context()
        page = context.new_page()
        wire = Wire(page)
        _settled(page, f"/incidents/{number}")
        assert wire.weight <= 80 * KB, wire.bytes
        expect(page.locator("#log")).to_contain_text("Pod 499 restarts")
        for _ in range(4):
            page.get_by_role("link", name=re.compile(r"^\d+ older$")).click()
        expect(page.locator("#log")).to_contain_text("Pod 0 restarts")
        page.get_by_role("link", name="Newest", exact=True).click()
        expect(page.locator("#log")).to_contain_text("Pod 499 restarts")
        context.close()
        over = {"state": "cancelled", "reason": "the test is over"}
        client.post(f"/incidents/{number}/state", json=over)


@pytest.mark.parametrize("path", ["/", "/alerts/1"])
def test_a_page_shows_soon_on_a_slow_line_and_never_shifts(
    site: Site, path: str
) -> None:
    context = site.context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.add_init_script(OBSERVE)
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW_3G)
    session.send("Emulation.setCPUThrottlingRate", {"rate": CPU_TIMES})
    page.goto(path, wait_until="load", timeout=60_000)
    page.wait_for_timeout(300)
    seen = page.evaluate("seen")
    assert seen["lcp"] <= 5500, seen
    assert seen["cls"] < NOTICED, seen
    context.close()


def test_the_page_link_shows_soonest(site: Site) -> None:
    link = site.raise_alert("soonest", "Seen on a slow line")
    context = site.browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.add_init_script(OBSERVE)
    wire = Wire(page)
    wire.session.send("Network.emulateNetworkConditions", SLOW_3G)
    wire.session.send("Emulation.setCPUThrottlingRate", {"rate": CPU_TIMES})
    page.goto(link, wait_until="load")
    page.wait_for_timeout(300)
    seen = page.evaluate("seen")
    assert wire.weight <= 14 * KB
    assert seen["lcp"] <= 2500, seen
    assert seen["cls"] < NOTICED, seen
    context.close()


def test_style_and_scripts_keep_their_budget() -> None:
    style = assets.load("tocsin.css")
    scripts = [assets.load(name) for name in (assets.SCRIPT, "stream.js")]
    worker = assets.load("sw.js")
    assert style is not None
    assert len(style.compressed) <= 14 * KB
    assert sum(len(one.compressed) for one in scripts if one) <= 20 * KB
    assert worker is not None
    assert len(worker.content) <= 3 * KB


def test_text_goes_out_compressed_and_for_ever(site: Site) -> None:
    page = site.page("/oncall")
    style = page.locator("link[rel=stylesheet]").get_attribute("href")
    assert style is not None
    answer = page.request.get(style)
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert page.request.get("/static/-/tocsin.css").headers["cache-control"] == (
        "no-cache"
    )
    assert page.request.get("/static/x/..%2Fgate.py").status == 404
    page.context.close()


def test_no_page_breaks_the_content_policy(site: Site) -> None:
    context = site.context(service_workers="allow")
    page = context.new_page()
    broken: list[str] = []
    page.on("console", lambda said: broken.append(said.text))
    page.on("pageerror", lambda error: broken.append(str(error)))
    for path in [*PAGES, "/kit"]:
        _settled(page, path)
        expect(page.locator("main")).to_be_visible()
    assert not broken
    context.close()
