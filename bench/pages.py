"""Pages of a large company in its worst hour, as the server answers somebody signed in.

10,000 open alerts, 500 services of which 50 are private, 200 people, 40 teams with two
rotations each. What is measured is the whole answer over HTTP on the same machine.
"""

import statistics
import time
from typing import Any

import httpx2

from bench.servers import Tocsin

ALERTS, SERVICES, PEOPLE, TEAMS = 10_000, 500, 200, 40
SENDERS = 50
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
    "/services",
    "/policies",
    "/schedules",
    "/quiet",
    "/find?q=service",
    "/admin/integrations",
    "/admin/people",
    "/admin/teams",
    "/admin/tokens",
    "/admin/audit",
    "/admin/messages",
    "/admin/health",
    "/api/v1/alerts",
    "/api/v1/services",
    "/api/v1/people",
    "/api/v1/oncall",
)


def home() -> dict[str, Any]:
    """Milliseconds to answer each page that there is: median and 95th percentile."""
    with Tocsin(company=company()) as server:
        link = server.command("sign-in-link", "person-7").strip()
        path = "/" + link.split("/", 3)[3]
        with server.client() as client:
            for sender in range(SENDERS):
                _fire(client, sender, ALERTS // SENDERS)
            session = client.post(path).cookies
            for number in range(1, 200):
                client.post(
                    f"/alerts/{number}", data={"do": "acknowledge"}, cookies=session
                )
            found = {page: one for page in PAGES if (one := _of(client, page, session))}
    print(f"\nwith {ALERTS:,} open alerts, {SERVICES} services, {PEOPLE} people")
    for page, one in found.items():
        late = "" if one["p95_ms"] <= LIMIT_MS else f"  over {LIMIT_MS} ms"
        print(
            f"  {page:26} p50 {one['p50_ms']:6.1f}  p95 {one['p95_ms']:6.1f} ms{late}"
        )
    return found


def _of(client: httpx2.Client, page: str, session: Any) -> dict[str, float] | None:
    if client.get(page, cookies=session).status_code == 404:
        return None
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
    lines += [
        f"  - {{name: prom-{n}, type: prometheus, service: service-{n * 10 + n % 9}, "
        f'key: "{_key(n)}"}}'
        for n in range(SENDERS)
    ]
    return "\n".join(lines) + "\n"


def _key(sender: int) -> str:
    return f"{sender:032x}"
