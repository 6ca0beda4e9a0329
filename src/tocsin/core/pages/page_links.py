"""The token of a page link `/p/{token}`: unforgeable, bound to one page and person.

It names a page (and so the person and the alerts of its message) and an end. GET with
it only shows; who may act is decided where it is read.
"""

import base64
import hmac
from datetime import UTC, datetime, timedelta

GOOD_FOR = timedelta(hours=24)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_MAC_BYTES = 16


def sign(secret: bytes, *, page: int, person: str, now: datetime) -> str:
    """A token for `page` of `person`, good for 24 hours."""
    expires = int((now + GOOD_FOR).timestamp())
    return f"{_base36(page)}-{_base36(expires)}-{_mac(secret, page, person, expires)}"


def page_of(token: str) -> tuple[int, datetime] | None:
    """The page a token claims to be for and its end, before it is verified."""
    parts = token.split("-", 2)
    if len(parts) != 3 or len(token) > 80:
        return None
    try:
        page, expires = int(parts[0], 36), int(parts[1], 36)
        return page, datetime.fromtimestamp(expires, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def is_genuine(secret: bytes, token: str, *, person: str) -> bool:
    """Whether we made this token for `person` (in constant time)."""
    claimed = page_of(token)
    if claimed is None:
        return False
    page, expires = claimed
    expected = _mac(secret, page, person, int(expires.timestamp()))
    given = token.split("-", 2)[2]
    return hmac.compare_digest(expected.encode(), given.encode())


def _mac(secret: bytes, page: int, person: str, expires: int) -> str:
    text = f"page-link\n{page}\n{expires}\n{person}".encode()
    digest = hmac.digest(secret, text, "sha256")[:_MAC_BYTES]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _base36(number: int) -> str:
    digits = ""
    while True:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
        if not number:
            return digits
