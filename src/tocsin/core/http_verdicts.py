"""What an HTTP status means for trying again. Knows no vendor."""

from msgspec import Struct

# Whoever runs the other side can put these right: a token, a quota, a bad hour.
_TEMPORARY = (401, 402, 407, 408, 409, 423, 425, 429)


class Verdict(Struct, frozen=True):
    """`permanent`: the same request cannot succeed later."""

    permanent: bool
    retry_after_seconds: float | None = None


def verdict(status: int, *, retry_after: str = "") -> Verdict:
    """Of an answer that is no 2xx; `retry_after` is its header, in seconds."""
    permanent = status not in _TEMPORARY and status < 500
    text = retry_after.strip()
    known = text.isascii() and text.replace(".", "", 1).isdigit() and len(text) < 12
    return Verdict(permanent, float(text) if known else None)
