"""Text from outside made safe to store and show; the raw body is kept elsewhere."""

import re
from collections.abc import Mapping

LONGEST_TITLE = 1024
LONGEST_VALUE = 16_000
LONGEST_LINK = 2048


def clean(text: str, *, longest: int = LONGEST_VALUE) -> str:
    """Without NUL and lone surrogates (no database takes them), cut to `longest`."""
    if "\0" in text:
        text = text.replace("\0", "")
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= longest else text[: longest - 1] + "…"


def clean_title(text: str) -> str:
    """One line, at most 1,024 characters."""
    return clean(" ".join(text.split()), longest=LONGEST_TITLE)


def clean_all(texts: Mapping[str, str]) -> dict[str, str]:
    """Every name and value cleaned."""
    return {
        clean(name, longest=LONGEST_TITLE): clean(value)
        for name, value in texts.items()
    }


def is_clean_json(text: bytes) -> bool:
    """Whether strings decoded from this JSON hold nothing to clean but their length.

    A decoder that rejects control characters and invalid UTF-8, as msgspec's does, can
    get a NUL or a lone surrogate only from an escape.
    """
    return b"\\" not in text or b"\\u" not in text


def web_link(link: str) -> str:
    """The link if it is one that may be shown as a link, else nothing."""
    return (
        clean(link, longest=LONGEST_LINK)
        if link.startswith(("http://", "https://"))
        else ""
    )


def said_once(word: str, text: str) -> str:
    """`text` with `word` before it, unless it or a part of it begins so already."""
    is_there = re.search(rf"(?:^|: |, ){word} ", text, re.IGNORECASE)
    return text if is_there else f"{word} {text}"
