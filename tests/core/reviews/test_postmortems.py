"""The post-mortem as sections: the article's template is read and written byte for byte."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.core.outline import below, outline
from tocsin.core.reviews.postmortems import (
    MARK,
    ORDER,
    REQUIRED,
    BadPostmortem,
    Postmortem,
    Section,
    confirmed,
    missing,
    parse,
    render,
    with_section,
)

ARTICLE = """\
## Incident Post-Mortem

## Summary
Brief overview of the incident.

## Impact
- Users affected: 10,000
- Duration: 45 minutes
- Revenue impact: $X

## Root Cause
Detailed explanation.

## Timeline
- 10:00 Alert triggered
- 10:15 Incident declared
- 10:30 Root cause identified
- 10:45 Fix deployed

## Action Items
- [ ] Add alert for X (Owner: Alice, Due: Jan 15)
- [ ] Improve database monitoring (Owner: Bob, Due: Jan 20)
- [ ] Update runbook (Owner: Charlie, Due: Jan 10)
"""


def test_the_articles_template_has_the_required_sections() -> None:
    document = parse(ARTICLE)
    assert document.title == "Incident Post-Mortem"
    assert tuple(one.heading for one in document.sections) == REQUIRED
    assert document.section("root cause").text == "Detailed explanation."
    assert missing(document) == ()


def test_the_articles_template_is_written_byte_for_byte() -> None:
    assert render(parse(ARTICLE)) == ARTICLE


def test_a_document_in_another_shape_comes_out_in_the_articles() -> None:
    text = (
        "# INC-7\r\nCheckout was slow.\n\n\n### SUMMARY:\n\nShort.\n"
        "### Root cause\nA pool.\n#### Detail\nMore.\n\n### Costs\n5 EUR"
    )
    assert render(parse(text)) == (
        "## INC-7\nCheckout was slow.\n\n## Summary\nShort.\n\n"
        "## Root Cause\nA pool.\n#### Detail\nMore.\n\n## Costs\n5 EUR\n"
    )


def test_what_looks_like_a_heading_in_a_fence_or_a_list_is_none() -> None:
    text = "## Summary\n```\n## Impact\n```\n- ## Root Cause\n"
    assert [one.heading for one in parse(text).sections] == ["Summary"]


def test_a_text_without_a_known_heading_is_no_review() -> None:
    for text in ("", "Just words.", "## Notes\nx"):
        with pytest.raises(BadPostmortem, match="Summary"):
            parse(text)


def test_a_section_a_person_wrote_takes_its_place_and_is_confirmed() -> None:
    document = with_section(parse(ARTICLE), "detection", "By a customer.")
    assert [one.heading for one in document.sections] == [
        "Summary", "Impact", "Root Cause", "Detection", "Timeline", "Action Items",
    ]  # fmt: skip
    changed = with_section(document, "SUMMARY", "New.")
    assert changed.section("Summary") == Section("Summary", "New.")
    assert with_section(changed, "Costs", "5").sections[-1].heading == "Costs"


def test_a_mark_travels_unseen_and_goes_when_a_person_confirms() -> None:
    document = Postmortem((Section("Summary", "Slow.", True), Section("Impact")))
    text = render(document)
    assert MARK in text and parse(text) == document
    assert document.unconfirmed == ("Summary",)
    assert render(confirmed(document, "summary")) == (
        "## Incident Post-Mortem\n\n## Summary\nSlow.\n\n## Impact\n"
    )


def test_headings_in_a_section_move_below_it_and_an_open_fence_is_closed() -> None:
    assert below("# Big\ntext\n\nSmaller\n---\n#### fine", 2) == (
        "### Big\ntext\n\n### Smaller\n#### fine"
    )
    assert below("~~~~\ncode", 2) == "~~~~\ncode\n~~~~"
    assert below("```\ncode\n```", 2) == "```\ncode\n```"


def test_an_empty_required_section_is_missing() -> None:
    document = with_section(parse(ARTICLE), "Root Cause", "  \n ")
    assert missing(document) == ("Root Cause",)


NASTY = st.text(alphabet="#`~-*=>[]() \n\tab1.<!\\", max_size=40)
SECTIONS = st.dictionaries(
    st.sampled_from([*ORDER, "Costs", "Who else"]), NASTY, min_size=1, max_size=5
)


@pytest.mark.slow  # hundreds of documents through a Markdown parser
@settings(max_examples=400, deadline=None)
@given(SECTIONS, st.sets(st.sampled_from(ORDER)), NASTY)
def test_every_document_is_read_back_as_it_was_written(
    sections, filled, opening
) -> None:
    document = Postmortem((Section("Summary"),), opening=below(opening, 2))
    for heading, text in sections.items():
        document = with_section(document, heading, text)
    marked = Postmortem(
        tuple(
            Section(s.heading, s.text, s.heading in filled) for s in document.sections
        ),
        opening=document.opening,
    )
    assert parse(render(marked)) == marked


@given(NASTY)
def test_an_outline_loses_no_line_of_text(text) -> None:
    read = outline(text)
    kept = "".join([read.opening, *(p.heading + p.text for p in read.parts)])
    for letter in "ab1":
        assert kept.count(letter) == text.count(letter)
