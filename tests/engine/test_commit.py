"""A commit counts only when it is certain: notices, conflicts and one bad job in a batch."""

import threading
from pathlib import Path

import pytest

from tests.peers.databases import PostgresServer
from tocsin.store.database import Database, StoreError, Tx
from tocsin.store.migrate import is_current, migrate
from tocsin.store.nodes import note, put_note
from tocsin.store.postgres import open_postgres
from tocsin.store.postgres import settings_problems as postgres_problems
from tocsin.store.sqlite import open_sqlite
from tocsin.store.sqlite import settings_problems as sqlite_problems


def test_a_notice_at_commit_is_a_failure(postgres_server: PostgresServer) -> None:
    database = open_postgres(postgres_server.create("notice", template="migrated"))

    def warned(tx: Tx) -> None:
        put_note(tx, "k", "v")
        tx.run(
            "do $$ begin raise warning 'canceling wait for synchronous replication'; end $$"
        )

    with pytest.raises(StoreError, match="in doubt"):
        database.write(warned)
    database.close()


def test_unsafe_settings_are_told(postgres_server: PostgresServer) -> None:
    database = open_postgres(
        postgres_server.url("migrated") + "?options=-csynchronous_commit%3Doff"
    )
    told = "\n".join(postgres_problems(database))
    assert "synchronous_commit is 'off'" in told
    assert "fsync is off" in told
    database.close()


def test_sqlite_has_every_setting(database: Database) -> None:
    if database.dialect == "sqlite":
        assert sqlite_problems(database) == []


def test_one_bad_job_does_not_cost_the_others_their_commit(database: Database) -> None:
    held = threading.Event()
    first = database.submit(lambda tx: held.wait(5))

    def bad(tx: Tx) -> None:
        put_note(tx, "bad", "1")
        raise ValueError("broken")

    good = [
        database.submit(lambda tx, n=n: put_note(tx, f"good{n}", "1")) for n in range(5)
    ]
    broken = database.submit(bad)
    more = database.submit(lambda tx: put_note(tx, "after", "1"))
    held.set()
    assert first.result(5)
    for job in [*good, more]:
        job.result(5)
    with pytest.raises(ValueError, match="broken"):
        broken.result(5)
    assert database.read(
        lambda tx: [note(tx, key) for key in ("good0", "good4", "after", "bad")]
    ) == ["1", "1", "1", ""]


def test_migrating_again_changes_nothing_in_a_filled_database(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "t.db"
    migrate(f"sqlite:///{path}")
    database = open_sqlite(str(path))
    database.write(lambda tx: put_note(tx, "kept", "yes"))
    migrate(f"sqlite:///{path}")
    assert is_current(database)
    assert database.read(lambda tx: note(tx, "kept")) == "yes"
    database.close()


@pytest.mark.parametrize("server", ["sqlite", "postgresql"])
def test_a_filled_database_of_the_first_release_is_upgraded(
    server: str, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    url = (
        f"sqlite:///{tmp_path / 'old.db'}"
        if server == "sqlite"
        else postgres_server.create("old")
    )
    migrate(url, to="0001")
    opened = open_sqlite(str(tmp_path / "old.db")) if server == "sqlite" else None
    database = opened or open_postgres(url)
    database.write(_fill)
    assert not is_current(database)
    migrate(url)
    assert is_current(database)
    assert database.read(
        lambda tx: tx.all("select person, purpose from sign_in_links")
    ) == [("alice", "sign-in")]
    assert database.read(
        lambda tx: tx.all("select person, label, scopes from api_tokens")
    ) == [("alice", "cli", "admin")]
    database.close()


def _fill(tx: Tx) -> None:
    tx.run(
        "insert into sign_in_links (digest, person, expires_at) values ('d', 'alice', 1)"
    )
    tx.run(
        "insert into api_tokens (digest, person, label, made_at) "
        "values ('t', 'alice', 'cli', 1)"
    )
    tx.run(
        "insert into sessions (digest, person, made_at, expires_at) "
        "values ('s', 'alice', 1, 2)"
    )
