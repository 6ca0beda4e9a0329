"""What people write in Markdown as HTML that is safe to show.

HTML in the text is text; what the parser makes is cleaned once more, so that a fault in
one of the two shows nothing. Pictures are left out: a page asks nobody else for anything.
"""

import re

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
_BOX = re.compile(r"\[([ xX])\] ")
_TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6",
    "hr", "li", "ol", "p", "pre", "strong", "table", "tbody", "td", "th", "thead", "tr",
    "ul",
}  # fmt: skip


def html(text: str, *, heading: int = 3) -> Markup:
    """The text as HTML; its own headings begin at level `heading` of the page."""
    tokens = _MARKDOWN.parse(text)
    _lower(tokens, heading)
    for token in tokens:
        if token.type == "inline":
            _tick(token)
    made = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return Markup(  # cleaned on the line below
        nh3.clean(
            made,
            tags=_TAGS,
            attributes={"a": {"href"}, "ol": {"start"}},
            url_schemes={"http", "https", "mailto"},
            link_rel="noopener noreferrer nofollow",
        )
    )


def inline(text: str) -> Markup:
    """One line of text with its code, stress and links."""
    made = html(" ".join(text.split()))
    return Markup(str(made).strip().removeprefix("<p>").removesuffix("</p>"))


def _lower(tokens: list[Token], heading: int) -> None:
    """Move headings below the page's own, keeping their order among themselves."""
    levels = [int(one.tag[1]) for one in tokens if one.type == "heading_open"]
    shift = heading - min(levels, default=heading)
    for one in tokens:
        if one.type in ("heading_open", "heading_close"):
            one.tag = f"h{min(6, max(1, int(one.tag[1]) + shift))}"


def _tick(token: Token) -> None:
    """A box at the start of an item is drawn as one."""
    first = next(iter(token.children or ()), None)
    if first is not None and first.type == "text":
        found = _BOX.match(first.content)
        if found:
            box = "☐ " if found.group(1) == " " else "☑ "
            first.content = box + first.content[found.end() :]
