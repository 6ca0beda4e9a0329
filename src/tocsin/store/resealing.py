"""Brings everything at rest under the installation's key, and says whether it is.

Runs when a database is opened: what release 0.1 stored readable is sealed, and after a
change of the key what the former key sealed is sealed anew. Each chunk is a transaction
of its own and may be done again, so a stop in the middle costs nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from tocsin.core.credentials import HIDDEN, is_secret
from tocsin.interfaces.failures import CannotOpen
from tocsin.interfaces.machine import SEALED, Sealer
from tocsin.store import nodes
from tocsin.store.database import Database, Row, StoreError, Tx
from tocsin.store.sealing import (
    ADDRESS,
    CALENDAR,
    INTEGRATION_KEY,
    open_document,
    opened,
    seal_document,
    secrets_of,
)

# A known text, sealed: what opens it opens the rest, and what it is says under which key.
_PROOF = "sealing_proof"
_PROOF_TEXT = "tocsin"
# The proof of the key under which the last pass through all tables ended.
_DONE = "sealed_under"
_ROWS = 500
_ADDRESSED = ("pages", "attempts")
_HOOKS = "select id, address from subscribers where kind <> 'email'"
_RAW = ("inbox", "rejects")
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.encode


class WrongKey(StoreError):
    """The database was sealed with another key than this process has."""


def seal_everything(database: Database, *, forget: Callable[[], None]) -> int:
    """How many rows were changed; 0 at once where there is nothing to do.

    `forget` wipes what the database's file still holds of deleted rows; where it
    cannot now (StoreError) the next start tries again. Raises WrongKey, StoreError.
    """
    wanted = database.sealer.seal(_PROOF_TEXT, purpose=_PROOF)
    if wanted == _PROOF_TEXT:
        return 0  # an unsealed database, as tests have it
    if database.read(lambda tx: nodes.note(tx, _DONE)) == wanted:
        return 0
    database.write(lambda tx: _prove(tx, wanted))
    changed = 0
    for noun, table in (("people", "people"), ("integrations", "integrations")):
        changed += _each(database, table, _document_sealer(noun))
    for table in _ADDRESSED:
        changed += _each(database, table, _seal_addresses)
    changed += _each(database, "subscribers", _seal_hooks)
    changed += _each(database, "calendar_imports", _seal_calendars)
    # A number to reply with lasts a day; under another key it names nothing.
    database.write(lambda tx: tx.run("delete from reply_codes"))
    keys = database.read(_keys)
    for table in _RAW:
        changed += _each(database, table, _blank_keys(keys))
    try:
        forget()
    except StoreError:
        return changed
    database.write(lambda tx: nodes.put_note(tx, _DONE, wanted))
    return changed


def unsealed(database: Database) -> tuple[int, int]:
    """(stored readable, cannot be opened): secrets at rest that are not well."""

    def work(tx: Tx) -> tuple[int, int]:
        readable = lost = 0
        for text, purpose in _all_secrets(tx):
            if not text.startswith(SEALED):
                readable += 1
            elif opened(tx.sealer, text, purpose) == text:
                lost += 1
        return readable, lost

    return database.read(work)


def _prove(tx: Tx, wanted: str) -> None:
    tx.run(
        "insert into meta (key, value) values (:key, :value) "
        "on conflict (key) do nothing",
        key=_PROOF,
        value=wanted,
    )
    held = nodes.note(tx, _PROOF)
    try:
        tx.sealer.open(held, purpose=_PROOF)
    except CannotOpen:
        message = (
            "its secrets were sealed with another key. Start with the TOCSIN_SECRET_KEY "
            "(or the secret.key in TOCSIN_DATA_DIR) that it was used with; to change "
            "the key, give the former one as TOCSIN_SECRET_KEY_BEFORE once"
        )
        raise WrongKey(message) from None
    if held != wanted:
        nodes.put_note(tx, _PROOF, wanted)


Change = Callable[[Tx, str, int], tuple[int, int | None]]


def _each(database: Database, table: str, change: Change) -> int:
    """Every row of `table`, a chunk per transaction."""
    changed, after = 0, 0
    while True:
        count, last = database.write(lambda tx, a=after: change(tx, table, a))  # type: ignore[misc]
        changed += count
        if last is None:
            return changed
        after = last


def _document_sealer(noun: str) -> Change:
    """Configuration is small: one transaction for all of a noun."""
    column = "settings" if noun == "integrations" else "data"

    def seal(tx: Tx, table: str, _: int) -> tuple[int, int | None]:
        count = 0
        for name, text in tx.all(f"select name, {column} from {table}"):
            document = _renewed(tx.sealer, noun, _decode(text))
            new = _encode(document).decode()
            if new == text:
                continue
            more = ", key = :key" if noun == "integrations" else ""
            key = {"key": document["key"]} if more else {}
            tx.run(
                f"update {table} set {column} = :data{more} where name = :name",
                data=new,
                name=name,
                **key,
            )
            count += 1
        return count, None

    return seal


def _renewed(sealer: Sealer, noun: str, document: dict[str, Any]) -> dict[str, Any]:
    return seal_document(sealer, noun, open_document(sealer, noun, document))


def _seal_addresses(tx: Tx, table: str, after: int) -> tuple[int, int | None]:
    rows = tx.all(
        f"select id, channel, address from {table} where id > :after "
        "order by id limit :rows",
        after=after,
        rows=_ROWS,
    )
    new = []
    for number, channel, address in rows:
        if not is_secret(channel):
            continue
        plain = opened(tx.sealer, address, ADDRESS)
        if plain.startswith(SEALED):
            continue
        sealed = tx.sealer.seal(plain, purpose=ADDRESS)
        if sealed != address:
            new.append((sealed, number))
    if new:
        tx.many(f"update {table} set address = ? where id = ?", new)
    return len(new), _last(rows)


def _seal_hooks(tx: Tx, table: str, _: int) -> tuple[int, int | None]:
    """Few of a page's subscribers are hooks: one transaction for all of them."""
    new = []
    for name, address in tx.all(_HOOKS):
        plain = opened(tx.sealer, address, ADDRESS)
        if plain.startswith(SEALED):
            continue
        sealed = tx.sealer.seal(plain, purpose=ADDRESS)
        if sealed != address:
            new.append((sealed, name))
    if new:
        tx.many(f"update {table} set address = ? where id = ?", new)
    return len(new), None


def _seal_calendars(tx: Tx, table: str, _: int) -> tuple[int, int | None]:
    new = []
    for place, url in tx.all(f"select place, url from {table}"):
        plain = opened(tx.sealer, url, CALENDAR)
        sealed = tx.sealer.seal(plain, purpose=CALENDAR)
        if not plain.startswith(SEALED) and sealed != url:
            new.append((sealed, place))
    if new:
        tx.many(f"update {table} set url = ? where place = ?", new)
    return len(new), None


def _blank_keys(keys: Sequence[str]) -> Change:
    """Blanks integrations' keys in the requests that 0.1 kept whole."""

    def blank(tx: Tx, table: str, after: int) -> tuple[int, int | None]:
        rows = tx.all(
            f"select id, path, headers, body from {table} where id > :after "
            "order by id limit :rows",
            after=after,
            rows=_ROWS,
        )
        new = []
        for number, path, headers, body in rows:
            kept = (path, headers, bytes(body))
            blanked = kept
            for key in keys:
                blanked = (
                    blanked[0].replace(key, HIDDEN),
                    blanked[1].replace(key, HIDDEN),
                    blanked[2].replace(key.encode(), HIDDEN.encode()),
                )
            if blanked != kept:
                new.append((*blanked, number))
        if new:
            tx.many(
                f"update {table} set path = ?, headers = ?, body = ? where id = ?", new
            )
        return len(new), _last(rows)

    return blank


def _last(rows: Sequence[Row]) -> int | None:
    return rows[-1][0] if len(rows) == _ROWS else None


def _keys(tx: Tx) -> list[str]:
    found = [
        opened(tx.sealer, row[0], INTEGRATION_KEY)
        for row in tx.all("select key from integrations")
    ]
    return [key for key in found if key and not key.startswith(SEALED)]


def _all_secrets(tx: Tx) -> list[tuple[str, str]]:
    found = [
        (row[0], INTEGRATION_KEY) for row in tx.all("select key from integrations")
    ]
    for noun, sql in (
        ("integrations", "select settings from integrations"),
        ("people", "select data from people"),
    ):
        for (text,) in tx.all(sql):
            found += [
                (secret, why) for _, secret, why in secrets_of(noun, _decode(text))
            ]
    found += [(address, ADDRESS) for _, address in tx.all(_HOOKS)]
    found += [(row[0], CALENDAR) for row in tx.all("select url from calendar_imports")]
    for table in _ADDRESSED:
        # Distinct contacts are few, however many pages went to them.
        for channel, address in tx.all(
            f"select distinct channel, address from {table}"
        ):
            if is_secret(channel):
                found.append((address, ADDRESS))
    return found
