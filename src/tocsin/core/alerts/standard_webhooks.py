"""The signature of a webhook, as Standard Webhooks says.

Source: standard-webhooks.md 1.0.0, read 2026-11-23: it covers `id.timestamp.body`.
"""

import base64
import binascii
import hmac
from hashlib import sha256

PREFIX = "whsec_"


def signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """The base64 HMAC-SHA-256 of Standard Webhooks."""
    plain = secret.removeprefix(PREFIX)
    try:
        raw = base64.b64decode(plain, validate=True)
    except (binascii.Error, ValueError):
        raw = plain.encode()
    signed = f"{message_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.new(raw, signed, sha256).digest()).decode()
