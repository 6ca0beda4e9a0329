"""The pages in a real browser: usable by all, with and without scripts, on any width.

Slow: Chromium and a server are started once for the module.
"""

import json
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import expect

from tests.peers.programs import TocsinServer, until
from tests.web.browsing import COMPANY, Site

pytestmark = pytest.mark.slow


def test_the_page_link_is_one_small_request_and_works_without_scripts(
    site: Site,
) -> None:
    link = site.raise_alert("no-script", "Cards fail")
    context = site.browser.new_context(java_script_enabled=False)
    page = context.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(link)
    assert [url for url in requests if url.startswith("http")] == [link]
    assert len(httpx2.get(link).content) <= 14_000
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("You have it").first).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_role("button", name="Resolve").click()
    expect(page.get_by_text("It is over").first).to_be_visible()
    context.close()


def test_looking_at_a_page_link_changes_nothing(site: Site) -> None:
    link = site.raise_alert("scanner")
    number = None
    for method in ("GET", "HEAD", "GET", "OPTIONS"):
        httpx2.request(method, link)
    text = httpx2.get(link).text
    assert "I have it, stop calling others" in text
    assert number is None


def test_a_forged_or_foreign_token_leads_nowhere(site: Site) -> None:
    token = site.raise_alert("forge").rpartition("/")[2]
    page, end, mac = token.split("-", 2)
    for forged in (
        f"{page}-{end}-{'A' * len(mac)}",
        f"1-{end}-{mac}",
        f"{page}-zzzzzzz-{mac}",
        "x",
        "",
        "a-b-c",
        "9" * 70,
    ):
        answer = httpx2.post(f"{site.server.url}/p/{forged}", data={"do": "ack"})
        assert answer.status_code in (404, 405), forged


def test_the_alert_page_acts_and_the_list_follows_live(site: Site) -> None:
    context = site.context()
    page = context.new_page()
    page.goto(site.server.url + "/alerts")
    site.raise_alert("live", "Live and firing")
    row = page.locator("main").get_by_text("Live and firing")
    row.wait_for(timeout=5000)
    row.click()
    page.get_by_label("Note").fill("Looking at the deploy")
    page.get_by_role("button", name="Add").click()
    page.get_by_text("Looking at the deploy").wait_for()
    page.locator("main").get_by_role("button", name="Acknowledge").click()
    page.get_by_text("Acked by alice").first.wait_for()
    page.get_by_role("button", name="Resolve").click()
    page.get_by_text("resolved by alice").first.wait_for()
    context.close()


def test_nobody_sees_a_page_without_signing_in(site: Site) -> None:
    asked = (
        "/",
        "/alerts/1",
        "/incidents",
        "/oncall",
        "/services",
        "/admin/people",
        "/me",
    )
    for path in asked:
        answer = httpx2.get(site.server.url + path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in")
    assert (
        httpx2.post(site.server.url + "/alerts/1", data={"do": "resolve"}).status_code
        == 303
    )


def test_a_form_of_another_site_cannot_act(site: Site) -> None:
    cookies = {one["name"]: one["value"] for one in site.state["cookies"]}  # type: ignore[typeddict-item]
    answer = httpx2.post(
        site.server.url + "/alerts/1",
        data={"do": "resolve"},
        cookies=cookies,
        headers={"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
    )
    assert answer.status_code == 403


def test_text_of_an_alert_is_never_markup(site: Site) -> None:
    site.raise_alert("xss", "<img src=x onerror=alert(1)>")
    context = site.context()
    page = context.new_page()
    broken: list[str] = []
    page.on("dialog", lambda dialog: broken.append(dialog.message))
    page.on(
        "console",
        lambda message: (
            broken.append(message.text)
            if "Content Security Policy" in message.text
            else None
        ),
    )
    for path in ("/", "/alerts"):
        page.goto(site.server.url + path)
        assert page.get_by_text("<img src=x").first.is_visible()
    assert not broken
    context.close()


def test_a_sign_in_link_works_once(site: Site) -> None:
    link = site.server.command("sign-in-link", "bob").strip()
    assert httpx2.get(link).status_code == 200
    assert httpx2.post(link).status_code == 303
    assert httpx2.post(link).status_code == 410


def test_a_link_can_be_asked_for_by_mail(site: Site) -> None:
    answer = httpx2.post(
        site.server.url + "/sign-in", data={"email": "carol@example.com"}
    )
    assert "is on its way" in answer.text
    until(
        lambda: any(
            "Sign in to Tocsin" in str(mail["Subject"])
            for who, mail in site.mail.mails
            if who == "carol@example.com"
        )
    )
    stranger = httpx2.post(
        site.server.url + "/sign-in", data={"email": "nobody@example.com"}
    )
    assert "is on its way" in stranger.text


def test_the_server_ends_quickly_with_open_streams(tmp_path: Path) -> None:
    server = TocsinServer(tmp_path, company=COMPANY).start()
    link = server.command("sign-in-link", "alice").strip()
    with server.client() as client:
        session = client.post(link).cookies
        with client.stream("GET", "/live", cookies=session) as answer:
            assert next(answer.iter_lines()).startswith("retry")
            assert server.process is not None
            server.process.terminate()
            assert server.process.wait(8) == 0
    assert json.dumps({"stopped": True})


def test_the_periods_of_a_load_page_fit_a_phone(site: Site) -> None:
    phone = {"width": 390, "height": 844}
    page = site.page("/schedules/payments/load", viewport=phone)
    cut = page.locator("nav.seg").evaluate("one => one.scrollWidth - one.clientWidth")
    assert cut <= 0
    page.context.close()


def test_of_fields_side_by_side_a_hint_stretches_no_other(site: Site) -> None:
    page = site.page(
        "/schedules/payments/cover", viewport={"width": 1440, "height": 900}
    )
    heights = [
        page.locator(one).evaluate("one => one.getBoundingClientRect().height")
        for one in ("#start", "#end")
    ]
    assert heights[0] == heights[1], "the first has a hint"
    page.context.close()
