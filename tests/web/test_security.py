"""The pages of the doors in a real browser: how they look, and without scripts."""

import re

import pytest
from playwright.sync_api import expect

from tests.peers.programs import text_of, until
from tests.web.browsing import Site, problems_of_look

pytestmark = pytest.mark.slow

PASSWORD = "violet anchor trumpet"


def mailed(site: Site, to: str, subject: str) -> str:
    """The text of a mail, once it has come."""

    def found() -> list[str]:
        return [
            text_of(mail)
            for who, mail in site.mail.mails
            if who == to and mail["Subject"] == subject
        ]

    return str(until(found, what=subject)[-1])


def test_the_doors_are_accessible_and_fit(site: Site) -> None:
    link = site.server.command("sign-in-link", "vera").strip()
    strangers = [
        "/login",
        "/login/reset",
        "/login/emergency",
        "/login/sso",
        link.removeprefix(site.url),
        "/sign-in/used-up",
    ]
    found = problems_of_look(site, strangers, person="")
    mine = ["/me/security", "/me/security?did=password", "/login/confirm?next=/"]
    found += problems_of_look(site, mine)
    assert not found, found


def test_a_password_is_reset_and_used_without_scripts(site: Site) -> None:
    context = site.browser.new_context(base_url=site.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/login")
    page.get_by_role("link", name="Forgot it").click()
    page.get_by_label("Handle or mail address").fill("vera")
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_text("Look at your mail")).to_be_visible()
    text = mailed(site, "vera@example.com", "Choose a new password")
    link = re.search(r"http\S+/login/reset/\S+", text)
    assert link
    page.goto(link.group(0))
    page.get_by_label("New password").fill("password12345")
    page.get_by_role("button", name="Set it").click()
    expect(page.locator("#problem")).to_contain_text("common or stolen")
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Set it").click()
    page.wait_for_url(site.url + "/me/security")
    page.get_by_role("button", name="Sign out", exact=True).first.click()
    page.goto("/login?next=/oncall")
    page.get_by_label("Handle or mail address").fill("vera")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(site.url + "/oncall")
    context.close()


def test_printed_codes_open_the_door_once(site: Site) -> None:
    codes = site.server.command("break-glass", "bob").split()
    assert len(codes) == 10
    context = site.browser.new_context(base_url=site.url)
    page = context.new_page()
    page.goto("/login/emergency")
    page.get_by_label("Handle or mail address").fill("bob")
    page.get_by_label("Code").fill(codes[3].lower())
    page.get_by_role("button", name="Use the code").click()
    page.wait_for_url(site.url + "/")
    context.close()
    text = mailed(site, "alice@example.com", "An emergency code was used")
    assert "bob signed in with an emergency code" in text
