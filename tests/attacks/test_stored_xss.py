"""Nothing a sender writes runs or becomes markup, on any page, with or without the policy.

Every field of every dialect gets a payload; every page is opened in Chromium twice: once
as it is, with a trap for anything the Content-Security-Policy had to stop, and once with
the policy taken away, so that escaping alone has to hold.

Slow: Chromium, a server and some hundred pages.
"""

import html
import json
from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Browser, Page

from tests.api.edge import Edge
from tests.api.test_api import MORE
from tests.attacks import routes
from tests.peers.programs import (
    Mailserver,
    TocsinServer,
    page_link,
    text_of,
    until,
)

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("xss")]

GENERIC, PROM, ALERTMANAGER, EVENTS, BEAT = (
    "d" * 32,
    "e" * 32,
    "a" * 32,
    "c" * 32,
    "b" * 32,
)
COMPANY = f"""
people:
  - {{name: alice, full_name: "<b>Alice</b>", email: alice@example.com, role: admin}}
schedules: [{{name: "s<i>1", rotations: [{{name: "<u>P", users: [alice]}}]}}]
escalation_policies: [{{name: "<s>p", levels: [{{after: 0s, page: [{{user: alice}}]}}], fallback: [{{user: alice}}]}}]
services: [{{name: "<img src=x onerror=pwn(1)>", description: "<svg onload=pwn(2)>", escalation_policy: "<s>p"}}]
integrations:
  - {{name: "g<script>pwn(3)<", type: generic, service: "<img src=x onerror=pwn(1)>", key: {GENERIC}}}
  - {{name: prom, type: prometheus, service: "<img src=x onerror=pwn(1)>", key: {PROM}}}
  - {{name: am, type: alertmanager, service: "<img src=x onerror=pwn(1)>", key: {ALERTMANAGER}}}
  - {{name: pd, type: pagerduty-events, service: "<img src=x onerror=pwn(1)>", key: {EVENTS}}}
  - {{name: beat, type: heartbeat, service: "<img src=x onerror=pwn(1)>", key: {BEAT}, period: 1h}}
"""

PAYLOADS = [
    "<script>pwn(9)</script>",
    "<img src=x onerror=pwn(9)>",
    "<svg/onload=pwn(9)>",
    "'\"><img src=x onerror=pwn(9)>",
    "\" autofocus onfocus=pwn(9) x=\"",
    "' onmouseover='pwn(9)",
    "</title><script>pwn(9)</script>",
    "</textarea></script><script>pwn(9)</script>",
    "<iframe srcdoc='<script>parent.pwn(9)</script>'></iframe>",
    "<math><mtext><table><mglyph><style><img src=x onerror=pwn(9)>",
    "{{ ''.__class__ }}{% raw %}${pwn(9)}#{pwn(9)}",
    "<a href=javascript:pwn(9)>x</a>",
    "javascript:pwn(9)",
    " jAvAsCrIpT:pwn(9)",
    "data:text/html,<script>pwn(9)</script>",
    "//evil.example/x.js",
    "<base href=//evil.example/>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<form action=//evil.example><button>x",
    "&lt;script&gt;pwn(9)&lt;/script&gt;",
    "<!--><script>pwn(9)</script>-->",
    "\u2028<script>pwn(9)</script>",
    "<style>@import '//evil.example/x.css'</style>",
    "<x hx-get=/ hx-trigger=load hx-on:load=pwn(9) data-live>",
    "<template><script>pwn(9)</script></template>",
]  # fmt: skip

TRAP = """
window.pwned = [];
window.pwn = (n) => window.pwned.push('ran ' + n);
document.addEventListener('securitypolicyviolation', (e) => window.pwned.push('stopped ' + e.violatedDirective + ' ' + e.blockedURI));
"""


def send(server: TocsinServer, number: int, payload: str) -> None:
    """`payload` in every field that a dialect takes from its sender."""
    url, p, key = server.url, payload, f"k{number}{payload}"
    everywhere = {
        "key": key, "title": p, "summary": p, "description": p, "link": p, "url": p,
        "source": p, "severity": p, "status": p, "image": p, "labels": {p: p, "a": p},
        "details": {p: p, "nested": {p: [p]}},
    }  # fmt: skip
    httpx2.post(
        f"{url}/in/{GENERIC}",
        json={**everywhere, "severity": "SEV1", "status": "firing"},
    )
    httpx2.post(f"{url}/in/{GENERIC}", json=everywhere)
    httpx2.post(f"{url}/in/{GENERIC}/{p.replace('/', '')}", content=p.encode())
    prom = {
        "labels": {"alertname": p, "severity": "critical", "instance": p, "x": p},
        "annotations": {"summary": p, "description": p, "runbook_url": p, "y": p},
        "generatorURL": p,
        "startsAt": "2026-11-24T00:00:00Z",
    }
    httpx2.post(f"{url}/in/{PROM}/api/v2/alerts", json=[prom])
    httpx2.post(
        f"{url}/in/{ALERTMANAGER}",
        json={
            "version": "4", "groupKey": p, "status": "firing", "receiver": p,
            "externalURL": p, "groupLabels": {"a": p}, "commonLabels": {"b": p},
            "commonAnnotations": {"c": p},
            "alerts": [{**prom, "status": "firing", "fingerprint": f"f{number}"}],
        },
    )  # fmt: skip
    event = {
        "routing_key": EVENTS, "event_action": "trigger", "dedup_key": f"d{number}",
        "client": p, "client_url": p, "links": [{"href": p, "text": p}],
        "images": [{"src": p, "href": p, "alt": p}],
        "payload": {
            "summary": p, "source": p, "severity": "critical", "component": p,
            "group": p, "class": p, "custom_details": {p: p, "z": {p: p}},
        },
    }  # fmt: skip
    httpx2.post(f"{url}/v2/enqueue", json=event)
    httpx2.post(f"{url}/v2/enqueue", json={**event, "event_action": p})
    httpx2.post(
        f"{url}/v2/change/enqueue",
        json={
            "routing_key": EVENTS,
            "payload": {"summary": p, "source": p, "custom_details": {p: p}},
            "links": [{"href": p}],
        },
    )
    httpx2.post(
        f"{url}/generic/2010-04-15/create_event.json",
        json={
            "service_key": EVENTS,
            "event_type": "trigger",
            "incident_key": f"v1{number}",
            "description": p,
            "client": p,
            "client_url": p,
            "details": {p: p},
        },
    )


@pytest.fixture(scope="module")
def mail() -> Iterator[Mailserver]:
    made = Mailserver()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, mail: Mailserver
) -> Iterator[TocsinServer]:
    home = tmp_path_factory.mktemp("xss")
    made = TocsinServer(home, mail=mail, company=COMPANY).start()
    for number, payload in enumerate(PAYLOADS):
        send(made, number, payload)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def paths(
    server: TocsinServer, mail: Mailserver, tmp_path_factory: pytest.TempPathFactory
) -> list[str]:
    edge = Edge(tmp_path_factory.mktemp("routes"), MORE, people=("alice", "carol"))
    found = {
        path
        for method, path in routes.of_pages(edge)
        if method == "GET"
        and not path.startswith(("/static", "/live", "/sign-out"))
        and not path.endswith(".csv")
    }
    edge.installation.stop()
    found |= {
        f"/alerts?tab={tab}" for tab in ("firing", "quiet", "closed", "acknowledged")
    }
    found |= {
        f"/alerts?service={one}"
        for one in ("%3Csvg/onload=pwn(4)%3E", "'%22%3E%3Cscript%3Epwn(4)")
    }
    found |= {
        f"/admin/integrations?rejects={one}"
        for one in (
            "g%3Cscript%3Epwn(3)%3C",
            "prom",
            "am",
            "pd",
            "%3Csvg/onload=pwn(5)%3E",
        )
    }
    found |= {
        "/%3Csvg/onload=pwn(6)%3E",
        "/alerts/9999",
        "/sign-in?next=javascript:pwn(7)",
    }
    link = page_link(mail.wait_for("alice@example.com", seconds=60))
    found.add(link.removeprefix(server.url))
    # One alert per payload and dialect; every fifth page holds each payload somewhere.
    found |= {f"/alerts/{number}" for number in range(1, 5 * len(PAYLOADS) + 1)}
    return sorted(found)


@pytest.mark.parametrize("policy", ["with the policy", "without it"])
def test_nothing_runs_on_any_page(
    server: TocsinServer, browser: Browser, paths: list[str], policy: str
) -> None:
    bare = policy == "without it"
    context = browser.new_context(bypass_csp=bare)
    context.add_init_script(TRAP)
    page = context.new_page()
    foreign: list[str] = []
    page.on(
        "request", lambda one: foreign.append(one.url) if "evil" in one.url else None
    )
    page.on("dialog", lambda one: foreign.append(f"dialog {one.message}"))
    page.goto(server.command("sign-in-link", "alice").strip())
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(server.url + "/**")
    problems: list[tuple[str, object]] = []
    for path in paths:
        page.goto(server.url + path, wait_until="domcontentloaded")
        problems += [(path, one) for one in what_is_wrong(page, server.url)]
    context.close()
    assert not problems, problems[:10]
    assert not foreign, foreign[:10]
    assert len(paths) > 60


def what_is_wrong(page: Page, home: str) -> list[object]:
    """What ran, what the policy stopped, links to scripts, and elements of others."""
    found: list[object] = page.evaluate(
        """(home) => {
        const wrong = [...(window.pwned || [])];
        for (const one of document.querySelectorAll('[href],[src],[action],[formaction],[srcdoc],[data]'))
          for (const name of ['href', 'src', 'action', 'formaction', 'srcdoc', 'data']) {
            const value = one.getAttribute(name);
            if (value === null) continue;
            const target = one[name] && one[name].baseVal !== undefined ? one[name].baseVal : String(one[name] || value);
            if (/^\\s*(javascript|data|vbscript):/i.test(target) && one.tagName !== 'LINK') wrong.push(one.outerHTML.slice(0, 120));
            if (one.tagName !== 'A' && /^https?:/.test(target) && !target.startsWith(home)) wrong.push(one.outerHTML.slice(0, 120));
          }
        for (const one of document.querySelectorAll('script:not([src]), base, iframe, object, embed, math, meta[http-equiv], style:not([nonce])'))
          if (!(one.tagName === 'SCRIPT' && one.type === 'application/json')) wrong.push(one.outerHTML.slice(0, 120));
        for (const one of document.querySelectorAll('*'))
          for (const attribute of one.attributes)
            if (/^on/i.test(attribute.name) || /pwn/.test(attribute.name) || /^hx-on/.test(attribute.name)) wrong.push(one.outerHTML.slice(0, 120));
        return wrong;
        }""",
        home,
    )
    return found


def test_mails_are_plain_text_and_the_payload_is_only_text(
    server: TocsinServer, mail: Mailserver
) -> None:
    until(lambda: len(mail.mails) >= 1, seconds=60)
    whole = ""
    for _, one in mail.mails:
        assert one.get_content_type() == "text/plain", one.get_content_type()
        assert not one.is_multipart()
        assert len(one.get_all("to", [])) == 1 and "bcc" not in one
        whole += text_of(one)
    assert "pwn(9)" in whole


def test_json_for_programs_is_never_taken_for_a_page(server: TocsinServer) -> None:
    token = server.command("token", "alice").strip()
    headers = {"authorization": f"Bearer {token}"}
    for path in ("/api/v1/alerts", "/api/v1/alerts/1", "/api/v1/nothing-<svg>"):
        answer = httpx2.get(server.url + path, headers=headers)
        assert answer.headers["content-type"].startswith(
            ("application/json", "application/problem+json")
        )
        assert answer.headers["x-content-type-options"] == "nosniff"
        json.loads(answer.text)


def test_the_payloads_did_arrive(server: TocsinServer) -> None:
    """Else nothing was tried: each stands, escaped, on the page of an alert."""
    link = server.command("sign-in-link", "alice").strip()
    session = httpx2.post(link).headers["set-cookie"].split(";")[0]
    shown = "".join(
        httpx2.get(f"{server.url}/alerts/{n}", headers={"cookie": session}).text
        for n in range(1, 5 * len(PAYLOADS) + 1)
    )
    missing = [
        one
        for one in PAYLOADS
        if html.escape(" ".join(one.split()))
        .replace("&#x27;", "&#39;")
        .replace("&quot;", "&#34;")
        not in shown
    ]
    assert not missing
