"""Seals texts with the installation's key, so that a copy of the database tells nothing.

AES-SIV (RFC 5297): the same text under the same key and purpose gives the same sealed
text, so sealed columns can still be unique and looked up by value. The key is made from
the installation's secret by HKDF (RFC 5869), the purpose is authenticated beside it.
Knows no table; what is sealed is decided in store/.
"""

import base64
import binascii
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tocsin.interfaces.failures import CannotOpen
from tocsin.interfaces.machine import SEALED

_FORM = SEALED + "1:"
_KEY_BYTES = 64  # AES-256-SIV
# The same few addresses and keys are sealed again with every page.
_REMEMBERED = 4096


class SivSealer:
    """Seals with the first of `secrets`; opens what any of them sealed."""

    def __init__(self, *secrets: bytes) -> None:
        assert secrets, "nothing to seal with"
        self._ciphers: Sequence[AESSIV] = [AESSIV(_key_from(one)) for one in secrets]
        self._sealed = lru_cache(_REMEMBERED)(self._seal)
        self._opened = lru_cache(_REMEMBERED)(self._open)

    def seal(self, text: str, *, purpose: str) -> str:
        """`sealed:1:…`; an empty text has nothing to hide and stays empty."""
        return self._sealed(text, purpose) if text else ""

    def open(self, sealed: str, *, purpose: str) -> str:
        """The text that was sealed. Raises CannotOpen."""
        return self._opened(sealed, purpose) if sealed else ""

    def _seal(self, text: str, purpose: str) -> str:
        sealed = self._ciphers[0].encrypt(text.encode(), [purpose.encode()])
        return _FORM + base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def _open(self, sealed: str, purpose: str) -> str:
        if not sealed.startswith(_FORM):
            raise CannotOpen
        coded = sealed.removeprefix(_FORM)
        try:
            raw = base64.b64decode(coded + "=" * (-len(coded) % 4), b"-_", True)
        except (binascii.Error, ValueError):
            raise CannotOpen from None
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(raw, [purpose.encode()]).decode()
            except (InvalidTag, ValueError):
                continue
        raise CannotOpen


def _key_from(secret: bytes) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"tocsin sealing 1").derive(
        secret
    )
