"""Everything by which one person gets in, at once: to take it from whoever leaves."""

from tocsin.store.database import Tx

_TABLES = (
    "sessions", "sign_in_links", "passwords", "passkeys", "identities", "flows",
    "emergency_codes", "api_tokens", "verified_emails",
)  # fmt: skip


# What is open right now; a password and the like stay for when somebody comes back.
_OPEN = ("sessions", "sign_in_links", "flows", "api_tokens")


def suspend(tx: Tx, person: str) -> None:
    """Nobody is signed in as `person` any more, and no link or token of theirs works."""
    for table in _OPEN:
        tx.run(f"delete from {table} where person = :person", person=person)


def forget(tx: Tx, person: str) -> None:
    """Nothing of `person` opens a door any more, nor for a namesake who comes later."""
    for table in _TABLES:
        tx.run(f"delete from {table} where person = :person", person=person)
