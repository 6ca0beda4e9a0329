"""The database of the settings: at this release's schema, under the installation's key."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from cryptography.x509 import load_pem_x509_certificate

from tocsin import system
from tocsin.config import Settings
from tocsin.integrations.web_push import new_key
from tocsin.sealing import SivSealer
from tocsin.store import sqlite
from tocsin.store.ballast import Ballast
from tocsin.store.database import Database, StoreError
from tocsin.store.migrate import is_current, migrate
from tocsin.store.resealing import seal_everything


def open_database(settings: Settings, *, exclusive: bool = False) -> Database:
    """The database of the settings at this release's schema. Raises StoreError."""
    url = settings.database_url
    is_file = url.startswith("sqlite:///")
    path = url.removeprefix("sqlite:///")
    sealer = _sealer(settings)
    if is_file:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        database = sqlite.open_sqlite(path, exclusive=exclusive, sealer=sealer)
    else:
        from tocsin.store.postgres import open_postgres

        database = open_postgres(url, sealer=sealer)
    if not is_current(database):
        database.close()
        migrate(url)
        return open_database(settings, exclusive=exclusive)
    try:
        seal_everything(
            database, forget=lambda: sqlite.rewrite(path) if is_file else None
        )
    except StoreError:
        database.close()
        raise
    return database


def tidying(settings: Settings, database: Database) -> Callable[[], None]:
    """What keeps the database's files small, and some room for when the disk is full."""
    url = settings.database_url
    if not url.startswith("sqlite:///"):
        return lambda: None
    path = url.removeprefix("sqlite:///")
    ballast = Ballast(path, size_mib=settings.ballast_mib)

    def make_room() -> None:
        ballast.drop()

    database.on_full = make_room
    checkpointer = sqlite.Checkpointer(database, path)

    def tidy() -> None:
        checkpointer.checkpoint()
        ballast.lay()

    return tidy


def _sealer(settings: Settings) -> SivSealer:
    before = settings.secret_key_before.get_secret_value()
    former = [before.encode()] if before else []
    return SivSealer(secret_key(settings), *former)


def secret_key(settings: Settings) -> bytes:
    """What signs page links and seals credentials; made on first run."""
    given = settings.secret_key.get_secret_value()
    if given:
        return given.encode()
    return _kept(settings, "secret.key", system.new_token).encode()


def push_key(settings: Settings) -> str:
    """What signs notifications to browsers; made on first run."""
    given = settings.push_key.get_secret_value()
    return given or _kept(settings, "push.key", new_key)


def _kept(settings: Settings, name: str, make: Callable[[], str]) -> str:
    """A secret beside the data, for nobody else to read."""
    path = Path(settings.data_dir) / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(make())
    return path.read_text().strip()


def certificate_end(path: str) -> datetime | None:
    """When the certificate in a PEM file ends; None where there is none to read."""
    if not path:
        return None
    try:
        return load_pem_x509_certificate(Path(path).read_bytes()).not_valid_after_utc
    except (OSError, ValueError):
        return None
