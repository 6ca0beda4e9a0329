"""The doors without a socket: an installation, browsers that keep cookies, a mailbox."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from starlette.testclient import TestClient

from tests.cast import COMPANY, SetClock
from tests.peers.databases import begin_migrated
from tocsin.api import v1
from tocsin.api.front import Front
from tocsin.api.proxies import TrustedProxies
from tocsin.app import Installation
from tocsin.config import read_settings
from tocsin.engine.credentials import Ways, credentials
from tocsin.engine.signing_in.sign_in import SignIn
from tocsin.engine.signing_in.visits import Visit
from tocsin.engine.single_sign_on import SsoSettings
from tocsin.interfaces.identities import IdentityProvider
from tocsin.offline import apply_to
from tocsin.store import audit
from tocsin.web import site

# The smallest that argon2 takes: these tests are about doors, not about slow hashes.
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "harbour tuba eleven"
LINK = re.compile(r"https?://\S+")


class House:
    """An installation whose clock stands still until it is told to move."""

    def __init__(
        self,
        home: Path,
        *,
        mail: bool = True,
        ways: Ways | None = None,
        hasher: PasswordHasher = QUICK,
        provider: IdentityProvider | None = None,
        sso: SsoSettings | None = None,
        **more: Any,
    ) -> None:
        settings = read_settings(
            {},
            data_dir=str(home),
            ballast_mib=0,
            canary=False,
            **{
                "database_url": f"sqlite:///{home / 't.db'}",
                "public_url": "http://testserver",
                **more,
            },
        )
        if settings.database_url == f"sqlite:///{home / 't.db'}":
            begin_migrated(home / "t.db")
        done = apply_to(settings, [("a.yaml", COMPANY)], prune=False, dry_run=False)
        assert done["applied"], done
        self.clock = SetClock()
        self.mails: list[tuple[str, str, str]] = []
        self.later: list[Any] = []
        self.waits = False
        self.installation = Installation(settings)
        desk = self.installation.front_desk()
        self.porter = replace(
            self.installation.credentials.porter,
            clock=self.clock,
            mail=self._mail if mail else None,
            later=self._later,
        )
        self.credentials = credentials(
            self.porter, hasher, ways or Ways(), provider=provider, sso=sso
        )
        self.desk = replace(
            desk,
            clock=self.clock,
            credentials=self.credentials,
            sign_in=SignIn(
                desk.database,
                desk.directories,
                self.clock,
                new_token=self.porter.new_token,
            ),
        )
        self.app = Front(
            inbound=None,
            prefixes={v1.PREFIX: v1.build(self.desk)},
            pages=site.build(self.desk, stopping=asyncio.Event(), demo=None),
            proxies=TrustedProxies(settings.proxies),
        )

    def _mail(self, to: str, subject: str, text: str) -> None:
        self.mails.append((to, subject, text))

    def _later(self, work: Any) -> None:
        if self.waits:
            self.later.append(work)
        else:
            work()

    def browser(self, address: str = "203.0.113.7", **more: Any) -> TestClient:
        """Somebody's browser at an address of their own."""
        return TestClient(
            self.app,
            base_url=self.installation.public_url,
            client=(address, 50_000),
            follow_redirects=False,
            headers={
                "sec-fetch-site": "same-origin",
                "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            },
            **more,
        )

    def signed_in(self, person: str, **more: Any) -> TestClient:
        """A browser where `person` is signed in by a link."""
        browser = self.browser(**more)
        token = self.desk.sign_in.link_for(person)
        assert browser.post(f"/sign-in/{token}").status_code == 303
        return browser

    def set_password(self, person: str, password: str = PASSWORD) -> None:
        found = self.desk.directory().people[person]
        assert self.credentials.passwords.put(found, password, Visit()) == ""
        self.mails.clear()

    def record(self) -> list[tuple[str, str, str, str]]:
        """(actor, action, noun, name) of the audit log, oldest first."""
        entries = self.installation.database.read(
            lambda tx: audit.listing(tx, limit=1000)
        )
        return [(e.actor, e.action, e.noun, e.name) for e in reversed(entries)]

    def link_of(self, mail: int = -1) -> str:
        found = LINK.search(self.mails[mail][2])
        assert found, self.mails[mail]
        return found.group(0)

    def close(self) -> None:
        self.installation.database.close()


@contextmanager
def house(home: Path, **more: Any) -> Iterator[House]:
    made = House(home, **more)
    try:
        yield made
    finally:
        made.close()
