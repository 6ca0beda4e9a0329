"""`python -m bench`: medians and ratios beside the real Alertmanager, in one run.

Needs `wrk` and `prometheus-alertmanager` (sh tests/peers/install.sh). Writes
var/bench.json. The load generator shares the machine's cores with what it measures.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import engine, pages
from bench.servers import Alertmanager, Tocsin, postgres

CASES = [
    ("new, 1 per request, 16 connections", 1, "new", 16),
    ("new, 1 per request, 64 connections", 1, "new", 64),
    ("repeated, 1 per request, 64 connections", 1, "repeated", 64),
    ("new, 100 per request, 8 connections", 100, "new", 8),
    ("repeated, 100 per request, 8 connections", 100, "repeated", 8),
]


def ingest(
    server: Any, case: tuple[str, int, str, int], *, seconds: int, seed: str
) -> dict[str, float]:
    name, per, mode, connections = case
    script = str(Path(__file__).with_name("alerts.lua"))
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        "--timeout",
        "20s",
        "-s",
        script,
        server.url,
        "--",
        str(per),
        mode,
        seed,
    ]
    if mode == "repeated":
        subprocess.run(
            [*command[:3], "-d1s", *command[4:]], capture_output=True, check=True
        )
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    line = next(one for one in done.stdout.splitlines() if one.startswith("RESULT "))
    found = json.loads(line.removeprefix("RESULT "))
    assert found["failed"] == 0, (name, done.stdout)
    return {
        "per_second": found["requests"] * per / found["seconds"],
        "p50_ms": found["p50_ms"],
        "p99_ms": found["p99_ms"],
        "rss_mb": server.rss_mb(),
    }


def measure_ingest(runs: int, seconds: int, databases: list[str]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for case in CASES:
        rows: dict[str, list[dict[str, float]]] = {}
        for run in range(runs):
            for name in ("alertmanager", *databases):
                with server_of(name) as server:
                    rows.setdefault(name, []).append(
                        ingest(server, case, seconds=seconds, seed=f"{name}{run}")
                    )
        medians = {
            name: {
                key: statistics.median(one[key] for one in found) for key in found[0]
            }
            for name, found in rows.items()
        }
        peer = medians["alertmanager"]["per_second"]
        for one in medians.values():
            one["ratio"] = one["per_second"] / peer
        result[case[0]] = medians
        print_case(case[0], medians)
    return result


def server_of(name: str) -> Any:
    if name == "alertmanager":
        return Alertmanager()
    return Tocsin("" if name == "sqlite" else postgres())


def print_case(name: str, medians: dict[str, dict[str, float]]) -> None:
    print(f"\n{name}")
    for who, one in medians.items():
        print(
            f"  {who:13} {one['per_second']:10,.0f}/s  {one['ratio']:5.2f}x  p50 {one['p50_ms']:7.1f} ms  p99 {one['p99_ms']:7.1f} ms  {one['rss_mb']:6.0f} MB"
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument(
        "--only", choices=["ingest", "paging", "pages", "schedules", "start"]
    )
    parser.add_argument("--databases", default="sqlite,postgresql")
    chosen = parser.parse_args()
    for program in ("wrk", "prometheus-alertmanager"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is missing: sh tests/peers/install.sh")
    found: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "python": platform.python_version(),
    }
    print(found["machine"])
    sections = {
        "start": lambda: engine.start(chosen.runs),
        "schedules": engine.schedules,
        "paging": lambda: engine.paging(),
        "pages": lambda: pages.home(),
        "ingest": lambda: measure_ingest(
            chosen.runs, chosen.seconds, chosen.databases.split(",")
        ),
    }
    for name, measure in sections.items():
        if chosen.only in (None, name):
            found[name] = measure()
    Path("var").mkdir(exist_ok=True)
    Path("var/bench.json").write_text(json.dumps(found, indent=2))
    print("\nWritten to var/bench.json")


if __name__ == "__main__":
    tempfile.tempdir = str(Path("var").absolute()) if Path("var").is_dir() else None
    main()
