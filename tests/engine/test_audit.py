"""The record of changes: any row that was touched, left out or moved shows."""

from datetime import UTC, datetime

import pytest

from tocsin.engine.audit import Actor, Auditor
from tocsin.store import audit as stored
from tocsin.store.database import Database, Tx

NOON = datetime(2024, 3, 4, 12, tzinfo=UTC)
CAROL = Actor("carol", "web", "203.0.113.7")
AUDITOR = Auditor(b"the installation's key")


@pytest.fixture
def kept(database: Database) -> Database:
    for index in range(5):
        database.write(lambda tx, index=index: _write(tx, index))
    return database


def _write(tx: Tx, index: int) -> None:
    AUDITOR.write(
        tx, CAROL, "update", "services", f"s{index}",
        before={"team": "payments"}, after={"team": "search", "n": index}, now=NOON,
    )  # fmt: skip


def test_it_says_who_what_from_where_before_and_after(kept: Database) -> None:
    newest = kept.read(lambda tx: stored.listing(tx, limit=1))[0]
    assert (newest.actor, newest.via, newest.address) == ("carol", "web", "203.0.113.7")
    assert (newest.action, newest.noun, newest.name) == ("update", "services", "s4")
    assert newest.before == '{"team":"payments"}'
    assert newest.after == '{"n":4,"team":"search"}'
    assert newest.at == NOON
    assert AUDITOR.broken(kept) == ""


@pytest.mark.parametrize(
    "column",
    ["at", "actor", "via", "address", "action", "noun", "name", "before", "mac"],
)
def test_a_changed_entry_shows(kept: Database, column: str) -> None:
    value = "1" if column == "at" else "'other'"
    kept.write(lambda tx: tx.run(f"update audit set {column} = {value} where id = 3"))
    assert AUDITOR.broken(kept) == "entry 3 is not as it was written"


@pytest.mark.parametrize("gone", [1, 3])
def test_a_missing_entry_shows(kept: Database, gone: int) -> None:
    kept.write(lambda tx: tx.run(f"delete from audit where id = {gone}"))
    assert AUDITOR.broken(kept) == f"entry {gone} is missing"


def test_missing_newest_entries_show(kept: Database) -> None:
    kept.write(lambda tx: tx.run("delete from audit where id > 3"))
    assert AUDITOR.broken(kept) == "the newest entries are missing: 5 were written"


def test_entries_that_changed_places_show(kept: Database) -> None:
    def swap(tx: Tx) -> None:
        tx.run("update audit set id = 99 where id = 2")
        tx.run("update audit set id = 2 where id = 4")
        tx.run("update audit set id = 4 where id = 99")

    kept.write(swap)
    assert AUDITOR.broken(kept) == "entry 2 is not as it was written"


def test_an_entry_made_up_without_the_key_shows(kept: Database) -> None:
    kept.write(lambda tx: stored.append(
        tx, b"another key", at=NOON, actor="x", via="web", address="", action="update",
        noun="services", name="s", team="", before="", after="",
    ))  # fmt: skip
    assert AUDITOR.broken(kept) == "entry 6 is not as it was written"


def test_a_change_that_was_rolled_back_leaves_no_entry(kept: Database) -> None:
    def fails(tx: Tx) -> None:
        _write(tx, 9)
        raise LookupError

    with pytest.raises(LookupError):
        kept.write(fails)
    assert kept.read(stored.head)[0] == 5
    assert AUDITOR.broken(kept) == ""
