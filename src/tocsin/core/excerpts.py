"""Text from outside made safe to store and show; the raw body is kept elsewhere."""

from collections.abc import Mapping

LONGEST_TITLE = 1024
LONGEST_VALUE = 16_000


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


def web_link(link: str) -> str:
    """The link if it is one that may be shown as a link, else nothing."""
    return clean(link, longest=2048) if link.startswith(("http://", "https://")) else ""
