"""Label sets: their identity and their cleaning. Knows no sender."""

from collections.abc import Mapping

import msgspec
import xxhash

_encode = msgspec.json.Encoder(order="deterministic").encode

LONGEST_KEY = 512
MOST_LABELS = 256


def fingerprint(labels: Mapping[str, str]) -> str:
    """32 hexadecimal digits that two equal label sets share."""
    return xxhash.xxh3_128_hexdigest(_encode(labels))


def bounded_key(key: str) -> str:
    """A dedup key of at most 512 characters; longer ones are hashed (domain 3.1)."""
    if len(key) <= LONGEST_KEY:
        return key
    return "xxh3:" + xxhash.xxh3_128_hexdigest(key.encode("utf-8", "surrogatepass"))
