"""One site for all tests of pages: a server, Chromium, and whoever is to be signed in."""

from pathlib import Path
from typing import Any

import httpx2
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from tests.peers.programs import Mailserver, TocsinServer, page_link

KEY = "dddddddddddddddddddddddddddddddd"
COMPANY = f"""
organisation: {{name: Meridian Pay, time_zone: Europe/Berlin}}
teams:
  - {{name: payments, time_zone: Europe/Berlin}}
  - {{name: storage, time_zone: Europe/Berlin}}
people:
  - {{name: alice, full_name: Alice Adams, email: alice@example.com, teams: [payments], role: admin}}
  - {{name: bob, full_name: Bob Brown, email: bob@example.com, teams: [payments]}}
  - {{name: carol, full_name: Carol Clark, email: carol@example.com, teams: [payments]}}
  - {{name: dan, full_name: Dan Diaz, email: dan@example.com, teams: [storage]}}
  - {{name: vera, full_name: Vera Vogel, email: vera@example.com, role: viewer}}
schedules:
  - name: payments
    team: payments
    rotations:
      - {{name: Primary, users: [alice, bob], start: Mon 9am, length: 1 week}}
      - {{name: Secondary, users: [carol]}}
  - name: storage
    team: storage
    rotations: [{{name: Primary, users: [dan]}}]
escalation_policies:
  - name: payments
    team: payments
    levels:
      - {{after: 0s, page: [{{rotation: payments/Primary}}]}}
      - {{after: 30m, page: [{{rotation: payments/Secondary}}]}}
    fallback: [{{user: carol}}]
  - name: storage
    team: storage
    levels: [{{after: 0s, page: [{{rotation: storage/Primary}}]}}]
    fallback: [{{user: alice}}]
services:
  - {{name: checkout, team: payments, escalation_policy: payments}}
  - {{name: ledger-db, team: storage, escalation_policy: storage}}
status_pages:
  - name: meridian
    title: Meridian Pay
    team: payments
    accent: "#0b655d"
    support: help@example.com
    components:
      - {{name: cards, title: Card payments, description: "EU, UK, US", services: [checkout]}}
      - {{name: ledger, title: Statements, services: [ledger-db]}}
      - {{name: dashboard, title: Dashboard}}
integrations:
  - {{name: json, type: generic, service: checkout, key: {KEY}}}
  - {{name: ledger, type: prometheus, service: ledger-db, key: eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee}}
"""
# A desk, a phone, and the narrowest that WCAG 1.4.10 asks for.
# axe looks at the first two; the last is where nothing may scroll sideways (WCAG 1.4.10).
WIDTHS = (1440, 390, 320)
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Site:
    """A running Tocsin and a browser. People are signed in once and kept."""

    def __init__(
        self, server: TocsinServer, mail: Mailserver, browser: Browser
    ) -> None:
        self.server, self.mail, self.browser = server, mail, browser
        self.url = server.url
        self._states: dict[str, Any] = {}

    @property
    def state(self) -> Any:
        return self.state_of("alice")

    def state_of(self, person: str) -> Any:
        """The cookies of `person`, who has signed in by a link."""
        if person not in self._states:
            context = self.enter(person)
            self._states[person] = context.storage_state()
            context.close()
        return self._states[person]

    def enter(self, person: str, **more: Any) -> BrowserContext:
        """A browser with a session of its own, for who is going to sign out."""
        context = self.context("", **more)
        page = context.new_page()
        page.goto(self.server.command("sign-in-link", person).strip())
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(self.url + "/")
        return context

    def context(self, person: str = "alice", **more: Any) -> BrowserContext:
        """A browser of its own in which `person` is signed in; nobody when empty."""
        more.setdefault("service_workers", "block")
        if person:
            more["storage_state"] = self.state_of(person)
        return self.browser.new_context(base_url=self.url, **more)

    def page(self, path: str, person: str = "alice", **more: Any) -> Page:
        """A page of `person` at `path`; close its context afterwards."""
        page = self.context(person, **more).new_page()
        answer = page.goto(path)
        assert answer is not None
        assert answer.status < 500, f"{path}: {answer.status}\n{self.log()}"
        return page

    def log(self) -> str:
        """The end of what the server wrote."""
        return (self.server.home / "log").read_text()[-4000:]

    def cookies_of(self, person: str = "alice") -> dict[str, str]:
        """For requests without a browser."""
        return {one["name"]: one["value"] for one in self.state_of(person)["cookies"]}

    def get(self, path: str, person: str = "alice", **headers: str) -> httpx2.Response:
        """What `person` gets, redirects not followed."""
        cookies = self.cookies_of(person) if person else {}
        return httpx2.get(self.url + path, cookies=cookies, headers=headers)

    def post(
        self, path: str, person: str = "alice", *, data: dict[str, Any], **headers: str
    ) -> httpx2.Response:
        """What a form of `person` is answered, redirects not followed."""
        cookies = self.cookies_of(person) if person else {}
        return httpx2.post(self.url + path, cookies=cookies, data=data, headers=headers)

    def send(
        self,
        key: str,
        title: str = "Checkout error rate 31%, normal is 0.3%",
        severity: str = "SEV2",
        status: str = "firing",
    ) -> None:
        """An alert, taken with 2xx."""
        answer = httpx2.post(
            f"{self.url}/in/{KEY}",
            json={
                "key": key,
                "title": title,
                "severity": severity,
                "status": status,
                "description": "Customers cannot pay.",
            },
        )
        assert answer.is_success, answer.text

    def raise_alert(
        self, key: str, title: str = "Checkout error rate 31%, normal is 0.3%"
    ) -> str:
        """The page link that Alice is mailed for a new alert."""
        before = sum(1 for who, _ in self.mail.mails if who == "alice@example.com")
        self.send(key, title)
        return page_link(self.mail.wait_for("alice@example.com", count=before + 1))


def violations(
    page: Page, *, only: tuple[str, ...] = ()
) -> list[tuple[str, list[str]]]:
    """What axe finds on the page as it is now, by all rules or `only` some."""
    if not page.evaluate("!!window.axe"):
        page.evaluate(Axe().axe_script)
    asked: dict[str, object] = {"resultTypes": ["violations"]}
    if only:
        asked["runOnly"] = {"type": "rule", "values": list(only)}
    found = page.evaluate("asked => axe.run(asked)", asked)["violations"]
    return [
        (
            one["id"],
            [
                f"{node['html'][:140]}: {node['failureSummary'][:200]}"
                for node in one["nodes"][:3]
            ],
        )
        for one in found
    ]


COLOUR_RULES = ("color-contrast", "link-in-text-block")


def problems_of_look(
    site: Site, paths: list[str], *, person: str = "alice"
) -> list[tuple[object, ...]]:
    """What is wrong with `paths`, desk to phone: axe, sideways scrolling.

    The themes differ in nothing but colours, so in the dark one axe looks at those.
    """
    context = site.context(person, color_scheme="light", reduced_motion="reduce")
    page = context.new_page()
    problems: list[tuple[object, ...]] = []
    for path in paths:
        answer = page.goto(path)
        assert answer is not None
        assert answer.status < 500, f"{path}: {answer.status}\n{site.log()}"
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 844})
            if width in WIDTHS[:2]:
                problems += [(path, width, *one) for one in violations(page)]
                page.emulate_media(color_scheme="dark")
                found = violations(page, only=COLOUR_RULES)
                problems += [(path, width, "dark", *one) for one in found]
                page.emulate_media(color_scheme="light")
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                problems.append((path, width, "sideways", wide))
    context.close()
    return problems


def shoot(site: Site, path: str, folder: Path, person: str = "alice") -> None:
    """Pictures of a page in both themes on a desktop and a phone, to be looked at."""
    folder.mkdir(parents=True, exist_ok=True)
    name = path.strip("/").replace("/", "-").replace("?", "-") or "home"
    for scheme in ("light", "dark"):
        for width in (1440, 390):
            page = site.page(
                path,
                person,
                color_scheme=scheme,
                viewport={"width": width, "height": 900},
            )
            page.screenshot(
                path=folder / f"{name}-{width}-{scheme}.png", full_page=True
            )
            page.context.close()
