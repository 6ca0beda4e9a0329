"""Servers to be measured: ours, on either database, and the real Alertmanager."""

import atexit
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import httpx2

from tests.peers.databases import PostgresServer, free_port
from tocsin.store.migrate import migrate

KEY = "0123456789abcdef0123456789abcdef"
COMPANY = f"""
people: [{{name: alice, role: admin, contacts: [{{by: webhook, address: "HOOK"}}], notify: {{high: [{{by: webhook, after: 0s}}]}}}}]
escalation_policies:
  - {{name: p, levels: [{{after: LATER, page: [{{user: alice}}]}}], fallback: [{{user: alice}}], wait: 1h}}
services: [{{name: checkout, escalation_policy: p}}]
integrations:
  - {{name: prom, type: prometheus, service: checkout, key: {KEY}}}
"""
_postgres: list[PostgresServer] = []


def postgres() -> str:
    """A fresh durable database."""
    if not _postgres:
        _postgres.append(PostgresServer(durable=True))
        atexit.register(_postgres[0].stop)
    url = _postgres[0].create(f"b{uuid.uuid4().hex}")
    migrate(url)
    return url


class Measured:
    """A process with an address and a size."""

    process: "subprocess.Popen[bytes]"
    url: str

    def rss_mb(self) -> float:
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(
            int(line.split()[1]) / 1024
            for line in text.splitlines()
            if line.startswith("VmRSS")
        )

    def wait(self, ready: str) -> float:
        began = time.perf_counter()
        pause = threading.Event()
        while time.perf_counter() - began < 30:
            assert self.process.poll() is None
            try:
                if httpx2.get(ready, timeout=2).status_code == 200:
                    return time.perf_counter() - began
            except httpx2.HTTPError:
                pass
            pause.wait(0.01)
        raise AssertionError(ready)

    def __enter__(self) -> "Measured":
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait()


class Alertmanager(Measured):
    """Debian's, holding every group back so that it only takes alerts."""

    def __init__(self) -> None:
        home = Path(tempfile.mkdtemp())
        (home / "am.yml").write_text(
            "route: {receiver: none, group_by: ['...'], group_wait: 10m}\nreceivers: [{name: none}]\n"
        )
        port = free_port()
        command = [
            "prometheus-alertmanager",
            "--config.file=am.yml",
            "--storage.path=data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ]
        self.process = subprocess.Popen(
            command, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.wait(f"http://127.0.0.1:{port}/-/ready")
        self.url = f"http://127.0.0.1:{port}/api/v2/alerts"


class Tocsin(Measured):
    """`tocsin serve`, whole. Without a hook the first page is due in ten minutes, as the peer's."""

    def __init__(
        self,
        database: str = "",
        *,
        hook: str = "",
        role: str = "all",
        canary: str = "false",
        company: str = COMPANY,
    ) -> None:
        self.home = Path(tempfile.mkdtemp())
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        self.env = {
            "TOCSIN_DATABASE_URL": database or f"sqlite:///{self.home / 't.db'}",
            "TOCSIN_DATA_DIR": str(self.home),
            "TOCSIN_PORT": str(port),
            "TOCSIN_BALLAST_MIB": "0",
            "TOCSIN_ALLOW_PRIVATE_TARGETS": "true",
            "TOCSIN_CANARY": canary,
            "HOME": str(self.home),
            "PATH": "/usr/bin:/bin",
        }
        file = self.home / "company.yaml"
        file.write_text(
            company.replace("HOOK", hook or "http://127.0.0.1:9/").replace(
                "LATER", "0s" if hook else "10m"
            )
        )
        self.command("apply", str(file), "--yes")
        began = time.perf_counter()
        log = (self.home / "log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tocsin", "serve", "--role", role],
            env=self.env,
            stdout=log,
            stderr=log,
        )
        self.wait(f"{self.base}/readyz")
        self.started_in = time.perf_counter() - began
        self.url = f"{self.base}/in/{KEY}/api/v2/alerts"

    def command(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "tocsin", *arguments],
            env=self.env,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def client(self, **more: Any) -> httpx2.Client:
        return httpx2.Client(base_url=self.base, timeout=30, **more)
