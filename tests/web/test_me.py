"""`/me`: people keep how they are reached, prove it, and try it."""

import json
import re

import httpx2
import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.web.browsing import Site, problems_of_look

pytestmark = pytest.mark.slow


def _ids(text: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"/me/contacts/([0-9a-f]{12})", text)))


def _code(site: Site, address: str) -> str:
    mail = site.mail.wait_for(address)
    found = re.fullmatch(r"Your Tocsin code is (\d{6})", mail["subject"])
    assert found is not None, mail["subject"]
    return found.group(1)


def _box(one: Locator) -> FloatRect:
    found = one.bounding_box()
    assert found is not None
    return found


def test_the_page_is_accessible_and_fits(site: Site) -> None:
    assert not problems_of_look(site, ["/me"], person="bob")


def test_the_buttons_of_a_contact_wrap_below_its_name_on_a_phone(site: Site) -> None:
    data = {"channel": "email", "address": "bob@home.example", "label": "home"}
    assert site.post("/me/contacts", "bob", data=data).status_code == 303
    phone = {"width": 390, "height": 844}
    page = site.page("/me", "bob", viewport=phone)
    rows = page.locator(".contact")
    names = rows.locator("> .grow").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().width)"
    )
    assert len(names) == 2
    assert min(names) > 200
    assert max(one["height"] for one in map(_box, rows.all())) < 320
    page.context.close()
    (contact,) = _ids(site.get("/me", "bob").text)
    site.post(f"/me/contacts/{contact}", "bob", data={"do": "remove"})


def test_a_contact_pages_only_once_its_code_was_entered(site: Site) -> None:
    answer = site.post(
        "/me/contacts",
        "carol",
        data={"channel": "email", "address": "carol@home.example", "label": "home"},
    )
    assert answer.status_code == 303, answer.text
    page = site.get("/me", "carol").text
    assert "not verified, not used" in page
    (contact,) = _ids(page)
    wrong = site.post(
        f"/me/contacts/{contact}", "carol", data={"do": "verify", "code": "000000x"}
    )
    assert wrong.status_code == 422
    assert "That is not the code; 4 more tries." in wrong.text
    right = {"do": "verify", "code": _code(site, "carol@home.example")}
    assert site.post(f"/me/contacts/{contact}", "carol", data=right).status_code == 303
    assert "not verified, not used" not in site.get("/me", "carol").text


def test_codes_are_sent_once_a_minute_and_five_can_be_wrong(site: Site) -> None:
    data = {"channel": "email", "address": "dan@home.example", "label": "home"}
    assert site.post("/me/contacts", "dan", data=data).status_code == 303
    (contact,) = _ids(site.get("/me", "dan").text)
    path = f"/me/contacts/{contact}"
    again = site.post(path, "dan", data={"do": "send-code"})
    assert again.status_code == 422
    assert "try again in" in again.text
    for _ in range(5):
        site.post(path, "dan", data={"do": "verify", "code": "nothing"})
    right = site.post(
        path, "dan", data={"do": "verify", "code": _code(site, "dan@home.example")}
    )
    assert right.status_code == 422
    assert "Too many wrong codes" in right.text
    assert site.post(path, "dan", data={"do": "remove"}).status_code == 303
    assert not _ids(site.get("/me", "dan").text)


def test_an_address_that_is_a_secret_is_not_repeated_in_what_is_wrong(
    site: Site,
) -> None:
    data = {"channel": "webhook", "address": "hooks.example.com/s3cr3t"}
    answer = site.post("/me/contacts", "bob", data=data)
    assert answer.status_code == 422
    [said] = re.findall(r'<a href="#address">([^<]+)</a>', answer.text)
    assert said.startswith("Expected an address that begins with https://")
    assert "••••" not in said
    assert "s3cr3t" not in said


def test_what_cannot_be_used_is_said_beside_its_field_and_kept(site: Site) -> None:
    answer = site.post(
        "/me/contacts", "bob", data={"channel": "email", "address": "nonsense"}
    )
    assert answer.status_code == 422
    assert "expected a mail address" in answer.text
    assert 'value="nonsense"' in answer.text
    zone = site.post("/me/profile", "bob", data={"time_zone": "CET"})
    assert zone.status_code == 422
    assert "Europe/Berlin" in zone.text


def test_steps_and_quiet_hours_are_kept_without_scripts(site: Site) -> None:
    context = site.context("bob", java_script_enabled=False)
    page = context.new_page()
    page.goto("/me")
    page.locator("#high-after").fill("20")
    page.get_by_role("button", name="Add step to Urgent").click()
    expect(page.locator("#steps .line").first.locator("li")).to_have_count(3)
    page.get_by_role("button", name="Remove email after 20 min").click()
    expect(page.locator("#steps .line").first.locator("li")).to_have_count(2)
    page.locator("#from").fill("22:00")
    page.locator("#to").fill("07:00")
    page.get_by_role("button", name="Save quiet hours").click()
    assert page.locator("#from").input_value() == "22:00"
    page.locator("#from").fill("")
    page.locator("#to").fill("")
    page.get_by_role("button", name="Save quiet hours").click()
    assert page.locator("#from").input_value() == ""
    context.close()


def test_a_test_page_takes_the_real_path_and_is_answered_from_its_link(
    site: Site,
) -> None:
    before = sum(1 for who, _ in site.mail.mails if who == "bob@example.com")
    assert site.post("/me/test", "bob", data={"urgency": "high"}).status_code == 303
    mail = site.mail.wait_for("bob@example.com", count=before + 1)
    text = f"{mail['subject']}\n{mail.get_content()}"
    assert "TEST: [SEV2] test page of bob" in text
    found = re.search(r"https?://\S+/p/\S+", text)
    assert found is not None
    httpx2.post(found.group(0), data={"do": "ack"})
    assert "You answered. Everything on the way works." in site.get("/me", "bob").text
    assert "test page of bob" not in site.get("/alerts?tab=acknowledged", "bob").text
    too_soon = site.post("/me/test", "bob", data={"urgency": "high"})
    assert too_soon.status_code == 429


def test_nobody_changes_somebody_elses_or_their_own_role(site: Site) -> None:
    me = f"{site.url}/api/v1/me"
    cookies = site.cookies_of("vera")
    role = httpx2.patch(me, cookies=cookies, json={"role": "admin"})
    assert role.status_code == 422
    name = httpx2.patch(me, cookies=cookies, json={"full_name": "Vera V. Vogel"})
    assert name.status_code == 200, name.text
    assert name.json()["full_name"] == "Vera V. Vogel"
    other = httpx2.put(
        f"{site.url}/api/v1/people/vera",
        cookies=cookies,
        json={"name": "vera", "role": "admin", "email": "vera@example.com"},
    )
    assert other.status_code == 403


def test_an_address_that_is_new_in_a_patch_is_not_verified(site: Site) -> None:
    me = f"{site.url}/api/v1/me"
    contact = {"by": "email", "address": "v@home.example", "label": "home"}
    answer = httpx2.patch(
        me,
        cookies=site.cookies_of("vera"),
        json={"contacts": [{**contact, "verified": True}]},
    )
    assert answer.status_code == 200, answer.text
    assert [one["verified"] for one in answer.json()["contacts"]] == [True, False]


def test_the_home_page_tells_what_is_mine_and_what_is_not_well(site: Site) -> None:
    site.raise_alert("home-1", "Delta is down")
    home = site.get("/", "alice").text
    assert "You are paged for" in home
    assert "Services that are not well" in home
    assert "You are paged for" not in site.get("/", "vera").text


def _shown_of_a_push(page: Page, origin: str) -> list[list[str]]:
    """What the browser shows of a push that its inspector hands to the worker.

    On a machine with more work than it can do, one push was never shown; so it is handed
    over again until it is, as a push service does. Its tag makes one notification of all.
    """
    inspector = page.context.new_cdp_session(page)
    seen: list[dict[str, str]] = []
    inspector.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda said: seen.extend(said["registrations"]),
    )
    inspector.send("ServiceWorker.enable")
    data = {"title": "SEV2 checkout", "body": "Errors 31%", "url": "/p/1", "tag": "k"}
    shown = """async () => {
      const worker = await navigator.serviceWorker.ready;
      const all = await worker.getNotifications();
      return all.map((one) => [one.title, one.body, one.data]);
    }"""
    for _ in range(60):
        for one in {each["registrationId"] for each in seen}:
            message = {
                "origin": origin,
                "registrationId": one,
                "data": json.dumps(data),
            }
            inspector.send("ServiceWorker.deliverPushMessage", message)
        page.wait_for_timeout(500)
        found: list[list[str]] = page.evaluate(shown)
        if found:
            return found
    return []


def test_a_browser_adds_itself_and_shows_what_is_pushed(site: Site) -> None:
    context = site.context("dan", service_workers="allow")
    context.grant_permissions(["notifications"], origin=site.url)
    page = context.new_page()
    page.goto(f"{site.url}/me")
    form = page.locator("[data-push]")
    expect(form).to_be_visible()
    # No push service is reached from here: the person is told, and may try again.
    form.get_by_role("button").click()
    expect(form.get_by_role("alert")).to_be_visible()
    expect(form.get_by_role("button")).to_be_enabled()
    active = """async () => {
      const { active } = await navigator.serviceWorker.ready;
      while (active.state !== 'activated') await new Promise((go) => setTimeout(go, 20));
    }"""
    page.evaluate(active)
    assert _shown_of_a_push(page, site.url) == [["SEV2 checkout", "Errors 31%", "/p/1"]]
    context.close()
