"""A post of an external update: how long it may be where, and how it is cut to fit.

Each network counts in its own way. Where counting needs a table of Unicode that we do not
carry, more is counted than the network does, so that a post that fits here fits there.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

NETWORKS: Mapping[str, int] = {"mastodon": 500, "bluesky": 300, "x": 280}
TITLES: Mapping[str, str] = {"mastodon": "Mastodon", "bluesky": "Bluesky", "x": "X"}
_URL_COUNTS = 23
_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]}'…]")
_MENTION = re.compile(r"(?<![\w/])@(?=\w)")
_JOINER = "\u200d"
# What X counts as one; all else is two.
_LIGHT = ((0, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
_MOST_BYTES = 3000


class Draft(Struct, frozen=True):
    """A post as it would go out; `is_cut`: the update did not fit whole."""

    network: str
    text: str
    length: int
    limit: int
    is_cut: bool = False


def draft(network: str, body: str, *, link: str = "") -> Draft:
    """The update as a post of `network`, with the link at its end."""
    count, limit = _COUNTS[network], NETWORKS[network]
    # Nobody is called by what customers are told.
    body = _MENTION.sub("@\u200b", " ".join(body.split()))
    end = f" {link}" if link else ""

    def fits(text: str) -> bool:
        return count(text) <= limit and len(text.encode()) <= _MOST_BYTES

    if fits(body + end):
        text = body + end
        return Draft(network, text, count(text), limit)
    text = next((one + end for one in _shorter(body) if fits(one + end)), link)
    return Draft(network, text, count(text), limit, is_cut=True)


def drafts(body: str, *, link: str = "") -> list[Draft]:
    """The update as a post of every network."""
    return [draft(network, body, link=link) for network in NETWORKS]


def links(text: str) -> list[tuple[int, int, str]]:
    """(first byte, byte after the last, address) of every link in UTF-8."""
    return [
        (
            len(text[: found.start()].encode()),
            len(text[: found.end()].encode()),
            found.group(),
        )
        for found in _LINK.finditer(text)
    ]


def mastodon_length(text: str) -> int:
    """Characters; a link is 23 whatever its length."""
    return len(_LINK.sub("x" * _URL_COUNTS, text))


def weighted_length(text: str) -> int:
    """X: 280 for Latin, half as many for most other scripts; a link is 23."""
    shown, addresses = _LINK.subn("", text)
    shown = unicodedata.normalize("NFC", shown)
    light = sum(1 for char in shown if any(a <= ord(char) <= b for a, b in _LIGHT))
    return _URL_COUNTS * addresses + light + 2 * (len(shown) - light)


def graphemes(text: str) -> int:
    """What a reader takes for one character; never fewer than there are."""
    found, joined = 0, False
    for char in text:
        if char == _JOINER:
            joined = True
            continue
        is_mark = unicodedata.category(char) in ("Mn", "Me")
        is_tone = "\U0001f3fb" <= char <= "\U0001f3ff"
        is_whole = joined and unicodedata.category(char) == "So"
        if not found or not (is_mark or is_tone or is_whole):
            found += 1
        joined = False
    return found


def _shorter(body: str) -> Iterable[str]:
    """Ever shorter beginnings: whole sentences first, then words, then letters."""
    sentences = re.split(r"(?<=[.!?])\s+", body)
    for count in range(len(sentences) - 1, 0, -1):
        kept = " ".join(sentences[:count])
        # One short sentence of many says too little.
        if len(kept) * 2 > len(body) or len(kept) > 120:
            yield f"{kept} …"
    words = body.split(" ")
    for count in range(len(words) - 1, 0, -1):
        yield f"{' '.join(words[:count]).rstrip('.,;:')} …"
    for count in range(len(body) - 1, 0, -1):
        yield f"{body[:count]}…"


_COUNTS: Mapping[str, Callable[[str], int]] = {
    "mastodon": mastodon_length,
    "bluesky": graphemes,
    "x": weighted_length,
}
