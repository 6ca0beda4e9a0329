"""Blame, found in the sentence it stands in. Each rule has texts that trip it and that do not."""

import pytest

from tocsin.core.reviews.blameless import lint, sentences

PEOPLE = ("alice", "Bob Meyer", "Will")


def codes(heading, text):
    return [one.code for one in lint(heading, text, people=PEOPLE)]


@pytest.mark.parametrize(
    ("heading", "text", "expected"),
    [
        ("Summary", "Alice forgot to renew the certificate.", ["BL1"]),
        ("Summary", "alice ignored the warning.", ["BL1"]),
        ("Summary", "The engineer failed to test the change.", ["BL1"]),
        ("Response", "Bob then broke the replica.", ["BL1"]),
        ("Response", "They didn't notice the page.", ["BL1"]),
        ("Summary", "The certificate expired; nothing renewed it.", []),
        ("Summary", "The deploy caused errors in checkout.", []),
        # Two sentences: the person is in one, the verb in the other.
        ("Summary", "Alice was on call. The deploy caused errors.", []),
        # The record says what happened; it is not judged for BL1.
        ("Timeline", "- 10:15 Bob broke the replication to stop writes", []),
        ("Root Cause", "We should have tested this.", ["BL2"]),
        ("Root Cause", "It could not have been seen.", ["BL2"]),
        ("Lessons", "If only the alert had fired.", ["BL2"]),
        ("Lessons", "The alert should fire within 5 minutes.", []),
        ("Root Cause", "Human error.", ["BL3"]),
        ("Root Cause", "A careless change.", ["BL3"]),
        ("Root Cause", "The error rate of humans reading graphs.", []),
        ("Response", "Why did Bob restart the node?", ["BL4"]),
        ("Response", "Why did you wait?", ["BL4"]),
        ("Response", "Why did the pool run full?", []),
        ("Detection", "Obviously the graph was red.", ["BL5"]),
        ("Detection", "The graph was clearly red.", ["BL5"]),
        ("Detection", "The graph of the pool was red from 10:02 on.", []),
        ("Root Cause", "A pool size set by Bob Meyer in May.", ["BL6"]),
        ("Root Cause", "The pool will run full.", []),
        ("Summary", "Alice led the response.", []),
        ("Action Items", "- [ ] Be more careful with migrations (Owner: Bob, Due: Jan 1)", ["BL7"]),
        ("Action Items", "- [ ] Remind everyone of the checklist", ["BL7"]),
        ("Action Items", "- [ ] Refuse migrations without a dry run (Owner: Bob)", []),
        ("Lessons", "Be more careful.", []),
        ("Summary", "Obviously Alice forgot what she should have known.", ["BL1", "BL2", "BL5"]),
    ],
)  # fmt: skip
def test_a_sentence_is_read_for_blame(heading, text, expected) -> None:
    assert codes(heading, text) == expected


def test_advice_names_the_words_the_section_and_what_to_write_instead() -> None:
    (one,) = lint("Root Cause", "It was operator error.")
    assert (one.given, one.where) == ("operator error", "Root Cause")
    assert "made the slip possible" in one.said


def test_code_and_quotations_are_not_judged() -> None:
    text = "`human error` is a label.\n> Alice forgot it.\n```\ncareless()\n```\n"
    assert codes("Summary", text) == []


def test_sentences_end_at_stops_and_lines_but_not_in_numbers() -> None:
    assert sentences("Version 2.5 broke. It was v418!\n- One item\n") == (
        "Version 2.5 broke.",
        "It was v418!",
        "One item",
    )


def test_without_names_roles_still_count() -> None:
    assert [one.code for one in lint("Summary", "The operator forgot it.")] == ["BL1"]
    assert lint("Root Cause", "Alice set it.") == ()
