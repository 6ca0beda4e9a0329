"""Pages follow what happens, in every tab and browser, and disturb nobody who reads or types.

Slow: each waits for a real browser and server.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.peers.programs import until
from tests.web.browsing import Site

pytestmark = pytest.mark.slow

# How long the change of one browser may take to be seen in another.
SOON_MS = 1000


def is_live(page: Page) -> None:
    page.locator("body[data-up='1']").wait_for()


@contextmanager
def opened(
    site: Site, path: str, person: str = "alice", **more: object
) -> Iterator[Page]:
    page = site.page(path, person, **more)
    # The stream is open; before, a change would be seen by chance.
    is_live(page)
    yield page
    page.context.close()


def test_two_browsers_see_each_others_change_within_a_second(site: Site) -> None:
    site.send("two-browsers", "Two browsers look")
    with opened(site, "/alerts") as mine, opened(site, "/alerts", "bob") as theirs:
        row = theirs.locator("main li", has_text="Two browsers look")
        expect(row.get_by_text("Firing")).to_be_visible()
        mine.locator("main li", has_text="Two browsers look").get_by_role(
            "button"
        ).click()
        expect(row).to_have_count(0, timeout=SOON_MS)
        theirs.goto("/alerts?tab=acknowledged")
        expect(theirs.locator("main li", has_text="Two browsers look")).to_be_visible()


def test_the_title_the_count_and_the_icon_follow(site: Site) -> None:
    with opened(site, "/oncall", "bob") as page:
        before = page.title()
        site.send("title", "A title counts")
        expect(page).not_to_have_title(before)
        count = int(re.match(r"\((\d+)\)", page.title()).group(1))  # type: ignore[union-attr]
        expect(page.locator(".rail .n.hot")).to_contain_text(str(count))
        icon = page.locator("link[rel=icon]").get_attribute("href")
        assert icon is not None
        assert "bell-firing" in icon


def test_who_is_paged_sees_the_bar_and_answers_in_place(site: Site) -> None:
    with opened(site, "/oncall") as page:
        site.send("bar", "The bar calls", severity="SEV1")
        bar = page.get_by_role("alert").filter(has_text="You are being paged")
        expect(bar).to_contain_text("The bar calls")
        bar.get_by_role("button", name="Acknowledge").click()
        expect(page).to_have_url(re.compile("/oncall$"))
        expect(
            page.get_by_role("alert").filter(has_text="The bar calls")
        ).to_have_count(0)


def test_what_is_typed_is_not_disturbed(site: Site) -> None:
    site.send("typing", "Somebody types here")
    # Without motion the scroll to the field is over at once, and cannot look like a jump.
    with opened(site, "/alerts", reduced_motion="reduce") as page:
        page.locator("main").get_by_text("Somebody types here").click()
        is_live(page)
        number = page.url.rpartition("/")[2]
        note = page.get_by_label("Note")
        note.focus()
        page.keyboard.type("The deploy of ")
        top = note.bounding_box()
        site.post(
            f"/alerts/{number}", "bob", data={"do": "note", "text": "bob was here"}
        )
        page.get_by_text("bob was here").wait_for()
        page.keyboard.type("14:01 did it")
        expect(note).to_have_value("The deploy of 14:01 did it")
        expect(note).to_be_focused()
        assert note.bounding_box() == top


def test_new_rows_wait_while_somebody_reads_further_down(site: Site) -> None:
    for index in range(12):
        site.send(f"long-{index}", f"A long list {index}")
    with opened(site, "/alerts", viewport={"width": 1000, "height": 500}) as page:
        page.evaluate("scrollTo({top: 400, behavior: 'instant'})")
        row = page.locator("main li", has_text="A long list 5")
        top = row.bounding_box()
        site.send("behind", "It waits behind a button")
        site.post(
            f"/alerts/{_number(page, 'A long list 3')}",
            "bob",
            data={"do": "acknowledge"},
        )
        newer = page.get_by_role("button", name="2 new")
        newer.wait_for()
        assert row.bounding_box() == top
        expect(page.locator("main").get_by_text("It waits behind")).to_have_count(0)
        newer.click()
        page.locator("main").get_by_text("It waits behind").wait_for()
        expect(page.locator("main li", has_text="A long list 3")).to_have_count(0)
        assert page.evaluate("scrollY") == 0
    for index in range(12):
        site.send(f"long-{index}", f"A long list {index}", status="resolved")


def test_a_look_that_is_never_answered_is_taken_again(site: Site) -> None:
    with opened(site, "/alerts", "bob") as page:
        page.clock.install()
        page.evaluate(
            "const given = AbortSignal.timeout.bind(AbortSignal);"
            "AbortSignal.timeout = (ms) => given(ms / 50)"
        )
        lost: list[Route] = []
        page.route(
            lambda url: url.endswith("/alerts"),
            lambda route: lost.append(route) if not lost else route.continue_(),
        )
        with page.expect_event("requestfailed"):
            site.send("lost", "The line went away")
        page.clock.fast_forward(5_000)
        page.locator("main").get_by_text("The line went away").wait_for()


def test_one_voice_tells_screen_readers_and_merges(site: Site) -> None:
    with opened(site, "/alerts", "bob") as page:
        page.evaluate(
            "window.told = []; new MutationObserver(() => told.push(document.getElementById('status').textContent))"
            ".observe(document.getElementById('status'), {childList: true})"
        )
        for index in range(3):
            site.send(f"voice-{index}", f"A voice {index}")
        until(lambda: page.evaluate("told.length"), what="something was told")
        page.locator("main").get_by_text("A voice 2").wait_for()
        assert len(page.evaluate("told")) == 1
        assert page.locator("[aria-live], [role=log]").count() == 0


def test_two_tabs_of_a_browser_share_one_stream(site: Site) -> None:
    asked: list[str] = []
    context = site.context()

    def note(request: Request) -> None:
        if "/live" in request.url:
            asked.append(request.url)

    context.on("request", note)
    before = _workers(site)
    first, second = context.new_page(), context.new_page()
    for page in (first, second):
        page.goto("/alerts")
        is_live(page)
    assert _workers(site) == before + 1
    site.send("tabs", "Both tabs see it")
    for page in (first, second):
        page.locator("main").get_by_text("Both tabs see it").wait_for()
    assert not asked, "the tabs opened streams beside the worker's"
    first.close()
    site.send("tabs-2", "The other tab still sees")
    second.locator("main").get_by_text("The other tab still sees").wait_for()
    context.close()


def test_a_browser_without_shared_workers_streams_for_itself(site: Site) -> None:
    context = site.context()
    context.add_init_script("delete window.SharedWorker")
    page = context.new_page()
    page.goto("/alerts")
    is_live(page)
    site.send("alone", "Seen without a worker")
    page.locator("main").get_by_text("Seen without a worker").wait_for()
    context.close()


def test_without_a_stream_the_page_is_asked_for_again(site: Site) -> None:
    context = site.context("bob")
    context.add_init_script("delete window.SharedWorker; delete window.EventSource")
    page = context.new_page()
    page.clock.install()
    page.goto("/alerts")
    site.send("poll", "Seen by asking again")
    page.clock.run_for(6000)
    page.locator("main").get_by_text("Seen by asking again").wait_for()
    expect(page.locator("#offline")).to_be_hidden()
    context.set_offline(True)
    page.clock.run_for(16000)
    expect(page.locator("#offline")).to_contain_text("No connection since")

    def is_old() -> bool:
        page.clock.run_for(16_000)
        age = page.locator("#offline-age").inner_text()
        return re.fullmatch(r"\d+ min old", age) is not None

    until(is_old, what="the page says how old it is")
    context.set_offline(False)
    page.clock.run_for(16000)
    expect(page.locator("#offline")).to_be_hidden()
    context.close()


def test_a_changed_configuration_is_seen_by_all(site: Site) -> None:
    with opened(site, "/oncall", "bob") as page:
        site.server.home.joinpath("more.yaml").write_text(
            "services: [{name: brand-new, team: payments, escalation_policy: payments}]"
        )
        site.server.command("apply", "more.yaml", "--yes")
        expect(page.get_by_label("Service")).to_contain_text("brand-new", timeout=5000)


def test_a_stream_goes_on_where_it_was_cut(site: Site) -> None:
    cookies = site.cookies_of()
    site.send("cut-1", "Before the cut")
    first = _facts(site, cookies, {}, until_title="Before the cut", since=0)
    last = max(fact for fact, _ in first)
    site.send("cut-2", "During the cut")
    resumed = _facts(
        site, cookies, {"last-event-id": str(last)}, until_title="During the cut"
    )
    assert resumed
    assert min(fact for fact, _ in resumed) == last + 1
    numbers = [fact for fact, _ in resumed]
    assert numbers == list(range(last + 1, last + 1 + len(numbers)))


def test_a_stream_needs_a_session_and_refuses_strangers(site: Site) -> None:
    assert httpx2.get(site.url + "/live").status_code == 401


def _facts(
    site: Site,
    cookies: dict[str, str],
    headers: dict[str, str],
    *,
    until_title: str,
    since: int | None = None,
) -> list[tuple[int, int]]:
    """The facts that a stream tells until one is about the alert with this title."""
    found = json.loads(
        site.server.command("alerts", "--status", "all", "--json")
        if "TOCSIN_TOKEN" in site.server.env
        else _listing(site)
    )
    number = next(a["number"] for a in found["alerts"] if a["title"] == until_title)
    query = "" if since is None else f"?since={since}"
    facts: list[tuple[int, int]] = []
    with (
        httpx2.Client(timeout=10) as client,
        client.stream(
            "GET", f"{site.url}/live{query}", cookies=cookies, headers=headers
        ) as answer,
    ):
        for line in answer.iter_lines():
            if re.fullmatch(r"data: \d+ \d+", line):
                fact, alert = map(int, line.removeprefix("data: ").split())
                facts.append((fact, alert))
                if alert == number:
                    return facts
    raise AssertionError("the stream ended")


def _listing(site: Site) -> str:
    site.server.env["TOCSIN_TOKEN"] = site.server.command("token", "alice").strip()
    site.server.env["TOCSIN_URL"] = site.url
    return site.server.command("alerts", "--status", "all", "--json")


def _number(page: Page, title: str) -> int:
    href = page.locator("main a.t", has_text=title).get_attribute("href")
    assert href is not None
    return int(href.rpartition("/")[2])


def _workers(site: Site) -> int:
    """How many shared workers the browser runs."""
    session = site.browser.new_browser_cdp_session()
    targets = session.send("Target.getTargets", {"filter": [{}]})["targetInfos"]
    session.detach()
    return sum(1 for one in targets if one["type"] == "shared_worker")
