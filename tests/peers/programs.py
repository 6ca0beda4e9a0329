"""Real programs as peers: a Tocsin server, an SMTP server, Prometheus, Alertmanager."""

import contextlib
import os
import re
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx2
import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.peers.databases import begin_migrated, free_port


def until(condition: Callable[[], Any], *, seconds: float = 30, what: str = "") -> Any:
    """What `condition` returns once it is true; fails after `seconds`."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        found = condition()
        if found:
            return found
        pause.wait(0.05)
    raise AssertionError(f"not within {seconds} s: {what or condition}")


def require(program: str) -> str:
    """The program's path; missing on CI it is a failure, elsewhere a skip."""
    path = shutil.which(program)
    if path is None and not os.environ.get("CI"):
        pytest.skip(f"{program} is not installed (sh tests/peers/install.sh)")
    assert path, f"{program} is not installed"
    return path


class Mailserver:
    """An SMTP server that keeps what it gets; with TLS and a password if asked."""

    def __init__(
        self, *, context: ssl.SSLContext | None = None, password: str = ""
    ) -> None:
        self.mails: list[tuple[str, EmailMessage]] = []
        self._arrived = threading.Condition()
        self._password = password
        more: dict[str, Any] = {}
        if context is not None:
            more = {"tls_context": context, "require_starttls": True}
        if password:
            more |= {"authenticator": self._authenticate, "auth_required": True}
        self.answers: list[str] = []
        self._controller = Controller(
            self, hostname="127.0.0.1", port=free_port(), **more
        )
        self._controller.start()
        self.port = self._controller.port

    def _authenticate(
        self, server: Any, session: Any, envelope: Any, _: str, data: Any
    ) -> AuthResult:
        good = (
            isinstance(data, LoginPassword) and data.password.decode() == self._password
        )
        return AuthResult(success=good)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answers:
            return self.answers.pop(0)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        with self._arrived:
            self.mails += [(to, mail) for to in envelope.rcpt_tos]
            self._arrived.notify_all()
        return "250 OK"

    def wait_for(self, to: str, *, count: int = 1, seconds: float = 30) -> EmailMessage:
        """The `count`-th mail to `to`."""

        def mine() -> list[EmailMessage]:
            return [mail for who, mail in self.mails if who == to]

        with self._arrived:
            came = self._arrived.wait_for(lambda: len(mine()) >= count, seconds)
            assert came, (
                f"no mail {count} to {to} within {seconds} s, but {[who for who, _ in self.mails]}"
            )
            return mine()[count - 1]

    def count(self) -> int:
        return len(self.mails)

    def stop(self) -> None:
        with contextlib.suppress(AssertionError, RuntimeError):
            self._controller.stop()


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(preferencelist=("plain",))
    assert body is not None
    return str(body.get_content())


def page_link(mail: EmailMessage) -> str:
    found = re.search(r"https?://\S+/p/\S+", text_of(mail))
    assert found, text_of(mail)
    return found.group(0)


class TocsinServer:
    """`tocsin serve` as a process of its own, on a database of its own."""

    def __init__(
        self,
        home: Path,
        *,
        mail: Mailserver | None = None,
        company: str = "",
        env: Mapping[str, str] | None = None,
        tls: trustme.CA | None = None,
    ) -> None:
        self.home = home
        self.port = free_port()
        self.tls = tls
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TOCSIN_DATABASE_URL": f"sqlite:///{home / 'tocsin.db'}",
            "TOCSIN_DATA_DIR": str(home),
            "TOCSIN_PORT": str(self.port),
            "TOCSIN_PUBLIC_URL": self.url,
            "TOCSIN_BALLAST_MIB": "1",
            "TOCSIN_ALLOW_PRIVATE_TARGETS": "true",
            **(env or {}),
        }
        if mail is not None:
            self.env.setdefault("TOCSIN_SMTP_URL", f"smtp://127.0.0.1:{mail.port}")
        if tls is not None:
            pair = tls.issue_cert("127.0.0.1", "localhost")
            pair.private_key_pem.write_to_path(home / "key.pem")
            pair.cert_chain_pems[0].write_to_path(home / "cert.pem")
            tls.cert_pem.write_to_path(str(home / "ca.pem"))
            self.env |= {
                "TOCSIN_TLS_CERT": str(home / "cert.pem"),
                "TOCSIN_TLS_KEY": str(home / "key.pem"),
            }
        if company:
            (home / "company.yaml").write_text(company)
            if self.env["TOCSIN_DATABASE_URL"] == f"sqlite:///{home / 'tocsin.db'}":
                begin_migrated(home / "tocsin.db")
            self.command("apply", str(home / "company.yaml"), "--yes")
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "tocsin", *arguments],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=120,
            cwd=self.home,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> "TocsinServer":
        log = (self.home / "log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tocsin", "serve"],
            env=self.env,
            stdout=log,
            stderr=log,
            cwd=self.home,
        )
        until(self.is_ready, what=f"ready; {(self.home / 'log').read_text()[-2000:]}")
        return self

    def is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.home / "log").read_text()[-3000:]
        try:
            return self.client().get("/readyz").status_code == 200
        except httpx2.HTTPError:
            return False

    def client(self) -> httpx2.Client:
        verify: Any = (
            ssl.create_default_context(cafile=str(self.home / "ca.pem"))
            if self.tls
            else False
        )
        return httpx2.Client(base_url=self.url, verify=verify, timeout=10)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


class Program:
    """A peer that runs until the test is over."""

    def __init__(self, command: Sequence[str], home: Path, *, ready: str) -> None:
        log = (home / f"{Path(command[0]).name}.log").open("wb")
        self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=home)

        def answers() -> bool:
            assert self.process.poll() is None, Path(log.name).read_text()[-2000:]
            try:
                return httpx2.get(ready, timeout=2).status_code == 200
            except httpx2.HTTPError:
                return False

        until(answers, what=f"{command[0]} at {ready}")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)
