"""A secret of a recognisable shape in every place that holds one, and a search for them.

The real program is taken through intake, refusals, pages that are refused, echoed and
never answered, every page and every operation; then files, logs and answers are searched.

Slow: it waits for a delivery that times out after ten seconds.
"""

import base64
import json
import socket
import sqlite3
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest
import trustme

from tests.api.edge import Edge
from tests.api.test_api import MORE
from tests.attacks import routes
from tests.peers.programs import Mailserver, TocsinServer, page_link, until

# One installation is played for all of them, which takes its time.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("canaries")]

KEYS = {
    "generic": "canary0generic0key0aaaaaaaaaaaaaaaa",
    "pagerduty-events": "canary0pagerduty0key0bbbbbbbbbbbbbb",
    "prometheus": "canary0prometheus0key0cccccccccccc",
}
HOOK_PATH = "canary-hook-path-dddddddddddd"
HOOK_SECRET = "whsec_" + base64.b64encode(b"canary hook secret eeeeeeee").decode()
DEAF_PATH = "canary-deaf-path-ffffffffffff"
CLOSED_PATH = "canary-closed-path-gggggggggg"
APPRISE = "canary-apprise-token-hhhhhhhh"
NTFY_TOKEN = "canary-ntfy-token-iiiiiiiiiii"
SMTP_PASSWORD = "canary-smtp-password-jjjjjjj"
OUR_SECRET = "whsec_" + base64.b64encode(b"canary our secret kkkkkkkkk").decode()
SECRET_KEY = "canary-secret-key-llllllllllll"
DEAD_MAN = "canary-dead-man-mmmmmmmmmmmmm"

COMPANY = """
teams: [{{name: payments}}]
people:
  - name: alice
    role: admin
    email: alice@example.com
    contacts:
      - {{by: webhook, address: "http://127.0.0.1:{echo}/{hook}?k={hook}#{hook_secret}"}}
      - {{by: webhook, label: deaf, address: "http://127.0.0.1:{deaf}/{deaf_path}"}}
      - {{by: webhook, label: closed, address: "http://u:{closed_path}@127.0.0.1:{closed}/{closed_path}"}}
      - {{by: ntfy, address: alice-topic}}
      - {{by: apprise, address: "json://127.0.0.1:{echo}/{apprise}"}}
    notify:
      high: [{{by: email}}, {{by: webhook}}, {{by: deaf}}, {{by: closed}}, {{by: ntfy}}, {{by: apprise}}]
  - {{name: vera, role: viewer, email: vera@example.com}}
schedules: [{{name: payments, team: payments, rotations: [{{name: Primary, users: [alice]}}]}}]
escalation_policies:
  - {{name: payments, levels: [{{after: 0s, page: [{{user: alice}}]}}], fallback: [{{user: alice}}]}}
services: [{{name: checkout, team: payments, escalation_policy: payments}}]
integrations:
"""


class Echo:
    """A provider that refuses and repeats all it was told: address, headers, body."""

    def __init__(self) -> None:
        self.count = 0
        echo = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                echo.count += 1
                said = (
                    f"{self.path} ".encode() + body[:120] + str(self.headers).encode()
                )
                self.send_response(503)
                self.send_header("x-request-id", self.path)
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_GET = do_POST

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Played:
    """What has been through everything."""

    def __init__(self, home: Path) -> None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(home / "mail-ca.pem"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        self.mail = Mailserver(context=context, password=SMTP_PASSWORD)
        self.echo = Echo()
        self.deaf = socket.create_server(("127.0.0.1", 0))
        closed = socket.create_server(("127.0.0.1", 0))
        company = COMPANY.format(
            echo=self.echo.port,
            deaf=self.deaf.getsockname()[1],
            closed=closed.getsockname()[1],
            hook=HOOK_PATH,
            hook_secret=HOOK_SECRET,
            deaf_path=DEAF_PATH,
            closed_path=CLOSED_PATH,
            apprise=APPRISE,
        )
        closed.close()
        company += "\n".join(
            f"  - {{name: {kind}, type: {kind}, service: checkout, key: {key}}}"
            for kind, key in KEYS.items()
        )
        self.server = TocsinServer(
            home,
            company=company,
            env={
                "TOCSIN_SMTP_URL": f"smtp://tocsin:{quote(SMTP_PASSWORD)}@127.0.0.1:"
                f"{self.mail.port}?starttls=required",
                "TOCSIN_SMTP_CA_FILE": str(home / "mail-ca.pem"),
                "TOCSIN_NTFY_URL": f"http://127.0.0.1:{self.echo.port}",
                "TOCSIN_NTFY_TOKEN": NTFY_TOKEN,
                "TOCSIN_WEBHOOK_SECRET": OUR_SECRET,
                "TOCSIN_SECRET_KEY": SECRET_KEY,
                "TOCSIN_DEAD_MAN_URL": f"http://127.0.0.1:{self.echo.port}/{DEAD_MAN}",
            },
        ).start()
        self.said: dict[str, str] = {}
        self.secrets = {
            *KEYS.values(), HOOK_PATH, HOOK_SECRET, DEAF_PATH, CLOSED_PATH, APPRISE,
            NTFY_TOKEN, SMTP_PASSWORD, OUR_SECRET, SECRET_KEY, DEAD_MAN,
        }  # fmt: skip

    def play(self) -> None:
        server = self.server
        token = server.command("token", "alice").strip()
        self.secrets.add(token)
        self.sessions = {}
        for person in ("alice", "vera"):
            link = server.command("sign-in-link", person).strip()
            answer = httpx2.post(link)
            session = answer.headers["set-cookie"].split(";")[0].partition("=")[2]
            self.sessions[person] = session
            self.secrets |= {link.rpartition("/")[2], session}
        self.unused = server.command("sign-in-link", "alice").strip().rpartition("/")[2]
        self.secrets.add(self.unused)
        self.headers = {"authorization": f"Bearer {token}"}
        self._send_everything()
        mail = self.mail.wait_for("alice@example.com", seconds=40)
        self.link = page_link(mail)
        self.secrets.add(self.link.rpartition("/")[2])
        until(lambda: self.outcomes() >= {"deaf", "closed", "echoed"}, seconds=60)

    def _send_everything(self) -> None:
        url, pd = self.server.url, KEYS["pagerduty-events"]
        for kind, key in KEYS.items():
            headers = {"x-routing-key": key, "x-gitlab-token": NTFY_TOKEN}
            for body in (b"{broken", f'{{"routing_key": "{key}"'.encode()):
                httpx2.post(f"{url}/in/{key}", content=body, headers=headers)
            httpx2.post(
                f"{url}/in/{key}/{key}", content=f'{{"oops": "{key}"}}'.encode()
            )
            self.said[f"too large {kind}"] = httpx2.post(
                f"{url}/in/{key}", content=key.encode() * 40_000
            ).text
        event = {
            "routing_key": pd,
            "event_action": "trigger",
            "dedup_key": "pd",
            "payload": {"summary": "Cards fail", "source": "x", "severity": "critical"},
        }
        answer = httpx2.post(f"{url}/v2/enqueue", json=event)
        assert answer.status_code == 202
        escaped = (
            json.dumps(event).replace(pd[:6], "\\u0063anary").replace('"pd"', '"esc"')
        )
        assert (
            httpx2.post(f"{url}/v2/enqueue", content=escaped.encode()).status_code
            == 202
        )
        for path in ("/v2/enqueue", "/v2/change/enqueue"):
            # The sender hears its own words; what is kept of them is searched below.
            httpx2.post(url + path, json={"routing_key": pd, "event_action": pd})
        self.said["wrong key"] = httpx2.post(f"{url}/in/{pd}x", json={}).text

    def outcomes(self) -> set[str]:
        found = httpx2.get(
            self.server.url + "/api/v1/alerts?status=all", headers=self.headers
        ).json()
        number = found["alerts"][-1]["number"]
        story = httpx2.get(
            f"{self.server.url}/api/v1/alerts/{number}", headers=self.headers
        ).json()
        seen = set()
        for one in story["attempts"]:
            if "Timeout" in one["answer"]:
                seen.add("deaf")
            if "ConnectError" in one["answer"]:
                seen.add("closed")
            if one["answer"].startswith("503"):
                seen.add("echoed")
        return seen

    def ask_everything(self, edge: Edge) -> None:
        """Every GET of every page and operation, as each person and as nobody."""
        paths = {
            path
            for method, path in routes.of_pages(edge) + routes.of_the_api(edge)
            if method == "GET" and path != "/live"
        }
        paths |= {"/metrics", "/healthz", "/readyz", "/nothing-here"}
        paths |= {f"/alerts/{n}" for n in range(1, 8)}
        paths |= {f"/api/v1/alerts/{n}" for n in range(1, 8)}
        for kind in KEYS:
            paths |= {
                f"/admin/integrations?rejects={kind}",
                f"/integrations?rejects={kind}",
                f"/api/v1/integrations/{kind}/rejects",
            }
        who = {
            "alice": {"cookie": f"tocsin_session={self.sessions['alice']}"},
            "vera": {"cookie": f"tocsin_session={self.sessions['vera']}"},
            "token": self.headers,
            "nobody": {},
        }
        for path in sorted(paths):
            for name, headers in who.items():
                answer = httpx2.get(self.server.url + path, headers=headers)
                assert answer.status_code < 500 or path == "/readyz", path
                self.said[f"{name} GET {path}"] = answer.text + str(answer.headers)
        for verb in ("doctor", "export", "migrate"):
            self.said[verb] = self.server.command(verb, check=False)
        plan = self.server.command("apply", "company.yaml", "--dry-run", check=False)
        self.said["apply"] = plan
        bad = self.server.home / "bad.yaml"
        bad.write_text(
            (self.server.home / "company.yaml")
            .read_text()
            .replace("canary0", "canary-")
        )
        self.said["bad apply"] = self.server.command("apply", str(bad), check=False)

    def stop(self) -> None:
        self.server.stop()
        self.mail.stop()
        self.echo.stop()
        self.deaf.close()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    made = Played(tmp_path_factory.mktemp("canaries"))
    edge = Edge(tmp_path_factory.mktemp("routes"), MORE, people=("alice", "carol"))
    try:
        made.play()
        made.ask_everything(edge)
        yield made
    finally:
        edge.installation.stop()
        made.stop()


# Who keeps an integration or a contact is shown its address: nowhere else.
ALLOWED = (
    "alice GET /admin/integrations",
    "alice GET /integrations",
    "alice GET /api/v1/integrations",
    "token GET /api/v1/integrations",
    "alice GET /api/v1/people",
    "token GET /api/v1/people",
)


def found_in(text: bytes | str, secrets: set[str]) -> list[str]:
    raw = text.encode() if isinstance(text, str) else text
    return [
        one for one in secrets if one.encode() in raw or quote(one, "").encode() in raw
    ]


def test_no_answer_shows_a_secret(played: Played) -> None:
    leaks = {
        place: found
        for place, text in played.said.items()
        if (found := found_in(text, played.secrets)) and not place.startswith(ALLOWED)
    }
    assert not leaks
    assert len(played.said) > 100


def test_those_who_keep_an_integration_do_see_its_address(played: Played) -> None:
    shown = played.said["token GET /api/v1/integrations"]
    assert KEYS["generic"] in shown
    assert KEYS["generic"] not in played.said["vera GET /api/v1/integrations"]


def test_the_database_and_its_log_hold_no_secret(played: Played) -> None:
    files = [one for one in played.server.home.glob("tocsin.db*") if one.is_file()]
    assert any(one.name.endswith("-wal") for one in files)
    held = b"".join(one.read_bytes() for one in files)
    assert not found_in(held, played.secrets)
    with sqlite3.connect(played.server.home / "tocsin.db") as database:
        (kept,) = database.execute("select count(*) from rejects").fetchone()
        (tried,) = database.execute("select count(*) from attempts").fetchone()
    assert kept >= 6 and tried >= 5


def test_the_log_holds_no_secret(played: Played) -> None:
    log = (played.server.home / "log").read_text()
    # The first start prints no link: there is an admin already.
    assert not found_in(log, played.secrets)


def test_secrets_did_go_where_they_belong(played: Played) -> None:
    """Else the search would prove nothing."""
    assert played.echo.count >= 3
    assert played.mail.mails


def test_an_export_with_secrets_is_for_the_machine_itself_and_is_recorded(
    played: Played,
) -> None:
    text = played.server.command("export", "--with-secrets")
    assert KEYS["generic"] in text and HOOK_PATH in text
    entries = json.loads(
        httpx2.get(played.server.url + "/api/v1/audit", headers=played.headers).text
    )
    assert "export with secrets" in json.dumps(entries)
    played.server.env["TOCSIN_URL"] = played.server.url
    refused = played.server.command("export", "--with-secrets", check=False)
    played.server.env.pop("TOCSIN_URL")
    assert refused == ""


def test_a_key_that_is_not_the_databases_stops_the_start(played: Played) -> None:
    server = played.server
    server.stop()
    before = server.env["TOCSIN_SECRET_KEY"]
    server.env["TOCSIN_SECRET_KEY"] = "another-key"
    assert server.command("serve", check=False) == ""
    found = json.loads(server.command("doctor", "--json", check=False))
    assert "TOCSIN_SECRET_KEY_BEFORE" in found[0]["says"]
    server.env["TOCSIN_SECRET_KEY"] = before
    found = json.loads(server.command("doctor", "--json", check=False))
    secrets = next(one for one in found if one["check"] == "secrets")
    assert secrets["ok"], secrets
