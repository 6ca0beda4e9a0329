"""The pictures of the README and the docs are made of the running program.

`TOCSIN_DOCS_IMAGES=1` writes them into docs/images; otherwise they go to a folder of the
test run, which shows that they can be made. Slow: Chromium and two servers.
"""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.api.test_permissions import table
from tests.core.test_runbooks import ARTICLE as RUNBOOK
from tests.peers.programs import Mailserver, TocsinServer
from tests.web.browsing import COMPANY, KEY, Site, problems_of_look, violations
from tests.web.test_setup import first_link

pytestmark = pytest.mark.slow

IMAGES = Path("docs/images")
DESK, PHONE = 1280, 390
# Name, address, width, theme. What stands in braces is found by the showcase.
PICTURES = [
    ("home", "/", DESK, "light"),
    ("home-phone", "/", PHONE, "dark"),
    ("alerts", "/alerts", DESK, "light"),
    ("alert", "/alerts/{alert}", DESK, "light"),
    ("alert-phone", "/alerts/{alert}", PHONE, "light"),
    ("page-link", "{page_link}", PHONE, "dark"),
    ("incidents", "/incidents", DESK, "light"),
    ("incident", "/incidents/{incident}", DESK, "light"),
    ("incident-phone", "/incidents/{incident}", PHONE, "dark"),
    ("incident-new", "/incidents/new?service=checkout", DESK, "light"),
    ("incident-update", "/incidents/{incident}/update", DESK, "light"),
    ("status", "/status/meridian", DESK, "light"),
    ("status-phone", "/status/meridian", PHONE, "dark"),
    ("status-notice", "/status/meridian/i/{incident}.html", DESK, "light"),
    ("status-mails", "/status/meridian/mails", PHONE, "light"),
    ("public-pages", "/status-pages", DESK, "light"),
    ("public-page", "/status-pages/meridian", DESK, "light"),
    ("public-page-edit", "/status-pages/meridian/edit", DESK, "light"),
    ("public-page-new", "/new/status-page", PHONE, "dark"),
    ("subscribers", "/status-pages/meridian/subscribers", DESK, "light"),
    ("oncall", "/oncall", DESK, "light"),
    ("services", "/services", DESK, "light"),
    ("service", "/services/checkout", DESK, "light"),
    ("service-edit", "/services/checkout/edit", DESK, "light"),
    ("service-new", "/new/service", DESK, "dark"),
    ("policies", "/policies", DESK, "light"),
    ("policy", "/policies/payments?service=checkout", DESK, "light"),
    ("policy-edit", "/policies/payments/edit", DESK, "light"),
    ("policy-new", "/new/policy", DESK, "dark"),
    ("schedules", "/schedules", DESK, "light"),
    ("schedule", "/schedules/payments", DESK, "light"),
    ("rota-new", "/new/rota", DESK, "dark"),
    ("rotation", "/schedules/payments/rotation?rotation=Primary", DESK, "light"),
    ("rota", "/schedules/payments/rota?rotation=Primary", DESK, "light"),
    ("rota-file", "/schedules/sun/rota?rotation=Primary", DESK, "light"),
    ("fair", "/schedules/payments/fair", DESK, "light"),
    ("cover", "/schedules/payments/cover?rotation=Primary", DESK, "light"),
    ("handoff", "/schedules/payments/handoff?rotation=Primary", DESK, "light"),
    ("thanks", "/thanks", DESK, "dark"),
    ("calendar-import", "/schedules/payments/calendar", DESK, "light"),
    ("leave-import", "/me/leave", DESK, "dark"),
    ("readiness", "/schedules/payments/readiness", DESK, "light"),
    ("override", "/schedules/payments/override?rotation=Primary", DESK, "light"),
    ("calendars", "/me/calendars", DESK, "light"),
    ("load", "/schedules/payments/load", DESK, "light"),
    ("schedule-phone", "/schedules/payments?view=list", PHONE, "light"),
    ("quiet", "/quiet", DESK, "light"),
    ("silence-new", "/quiet/silences/new?service=checkout", DESK, "light"),
    ("silence", "/quiet/silences/{silence}", DESK, "light"),
    ("maintenance-new", "/quiet/maintenance/new?service=ledger-db", DESK, "light"),
    ("maintenance", "/quiet/maintenance/{maintenance}", DESK, "light"),
    ("runbook", "/incidents/{taught}/runbook", DESK, "light"),
    ("reviews", "/reviews", DESK, "light"),
    ("review", "/reviews/{taught}", DESK, "light"),
    ("actions", "/actions", DESK, "light"),
    ("action", "/actions/{action}", DESK, "light"),
    ("integrations", "/admin/integrations", DESK, "light"),
    ("integration", "/admin/integrations/json", DESK, "light"),
    ("integration-new", "/admin/integrations/new", DESK, "light"),
    ("integration-edit", "/admin/integrations/json/edit", DESK, "light"),
    ("messages", "/admin/messages", DESK, "light"),
    ("health", "/admin/health", DESK, "light"),
    ("people", "/admin/people", DESK, "light"),
    ("person", "/admin/people/bob", DESK, "light"),
    ("invite", "/admin/people/new", DESK, "light"),
    ("teams", "/admin/teams", DESK, "light"),
    ("team", "/admin/teams/payments", DESK, "light"),
    ("team-new", "/admin/teams/new", DESK, "dark"),
    ("tokens", "/admin/tokens", DESK, "light"),
    ("audit", "/admin/audit", DESK, "light"),
    ("outbox", "/admin/outbox", DESK, "light"),
    ("me", "/me", DESK, "dark"),
    ("security", "/me/security", DESK, "light"),
    ("find", "/find?q=checkout", DESK, "light"),
    ("kit", "/kit", DESK, "light"),
    ("not-found", "/nothing-here", DESK, "light"),
    ("forbidden", "/admin/audit", DESK, "light"),
]
# What else of a page axe looks at: other filters, other states.
_PARTS = 8
STATES = [
    "/alerts?tab=closed", "/integrations?rejects=json", "/admin/integrations?q=prom",
    "/admin/integrations/new?type=heartbeat", "/admin/messages?outcome=failed",
    "/find", "/policies/payments", "/quiet/silences/new", "/incidents?severity=SEV4",
    "/incidents/{incident}?show=all", "/incidents/new",
    "/incidents/{incident}/update?audience=external&template=identified",
    "/reviews/{taught}?add=Lessons", "/reviews?state=all", "/actions?state=all",
    "/status/meridian/history.html", "/p/1-zzzzzz-nonsense", "/offline",
]  # fmt: skip
# The same of who is not signed in.
AT_THE_DOOR = [
    ("sign-in", "/sign-in", DESK, "light"),
    ("password-reset", "/login/reset", PHONE, "light"),
    ("emergency", "/login/emergency", PHONE, "dark"),
]
SETUP = [("setup", 1, DESK, "light"), ("setup-phone", 2, PHONE, "light")]
# Addresses that are no page to look at, or one that is seen above, and why.
NO_PICTURE = {
    "/ical/{secret}.ics": "a file",
    "/handoffs/{id}": "the note of /schedules/{name}/handoff, made",
    "/alerts.csv": "a file",
    "/schedules/{name}/record.csv": "a file",
    "/incidents/{number:int}/log.txt": "a file",
    "/integrations": "the former address of /admin/integrations",
    "/live": "a stream",
    "/login": "the sign-in page",
    "/login/confirm": "the sign-in page once more",
    "/login/invitation/{token}": "the same form as a new password",
    "/login/reset/{token}": "the same form as a new password",
    "/login/sso": "leads to the provider",
    "/login/sso/callback": "leads back",
    "/login/sso/confirm": "one button",
    "/login/verify/{token}": "one sentence",
    "/manifest.webmanifest": "a file",
    "/offline": "what a browser shows without a network",
    "/sign-in/{token}": "one button",
    "/reviews/{number:int}/review.md": "a file",
    "/static/{digest}/{name:path}": "files",
    "/status/{page}/mails/{token}": "the form that is seen above",
    "/status/{page}/{path:path}": "files, and the notice that is seen above",
    "/sw.js": "a script",
}


# Three places, each by its own clock: more than the form of a rota can show.
SUN = {
    "team": "payments",
    "rotations": [
        {
            "name": "Primary",
            "layers": [
                {
                    "id": place, "participants": [who], "anchor": "2024-01-01T09:00",
                    "turn": {"unit": "week"}, "tz": zone,
                    "restrictions": [{"type": "daily", "start": "09:00", "end": "17:00"}],
                }
                for place, zone, who in (
                    ("tokyo", "Asia/Tokyo", "carol"),
                    ("berlin", "Europe/Berlin", "bob"),
                    ("newyork", "America/New_York", "dan"),
                )
            ],
        }
    ],
}  # fmt: skip


class Showcase:
    """A small company in the middle of its day."""

    def __init__(self, home: Path, browser: Browser) -> None:
        self.mail = Mailserver()
        # The health page shows where the database is: not where the tests ran.
        self.server = TocsinServer(
            home,
            mail=self.mail,
            company=COMPANY,
            env={"TOCSIN_DATABASE_URL": "sqlite:///tocsin.db"},
        ).start()
        self.site = Site(self.server, self.mail, browser)
        self.found: dict[str, str] = {}
        self._browsers: dict[tuple[str, str], BrowserContext] = {}
        self._play()

    def _play(self) -> None:
        site = self.site
        link = site.raise_alert("errors")
        self.found["page_link"] = link.removeprefix(site.url)
        site.send("latency", "p99 of checkout is 2.4 s, normal is 0.3 s", "SEV3")
        site.send("disk", "Disk of ledger-db is 91% full", "SEV4")
        site.send("cron", "Nightly settlement did not run", "SEV2")
        httpx2.post(
            f"{site.url}/in/{KEY}",
            content=b'{"titel": "A word that nobody knows"}',
            headers={"content-type": "application/json"},
        )
        token = self.server.command("token", "alice", "--label", "terraform").strip()
        self._api = {"authorization": f"Bearer {token}"}
        self.found["alert"] = str(self._number("Checkout error rate"))
        self._post(f"/alerts/{self._number('Nightly settlement')}/acknowledge")
        self._post(f"/alerts/{self._number('Disk of')}/resolve")
        self._post(f"/alerts/{self.found['alert']}/note", text="The deploy of 14:02?")
        silence = self._post(
            "/silences", matchers=[{"name": "severity", "value": "SEV4"}],
            ends_at=_in(days=5), service="ledger-db",
            comment="Disks are replaced on Friday",
        )  # fmt: skip
        self.found["silence"] = str(silence["id"])
        window = self._post(
            "/maintenance", services=["ledger-db"], reason="PostgreSQL 16",
            ends_at=_in(hours=1), ticket="OPS-812",
        )  # fmt: skip
        self.found["maintenance"] = str(window["id"])
        self._incident()
        self._learn()
        self._grow()
        self._put("/schedules/sun", SUN)

    def _grow(self) -> None:
        """Words for the next shift, thanks, and somebody who is getting ready."""
        place = "/schedules/payments"
        words = (
            "Two known noises: **replica lag** flaps after the 03:00 batch.\n\n"
            "- Acquirer maintenance on *Saturday*, expect retries."
        )
        path = f"{place}/handoffs/coming/note?rotation=Primary"
        self._put(path, {"note": words})
        self._post("/thanks", to="bob", text="For the night of Sunday, and the calm.")
        held = httpx2.get(f"{self.site.url}/api/v1{place}", headers=self._api)
        shadow = {
            "rotation": "Secondary", "user": "bob", "from": _in(hours=-1),
            "until": _in(days=7),
        }  # fmt: skip
        document = {
            **held.json(), "shadows": [shadow],
            "readiness": ["Access tested", "Runbooks read"],
        }  # fmt: skip
        self._put(place, document, held.headers["etag"])
        self._put(f"{place}/readiness/bob/Access tested", None)
        self._put(f"{place}/readiness/carol/signed off", None)

    def _incident(self) -> None:
        made = self._post(
            "/incidents", title="Card payments in the EU fail", severity="SEV1",
            alerts=[int(self.found["alert"])],
        )  # fmt: skip
        room = f"/incidents/{made['number']}"
        self.found["incident"] = str(made["number"])
        self._post(f"{room}/roles/ic", do="take")
        self._post(f"{room}/roles/lead", do="offer", to="bob")
        self._post(f"{room}/impact", text="Card payments in the EU fail", share=38)
        self._post(
            f"{room}/standing", know="The deploy of 14:01 makes 3-D Secure time out.",
            doing="Rolling back. 6 of 12 pods are done.",
            otherwise="Turn the flag new_3ds_flow off.",
        )  # fmt: skip
        self._post(f"{room}/entries", text="p99 in eu-west is back under 900 ms.")
        self._post(f"{room}/decisions", text="Roll back now.", dissent="none")
        self._post(f"{room}/hypotheses", statement="The deploy of 14:01")
        self._post(f"{room}/tasks", text="Prepare the flag", assignee="bob")
        body = "We have found the cause and are rolling back."
        self._post(f"{room}/updates", body=body, minutes=20)
        words = (
            ("investigating", "Some card payments in the EU fail. Transfers work."),
            ("identified", "We have found the cause and are undoing a recent change."),
        )
        for stage, text in words:
            self._post(
                f"{room}/updates", audience="external", stage=stage, body=text,
                minutes=20,
            )  # fmt: skip

        self._post("/me/calendars", kind="schedule", name="payments")

    def _learn(self) -> None:
        """An incident that is over, with its runbook, its review and actions."""
        service = self._get("/services/ledger-db")
        service["runbook"] = RUNBOOK
        held = httpx2.get(
            f"{self.site.url}/api/v1/services/ledger-db", headers=self._api
        )
        self._put("/services/ledger-db", service, held.headers["etag"])
        made = self._post(
            "/incidents", title="Card payments in the EU are declined",
            severity="SEV2", services=["ledger-db"], page=False,
            impact={"users": 10000, "start": _in(minutes=-50)},
        )  # fmt: skip
        number = self.found["taught"] = str(made["number"])
        books = self._get(f"/incidents/{number}/runbook")["runbooks"]
        first = books[0]["diagnosis"][0]["id"]  # type: ignore[index]
        self._post(f"/incidents/{number}/runbook/{first}", result="done")
        for state in ("monitoring", "resolved"):
            reason = "The pool has 120 connections again."
            self._post(f"/incidents/{number}/state", state=state, reason=reason)
        self._write("Root Cause", "A default of 20 connections that nobody had chosen.")
        self._write(
            "Action Items",
            f"- [ ] Add an alert on pool use (Owner: Alice, Due: {_in(days=20)[:10]})\n"
            f"- [ ] Limit the pool (Owner: Bob, Due: {_in(days=-2)[:10]}, Type: prevent)",
        )
        items = self._get("/actions?owner=bob")["actions"]
        self.found["action"] = str(items[0]["id"])  # type: ignore[index]

    def _write(self, heading: str, text: str) -> None:
        path = f"/reviews/{self.found['taught']}"
        sections = self._get(path)["sections"]
        seen = next(s["etag"] for s in sections if s["heading"] == heading)  # type: ignore[index,attr-defined]
        self._put(f"{path}/sections/{heading}", {"text": text}, f'"{seen}"')

    def _get(self, path: str) -> dict[str, object]:
        answer = httpx2.get(f"{self.site.url}/api/v1{path}", headers=self._api)
        assert answer.is_success, (path, answer.text)
        return dict(answer.json())

    def _put(self, path: str, body: object, etag: str = "") -> None:
        answer = httpx2.put(
            f"{self.site.url}/api/v1{path}",
            json=body, headers={**self._api, **({"if-match": etag} if etag else {})},
        )  # fmt: skip
        assert answer.is_success, (path, answer.text)

    def _number(self, title: str) -> int:
        answer = httpx2.get(
            f"{self.site.url}/api/v1/alerts?status=all", headers=self._api
        )
        return next(
            int(one["number"])
            for one in answer.json()["alerts"]
            if one["title"].startswith(title)
        )

    def _post(self, path: str, **body: object) -> dict[str, object]:
        answer = httpx2.post(
            f"{self.site.url}/api/v1{path}", json=body, headers=self._api
        )
        assert answer.is_success, (path, answer.text)
        return dict(answer.json())

    def page(self, who: str, scheme: str, width: int) -> Page:
        """A page of somebody's browser, which has the font already."""
        if (who, scheme) not in self._browsers:
            made = self.site.context(who, color_scheme=scheme)
            self._browsers[who, scheme] = made
            first = made.new_page()
            first.goto("/" if who else "/sign-in")
            first.evaluate("document.fonts.ready")
            first.close()
        page = self._browsers[who, scheme].new_page()
        page.set_viewport_size({"width": width, "height": 800})
        return page

    def stop(self) -> None:
        for one in self._browsers.values():
            one.close()
        self.server.stop()
        self.mail.stop()


def _in(**span: float) -> str:
    return (datetime.now(UTC) + timedelta(**span)).isoformat()


@pytest.fixture(scope="module")
def showcase(
    tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> Iterator[Showcase]:
    made = Showcase(tmp_path_factory.mktemp("showcase"), browser)
    yield made
    made.stop()


def _shoot(page: Page, address: str, file: Path, *, status: int = 200) -> None:
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == status
    page.evaluate("document.fonts.ready")
    if os.environ.get("TOCSIN_DOCS_IMAGES"):
        page.reload()  # a font that came late is only used by the next page
        page.evaluate("document.fonts.ready")
    page.screenshot(path=file)
    assert file.stat().st_size > 5_000


def _folder(tmp_path: Path) -> Path:
    return IMAGES if os.environ.get("TOCSIN_DOCS_IMAGES") else tmp_path


@pytest.mark.parametrize("name", [one[0] for one in PICTURES])
def test_a_picture_of_the_docs_is_made(
    showcase: Showcase, tmp_path: Path, name: str
) -> None:
    _, path, width, scheme = next(one for one in PICTURES if one[0] == name)
    who = "vera" if name == "forbidden" else "alice"
    who = "" if name.startswith(("page-link", "status")) else who
    page = showcase.page(who, scheme, width)
    address = showcase.site.url + path.format(**showcase.found)
    status = {"not-found": 404, "forbidden": 403}.get(name, 200)
    _shoot(page, address, _folder(tmp_path) / f"{name}.png", status=status)
    page.close()


@pytest.mark.parametrize(("name", "path", "width", "scheme"), AT_THE_DOOR)
def test_a_picture_of_the_door_is_made(
    showcase: Showcase, tmp_path: Path, name: str, path: str, width: int, scheme: str
) -> None:
    page = showcase.page("", scheme, width)
    _shoot(page, showcase.site.url + path, _folder(tmp_path) / f"{name}.png")
    page.close()


# In parts, so that no worker ends alone with all of them.
@pytest.mark.parametrize("part", range(_PARTS))
def test_every_page_is_accessible_and_fits(showcase: Showcase, part: int) -> None:
    paths = [path for _, path, _, _ in [*PICTURES, *AT_THE_DOOR]] + STATES
    asked = list(dict.fromkeys(path.format(**showcase.found) for path in paths))
    assert not problems_of_look(showcase.site, asked[part::_PARTS])


def test_pictures_of_the_first_run_are_made(tmp_path: Path, browser: Browser) -> None:
    server = TocsinServer(tmp_path).start()
    site = Site(server, Mailserver(), browser)
    page = site.context(
        "", viewport={"width": DESK, "height": 800}, reduced_motion="reduce"
    ).new_page()
    page.goto(first_link(server))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/setup")
    for name, step, width, scheme in SETUP:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        address = f"{site.url}/setup?step={step}"
        _shoot(page, address, _folder(tmp_path) / f"{name}.png")
    for step in range(1, 6):
        page.goto(f"{site.url}/setup?step={step}")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            for width in (1440, 320):
                page.set_viewport_size({"width": width, "height": 800})
                assert not violations(page), (step, scheme, width)
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, (step, width)
    page.context.close()
    server.stop()


def _names() -> set[str]:
    return {one[0] for one in [*PICTURES, *AT_THE_DOOR, *SETUP]}


def test_every_page_has_its_picture() -> None:
    shown = [
        re.sub(
            r"\{(alert|incident|silence|maintenance|taught|action)\}",
            "x",
            path.partition("?")[0],
        )
        for _, path, _, _ in [*PICTURES, *AT_THE_DOOR]
    ]
    shown = [path.replace("{page_link}", "/p/x") for path in [*shown, "/setup"]]
    routes = [
        route.removeprefix("GET ")
        for route in table()
        if route.startswith("GET ")
        and not route.removeprefix("GET ").startswith(("/api/", "/scim/", "/demo"))
    ]
    seen = {_route_of(path, routes) for path in shown}
    assert not [r for r in routes if r not in NO_PICTURE and r not in seen]


def _route_of(path: str, routes: list[str]) -> str:
    """The route that answers a path: the one without variable parts, if there is one."""
    if path in routes:
        return path
    return next((one for one in routes if _is_of(one, path)), "")


def _is_of(route: str, path: str) -> bool:
    pattern = re.sub(r"\\\{[^/]*\\\}", "[^/]+", re.escape(route))
    return re.fullmatch(pattern, path) is not None


def test_every_picture_is_made_by_a_test_and_shown_in_the_docs() -> None:
    assert {one.stem for one in IMAGES.glob("*.png")} == _names()
    texts = "".join(
        one.read_text() for one in [*Path("docs").rglob("*.md"), Path("README.md")]
    )
    unseen = [name for name in sorted(_names()) if f"images/{name}.png" not in texts]
    assert not unseen
