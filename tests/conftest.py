"""Fixtures that every part of the tests shares: databases, the cast, a clock, a browser."""

import gc
from collections.abc import Iterator

import hypothesis
import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.peers.databases import (  # noqa: F401
    database,
    migrated_sqlite,
    postgres_server,
)
from tests.peers.programs import require
from tests.web.browsing import CHROMIUM

# Simulated outages and random rotas leave little that is circular: looking for it as often
# as usual took a sixth of their time.
gc.set_threshold(200_000, 50, 100)
# How long an example takes says how busy the machine is, and nothing else.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium. Playwright runs once per process, so everybody takes this one."""
    chromium = require("chromium")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
        yield made
        made.close()
