"""No credential stands readable in the database, and what was readable is sealed."""

import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.cast import MONDAY_9AM, Story
from tests.peers.databases import SEALER
from tocsin.engine.audit import Actor, Auditor
from tocsin.engine.configuration import Applied, apply_files
from tocsin.engine.configuration_files import export_text, export_with_secrets
from tocsin.engine.editing import recorder
from tocsin.sealing import SivSealer
from tocsin.store import attempts, resealing, sqlite, subscribers
from tocsin.store import directory as stored
from tocsin.store import paging as stored_pages
from tocsin.store.database import Database, StoreError, Tx
from tocsin.store.resealing import WrongKey, seal_everything

KEY = "0123456789abcdef0123456789abcdef"
HOOK = "https://hooks.example.com/carol"
SECRET_HOOK = "https://hooks.example.com/T0KEN/carol#whsec_c2VjcmV0LXNlY3JldA=="
TABLES = (
    "people",
    "integrations",
    "pages",
    "attempts",
    "inbox",
    "rejects",
    "audit",
    "timeline",
)
CAROL = f"people: [{{name: carol, role: admin, email: carol@example.com, contacts: [{{by: webhook, address: '{SECRET_HOOK}'}}, {{by: ntfy, address: carol-phone-x7}}], notify: {{high: [{{by: webhook}}, {{by: ntfy, after: 1m}}]}}}}]"


def apply(database: Database, text: str, **more: Any) -> Applied:
    return apply_files(
        database,
        [("file.yaml", text)],
        now=MONDAY_9AM,
        new_key=lambda: "f" * 32,
        recorder=recorder(Auditor(b"audit"), Actor("carol", "CLI"), now=MONDAY_9AM),
        **more,
    )


def nothing() -> None:
    pass


def rows(tx: Tx) -> str:
    found: list[Sequence[object]] = []
    for table in TABLES:
        found += tx.all(f"select * from {table}")
    return repr(found)


def everyone_is_paged(database: Database) -> Story:
    story = Story(database)
    assert apply(database, CAROL).done
    story.send()
    story.run(minutes=120)
    return story


def test_pages_go_to_the_address_while_only_sealed_ones_are_stored(
    database: Database,
) -> None:
    story = everyone_is_paged(database)
    number = story.send().number
    pages = database.read(lambda tx: stored_pages.of_alert(tx, number))
    hooked = [page for page in pages if page.channel == "webhook"]
    assert hooked and {page.address for page in hooked} == {SECRET_HOOK}
    assert story.hook.sent
    tried = database.read(lambda tx: attempts.of_alert(tx, number))
    assert SECRET_HOOK in {row[3] for row in tried}
    at_rest = database.read(rows)
    for secret in (KEY, SECRET_HOOK, "T0KEN", "whsec", "carol-phone-x7"):
        assert secret not in at_rest
    assert "alice@example.com" in at_rest
    assert database.read(stored.load).by_key(KEY) is not None
    assert resealing.unsealed(database) == (0, 0)


def test_the_budget_of_a_contact_counts_what_went_to_its_sealed_address(
    database: Database,
) -> None:
    everyone_is_paged(database)
    sent = database.read(
        lambda tx: attempts.sent_since(
            tx, [("webhook", SECRET_HOOK)], since=MONDAY_9AM - timedelta(minutes=1)
        )
    )
    assert len(sent["webhook", SECRET_HOOK]) >= 1


def test_the_look_up_by_contact_still_uses_its_index(database: Database) -> None:
    if database.dialect != "sqlite":
        pytest.skip("the planner of PostgreSQL reads small tables whole")
    plan = database.read(
        lambda tx: tx.all(
            "explain query plan select started_at from attempts where channel = 'webhook' "
            "and address = 'sealed:1:x' and started_at > 0"
        )
    )
    assert "attempts_contact" in repr(plan)


def test_an_address_that_cannot_be_opened_holds_up_nobody(database: Database) -> None:
    story = Story(database)
    assert apply(database, CAROL).done

    def damage(tx: Tx) -> None:
        (text,) = tx.one("select data from people where name = 'carol'") or ("",)
        lost = SivSealer(b"lost").seal(SECRET_HOOK, purpose="contact address")
        sealed = SEALER.seal(SECRET_HOOK, purpose="contact address")
        tx.run(
            "update people set data = :data where name = 'carol'",
            data=text.replace(sealed, lost),
        )
        tx.run("update meta set value = '99' where key = 'config_version'")

    database.write(damage)
    story.send()
    story.run(minutes=60)
    assert {person for _, person in story.paged()} >= {"alice", "bob"}
    assert resealing.unsealed(database)[1] >= 1


# --- what release 0.1 left behind


@pytest.fixture
def old(tmp_path: Path, migrated_sqlite: Path) -> Path:
    """A database that was written without sealing, pages and raw bodies included."""
    path = tmp_path / "old.db"
    shutil.copy(migrated_sqlite, path)
    database = sqlite.open_sqlite(str(path), threaded=False)
    everyone_is_paged(database)
    body = msgspec.json.encode({"routing_key": KEY, "event_action": "trigger"})
    insert = "insert into {} (integration, at, path, body) values (?, ?, ?, ?)"

    def leave(tx: Tx) -> None:
        many = [(1, 1, f"/{KEY}/x", body)] * 1100
        tx.many(insert.format("inbox"), many)
        tx.many(insert.format("rejects"), many[:3])

    database.write(leave)
    database.close()
    assert KEY.encode() in everything_in(path)
    return path


def everything_in(path: Path) -> bytes:
    return b"".join(
        one.read_bytes() for one in path.parent.glob(path.name + "*") if one.is_file()
    )


def sealed_at(path: Path, sealer: SivSealer = SEALER) -> Database:
    return sqlite.open_sqlite(str(path), threaded=False, sealer=sealer)


def test_what_was_readable_is_sealed_and_leaves_no_trace_in_the_file(old: Path) -> None:
    database = sealed_at(old)
    assert resealing.unsealed(database)[0] > 0
    changed = seal_everything(database, forget=lambda: sqlite.rewrite(str(old)))
    assert changed > 1100
    assert resealing.unsealed(database) == (0, 0)
    held = everything_in(old)
    for secret in (KEY, SECRET_HOOK, "carol-phone-x7"):
        assert secret.encode() not in held
    assert database.read(stored.load).by_key(KEY) is not None
    assert seal_everything(database, forget=nothing) == 0


def test_a_stop_in_the_middle_is_taken_up_again(old: Path) -> None:
    database = sealed_at(old)
    whole = database.write
    calls = 0

    def stops_after_three(work: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > 3:
            raise StoreError("the power is gone")
        return whole(work)

    database.write = stops_after_three  # type: ignore[method-assign]
    with pytest.raises(StoreError):
        seal_everything(database, forget=nothing)
    database.close()
    again = sealed_at(old)
    assert seal_everything(again, forget=nothing) > 0
    assert resealing.unsealed(again) == (0, 0)


def test_a_file_that_could_not_be_rewritten_is_tried_at_the_next_start(
    old: Path,
) -> None:
    def full() -> None:
        raise StoreError("no space")

    database = sealed_at(old)
    seal_everything(database, forget=full)
    asked: list[int] = []
    seal_everything(database, forget=lambda: asked.append(1))
    seal_everything(database, forget=lambda: asked.append(2))
    assert asked == [1]


def test_another_key_is_refused_and_the_former_one_hands_over(old: Path) -> None:
    seal_everything(sealed_at(old), forget=nothing)
    with pytest.raises(WrongKey, match="TOCSIN_SECRET_KEY_BEFORE"):
        seal_everything(sealed_at(old, SivSealer(b"other")), forget=nothing)
    both = sealed_at(old, SivSealer(b"new", b"the key of the tests"))
    assert seal_everything(both, forget=nothing) > 0
    alone = sealed_at(old, SivSealer(b"new"))
    assert seal_everything(alone, forget=nothing) == 0
    assert resealing.unsealed(alone) == (0, 0)
    assert alone.read(stored.load).by_key(KEY) is not None


def test_a_readers_hook_is_sealed_and_goes_over_to_a_new_key(old: Path) -> None:
    database, hook = sealed_at(old), "https://hooks.example.com/the-secret-of-a-reader"
    seal_everything(database, forget=nothing)
    database.write(
        lambda tx: subscribers.ask(
            tx, "s1", page="p", kind="chat", address=hook, components=[],
            now=MONDAY_9AM,
        )
    )  # fmt: skip
    assert hook.encode() not in everything_in(old)
    seal_everything(
        sealed_at(old, SivSealer(b"new", b"the key of the tests")), forget=nothing
    )
    alone = sealed_at(old, SivSealer(b"new"))
    assert resealing.unsealed(alone) == (0, 0)
    kept = alone.read(lambda tx: subscribers.get(tx, "s1"))
    assert kept is not None and kept.address == hook


# --- export and apply


def test_export_gives_sealed_secrets_that_apply_brings_to_the_same_state(
    database: Database,
) -> None:
    Story(database)
    assert apply(database, CAROL).done
    before = database.read(stored.documents)
    text = export_text(database)
    assert KEY not in text and "whsec" not in text and "carol-phone-x7" not in text
    assert "key: sealed:1:" in text
    applied = apply(database, text, prune=True)
    assert not applied.problems
    assert {one.kind for one in applied.plan.changes} == {"unchanged"}
    assert database.read(stored.documents) == before


def test_a_value_that_was_sealed_elsewhere_is_an_error_that_names_the_field(
    database: Database,
) -> None:
    Story(database)
    foreign = SivSealer(b"elsewhere").seal(KEY, purpose="integration key")
    applied = apply(
        database,
        "integrations: [{name: i, type: generic, service: checkout, key: '"
        + foreign
        + "'}]",
    )
    assert not applied.done
    (problem,) = applied.problems
    assert "integrations[i].key" in problem
    assert "give the value itself, or leave the field out" in problem


def test_an_export_with_secrets_moves_to_another_installation(
    database: Database, tmp_path: Path, migrated_sqlite: Path
) -> None:
    Story(database)
    assert apply(database, CAROL).done
    path = tmp_path / "other.db"
    shutil.copy(migrated_sqlite, path)
    other = sealed_at(path, SivSealer(b"elsewhere"))
    assert apply(other, export_with_secrets(database)).done
    assert other.read(stored.load).by_key(KEY) is not None
    assert SECRET_HOOK.encode() not in everything_in(path)


def test_a_plan_and_its_problems_do_not_repeat_keys(database: Database) -> None:
    Story(database)
    key = "abcdefabcdefabcdefabcdefabcdef99"
    good = "integrations: [{name: i, type: generic, service: checkout, key: %s}]"
    applied = apply(database, good % key, dry_run=True)
    assert key not in repr(applied.plan) and "/in/••••ef99" in repr(applied.plan)
    bad = apply(database, good % "wrong-key-with-dashes")
    assert bad.problems and "wrong-key" not in repr(bad.problems)
