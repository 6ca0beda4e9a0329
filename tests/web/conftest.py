"""The site that tests of pages share; started once, as Chromium and a server are slow."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser
from starlette.testclient import TestClient

from tests.peers.programs import Mailserver, TocsinServer
from tests.stories.stage import Stage
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


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """The cast behind HTTP on a clock that the test moves."""
    made = Stage(tmp_path, people=("alice", "bob", "carol"), allow_private_targets=True)
    with TestClient(made, base_url="http://localhost") as client:
        made.open(client)
        yield made
