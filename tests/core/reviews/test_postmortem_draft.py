"""The draft, its timeline and its impact: what the record holds, each fact once."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.core.reviews import postmortem_impact, postmortem_timeline
from tocsin.core.reviews.postmortem_draft import Entry, Facts, Held, draft
from tocsin.core.reviews.postmortem_impact import StatedImpact
from tocsin.core.reviews.postmortem_timeline import Moment, Unread, moments
from tocsin.core.reviews.postmortems import parse, render
from tocsin.core.severity import Severity

BERLIN = ZoneInfo("Europe/Berlin")
DAY = date(2024, 3, 4)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def read(text, day=DAY, zone=BERLIN):
    return postmortem_timeline.parse(text, day=day, zone=zone)


def test_the_articles_timeline_is_read_in_the_incidents_zone() -> None:
    text = (
        "- 10:00 Alert triggered\n- 10:15 Incident declared\n"
        "- 10:30 Root cause identified\n- 10:45 Fix deployed"
    )
    found = read(text)
    assert found == (
        Moment(at("2024-03-04T09:00"), "Alert triggered"),
        Moment(at("2024-03-04T09:15"), "Incident declared"),
        Moment(at("2024-03-04T09:30"), "Root cause identified"),
        Moment(at("2024-03-04T09:45"), "Fix deployed"),
    )
    assert postmortem_timeline.render(found, day=DAY, zone=BERLIN) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- 2024-03-05 10:00 x", ["2024-03-05T09:00"]),
        ("- 10:00:30 x", ["2024-03-04T09:00:30"]),
        ("- 2:05 PM x", ["2024-03-04T13:05"]),
        ("- 10:00 CET x", ["2024-03-04T09:00"]),
        ("- 10:00 UTC x", ["2024-03-04T10:00"]),
        # The clock goes back by more than an hour: it is the next day.
        ("- 23:50 x\n- 00:10 y\n- 00:20 z", ["2024-03-04T22:50", "2024-03-04T23:10", "2024-03-04T23:20"]),
        # By less, somebody wrote it down late.
        ("- 10:30 x\n- 10:15 y", ["2024-03-04T09:30", "2024-03-04T09:15"]),
        ("- 2024-03-05 10:00 x\n- 11:00 y", ["2024-03-05T09:00", "2024-03-05T10:00"]),
    ],
)  # fmt: skip
def test_a_line_has_a_time_and_perhaps_a_date_and_a_zone(text, expected) -> None:
    assert [one.at for one in moments(read(text))] == [at(one) for one in expected]


def test_a_word_that_is_no_zone_of_the_place_belongs_to_the_text() -> None:
    assert read("- 10:00 API went down") == (
        Moment(at("2024-03-04T09:00"), "API went down"),
    )


@pytest.mark.parametrize("line", ["10:00 x", "- 25:00 x", "- 10:00", "- later x", ""])
def test_other_lines_are_kept_as_they_are(line) -> None:
    assert read(line) == (Unread(line),)


@pytest.mark.slow  # two hundred timelines over the changes of the clock
@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(0, 60 * 24 * 5), min_size=1, max_size=6),
    st.sampled_from(["Europe/Berlin", "America/New_York", "UTC", "Asia/Kolkata"]),
    st.sampled_from(["2024-03-29", "2024-11-01", "2024-07-01"]),
)
def test_a_timeline_that_was_written_is_read_back(minutes, zone, start) -> None:
    place = ZoneInfo(zone)
    first = at(start)
    found = tuple(Moment(first + timedelta(minutes=m), "Seen") for m in sorted(minutes))
    day = first.astimezone(place).date()
    text = postmortem_timeline.render(found, day=day, zone=place)
    assert postmortem_timeline.parse(text, day=day, zone=place) == found


def test_the_articles_impact_is_read_back() -> None:
    text = "- Users affected: 10,000\n- Duration: 45 minutes\n- Revenue impact: $X"
    assert postmortem_impact.parse(text) == StatedImpact(
        users_text="10,000",
        duration_text="45 minutes",
        revenue="$X",
        users=10_000,
        duration=timedelta(minutes=45),
    )
    assert (
        postmortem_impact.render(
            users="10,000", duration=timedelta(minutes=45), revenue="$X"
        )
        == text
    )


@pytest.mark.parametrize(
    ("line", "users", "duration"),
    [
        ("* Users affected: ~1,200 users", 1200, None),
        ("- Users affected: 12 %", None, None),
        ("- Users affected: 1 000", 1000, None),
        ("- users affected: 7", 7, None),
        ("- Duration: 1 hour 5 minutes", None, timedelta(minutes=65)),
        ("- Duration: most of the night", None, None),
        ("Users affected: 7", None, None),
    ],
)
def test_figures_are_read_and_words_are_left(line, users, duration) -> None:
    found = postmortem_impact.parse(line)
    assert (found.users, found.duration) == (users, duration)


FACTS = Facts(
    number=7,
    title="Checkout is slow",
    zone="Europe/Berlin",
    severity=Severity.SEV2,
    impact_began_at=at("2024-03-04T08:55"),
    detected_at=at("2024-03-04T09:00"),
    declared_at=at("2024-03-04T09:15"),
    identified_at=at("2024-03-04T09:30"),
    mitigated_at=at("2024-03-04T09:45"),
    resolved_at=at("2024-03-04T10:15"),
    users_affected="10,000",
    revenue="$1,200",
    last_update="Payments work again.",
    resolution="Version 418 was taken back.",
    entries=(
        Entry(at("2024-03-04T09:15"), "state", "Incident declared"),
        Entry(at("2024-03-04T09:00"), "alert", "High error rate", "/incidents/7#e1"),
        Entry(at("2024-03-04T09:00:20"), "page", "Alice was paged"),
        Entry(at("2024-03-04T09:02"), "note", "Looking"),
        Entry(at("2024-03-04T09:20"), "update_external", "Payments are slow."),
        Entry(at("2024-03-04T09:24"), "update_external", "Payments are slow, EU only."),
        Entry(at("2024-03-04T09:40"), "action", "Rolled back to 417"),
        Entry(at("2024-03-04T09:40:05"), "action", "Rolled back to 417"),
        Entry(at("2024-03-04T10:15"), "update_external", "Payments work again."),
    ),
    roles=(
        Held("IC", "Carol", at("2024-03-04T09:15"), at("2024-03-04T10:20")),
        Held("Lead", "Bob", at("2024-03-04T09:16")),
    ),
    hypotheses=("The pool of version 418 is too small",),
    prevention=("Add connection pool limits", "Set query timeouts", "Set query timeouts."),
)  # fmt: skip

DRAFT = """\
## Incident Post-Mortem
INC-7 Checkout is slow (SEV2, 2024-03-04)

## Summary
Payments work again.

Version 418 was taken back.

## Impact
- Users affected: 10,000
- Duration: 50 minutes
- Revenue impact: $1,200

## Root Cause

## Contributing Factors
- The pool of version 418 is too small

## Detection
- Time to detect: 5 min
- Time to declare: 15 min
- Time to identify: 30 min

## Response
- IC: Carol, from 10:15 to 11:20
- Lead: Bob, from 10:16

## Timeline
- 10:00 [High error rate](/incidents/7#e1)
- 10:00 Alice was paged
- 10:15 Incident declared
- 10:20 Update to customers: Payments are slow.
- 10:40 Rolled back to 417
- 11:15 Update to customers

## Action Items
- [ ] Add connection pool limits
- [ ] Set query timeouts
"""


def test_a_draft_holds_the_record_in_the_articles_form() -> None:
    document = draft(FACTS)
    plain = render(document).replace(
        "[//]: # (filled in from the record; not yet confirmed)\n\n", ""
    )
    assert plain == DRAFT
    assert parse(render(document)) == document


def test_all_that_is_filled_in_is_marked_and_the_cause_is_left_to_people() -> None:
    document = draft(FACTS)
    assert document.unconfirmed == (
        "Summary", "Impact", "Contributing Factors", "Detection", "Response",
        "Timeline", "Action Items",
    )  # fmt: skip
    assert document.section("Root Cause").text == ""


def test_every_fact_stands_once() -> None:
    text = render(draft(FACTS))
    for fact in (
        "Checkout is slow", "10,000", "50 minutes", "$1,200", "Payments work again",
        "Version 418 was taken back", "The pool of version 418", "High error rate",
        "Alice was paged", "Incident declared", "Payments are slow", "Rolled back to 417",
        "Carol", "Add connection pool limits", "Set query timeouts",
    ):  # fmt: skip
        assert text.count(fact) == 1, fact


def test_a_record_with_nothing_but_a_title_gives_the_articles_headings() -> None:
    document = draft(Facts(number=8, title="Odd", zone="UTC"))
    assert render(document) == (
        "## Incident Post-Mortem\nINC-8 Odd\n\n## Summary\n\n## Impact\n\n"
        "## Root Cause\n\n## Timeline\n\n## Action Items\n"
    )
