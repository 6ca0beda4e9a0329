"""The whole edge (senders, API, pages) in this process, on a database of its own."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.cast import COMPANY
from tests.peers.databases import begin_migrated
from tocsin.api.front import Front
from tocsin.api.inbound import settle_on
from tocsin.app import Installation
from tocsin.config import Settings, read_settings
from tocsin.offline import apply_to


class Edge:
    """The whole edge on a database of its own, without a socket."""

    def __init__(
        self, home: Path, *more: str, people: Sequence[str], **settings_: Any
    ) -> None:
        settings = read_settings(
            {},
            database_url=f"sqlite:///{home / 't.db'}",
            data_dir=str(home),
            ballast_mib=0,
            canary=False,
            **settings_,
        )
        begin_migrated(home / "t.db")
        applied = apply_to(
            settings,
            [(f"{n}.yaml", text) for n, text in enumerate((COMPANY, *more))],
            prune=False,
            dry_run=False,
        )
        assert applied["applied"], applied
        self.installation = self.make(settings)
        self.installation.start()
        desk = self.installation.front_desk()
        self.tokens = {
            name: desk.sign_in.make_token(name, label="test")[0] for name in people
        }
        self.desk = desk
        self.link = desk.sign_in.link_for("carol")

    def make(self, settings: Settings) -> Installation:
        """The installation; a story hands in its own clock."""
        return Installation(settings)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            pages, prefixes = self.installation.edge(asyncio.Event())
            inbound = self.installation.inbound(settle_on(asyncio.get_running_loop()))
            self.front = Front(
                inbound=inbound, prefixes=prefixes, pages=pages,
                hosted=self.installation.hosted(),
            )  # fmt: skip
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await self.front(scope, receive, send)
