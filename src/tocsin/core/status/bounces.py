"""Mail that came back: whose it was, and when an address is written to no more.

Source: RFC 3463 (5.x.x is for ever, 4.x.x may pass), RFC 5321 4.5.3.1.1 (a local part has
64 octets). A return address is made for each subscriber (VERP), so that a mail which comes
back says whose it was, whatever the server that sent it back put into it.
"""

import base64
import hmac
from datetime import datetime, timedelta
from hashlib import sha256

from msgspec import Struct

# So many days with a failure that may pass, each within a month of the last.
MOST_FAILURES = 5
_FORGOTTEN_AFTER = timedelta(days=30)
_ONE_A = timedelta(hours=20)
_MAC_BYTES = 10
LONGEST_LOCAL_PART = 64


class Standing(Struct, frozen=True):
    """How mail to an address fared: `failures` on different days, the last `failed_at`."""

    failures: int = 0
    failed_at: datetime | None = None
    is_suppressed: bool = False


def failed(known: Standing, *, final: bool, now: datetime) -> Standing:
    """One more mail came back. Several within a day are one."""
    if known.is_suppressed:
        return known
    if final:
        return Standing(known.failures + 1, now, is_suppressed=True)
    last = known.failed_at
    if last is not None and now - last < _ONE_A:
        return known
    is_old = last is None or now - last > _FORGOTTEN_AFTER
    failures = 1 if is_old else known.failures + 1
    return Standing(failures, now, is_suppressed=failures >= MOST_FAILURES)


def return_address(secret: bytes, bounces: str, subscriber: str) -> str:
    """Where a subscriber's mail comes back to: `bounces+ID-MAC@…`."""
    local, _, domain = bounces.rpartition("@")
    return f"{local}+{subscriber}-{_mac(secret, subscriber)}@{domain}"


def returned_of(secret: bytes, address: str) -> str:
    """The subscriber of a return address (in constant time), "" when it is not ours."""
    local = address.rpartition("@")[0].lower()
    name, _, mac = local.rpartition("+")[2].rpartition("-")
    good = hmac.compare_digest(_mac(secret, name).encode(), mac.encode())
    return name if name and good else ""


def _mac(secret: bytes, subscriber: str) -> str:
    # A local part may lose its case on the way.
    text = f"returned\n{subscriber.lower()}".encode()
    digest = hmac.new(secret, text, sha256).digest()[:_MAC_BYTES]
    return base64.b32encode(digest).decode().lower()
