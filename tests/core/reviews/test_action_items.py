"""Action items: the grammar of domain 7, its three lines from the article first."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.reviews.action_items import (
    KEYS,
    ActionItem,
    BadDue,
    due_by_rule,
    due_on,
    items_of,
    lint,
    parse,
    reminder_days,
    render,
    rewritten,
    ticked,
    with_value,
)

ARTICLE = """\
- [ ] Add alert for X (Owner: Alice, Due: Jan 15)
- [ ] Improve database monitoring (Owner: Bob, Due: Jan 20)
- [ ] Update runbook (Owner: Charlie, Due: Jan 10)"""
TODAY = date(2026, 1, 12)


def test_the_articles_items_are_read() -> None:
    assert [(one.text, one.owner, one.due) for one in items_of(ARTICLE)] == [
        ("Add alert for X", "Alice", "Jan 15"),
        ("Improve database monitoring", "Bob", "Jan 20"),
        ("Update runbook", "Charlie", "Jan 10"),
    ]


def test_the_articles_items_are_written_as_they_were() -> None:
    assert rewritten(ARTICLE, items_of(ARTICLE)) == ARTICLE


@pytest.mark.parametrize(
    ("line", "text", "fields"),
    [
        ("- [ ] Fix it", "Fix it", {}),
        ("* [X] Fix it (Owner: Bob)", "Fix it", {"Owner": "Bob"}),
        ("- [x] Fix (again) it", "Fix (again) it", {}),
        ("- [ ] Fix (Owner: Bob) it", "Fix (Owner: Bob) it", {}),
        ("- [ ] Fix (Owner: Bob) it (soon)", "Fix (Owner: Bob) it (soon)", {}),
        # A comma separates only if a key follows.
        ("- [ ] Fix (Due: Jan 15, 2026, Owner: Bob)", "Fix", {"Due": "Jan 15, 2026", "Owner": "Bob"}),
        # Only the last such parenthesis is metadata.
        ("- [ ] A (Owner: Al) b (Owner: Bob)", "A (Owner: Al) b", {"Owner": "Bob"}),
        ("- [ ] A (Owner: Alice (SRE), Due: Jan 1)", "A", {"Owner": "Alice (SRE)", "Due": "Jan 1"}),
        ("- [ ] A (Owner: Al, and more: x)", "A", {"Owner": "Al, and more: x"}),
        ("- [ ] A (Ticket: OPS-1,Id:ACT-7 )  ", "A", {"Ticket": "OPS-1", "Id": "ACT-7"}),
        ("- [ ] A (Type: detect, Priority: high)", "A", {"Type": "detect", "Priority": "high"}),
        ("- [ ] A(Owner: Bob)", "A(Owner: Bob)", {}),
        ("- [ ] A (Owner: Bob", "A (Owner: Bob", {}),
    ],
)  # fmt: skip
def test_a_line_is_read_by_the_grammar_and_written_back(line, text, fields) -> None:
    item = parse(line)
    assert item.text == text
    assert {key: item.value(key) for key in KEYS if item.value(key)} == fields
    assert render(item) == line


@pytest.mark.parametrize(
    "line",
    ["- Fix it", "-[ ] Fix it", "- [] Fix it", "- [y] Fix it", " - [ ] Fix", "- [ ] ", "+ [ ] Fix"],
)  # fmt: skip
def test_other_lines_are_no_items(line) -> None:
    assert parse(line) is None


@given(st.text(alphabet="-*[ ]xX()Owner:Due, Jan15\t", max_size=60))
def test_no_line_is_ever_changed_by_reading_it(line) -> None:
    item = parse(line)
    assert item is None or render(item) == line


@given(
    st.text("abc (),.:", min_size=1).filter(str.strip),
    st.sampled_from(" xX"),
    st.sampled_from("-*"),
    st.dictionaries(
        st.sampled_from(KEYS), st.text("abc 15", min_size=1).map(str.strip)
    ),
)
def test_an_item_that_was_made_is_read_back(text, mark, bullet, values) -> None:
    item = ActionItem(text.strip(), (), mark, bullet)
    for key, value in values.items():
        item = with_value(item, key, value)
    assert parse(render(item)) == item


def test_a_section_keeps_its_other_lines() -> None:
    text = "Before release:\n\n- [ ] A (Owner: Al)\n  - a detail\n* [x] B\n"
    first, second = items_of(text)
    changed = [with_value(first, "Id", "ACT-1"), ticked(second, done=False)]
    assert rewritten(text, changed) == (
        "Before release:\n\n- [ ] A (Owner: Al, Id: ACT-1)\n  - a detail\n* [ ] B\n"
    )
    with pytest.raises(ValueError):
        rewritten(text, [first])
    with pytest.raises(ValueError):
        rewritten(text, [first, second, second])


def test_a_field_is_replaced_where_it_stands() -> None:
    item = parse("- [ ] A (Owner:  Al ,Due: Jan 1)")
    assert (
        render(with_value(item, "Due", "Jan 2")) == "- [ ] A (Owner:  Al , Due: Jan 2)"
    )
    assert render(with_value(item, "Owner", "Bob")) == "- [ ] A (Owner: Bob,Due: Jan 1)"


def test_ticking_twice_changes_nothing() -> None:
    assert render(ticked(parse("- [X] A"), done=True)) == "- [X] A"


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-01-15", date(2026, 1, 15)),
        ("Jan 15", date(2026, 1, 15)),
        ("Jan 12", date(2026, 1, 12)),
        ("Jan 11", date(2027, 1, 11)),
        ("Jan 15, 2025", date(2025, 1, 15)),
        ("January 15,2026", date(2026, 1, 15)),
        ("Sept 1", date(2026, 9, 1)),
        ("Feb 29", date(2028, 2, 29)),
        ("", None),
    ],
)
def test_a_day_without_a_year_is_the_next_one_of_the_document(written, day) -> None:
    assert due_on(written, document_date=TODAY) == day


@pytest.mark.parametrize(
    "written",
    ["soon", "Jan 32", "2026-02-30", "Feb 29, 2026", "15 Jan", "Janu 15", "1/2"],
)
def test_what_is_no_day_is_refused(written) -> None:
    with pytest.raises(BadDue, match="expected"):
        due_on(written, document_date=TODAY)


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        ("- [ ] A (Owner: Alice, Due: Jan 15)", []),
        ("- [ ] A (Owner: Alice)", ["AI02"]),
        ("- [ ] A (Due: Jan 15)", ["AI01"]),
        ("- [ ] A", ["AI01", "AI02"]),
        ("- [ ] A (Owner: Alice and Bob, Due: Jan 15)", ["AI03"]),
        ("- [ ] A (Owner: Alice/Bob, Due: Jan 15)", ["AI03"]),
        ("- [ ] A (Owner: the SRE team, Due: Jan 15)", ["AI03"]),
        ("- [ ] A (Owner: Anders, Due: Jan 15)", []),
        ("- [ ] A (Owner: Alice, Due: soon)", ["AI04"]),
        ("- [ ] A (Owner: Alice, Due: 2026-01-01)", ["AI05"]),
        ("- [x] A (Owner: Alice, Due: 2026-01-01)", []),
        ("- [ ] A (Owner: Alice, Due: Jan 15, Type: magic)", ["AI06"]),
    ],
)
def test_what_keeps_an_item_from_being_done_is_said(line, codes) -> None:
    assert [one.code for one in lint(parse(line), document_date=TODAY)] == codes


def test_priority_items_have_four_weeks_and_others_eight() -> None:
    assert due_by_rule("high", document_date=TODAY) == date(2026, 2, 9)
    assert due_by_rule("", document_date=TODAY) == date(2026, 3, 9)


def test_reminders_come_a_week_and_a_day_before_then_on_the_day_then_weekly() -> None:
    due = date(2026, 2, 1)
    assert reminder_days(due, until=date(2026, 2, 16)) == (
        date(2026, 1, 25),
        date(2026, 1, 31),
        date(2026, 2, 1),
        date(2026, 2, 8),
        date(2026, 2, 15),
    )
    assert reminder_days(due, until=date(2026, 1, 30)) == (date(2026, 1, 25),)
