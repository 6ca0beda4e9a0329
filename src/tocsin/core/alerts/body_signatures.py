"""Signatures of a whole body as GitHub and Flux write them: `sha256=` and an HMAC in hex."""

import hmac
from collections.abc import Iterable


def is_signed(given: str, body: bytes, secrets: Iterable[str]) -> bool:
    """Whether `given` is the signature of `body` by one of `secrets` (constant time)."""
    found = False
    for secret in secrets:
        made = f"sha256={hmac.new(secret.encode(), body, 'sha256').hexdigest()}"
        found |= hmac.compare_digest(made.encode(), given.encode())
    return found
