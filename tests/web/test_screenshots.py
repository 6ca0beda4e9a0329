"""The pictures of the README and the docs are made of the running program.

`TOCSIN_DOCS_IMAGES=1` writes them into docs/images; otherwise they go to a folder of the
test run, which shows that they can be made.
"""

import os
from pathlib import Path

import pytest

from tests.web.browsing import Site

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]

IMAGES = Path("docs/images")
# Name, address, width, theme.
PICTURES = [
    ("alert", "/alerts/{alert}", 1280, "light"),
    ("home", "/", 1280, "light"),
    ("home-phone", "/", 390, "dark"),
    ("service", "/services/checkout", 1280, "light"),
    ("policy", "/policies/payments", 1280, "light"),
    ("schedule", "/schedules/payments", 1280, "light"),
    ("integration", "/admin/integrations/json", 1280, "light"),
    ("quiet", "/quiet/silences/new?service=checkout", 1280, "light"),
    ("me", "/me", 1280, "dark"),
]


@pytest.mark.parametrize(("name", "path", "width", "scheme"), PICTURES)
def test_a_picture_of_the_docs_is_made(
    site: Site, tmp_path: Path, name: str, path: str, width: int, scheme: str
) -> None:
    folder = IMAGES if os.environ.get("TOCSIN_DOCS_IMAGES") else tmp_path
    context = site.context(
        color_scheme=scheme, viewport={"width": width, "height": 800}
    )
    page = context.new_page()
    path = path.format(alert=_alert(site))
    # Twice: the font does not wait for a first visit.
    page.goto(site.server.url + path)
    answer = page.goto(site.server.url + path)
    assert answer is not None
    assert answer.status == 200
    page.evaluate("document.fonts.ready")
    page.screenshot(path=folder / f"{name}.png")
    context.close()
    assert (folder / f"{name}.png").stat().st_size > 10_000


def _alert(site: Site) -> str:
    """The number of the alert that Alice is paged for."""
    page = site.context().new_page()
    page.goto(site.server.url + "/alerts")
    link = page.get_by_role("link", name="Checkout error rate").first
    address = link.get_attribute("href") or ""
    page.context.close()
    return address.rpartition("/")[2]


def test_every_picture_that_the_docs_show_is_one_of_these() -> None:
    assert {one.stem for one in IMAGES.glob("*.png")} == {one[0] for one in PICTURES}
