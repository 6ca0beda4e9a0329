"""The first run in a real browser: from an empty database to a page that is answered.

Slow: a server and Chromium for each way of going through it.
"""

import re
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.peers.programs import Mailserver, TocsinServer, page_link, until
from tests.web.browsing import COMPANY, violations

pytestmark = pytest.mark.slow


def first_link(server: TocsinServer) -> str:
    """The one-time link that an empty installation prints when it starts."""
    log = server.home / "log"
    found = until(
        lambda: re.search(r"https?://\S+/sign-in/\S+", log.read_text()), what="the link"
    )
    return str(found.group(0))


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_first_run_to_an_acknowledged_test_page(
    browser: Browser, tmp_path: Path, *, scripts: bool
) -> None:
    mail = Mailserver()
    server = TocsinServer(tmp_path, mail=mail).start()
    context = browser.new_context(java_script_enabled=scripts)
    page = context.new_page()
    try:
        _go_through(page, server, mail, scripts=scripts)
    finally:
        context.close()
        server.stop()
        mail.stop()


def _looks_well(page: Page, *, scripts: bool) -> None:
    if scripts:
        assert not violations(page)


def _go_through(
    page: Page, server: TocsinServer, mail: Mailserver, *, scripts: bool
) -> None:
    page.goto(first_link(server))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/setup")
    _looks_well(page, scripts=scripts)
    page.get_by_label("Name", exact=True).fill("Meridian Pay")
    page.get_by_label("Time zone").fill("Europe/Nowhere")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("Enter an IANA time zone").first).to_be_visible()
    page.get_by_label("Time zone").fill("Europe/Berlin")
    page.get_by_role("button", name="Next").click()
    page.wait_for_url("**/setup?step=2")
    page.get_by_label("Your name").fill("Alice Adams")
    page.get_by_label("Your mail address").fill("alice@example.com")
    page.get_by_role("button", name="Next").click()
    page.wait_for_url("**/setup?step=3")
    _looks_well(page, scripts=scripts)
    page.get_by_role("button", name="Send a test mail").click()
    assert mail.wait_for("alice@example.com")["Subject"] == "Mail works"
    page.get_by_text("the server said").wait_for()
    page.goto(f"{server.url}/setup")  # resumed where it was
    page.get_by_role("button", name="Page me now").click()
    page.get_by_text("Accepted: the alert is on disk").wait_for()
    paged = mail.wait_for("alice@example.com", count=2)
    page.get_by_text("Sent by email").wait_for(timeout=15_000)
    _looks_well(page, scripts=scripts)
    phone = page.context.new_page()
    phone.goto(page_link(paged))
    phone.get_by_role("button", name="Acknowledge").click()
    page.get_by_text("Acknowledged by you").wait_for(timeout=15_000)
    page.get_by_role("link", name="Next: your first team").click()
    _looks_well(page, scripts=scripts)
    page.get_by_label("Team", exact=True).fill("payments")
    page.get_by_label("What can break").fill("checkout")
    page.get_by_label("Who is paged next").fill("Bob Brown <bob@example.com>")
    page.get_by_label("What sends the alerts").select_option("generic")
    page.get_by_role("button", name="Put them on watch").click()
    page.get_by_text("Waiting for the first event").wait_for()
    _looks_well(page, scripts=scripts)
    address = re.search(r"https?://[\w.:]+/in/\w+", page.content())
    assert address
    answer = httpx2.post(address.group(0), json={"title": "Cards fail", "key": "c"})
    assert answer.status_code == 202
    page.get_by_text("was heard at").wait_for(timeout=15_000)
    page.get_by_role("button", name="Finish", exact=True).click()
    page.wait_for_url(f"{server.url}/")
    answer = page.goto(f"{server.url}/setup")
    assert answer is not None
    assert answer.status == 404
    known = server.command("export")
    assert "first-page" not in known
    assert "bob@example.com" in known
    assert mail.wait_for("alice@example.com", count=3)


def test_a_page_that_waits_turns_when_a_first_ping_comes(
    browser: Browser, tmp_path: Path
) -> None:
    # A ping makes no alert, so no fact of the live stream tells of it.
    key = "f" * 32
    more = f"  - {{name: job, type: heartbeat, service: checkout, key: {key}}}\n"
    server = TocsinServer(tmp_path, company=COMPANY + more).start()
    context = browser.new_context()
    page = context.new_page()
    try:
        page.goto(server.command("sign-in-link", "alice").strip())
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{server.url}/")
        page.goto(f"{server.url}/admin/integrations/job")
        page.get_by_text("Waiting for the first event").wait_for()
        assert httpx2.get(f"{server.url}/ping/{key}").status_code == 200
        page.get_by_text("Last ping").wait_for(timeout=15_000)
    finally:
        context.close()
        server.stop()
