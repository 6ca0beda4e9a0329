"""A review in a real browser, without scripts; how it looks, test_screenshots judges.

Slow: Chromium and a server.
"""

import httpx2
import pytest
from playwright.sync_api import expect

from tests.web.browsing import Site

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def number(site: Site) -> int:
    """An incident that is resolved, and so has a review."""
    token = site.server.command("token", "alice").strip()
    headers = {"authorization": f"Bearer {token}"}

    def post(path: str, **body: object) -> dict[str, object]:
        answer = httpx2.post(f"{site.url}/api/v1{path}", json=body, headers=headers)
        assert answer.is_success, answer.text
        return dict(answer.json())

    made = post("/incidents", title="Settlement is late", severity="SEV3", page=False)
    for state in ("monitoring", "resolved"):
        post(f"/incidents/{made['number']}/state", state=state, reason="It ran.")
    return int(str(made["number"]))


def test_a_review_is_written_without_scripts(site: Site, number: int) -> None:
    context = site.context("alice", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/reviews/{number}")
    items = page.locator("#s-action-items")
    items.get_by_text("Write").click()
    items.get_by_label("Action Items in Markdown").fill(
        "- [ ] Alert on late settlement (Owner: Bob, Due: 2020-01-15)"
    )
    items.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Preview, not saved")).to_be_visible()
    page.get_by_role("button", name="Save").first.click()
    expect(
        page.locator("#s-action-items").get_by_text("Id: ACT-").first
    ).to_be_visible()
    page.locator("#acts").get_by_role("link", name="Alert on late settlement").click()
    page.get_by_label("What shows it").fill("It fired in a test")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_text("It fired in a test")).to_be_visible()
    page.get_by_role("button", name="Open it again").click()
    expect(page.get_by_role("button", name="Done")).to_be_visible()
    context.close()
