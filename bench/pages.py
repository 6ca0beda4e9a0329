"""Pages of a large company in its worst hour, as the server answers somebody signed in.

10,000 open alerts, 500 services of which 50 are private, 500 integrations, 200 people,
40 teams with two rotations each, 200 incidents of which one has 500 entries, 100 silences,
40 maintenance windows, 100 tokens. Asked by an admin, and by somebody who may not know of
the private services. What is measured is the whole answer over HTTP on the same machine.
"""

import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from bench.servers import Tocsin

ALERTS, SERVICES, PEOPLE, TEAMS = 10_000, 500, 200, 40
SENDERS, INCIDENTS = 50, 200
ROUNDS = 40
LIMIT_MS = 150
PAGES = (
    "/",
    "/alerts",
    "/alerts?tab=acknowledged",
    "/alerts?severity=SEV2",
    "/alerts?service=service-7",
    "/alerts?team=team-7",
    "/alerts?mine=on",
    "/alerts?q=disk",
    "/alerts?before=5000",
    "/alerts/17",
    "/me",
    "/me/security",
    "/oncall",
    "/incidents",
    "/incidents/1",
    "/incidents/1?show=all",
    "/reviews",
    "/actions",
    "/services",
    "/policies",
    "/schedules",
    "/quiet",
    "/find?q=service",
    "/admin/integrations",
    "/admin/people",
    "/admin/teams",
    "/admin/tokens",
    "/admin/health",
    "/status/shop",
    "/api/v1/alerts",
    "/api/v1/services",
    "/api/v1/people",
    "/api/v1/oncall",
    "/api/v1/incidents",
    "/api/v1/incidents/1/log",
)
# What only admins (and leads) may open.
ADMIN_PAGES = ("/admin/audit", "/admin/messages", "/admin/outbox")


def home() -> dict[str, Any]:
    """Milliseconds to answer each page: median and 95th percentile."""
    with Tocsin(company=company()) as server:
        token = server.command("token", "person-7").strip()
        with server.client() as client:
            for sender in range(SENDERS):
                _fire(client, sender, ALERTS // SENDERS)
            session = _signed_in(server, client, "person-7")
            for number in range(1, 200):
                client.post(
                    f"/alerts/{number}", data={"do": "acknowledge"}, cookies=session
                )
            _work(client, token)
            admin = {page: _of(client, page, session) for page in PAGES + ADMIN_PAGES}
            other = _signed_in(server, client, "person-8")
            member = {page: _of(client, page, other) for page in PAGES}
    print(
        f"\nwith {ALERTS:,} open alerts, {SERVICES} services, {SERVICES} integrations, "
        f"{PEOPLE} people, {INCIDENTS} incidents; an admin, and somebody of one team"
    )
    for page, one in admin.items():
        two = member.get(page, one)
        late = "" if max(one["p95_ms"], two["p95_ms"]) <= LIMIT_MS else "  LATE"
        print(
            f"  {page:26} p50 {one['p50_ms']:6.1f}  p95 {one['p95_ms']:6.1f} ms   "
            f"p50 {two['p50_ms']:6.1f}  p95 {two['p95_ms']:6.1f} ms{late}"
        )
    return {"admin": admin, "member": member}


def _signed_in(server: Tocsin, client: httpx2.Client, person: str) -> Any:
    link = server.command("sign-in-link", person).strip()
    return client.post("/" + link.split("/", 3)[3]).cookies


def _work(client: httpx2.Client, token: str) -> None:
    """Incidents, one of them long; silences, windows and tokens."""
    headers = {"authorization": f"Bearer {token}"}

    def post(path: str, **body: object) -> None:
        answer = client.post(f"/api/v1{path}", json=body, headers=headers)
        assert answer.is_success, (path, answer.text)

    for number in range(1, INCIDENTS + 1):
        post(
            "/incidents", title=f"Shard {number} is slow", severity="SEV3", page=False,
            services=[f"service-{number}"],
        )  # fmt: skip
    for number in range(500):
        post("/incidents/1/entries", text=f"Pod {number} restarts")
    for number in range(2, INCIDENTS // 2):
        post(f"/incidents/{number}/state", state="resolved", reason="over")
    for number in range(100):
        post(
            "/silences", matchers=[{"name": "shard", "value": str(number)}],
            ends_at=_in(hours=2), service=f"service-{number}", comment="moved",
        )  # fmt: skip
        post("/tokens", label=f"bot {number}", scopes=["read"])
    for number in range(40):
        post(
            "/maintenance", services=[f"service-{number + 300}"], reason="new disks",
            ends_at=_in(hours=1),
        )  # fmt: skip


def _in(**span: float) -> str:
    return (datetime.now(UTC) + timedelta(**span)).isoformat()


def _of(client: httpx2.Client, page: str, session: Any) -> dict[str, float]:
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        answer = client.get(page, cookies=session)
        taken.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, (page, answer.status_code, answer.text[:500])
    p95 = sorted(taken)[int(ROUNDS * 0.95) - 1]
    return {"p50_ms": statistics.median(taken), "p95_ms": p95, "max_ms": max(taken)}


def _fire(client: httpx2.Client, sender: int, count: int) -> None:
    body = [
        {
            "labels": {
                "alertname": f"disk of shard {number} of {sender} is full",
                "severity": ("critical", "error", "warning")[number % 3],
            },
            "annotations": {"summary": "There is less than 5% left."},
        }
        for number in range(count)
    ]
    answer = client.post(f"/in/{_key(sender)}/api/v2/alerts", json=body)
    assert answer.status_code == 200, answer.text


def company() -> str:
    """The configuration, as YAML that is JSON where that is shorter."""
    lines = ["teams:"]
    lines += [f"  - {{name: team-{n}, time_zone: Europe/Berlin}}" for n in range(TEAMS)]
    lines.append("people:")
    lines += [
        f"  - {{name: person-{n}, full_name: Person {n}, email: p{n}@example.com, "
        f"teams: [team-{n % TEAMS}]{', role: admin' if n == 7 else ''}}}"
        for n in range(PEOPLE)
    ]
    lines.append("schedules:")
    for team in range(TEAMS):
        users = ", ".join(f"person-{n}" for n in range(team, PEOPLE, TEAMS))
        lines += [
            f"  - name: team-{team}",
            f"    team: team-{team}",
            "    rotations:",
            f"      - {{name: Primary, users: [{users}], start: Mon 9am, length: 1 week}}",
            f"      - {{name: Secondary, users: [{users}], start: Tue 9am, length: 1 day}}",
        ]
    lines.append("escalation_policies:")
    lines += [
        f"  - {{name: team-{n}, team: team-{n}, levels: ["
        f"{{after: 10m, page: [{{rotation: team-{n}/Primary}}]}}, "
        f"{{after: 20m, page: [{{rotation: team-{n}/Secondary}}]}}], "
        f"fallback: [{{user: person-{n}}}]}}"
        for n in range(TEAMS)
    ]
    lines.append("services:")
    lines += [
        f"  - {{name: service-{n}, team: team-{n % TEAMS}, "
        f"escalation_policy: team-{n % TEAMS}{', private: true' if n % 10 == 9 else ''}}}"
        for n in range(SERVICES)
    ]
    lines.append("integrations:")
    # The first fifty send; none of theirs is a private service.
    lines += [
        f"  - {{name: prom-{n}, type: prometheus, "
        f"service: service-{n * 10 + n % 9 if n < SENDERS else n}, "
        f'key: "{_key(n)}"}}'
        for n in range(SERVICES)
    ]
    lines += [
        "status_pages:",
        "  - name: shop",
        "    title: Shop",
        "    components:",
        *(f"      - {{name: part-{n}, services: [service-{n}]}}" for n in range(30)),
    ]
    return "\n".join(lines) + "\n"


def _key(sender: int) -> str:
    return f"{sender:032x}"
