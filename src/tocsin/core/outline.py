"""The headings of a Markdown text and what stands below each. Knows no document type.

CommonMark decides what a heading is: a `#` inside a fence, a list or a quotation is
none. Reviews and runbooks are both read through this.
"""

from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec import Struct

# Without HTML blocks an open `<!--` cannot swallow the sections that follow it.
MARKDOWN = MarkdownIt("commonmark", {"html": False})


class Part(Struct, frozen=True):
    """A heading of some level and the lines below it, without blank edges."""

    heading: str
    level: int
    text: str


class Outline(Struct, frozen=True):
    """What stands before the first heading, and the parts."""

    opening: str
    parts: tuple[Part, ...]


def tokens(text: str) -> list[Token]:
    """The block tokens of a text."""
    return MARKDOWN.parse(text)


def outline(text: str, *, deepest: int = 6) -> Outline:
    """The text cut at its headings of level 1 to `deepest`."""
    text = unified(text)
    lines = text.split("\n")
    starts: list[tuple[int, int, int, str]] = []
    found = tokens(text)
    for index, token in enumerate(found):
        if token.type != "heading_open" or token.level or token.map is None:
            continue
        level = int(token.tag[1])
        if level <= deepest:
            words = found[index + 1].content.replace("\n", " ")
            starts.append((token.map[0], token.map[1], level, words))
    ends = [*(start for start, *_ in starts), len(lines)][1:]
    opening = _trimmed(lines[: starts[0][0] if starts else len(lines)])
    return Outline(
        opening,
        tuple(
            Part(heading, level, _trimmed(lines[after:end]))
            for (_, after, level, heading), end in zip(starts, ends, strict=True)
        ),
    )


def below(text: str, level: int) -> str:
    """The text made fit to stand below a heading of `level`.

    Its own headings move below it, and a fence that was left open is closed, so that
    the headings that follow stay headings.
    """
    lines = unified(text).split("\n")
    found = tokens("\n".join(lines))
    for index, token in reversed(list(enumerate(found))):
        if token.type != "heading_open" or token.level or token.map is None:
            continue
        if int(token.tag[1]) <= level:
            words = found[index + 1].content.replace("\n", " ")
            mark = "#" * min(level + 1, 6)
            lines[token.map[0] : token.map[1]] = [f"{mark} {words}".rstrip()]
    text = _trimmed(lines)
    fence = _open_fence(text)
    return f"{text}\n{fence}" if fence else text


def unified(text: str) -> str:
    """The text with one kind of line end and no characters that CommonMark replaces."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")


def _open_fence(text: str) -> str:
    """The line that closes the fence which the text leaves open; '' without one."""
    fences = [one for one in tokens(text) if one.type == "fence" and not one.level]
    if not fences:
        return ""
    last = fences[-1]
    probe = tokens(f"{text}\n{last.markup}\n\n# end")
    fences_then = sum(1 for one in probe if one.type == "fence" and not one.level)
    is_open = fences_then == len(fences) and probe[-3].type == "heading_open"
    return last.markup if is_open else ""


def _trimmed(lines: list[str]) -> str:
    """The lines without blank ones at either edge."""
    start, end = 0, len(lines)
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return "\n".join(lines[start:end])
