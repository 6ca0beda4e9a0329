"""What an ID token has to say before it proves anything (Core 1.0, section 3.1.3.7)."""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tocsin.interfaces.identities import IdentityRefused

_LEEWAY = timedelta(seconds=60)
_LONGEST = 255
Claims = Mapping[str, Any]


def check(
    claims: Claims, *, issuer: str, client: str, nonce: str, now: datetime
) -> None:
    """Core 1.0, section 3.1.3.7. Raises IdentityRefused."""
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    party = claims.get("azp")
    expires, issued = instant(claims.get("exp")), instant(claims.get("iat"))
    checks = {
        "is of another issuer": claims.get("iss") != issuer,
        "is for another client": client not in audiences,
        "was asked for by another client": party != client
        if party is not None or len(audiences) > 1
        else False,
        "has expired": expires is None or expires + _LEEWAY <= now,
        "is not valid yet": issued is None or issued - _LEEWAY > now,
        "is not the answer to our question": not _same(claims.get("nonce"), nonce),
        "names nobody": not 0 < len(text(claims, "sub")) <= _LONGEST,
    }
    for what, failed in checks.items():
        if failed:
            message = f"the ID token {what}"
            raise IdentityRefused(message)


def _same(given: object, expected: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(
        given.encode("utf-8", "replace"), expected.encode()
    )


def instant(value: object) -> datetime | None:
    """Seconds since 1970 as an instant."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def text(values: Claims, name: str) -> str:
    """A claim that has to be a text, "" when it is none."""
    found = values.get(name, "")
    return found if isinstance(found, str) else ""
