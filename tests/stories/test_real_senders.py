"""Real Prometheus, Alertmanager, amtool and PagerDuty's own SDK against a real server.

Slow: each starts processes and waits for what they send.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import trustme

from tests.peers.databases import free_port
from tests.peers.programs import (
    Mailserver,
    Program,
    TocsinServer,
    page_link,
    require,
    until,
)

pytestmark = pytest.mark.slow

KEY = "0123456789abcdef0123456789abcdef"
HOOK = "fedcba9876543210fedcba9876543210"
EVENTS = "00112233445566778899aabbccddeeff"
COMPANY = f"""
teams: [{{name: payments, time_zone: Europe/Berlin}}]
people:
  - {{name: alice, email: alice@example.com, teams: [payments], role: admin}}
  - {{name: bob, email: bob@example.com, teams: [payments]}}
  - {{name: carol, email: carol@example.com, teams: [payments]}}
schedules:
  - name: payments
    team: payments
    rotations:
      - {{name: Primary, users: [alice, bob], start: Mon 9am, length: 1 week}}
      - {{name: Secondary, users: [carol]}}
escalation_policies:
  - name: payments
    levels:
      - {{after: 0s, page: [{{rotation: payments/Primary}}]}}
      - {{after: 6s, page: [{{rotation: payments/Secondary}}]}}
    fallback: [{{user: carol}}]
    wait: 10m
services: [{{name: checkout, team: payments, escalation_policy: payments}}]
integrations:
  - {{name: prom, type: prometheus, service: checkout, key: {KEY}}}
  - {{name: hook, type: alertmanager, service: checkout, key: {HOOK}}}
  - {{name: events, type: pagerduty-events, service: checkout, key: {EVENTS}}}
"""


@pytest.fixture
def mail() -> Iterator[Mailserver]:
    server = Mailserver()
    yield server
    server.stop()


@pytest.fixture
def tocsin(tmp_path: Path, mail: Mailserver) -> Iterator[TocsinServer]:
    home = tmp_path / "tocsin"
    home.mkdir()
    server = TocsinServer(home, mail=mail, company=COMPANY).start()
    yield server
    server.stop()


def alert(server: TocsinServer, number: int) -> dict[str, object]:
    found: dict[str, object] = json.loads(
        client_command(server, "alerts", "--status", "all", "--json")
    )
    alerts = found["alerts"]
    assert isinstance(alerts, list)
    return next(one for one in alerts if one["number"] == number)


def client_command(server: TocsinServer, *arguments: str) -> str:
    if "TOCSIN_TOKEN" not in server.env:
        server.env["TOCSIN_TOKEN"] = server.command("token", "alice").strip()
        server.env["TOCSIN_URL"] = server.url
    return server.command(*arguments)


def test_prometheus_fires_two_people_are_mailed_one_answers_and_it_resolves(
    tmp_path: Path, mail: Mailserver, tocsin: TocsinServer
) -> None:
    prometheus = require("prometheus")
    port = free_port()
    (tmp_path / "rules.yml").write_text(
        "groups: [{name: a, interval: 1s, rules: [{alert: CheckoutDown, expr: 'vector(1)', labels: {severity: critical}, annotations: {summary: 'Checkout is down'}}]}]"
    )
    (tmp_path / "prometheus.yml").write_text(
        f"""
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
alerting:
  alertmanagers:
    - path_prefix: /in/{KEY}
      static_configs: [{{targets: ["127.0.0.1:{tocsin.port}"]}}]
"""
    )
    program = Program(
        [
            prometheus,
            "--config.file=prometheus.yml",
            f"--web.listen-address=127.0.0.1:{port}",
            "--storage.tsdb.path=data",
            "--web.enable-lifecycle",
            "--rules.alert.resend-delay=2s",
        ],
        tmp_path,
        ready=f"http://127.0.0.1:{port}/-/ready",
    )
    try:
        first = mail.wait_for("alice@example.com")
        assert first["Subject"] == "[SEV2] checkout: Checkout is down"
        second = mail.wait_for("carol@example.com", seconds=12)
        assert (
            second["Date"].datetime - first["Date"].datetime
        ).total_seconds() in range(5, 9)
        # A mail scanner that opens the link acknowledges nothing.
        link = page_link(second)
        shown = httpx2.get(link)
        assert shown.status_code == 200
        assert len(shown.content) < 14_000
        sent = mail.count()
        assert (
            httpx2.post(link, data={"do": "ack"}, follow_redirects=True).status_code
            == 200
        )
        numbered = int(link.rpartition("/")[2].split("-")[0], 36)
        assert numbered
        (tmp_path / "rules.yml").write_text(
            "groups: [{name: a, interval: 1s, rules: [{alert: CheckoutDown, expr: 'vector(1) > 2', labels: {severity: critical}}]}]"
        )
        httpx2.post(f"http://127.0.0.1:{port}/-/reload")
        found = until(
            lambda: _status(tocsin) == "resolved",
            seconds=40,
            what="resolved by Prometheus",
        )
        assert found
        assert mail.count() == sent
    finally:
        program.stop()


def _status(tocsin: TocsinServer) -> str:
    found = json.loads(client_command(tocsin, "alerts", "--status", "all", "--json"))[
        "alerts"
    ]
    return str(found[0]["status"])


def test_amtool_adds_queries_silences_and_shows_the_config(
    tocsin: TocsinServer,
) -> None:
    program = require("amtool")

    def amtool(*arguments: str) -> str:
        command = [program, f"--alertmanager.url={tocsin.url}/in/{KEY}", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    amtool("alert", "add", "DiskFull", "instance=db1", "severity=warning")
    assert "DiskFull" in amtool("alert", "query")
    silence = amtool(
        "silence",
        "add",
        "--author=alice",
        "--comment=known",
        "--duration=1h",
        "alertname=DiskFull",
    ).strip()
    assert silence in amtool("silence", "query")
    assert "DiskFull" in until(
        lambda: (
            "DiskFull" in amtool("alert", "query", "--silenced")
            and amtool("alert", "query", "--silenced")
        )
    )
    assert "DiskFull" not in amtool("alert", "query", "--active")
    amtool("silence", "expire", silence)
    assert silence not in amtool("silence", "query")
    assert "DiskFull" in amtool("alert", "query", "instance=db1")
    assert "payments" in amtool("config", "show")
    assert "payments" in amtool("config", "routes")


def test_alertmanager_webhook_and_pagerduty_receivers(
    tmp_path: Path, tocsin: TocsinServer
) -> None:
    program, amtool = require("prometheus-alertmanager"), require("amtool")
    port = free_port()
    (tmp_path / "am.yml").write_text(
        f"""
route: {{receiver: both, group_wait: 0s, group_interval: 1s}}
receivers:
  - name: both
    webhook_configs: [{{url: "{tocsin.url}/in/{HOOK}"}}]
    pagerduty_configs: [{{routing_key: {EVENTS}, url: "{tocsin.url}/v2/enqueue", description: "From PagerDuty's receiver"}}]
"""
    )
    base = f"http://127.0.0.1:{port}"
    running = Program(
        [
            program,
            "--config.file=am.yml",
            "--storage.path=amdata",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ],
        tmp_path,
        ready=f"{base}/-/ready",
    )
    try:
        add = [
            amtool,
            f"--alertmanager.url={base}",
            "alert",
            "add",
            "Latency",
            "severity=critical",
            "--annotation=summary=p99 is 4 s",
        ]
        subprocess.run(add, check=True, capture_output=True)

        def titles() -> set[str]:
            found = json.loads(
                client_command(tocsin, "alerts", "--status", "all", "--json")
            )["alerts"]
            return {one["title"] for one in found}

        wanted = {"p99 is 4 s", "From PagerDuty's receiver"}
        until(lambda: wanted <= titles(), what="both receivers' alerts")
        subprocess.run(
            [
                *add[:5],
                "Latency",
                "severity=critical",
                "--end=2020-01-01T00:00:00Z",
                "--start=2019-01-01T00:00:00Z",
            ],
            check=False,
            capture_output=True,
        )
        ended = [
            {
                "labels": {"alertname": "Latency", "severity": "critical"},
                "startsAt": "2024-01-01T00:00:00Z",
                "endsAt": "2024-01-01T00:00:01Z",
            }
        ]
        httpx2.post(f"{base}/api/v2/alerts", json=ended)

        def all_resolved() -> bool:
            found = json.loads(
                client_command(tocsin, "alerts", "--status", "all", "--json")
            )["alerts"]
            return all(one["status"] == "resolved" for one in found)

        until(all_resolved, what="both resolved")
    finally:
        running.stop()


def test_pagerdutys_sdk_over_tls(
    tmp_path: Path, mail: Mailserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "tls"
    home.mkdir()
    authority = trustme.CA()
    server = TocsinServer(home, mail=mail, company=COMPANY, tls=authority).start()
    monkeypatch.setenv("SSL_CERT_FILE", str(home / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(home / "ca.pem"))
    try:
        from pagerduty import EventsApiV2Client

        client = EventsApiV2Client(EVENTS, base_url=server.url)
        key = client.trigger("Disk of db1 is full", "db1", severity="critical")
        assert mail.wait_for("alice@example.com")["Subject"].endswith(
            "Disk of db1 is full"
        )
        assert client.acknowledge(key) == key
        assert client.resolve(key) == key
        client.submit("Deployed v419", source="ci", timestamp="2024-01-01T00:00:00Z")
    finally:
        server.stop()


def test_vmalert_posts_its_alerts(
    tmp_path: Path, mail: Mailserver, tocsin: TocsinServer
) -> None:
    vmalert, prometheus = require("vmalert"), require("prometheus")
    source, port = free_port(), free_port()
    (tmp_path / "empty.yml").write_text("{}")
    (tmp_path / "rules.yml").write_text(
        "groups: [{name: a, interval: 1s, rules: [{alert: FromVmalert, expr: 'vector(1)', labels: {severity: critical}}]}]"
    )
    metrics = Program(
        [
            prometheus,
            "--config.file=empty.yml",
            f"--web.listen-address=127.0.0.1:{source}",
            "--storage.tsdb.path=data",
        ],
        tmp_path,
        ready=f"http://127.0.0.1:{source}/-/ready",
    )
    rules = Program(
        [
            vmalert,
            "-rule=rules.yml",
            f"-datasource.url=http://127.0.0.1:{source}",
            f"-notifier.url={tocsin.url}/in/{KEY}",
            f"-httpListenAddr=127.0.0.1:{port}",
            "-evaluationInterval=1s",
        ],
        tmp_path,
        ready=f"http://127.0.0.1:{port}/health",
    )
    try:
        assert "FromVmalert" in mail.wait_for("alice@example.com")["Subject"]
    finally:
        rules.stop()
        metrics.stop()
