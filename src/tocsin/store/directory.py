"""The configuration's documents, and the Directory that they make."""

from typing import Any

import msgspec

from tocsin.core.building.directory_building import build
from tocsin.core.configuration import NOUNS, Documents
from tocsin.core.directory import Directory
from tocsin.store import credentials, nodes
from tocsin.store.database import Tx
from tocsin.store.sealing import open_document, seal_document

_VERSION = "config_version"
# Each noun's table; a document is the `data` of its row.
_TABLES = {
    "teams": "teams",
    "people": "people",
    "schedules": "schedules",
    "escalation_policies": "policies",
    "services": "services",
    "status_pages": "status_pages",
}
_encode = msgspec.json.encode
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def version(tx: Tx) -> int:
    """Grows with every change of the configuration."""
    return int(nodes.note(tx, _VERSION) or 0)


def load(tx: Tx) -> Directory:
    """The whole configuration. What was valid when it was written can be read."""
    directory, _ = build(documents(tx), version=version(tx), ids=ids(tx))
    return directory


def documents(tx: Tx) -> Documents:
    """Every stored document by noun and name."""
    found: Documents = {}
    for noun, table in _TABLES.items():
        rows = tx.all(f"select name, data from {table} order by name")
        found[noun] = {
            name: open_document(tx.sealer, noun, _decode(data)) for name, data in rows
        }
    rows = tx.all("select name, settings from integrations order by name")
    found["integrations"] = {
        name: open_document(tx.sealer, "integrations", _decode(data))
        for name, data in rows
    }
    for single in ("organisation", "rules"):
        text = nodes.note(tx, single)
        if text:
            found[single] = _decode(text)
    return found


def ids(tx: Tx) -> dict[str, int]:
    """The numbers of the integrations by name."""
    return {row[0]: row[1] for row in tx.all("select name, id from integrations")}


def save(tx: Tx, noun: str, name: str, document: dict[str, Any]) -> None:
    """Write one document; who is made inactive is signed out everywhere."""
    if noun == "people" and document.get("active") is False:
        credentials.suspend(tx, name)
    document = seal_document(tx.sealer, noun, document)
    text = _encode(document).decode()
    if noun == "integrations":
        tx.run(
            "insert into integrations (name, type, service, key, settings) "
            "values (:name, :type, :service, :key, :data) on conflict (name) do update "
            "set type = excluded.type, service = excluded.service, "
            "key = excluded.key, settings = excluded.settings",
            name=name,
            type=document["type"],
            service=document["service"],
            key=document["key"],
            data=text,
        )
    elif noun in _TABLES:
        tx.run(
            f"insert into {_TABLES[noun]} (name, data) values (:name, :data) "
            "on conflict (name) do update set data = excluded.data",
            name=name,
            data=text,
        )
    else:
        _save_part(tx, noun, name, document)
    _bump(tx)


def delete(tx: Tx, noun: str, name: str) -> None:
    """Remove one document; with a person goes everything that let them in."""
    if noun == "people":
        credentials.forget(tx, name)
    if noun in (*_TABLES, "integrations"):
        table = _TABLES.get(noun, "integrations")
        tx.run(f"delete from {table} where name = :name", name=name)
    else:
        text = nodes.note(tx, noun)
        held = _decode(text) if text else {}
        held.pop(name, None)
        nodes.put_note(tx, noun, _encode(held).decode())
    _bump(tx)


def _save_part(tx: Tx, noun: str, name: str, document: dict[str, Any]) -> None:
    """Nouns that have no table of their own live in one note each."""
    assert noun not in NOUNS
    text = nodes.note(tx, noun)
    held = _decode(text) if text else {}
    held[name] = document
    nodes.put_note(tx, noun, _encode(held).decode())


def _bump(tx: Tx) -> None:
    nodes.put_note(tx, _VERSION, str(version(tx) + 1))


def last_events(tx: Tx) -> dict[int, int | None]:
    """When each integration was last heard of, in microseconds."""
    return {
        row[0]: row[1] for row in tx.all("select id, last_event_at from integrations")
    }
