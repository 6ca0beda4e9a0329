"""A real S3-compatible store (npm's s3rver) for the tests.

It reads signatures of version 4 and believes them; those are judged by botocore.
"""

import os
import shutil
import subprocess
from pathlib import Path

import httpx2
import pytest

from tests.peers.databases import free_port
from tests.peers.programs import require, until
from tocsin.integrations.bucket import signature
from tocsin.system import SteadyClock

_PROGRAM = Path(__file__).parent / "node_modules/s3rver/bin/s3rver.js"
# The only account that it knows.
ACCOUNT = "S3RVER"


class Store:
    """One bucket, `pages`."""

    def __init__(self, home: Path) -> None:
        if not _PROGRAM.exists() and not os.environ.get("CI"):
            pytest.skip("s3rver is missing (sh tests/peers/install.sh)")
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"http://{ACCOUNT}:{ACCOUNT}@{self.host}/pages"
        self._home = home
        self._process = subprocess.Popen(
            [
                require("node"), str(_PROGRAM), "--directory", str(home), "--silent",
                "--address", "127.0.0.1", "--port", str(self.port),
                "--configure-bucket", "pages",
            ]
        )  # fmt: skip
        until(self._answers, what="s3rver")

    def _answers(self) -> bool:
        try:
            return httpx2.get(f"http://{self.host}/").status_code > 0
        except httpx2.HTTPError:
            return False

    def get(self, path: str) -> httpx2.Response:
        """A file, asked for with a good signature."""
        whole = f"/pages/{path}"
        headers = signature(
            "GET", self.host, whole, {}, b"", key_id=ACCOUNT, secret=ACCOUNT,
            region="us-east-1", at=SteadyClock().now(),
        )  # fmt: skip
        return httpx2.get(f"http://{self.host}{whole}", headers=headers)

    def stop(self) -> None:
        """End it and forget what it held."""
        self._process.terminate()
        self._process.wait()
        shutil.rmtree(self._home, ignore_errors=True)
