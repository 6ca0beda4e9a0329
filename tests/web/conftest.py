"""The site that tests of pages share; started once, as Chromium and a server are slow."""

from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Browser

from tests.peers.programs import Mailserver, TocsinServer
from tests.web.browsing import COMPANY, KEY, Site


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Site]:
    """Alert 1 fires and Alice is paged for it; one request could not be read.

    Tests share it, so each names its own alerts and undoes what others would see.
    """
    mail = Mailserver()
    home = tmp_path_factory.mktemp("site")
    server = TocsinServer(home, mail=mail, company=COMPANY).start()
    made = Site(server, mail, browser)
    made.raise_alert("first")
    httpx2.post(
        f"{server.url}/in/{KEY}",
        content=b"{broken",
        headers={"content-type": "application/json"},
    )
    yield made
    server.stop()
    mail.stop()
