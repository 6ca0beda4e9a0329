"""Which stored values are sealed, and as what.

Sealed are integrations' keys and the addresses of channels that are credentials, in the
configuration and on every page and attempt. What cannot be opened stays sealed text: it
reaches nobody, and holds up no one else. Knows no cipher; a Sealer is handed in.
"""

from collections.abc import Callable
from typing import Any

from tocsin.core.credentials import is_secret
from tocsin.interfaces.failures import CannotOpen
from tocsin.interfaces.machine import SEALED, Sealer
from tocsin.store.database import Tx

INTEGRATION_KEY = "integration key"
ADDRESS = "contact address"
CALENDAR = "calendar address"


def seal_address(tx: Tx, channel: str, address: str) -> str:
    """The address as it is stored; equal addresses are stored equal."""
    if not is_secret(channel) or address.startswith(SEALED):
        return address
    return tx.sealer.seal(address, purpose=ADDRESS)


def open_address(tx: Tx, channel: str, stored: str) -> str:
    """The address itself, or the sealed text where it cannot be opened."""
    return opened(tx.sealer, stored, ADDRESS) if is_secret(channel) else stored


def seal_document(
    sealer: Sealer, noun: str, document: dict[str, Any]
) -> dict[str, Any]:
    """A configuration document as it is stored and exported."""

    def seal(text: str, purpose: str) -> str:
        return text if text.startswith(SEALED) else sealer.seal(text, purpose=purpose)

    return _with_secrets(noun, document, seal)


def open_document(
    sealer: Sealer, noun: str, document: dict[str, Any]
) -> dict[str, Any]:
    """The document with its secrets readable."""
    return _with_secrets(noun, document, lambda text, why: opened(sealer, text, why))


def opened(sealer: Sealer, stored: str, purpose: str) -> str:
    """The text, or what is stored where it is not sealed or cannot be opened."""
    if not stored.startswith(SEALED):
        return stored
    try:
        return sealer.open(stored, purpose=purpose)
    except CannotOpen:
        return stored


def secrets_of(noun: str, document: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(field, text, purpose) of every secret in a document."""
    if noun == "integrations":
        return [
            (field, document[field], INTEGRATION_KEY)
            for field in ("key", "key_before")
            if isinstance(document.get(field), str)
        ]
    if noun != "people":
        return []
    return [
        (f"contacts[{index}].address", contact["address"], ADDRESS)
        for index, contact in enumerate(document.get("contacts", []))
        if is_secret(contact.get("by", "")) and isinstance(contact.get("address"), str)
    ]


def _with_secrets(
    noun: str, document: dict[str, Any], change: Callable[[str, str], str]
) -> dict[str, Any]:
    found = secrets_of(noun, document)
    if not found:
        return document
    changed = dict(document)
    if noun == "integrations":
        return changed | {field: change(text, why) for field, text, why in found}
    changed["contacts"] = [
        contact | {"address": change(contact["address"], ADDRESS)}
        if is_secret(contact.get("by", "")) and isinstance(contact.get("address"), str)
        else contact
        for contact in document["contacts"]
    ]
    return changed
