"""The site that tests of pages share; started once, as Chromium and a server are slow."""

from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import sync_playwright

from tests.peers.programs import Mailserver, TocsinServer, require
from tests.web.browsing import CHROMIUM, COMPANY, KEY, Site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Alert 1 fires and Alice is paged for it; one request could not be read.

    Tests share it, so each names its own alerts and undoes what others would see.
    """
    chromium = require("chromium")
    mail = Mailserver()
    home = tmp_path_factory.mktemp("site")
    server = TocsinServer(home, mail=mail, company=COMPANY).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
        made = Site(server, mail, browser)
        made.raise_alert("first")
        httpx2.post(
            f"{server.url}/in/{KEY}",
            content=b"{broken",
            headers={"content-type": "application/json"},
        )
        yield made
        browser.close()
    server.stop()
    mail.stop()
