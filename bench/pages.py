"""The home page with ten thousand open alerts."""

import statistics
import time
from typing import Any

from bench.engine import _post
from bench.servers import Tocsin

ALERTS = 10_000


def home() -> dict[str, Any]:
    """Milliseconds to answer, signed in."""
    with Tocsin() as server:
        link = (
            server.command("sign-in-link", "alice")
            .strip()
            .replace("http://127.0.0.1:8080", server.base)
        )
        with server.client() as client:
            for first in range(0, ALERTS, 500):
                _post(client, [f"open-{first + index}" for index in range(500)])
            session = client.post(link.removeprefix(server.base)).cookies
            found = {}
            for path in ("/", "/alerts"):
                taken = []
                for _ in range(30):
                    began = time.perf_counter()
                    answer = client.get(path, cookies=session)
                    taken.append((time.perf_counter() - began) * 1000)
                    assert answer.status_code == 200, answer.status_code
                found[path] = {
                    "p50_ms": statistics.median(taken),
                    "p95_ms": sorted(taken)[28],
                }
    print(
        f"\nwith {ALERTS:,} open alerts: home p50 {found['/']['p50_ms']:.0f} ms p95 {found['/']['p95_ms']:.0f} ms, list p50 {found['/alerts']['p50_ms']:.0f} ms"
    )
    return found
