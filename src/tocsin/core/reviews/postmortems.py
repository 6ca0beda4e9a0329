"""A post-mortem as sections: the article's headings, read from Markdown and written back.

Knows no incident and no status of a review. A section that a machine filled in is
marked until a person confirms it; the mark travels in the Markdown, unseen by readers.
"""

import re
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.outline import below, outline

TITLE = "Incident Post-Mortem"
REQUIRED = ("Summary", "Impact", "Root Cause", "Timeline", "Action Items")
# All of them in the order of a document; a team adds the optional ones as it needs.
ORDER = (
    "Summary",
    "Impact",
    "Root Cause",
    "Contributing Factors",
    "Detection",
    "Response",
    "Timeline",
    "What Went Well",
    "What Went Less Well",
    "Luck",
    "Lessons",
    "Action Items",
    "External Message",
)
OPTIONAL = tuple(heading for heading in ORDER if heading not in REQUIRED)
LEVEL = 2
MARK = "[//]: # (filled in from the record; not yet confirmed)"


class Section(Struct, frozen=True):
    """One section; `is_filled` while its text is a machine's that nobody confirmed."""

    heading: str
    text: str = ""
    is_filled: bool = False


class Postmortem(Struct, frozen=True):
    """The document. `opening` stands below the title: which incident it is about."""

    sections: tuple[Section, ...]
    title: str = TITLE
    opening: str = ""

    def section(self, heading: str) -> Section | None:
        """The section of that name in any case; None when there is none."""
        wanted = heading.strip().lower()
        return next((s for s in self.sections if s.heading.lower() == wanted), None)

    @property
    def unconfirmed(self) -> tuple[str, ...]:
        """The headings whose text nobody has confirmed."""
        return tuple(one.heading for one in self.sections if one.is_filled)


class BadPostmortem(ValueError):
    """The text is no post-mortem; says what was expected."""


def parse(text: str) -> Postmortem:
    """The document that a Markdown text is. Raises BadPostmortem.

    Known headings are taken in any case and level and written as the article does;
    others stay sections of their own, so that nothing is lost.
    """
    level = _section_level(text)
    read = outline(text, deepest=level)
    parts = list(read.parts)
    if not parts or not any(_known(part.heading) for part in parts):
        expected = ", ".join(REQUIRED)
        raise BadPostmortem(f"headings: expected some of {expected}")
    title, opening = TITLE, read.opening
    if not _known(parts[0].heading):
        first = parts.pop(0)
        title = first.heading
        opening = "\n\n".join(piece for piece in (opening, first.text) if piece)
    sections = []
    for part in parts:
        marked = part.text.startswith(MARK)
        body = part.text.removeprefix(MARK).strip("\n") if marked else part.text
        heading = _known(part.heading) or part.heading
        sections.append(Section(heading, below(body, LEVEL), marked))
    return Postmortem(tuple(sections), title, below(opening, LEVEL))


def render(document: Postmortem) -> str:
    """The Markdown, in the form of the article's template."""
    pieces = [f"## {document.title}"]
    if document.opening:
        pieces[0] += f"\n{document.opening}"
    for section in document.sections:
        lines = [f"## {section.heading}"]
        if section.is_filled:
            lines.append(f"{MARK}\n")
        if section.text:
            lines.append(section.text)
        pieces.append("\n".join(lines))
    return "\n\n".join(pieces) + "\n"


def with_section(document: Postmortem, heading: str, text: str) -> Postmortem:
    """The document with a section as a person wrote it, put where it belongs.

    Headings in the text move below the section's own.
    """
    body = below(text, LEVEL)
    known = heading_of(heading)
    assert known, "a section has a heading"
    if document.section(known) is not None:
        return replace(
            document,
            sections=tuple(
                Section(one.heading, body)
                if one.heading.lower() == known.lower()
                else one
                for one in document.sections
            ),
        )
    at = _place(document.sections, known)
    sections = (*document.sections[:at], Section(known, body), *document.sections[at:])
    return replace(document, sections=sections)


def heading_of(text: str) -> str:
    """A heading as documents have it: a known one in the article's writing."""
    return _known(text) or " ".join(text.split()).strip("# ")


def confirmed(document: Postmortem, heading: str) -> Postmortem:
    """The document with a filled section taken as it is."""
    return replace(
        document,
        sections=tuple(
            replace(one, is_filled=False)
            if one.heading.lower() == heading.strip().lower()
            else one
            for one in document.sections
        ),
    )


def missing(document: Postmortem) -> tuple[str, ...]:
    """The required headings that the document lacks or leaves empty."""
    found = {one.heading for one in document.sections if one.text.strip()}
    return tuple(heading for heading in REQUIRED if heading not in found)


def _known(heading: str) -> str:
    wanted = re.sub(r"[:\s]+\Z", "", " ".join(heading.split())).lower()
    return next((one for one in ORDER if one.lower() == wanted), "")


def _section_level(text: str) -> int:
    """How deep the sections' headings are: as deep as the first that we know."""
    for part in outline(text).parts:
        if _known(part.heading):
            return part.level
    return LEVEL


def _place(sections: Sequence[Section], heading: str) -> int:
    """Where a section goes: before the first that follows it in the order."""
    if heading not in ORDER:
        return len(sections)
    later = ORDER[ORDER.index(heading) + 1 :]
    for index, section in enumerate(sections):
        if section.heading in later:
            return index
    return len(sections)
