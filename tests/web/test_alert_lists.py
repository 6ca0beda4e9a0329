"""The list of alerts: filters in the address, several taken at once, a way back."""

import re

import httpx2
import pytest
from playwright.sync_api import expect

from tests.web.browsing import Site, problems_of_look

pytestmark = pytest.mark.slow


def _number(site: Site, title: str) -> str:
    text = site.get(f"/alerts?q={title}").text
    found = re.search(r'href="/alerts/(\d+)">' + title, text)
    assert found is not None, text
    return found.group(1)


def _main(page: str) -> str:
    """Without the bars above, which tell what one is paged for on every page."""
    return page[page.index("<main") :]


def test_a_narrowed_list_is_accessible_and_fits(site: Site) -> None:
    paths = ["/alerts?severity=SEV2&mine=on", "/alerts?q=no-such-title&team=payments"]
    assert not problems_of_look(site, paths)


def test_filters_are_in_the_address_and_stay_with_the_tabs(site: Site) -> None:
    site.send("filter-a", "Alpha is slow", "SEV3")
    site.send("filter-b", "Beta is slow", "SEV2")
    page = _main(site.get("/alerts?severity=SEV3&q=is+slow").text)
    assert "Alpha is slow" in page
    assert "Beta is slow" not in page
    assert "severity=SEV3&amp;q=is+slow" in page
    assert "Alpha is slow" not in site.get("/alerts?team=storage").text
    assert "Alpha is slow" in site.get("/alerts?team=payments&service=checkout").text
    number = _number(site, "Alpha is slow")
    assert "Alpha is slow" in site.get(f"/alerts?q=ALR-{number}").text


def test_signs_in_the_text_are_not_wildcards(site: Site) -> None:
    site.send("filter-c", "Disk at 91%", "SEV3")
    assert "Disk at 91%" in site.get("/alerts?q=91%25").text
    assert "Disk at 91%" not in site.get("/alerts?q=D%25at").text


def test_mine_are_those_that_i_was_paged_for_or_hold(site: Site) -> None:
    site.raise_alert("mine-1", "Gamma is down")
    assert "Gamma is down" in site.get("/alerts?mine=on", "alice").text
    assert "Gamma is down" not in site.get("/alerts?mine=on", "dan").text


def test_several_are_taken_at_once_without_scripts(site: Site) -> None:
    for key in ("many-1", "many-2"):
        site.send(key, f"Taken {key}", "SEV3")
    context = site.context("alice", java_script_enabled=False)
    page = context.new_page()
    page.goto("/alerts?q=Taken")
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Acknowledge those ticked").click()
    expect(page.get_by_text("You have 2 more alerts.")).to_be_visible()
    expect(page.locator("main")).not_to_contain_text("Taken many-1")
    context.close()


def test_somebody_who_may_only_look_takes_none(site: Site) -> None:
    site.send("many-3", "Not for Vera", "SEV3")
    number = _number(site, "Not for Vera")
    answer = site.post("/alerts", "vera", data={"number": number})
    assert answer.status_code == 403
    assert "Not for Vera" in site.get("/alerts?q=Not+for+Vera").text


def test_an_acknowledgement_offers_the_way_back(site: Site) -> None:
    site.send("undo-1", "Taken by mistake", "SEV3")
    number = _number(site, "Taken by mistake")
    page = site.page("/alerts?q=Taken+by+mistake")
    page.locator("main").get_by_role("button", name="Acknowledge", exact=True).click()
    page.get_by_role("button", name="Undo").click()
    page.wait_for_load_state()
    page.context.close()
    assert "Firing" in site.get(f"/alerts/{number}").text
    assert "Taken by mistake" in site.get("/alerts?q=Taken+by+mistake").text


def test_nonsense_in_the_address_is_no_error(site: Site) -> None:
    for query in ("severity=SEV9", "q=%00", "before=-1", "team=%F0%9F%94%94", "tab=x"):
        answer = httpx2.get(
            f"{site.url}/alerts?{query}", cookies=site.cookies_of("alice")
        )
        assert answer.status_code == 200, query
