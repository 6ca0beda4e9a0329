"""Who somebody is, as an identity provider says it."""

from datetime import datetime
from typing import Protocol

from msgspec import Struct

from tocsin.interfaces.failures import TocsinError


class IdentityRefused(TocsinError):
    """An identity provider's answer proves nothing: says which check it failed."""


class IdentityUnavailable(TocsinError):
    """The identity provider cannot be asked now."""


class Identity(Struct, frozen=True):
    """Who an identity provider says somebody is. (issuer, subject) never changes."""

    issuer: str
    subject: str
    email: str = ""
    is_email_verified: bool = False
    handle: str = ""
    full_name: str = ""
    groups: tuple[str, ...] = ()
    # When they last proved it to the provider, if it says so.
    proved_at: datetime | None = None


class IdentityProvider(Protocol):
    """Signs people in elsewhere. Thread-safe. Raises the two errors above."""

    def address(
        self, *, back: str, state: str, nonce: str, verifier: str, again: bool
    ) -> str:
        """Where a browser is sent; `again`: whoever is signed in proves it anew."""
        ...

    def identity(
        self, *, back: str, code: str, issuer: str, nonce: str, verifier: str
    ) -> Identity:
        """Who came back with `code`. `issuer` is what the answer says, or ""."""
        ...
