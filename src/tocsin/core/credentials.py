"""What in an address is a credential, and how it is shown to who may not have it.

Knows no store and no page. A channel counts as secret unless it is known not to be:
whoever holds a webhook's or Apprise's URL, or an ntfy topic, can send to it.
"""

from urllib.parse import SplitResult, unquote, urlsplit

# Addresses that people give away freely, and the channel that ends nowhere.
_OPEN_CHANNELS = ("email", "canary")
HIDDEN = "••••"
_TAIL = 4
# A tail of something short would be most of it.
_LONG_ENOUGH = 12
# Shorter parts of an address ("hook", "api") are words that an answer may well hold.
_SHORTEST_SECRET = 8


def is_secret(channel: str) -> bool:
    """Whether the addresses of `channel` are credentials."""
    return channel not in _OPEN_CHANNELS


def masked(text: str) -> str:
    """`••••` and the last four characters, to tell one from another."""
    return HIDDEN + (text[-_TAIL:] if len(text) >= _LONG_ENOUGH else "")


def shown_address(channel: str, address: str) -> str:
    """The address for people: of a secret one the host and a tail at most."""
    if not is_secret(channel):
        return address
    parts = _split(address)
    if channel == "webhook" and parts is not None and parts.hostname:
        return f"{parts.scheme}://{parts.hostname}/{masked(address)}"
    return masked(address)


def without(text: str, *secrets: str) -> str:
    """`text` with each secret blanked: whole addresses and their secret parts."""
    if len(text) < _SHORTEST_SECRET:
        return text
    parts = {part for secret in secrets for part in _parts(secret)}
    # Longest first: a part must not be blanked inside of the whole.
    for part in sorted(parts, key=len, reverse=True):
        text = text.replace(part, HIDDEN)
    return text


def _parts(secret: str) -> set[str]:
    found = {secret}
    parts = _split(secret)
    if parts is not None and parts.scheme and parts.netloc:
        path = parts.path.strip("/")
        found |= {path, parts.query, parts.fragment, *path.split("/")}
        found |= {piece.partition("=")[2] for piece in parts.query.split("&")}
        found |= {parts.username or "", parts.password or ""}
        if parts.scheme not in ("http", "https"):
            # In an Apprise URL a token may stand where others have the host.
            found |= {parts.netloc, *parts.netloc.split("@")}
    found |= {unquote(part) for part in found}
    return {part for part in found if len(part) >= _SHORTEST_SECRET}


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    return parts
