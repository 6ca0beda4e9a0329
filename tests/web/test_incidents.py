"""The room of an incident in a real browser: with and without scripts, alone and with others.

Slow: Chromium and a server.
"""

import re
from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.web.browsing import Site

pytestmark = pytest.mark.slow


def declared(site: Site, title: str, severity: str = "SEV3", **more: str) -> int:
    """The number of a new incident that pages nobody."""
    data = {"title": title, "severity": severity, "drill": "on", **more}
    answer = site.post("/incidents/new", data=data)
    assert answer.status_code == 303, answer.text[:500]
    return int(answer.headers["location"].rpartition("/")[2])


def act(
    site: Site, number: int, do: str, person: str = "alice", **fields: str
) -> httpx2.Response:
    return site.post(f"/incidents/{number}", person, data={"do": do, **fields})


@pytest.fixture
def over(site: Site) -> Iterator[list[int]]:
    """Incidents of a test, which are cancelled at its end."""
    made: list[int] = []
    yield made
    for number in made:
        act(site, number, "state", state="cancelled", reason="the test is over")


def _say(page: Page, text: str) -> None:
    page.get_by_label("Entry", exact=True).fill(text)
    page.locator("#say").get_by_role("button", name="Add").click()


# long because: one incident is told from its beginning to its end.
def test_an_incident_is_worked_on_without_scripts(site: Site, over: list[int]) -> None:
    context = site.context("alice", java_script_enabled=False)
    page = context.new_page()
    page.goto("/incidents")
    page.get_by_role("link", name="Declare", exact=True).click()
    page.get_by_label("What is wrong").fill("Cards fail without scripts")
    page.get_by_label("A drill").check()
    page.get_by_role("button", name="Declare", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Cards fail without scripts"
    )
    over.append(int(page.url.rpartition("/")[2]))
    page.get_by_role("button", name="Take it : Incident commander").click()
    expect(page.locator(".facts")).to_contain_text("Alice Adams")
    _say(page, "6 of 12 pods restart")
    expect(page.locator("#log")).to_contain_text("6 of 12 pods restart")
    page.get_by_label("What", exact=True).fill("Roll back")
    page.get_by_label("Who, one person").select_option("bob")
    page.get_by_role("button", name="Ask", exact=True).last.click()
    expect(page.locator("#tasks")).to_contain_text("Roll back")
    page.get_by_role("link", name="Post update").click()
    page.get_by_label("What they should know").fill("We found it and roll back.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#log")).to_contain_text("We found it and roll back.")
    act(site, over[0], "state", state="monitoring")
    page.goto(f"/incidents/{over[0]}")
    page.locator("#status summary").first.click()
    page.get_by_label("It is now").last.select_option("resolved")
    page.locator("#statewhy").fill("all green")
    page.locator("#status").get_by_role("button", name="Set it").first.click()
    expect(page.locator(".mast")).to_contain_text("Resolved")
    context.close()


def test_two_see_each_other_s_notes_within_a_second(
    site: Site, over: list[int]
) -> None:
    over.append(declared(site, "Seen by two"))
    alice, bob = (
        site.page(f"/incidents/{over[0]}"),
        site.page(f"/incidents/{over[0]}", "bob"),
    )
    for page in (alice, bob):
        page.locator("body[data-up='1']").wait_for()
    bob.get_by_label("Entry", exact=True).fill("half written")
    bob.get_by_label("Entry", exact=True).focus()
    _say(alice, "p99 is back under 900 ms")
    expect(bob.locator("#log")).to_contain_text("p99 is back", timeout=1500)
    assert bob.get_by_label("Entry", exact=True).input_value() == "half written"
    assert bob.evaluate("document.activeElement.id") == "t"
    alice.context.close()
    bob.context.close()


def test_what_is_written_without_a_connection_is_there_once(
    site: Site, over: list[int]
) -> None:
    over.append(declared(site, "Offline for a minute"))
    page = site.page(f"/incidents/{over[0]}")
    page.clock.install()
    page.reload()
    page.context.set_offline(True)
    _say(page, "written in the tunnel")
    expect(page.locator("#kept")).to_contain_text("1 entry waits")
    _say(page, "and another")
    expect(page.locator("#kept")).to_contain_text("2 entries wait")
    page.clock.fast_forward(60_000)
    act(site, over[0], "say", "bob", text="written meanwhile", kind="note", key="b1")
    page.context.set_offline(False)
    page.clock.fast_forward(10_000)
    expect(page.locator("#kept")).to_have_text("", timeout=5000)
    text = site.get(f"/incidents/{over[0]}/log.txt").text
    for once in ("written in the tunnel", "and another", "written meanwhile"):
        assert text.count(once) == 1, once
    page.context.close()


def test_a_form_that_is_sent_twice_writes_once(site: Site, over: list[int]) -> None:
    over.append(declared(site, "Sent twice"))
    for _ in range(2):
        act(site, over[0], "say", text="once only", kind="note", key="same")
    assert site.get(f"/incidents/{over[0]}/log.txt").text.count("once only") == 1
    data = {"title": "Declared twice", "drill": "on", "key": "d-1"}
    places = {
        site.post("/incidents/new", data=data).headers["location"] for _ in range(2)
    }
    assert len(places) == 1
    over.append(int(places.pop().rpartition("/")[2]))


def test_the_room_is_driven_by_keys(site: Site, over: list[int]) -> None:
    over.append(declared(site, "By keys alone"))
    page = site.page(f"/incidents/{over[0]}")
    page.locator("body[data-up='1']").wait_for()
    page.keyboard.press("c")
    page.keyboard.type("Roll back now")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#log .strong")).to_have_text("Roll back now")
    page.locator("h1").click()
    page.keyboard.press("d")
    expect(page.get_by_label("What is wrong")).to_be_focused()
    page.context.close()


def test_what_waits_for_the_commander_is_approved_in_the_room(
    site: Site, over: list[int]
) -> None:
    over.append(declared(site, "For customers"))
    act(site, over[0], "role", role="IC", how="take")
    data = {
        "audience": "external",
        "stage": "identified",
        "body": "We roll back.",
        "do": "send",
    }
    sent = site.post(f"/incidents/{over[0]}/update", "bob", data=data)
    assert sent.status_code == 303, sent.text[:300]
    bob = site.get(f"/incidents/{over[0]}", "bob").text
    assert "Let it out" not in bob
    assert "the commander, approves it" in bob
    page = site.page(f"/incidents/{over[0]}")
    page.get_by_role("button", name="Let it out").click()
    expect(page.locator("#log")).to_contain_text("told customers")
    page.context.close()


def test_what_is_refused_is_said_in_the_room(site: Site, over: list[int]) -> None:
    over.append(declared(site, "Refused"))
    early = act(site, over[0], "state", state="resolved")
    assert early.status_code == 409
    assert "quiet minutes of watching" in early.text
    odd = act(site, over[0], "dance")
    assert odd.status_code == 409
    empty = site.post("/incidents/new", data={"title": " "})
    assert empty.status_code == 422
    assert "Say in a sentence what is wrong." in empty.text


def test_who_only_looks_finds_no_form(site: Site, over: list[int]) -> None:
    over.append(declared(site, "Looked at"))
    page = site.get(f"/incidents/{over[0]}", "vera").text
    assert "Looked at" in page
    assert f'action="/incidents/{over[0]}"' not in page
    assert act(site, over[0], "say", "vera", text="x").status_code == 403


def test_a_private_incident_is_nowhere_for_others(site: Site, over: list[int]) -> None:
    over.append(declared(site, "Keys leaked", private="on", services="ledger-db"))
    for path in ("/", "/incidents", "/find?q=leaked", f"/incidents/{over[0]}"):
        assert "Keys leaked" not in site.get(path, "bob").text, path
    assert site.get(f"/incidents/{over[0]}", "bob").status_code == 404
    assert act(site, over[0], "say", "bob", text="x").status_code == 404
    assert "Keys leaked" in site.get("/incidents", "dan").text


def test_an_alert_leads_to_its_incident_and_home_to_both(
    site: Site, over: list[int]
) -> None:
    site.send("declared", "Declared from here", "SEV3")
    found = re.search(r'/alerts/(\d+)">Declared from here', site.get("/alerts").text)
    assert found
    form = site.get(f"/incidents/new?alert={found[1]}").text
    assert 'value="Declared from here"' in form
    over.append(declared(site, "Declared from here", alert=found[1]))
    assert f"/incidents/{over[0]}" in site.get(f"/alerts/{found[1]}").text
    assert f"/incidents/{over[0]}" in site.get("/").text
    assert f"/incidents/{over[0]}" in site.get("/find?q=declared").text


XSS = "<img src=x onerror=alert(1)>{{7*7}}"


def test_texts_of_people_are_only_texts(site: Site, over: list[int]) -> None:
    over.append(declared(site, f"Title {XSS}"))
    number = over[0]
    act(site, number, "say", text=f"Note {XSS}", kind="decision")
    act(site, number, "stand", know=f"Know {XSS}", doing="x", otherwise="y")
    act(site, number, "impact", text=f"Impact {XSS}")
    act(site, number, "propose", statement=f"Statement {XSS}")
    act(site, number, "task", text=f"Task {XSS}", assignee="alice")
    page = site.page(f"/incidents/{number}")
    assert page.locator("main img").count() == 0
    assert "49" not in page.locator("h1").inner_text()
    assert "<img src=x" in page.locator("h1").inner_text()
    page.context.close()


def _not_a_drill(site: Site, over: list[int], title: str, *services: str) -> str:
    """The address of a new incident that pages nobody, which customers may hear of."""
    token = site.server.command("token", "alice").strip()
    answer = httpx2.post(
        f"{site.url}/api/v1/incidents",
        json={
            "title": title, "severity": "SEV2", "services": list(services),
            "page": False,
        },
        headers={"authorization": f"Bearer {token}"},
    )  # fmt: skip
    over.append(answer.json()["number"])
    act(site, over[0], "role", role="IC", how="take")
    return f"/incidents/{over[0]}/update"


OUTSIDE = {"audience": "external", "stage": "investigating", "minutes": "20"}


def test_an_update_shows_where_it_goes_and_what_each_component_will_be(
    site: Site, over: list[int]
) -> None:
    path = _not_a_drill(site, over, "Statements are late", "checkout")
    form = OUTSIDE | {"body": "Statements come late."}
    usual = site.post(path, data=form).text
    assert "Card payments: Partial outage" in usual
    assert "0 mails" in usual
    chosen = {
        "component:meridian/ledger": "degraded",
        "component:meridian/cards": "operational",
        "component:meridian/dashboard": "no such state",
    }
    seen = site.post(path, data=form | chosen).text
    assert "Card payments: Working, Statements: Slower than usual<" in seen
    assert '<option value="degraded" selected>' in seen
    sent = site.post(path, data=form | chosen | {"do": "send", "key": "where"})
    assert sent.status_code == 303
    page = site.get("/status/meridian/api/v2/components.json", "").json()
    states = {one["id"]: one["status"] for one in page["components"]}
    assert states == {
        "cards": "operational",
        "ledger": "degraded_performance",
        "dashboard": "operational",
    }


def test_an_update_that_no_page_would_show_says_so(site: Site, over: list[int]) -> None:
    path = _not_a_drill(site, over, "Nobody knows yet")
    seen = site.post(path, data=OUTSIDE | {"body": "We look."}).text
    assert "No status page shows it" in seen
    drill = declared(site, "Only practised")
    over.append(drill)
    seen = site.post(f"/incidents/{drill}/update", data=OUTSIDE | {"body": "x"}).text
    assert "Where it goes" in seen
    assert "a drill" in seen


def test_a_room_tells_what_happened_before(site: Site, over: list[int]) -> None:
    first = declared(site, "Statements cannot be printed")
    over.append(first)
    second = declared(site, "Statements cannot be printed today")
    over.append(second)
    page = site.page(f"/incidents/{second}")
    panel = page.locator("#before")
    expect(panel).to_contain_text(f"INC-{first} Statements cannot be printed")
    expect(panel).to_contain_text("similar words")
    panel.get_by_role("button", name=f"This again : INC-{first}").click()
    expect(panel).to_contain_text(f"This is INC-{first} again.")
    expect(page.locator("#log")).to_contain_text(f"This is INC-{first} again")
    page.context.close()


def test_a_form_names_no_incident_that_one_may_not_know_of(
    site: Site, over: list[int]
) -> None:
    token = site.server.command("token", "alice").strip()
    body = {"title": "Keys of the vault leaked", "private": True, "page": False}
    made = httpx2.post(
        f"{site.url}/api/v1/incidents",
        json=body,
        headers={"authorization": f"Bearer {token}"},
    )
    secret = made.json()["number"]
    over.append(secret)
    open_one = declared(site, "Something else is wrong")
    over.append(open_one)
    for do, field in (("merge", "into"), ("recurs", "of")):
        answer = act(site, open_one, do, "bob", **{field: f"INC-{secret}"})
        assert answer.status_code == 409
        assert "There is no INC-0" not in answer.text
        assert "There is no such incident." in answer.text
        assert "vault" not in answer.text
