"""Start, schedules, and from accepted to the first attempt."""

import json
import statistics
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from zoneinfo import ZoneInfo

import httpx2

from bench.servers import KEY, Tocsin
from tests.peers.databases import free_port
from tocsin.core.rotas.layers import Layer, Turn, Unit
from tocsin.core.rotas.schedules import Rotation, final_schedule, on_call_at
from tocsin.core.wallclock import Window


def start(runs: int) -> dict[str, float]:
    """Cold start to ready on an empty database, and the size at rest."""
    times, sizes = [], []
    for _ in range(runs):
        with Tocsin(role="all", canary="true") as server:
            times.append(server.started_in)
            threading.Event().wait(3)
            sizes.append(server.rss_mb())
    found = {
        "seconds_to_ready": statistics.median(times),
        "idle_rss_mb": statistics.median(sizes),
    }
    print(
        f"\nstart to ready {found['seconds_to_ready']:.2f} s, idle {found['idle_rss_mb']:.0f} MB"
    )
    return found


def schedules() -> dict[str, float]:
    """Who is on call, and a year of a schedule of five layers."""
    zone = ZoneInfo("Europe/Berlin")
    people = tuple(f"p{index}" for index in range(6))
    layers = tuple(
        Layer(
            f"L{index}",
            people,
            datetime(2024, 1, 1, 9),
            Turn(Unit.DAY if index % 2 else Unit.WEEK),
            zone,
            priority=index,
        )
        for index in range(5)
    )
    rotation = Rotation("Primary", layers)
    now = datetime(2026, 6, 1, tzinfo=UTC)
    who = _timed(lambda: on_call_at(rotation, now=now), 300)
    year = _timed(
        lambda: final_schedule(rotation, Window(now, now + timedelta(days=365))), 10
    )
    print(
        f"\nwho is on call {who * 1e6:.0f} us, a year of five layers {year * 1e3:.1f} ms"
    )
    return {"who_us": who * 1e6, "year_ms": year * 1e3}


def _timed(work: Any, times: int) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


class Hook:
    """Notes when the page of each alert arrived."""

    def __init__(self) -> None:
        self.arrived: dict[str, float] = {}
        hook = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                now = time.perf_counter()
                for alert in body["alerts"]:
                    hook.arrived.setdefault(alert["title"], now)
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.port = free_port()
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()


def paging() -> dict[str, Any]:
    """Accepted to first attempt at 100 alerts/s, and first attempts/s of a burst."""
    found: dict[str, Any] = {}
    hook = Hook()
    with Tocsin(role="all", hook=f"http://127.0.0.1:{hook.port}/") as server:
        accepted = _send(server, rate=100, seconds=15, name="steady")
        found["delay"] = _delays(hook, accepted)
        burst = _send(server, rate=0, seconds=0, name="burst", batch=6000)
        began = min(burst.values())
        _wait(hook, burst)
        ended = max(hook.arrived[key] for key in burst)
        found["attempts_per_second"] = len(burst) / (ended - began)
    delay = found["delay"]
    print(
        f"\naccepted to first attempt at 100/s: p50 {delay['p50_ms']:.0f} ms, p99 {delay['p99_ms']:.0f} ms; {found['attempts_per_second']:.0f} first attempts/s sustained over 6,000"
    )
    return found


def _send(
    server: Tocsin, *, rate: int, seconds: int, name: str, batch: int = 0
) -> dict[str, float]:
    accepted: dict[str, float] = {}
    pause = threading.Event()
    with server.client() as client:
        if batch:
            for first in range(0, batch, 200):
                titles = [f"{name}-{first + index}" for index in range(200)]
                _post(client, titles)
                accepted.update(dict.fromkeys(titles, time.perf_counter()))
            return accepted
        began = time.perf_counter()
        for number in range(rate * seconds):
            wait = began + number / rate - time.perf_counter()
            if wait > 0:
                pause.wait(wait)
            title = f"{name}-{number}"
            _post(client, [title])
            accepted[title] = time.perf_counter()
    return accepted


def _post(client: httpx2.Client, titles: list[str]) -> None:
    body = [
        {
            "labels": {"alertname": title, "severity": "critical"},
            "annotations": {"summary": title},
        }
        for title in titles
    ]
    assert client.post(f"/in/{KEY}/api/v2/alerts", json=body).status_code == 200


def _wait(hook: Hook, accepted: dict[str, float]) -> None:
    pause = threading.Event()
    for _ in range(1200):
        if all(key in hook.arrived for key in accepted):
            return
        pause.wait(0.1)
    raise AssertionError(
        f"{sum(key not in hook.arrived for key in accepted)} pages missing"
    )


def _delays(hook: Hook, accepted: dict[str, float]) -> dict[str, float]:
    _wait(hook, accepted)
    taken = sorted(
        max(0.0, hook.arrived[key] - at) * 1000 for key, at in accepted.items()
    )
    return {
        "p50_ms": taken[len(taken) // 2],
        "p99_ms": taken[int(len(taken) * 0.99)],
        "count": len(taken),
    }
