"""The `[UPDATE]` block: the article's example is the first witness."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.incidents.updates import (
    BadUpdate,
    Update,
    parse,
    render,
)
from tocsin.core.wall_abbreviations import abbreviations_of

ARTICLE = """\
[UPDATE] 2:45 PM PST
We are investigating elevated error rates on our API.
Impact: ~15% of requests failing
Team: Working on identifying root cause
ETA: 30 minutes to next update"""
LOS_ANGELES = "America/Los_Angeles"
WINTER = datetime(2024, 1, 15, 22, 46, tzinfo=UTC)
SUMMER = datetime(2024, 7, 15, 21, 46, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def read(text, zone=LOS_ANGELES, now=WINTER):
    return parse(text, zone=zone, now=now)


def test_the_articles_example_is_read() -> None:
    update = read(ARTICLE)
    assert update == Update(
        at=datetime(2024, 1, 15, 22, 45, tzinfo=UTC),
        zone=LOS_ANGELES,
        body="We are investigating elevated error rates on our API.",
        impact="~15% of requests failing",
        team="Working on identifying root cause",
        eta=timedelta(minutes=30),
    )
    assert update.next_update_at == datetime(2024, 1, 15, 23, 15, tzinfo=UTC)


def test_the_articles_example_is_written_byte_for_byte() -> None:
    assert render(read(ARTICLE)) == ARTICLE


def test_windows_line_ends_and_blank_edges_change_nothing() -> None:
    assert read("\r\n" + ARTICLE.replace("\n", "\r\n") + "\r\n\r\n") == read(ARTICLE)


def test_what_is_not_known_survives_after_what_is() -> None:
    text = ARTICLE + "\nWorkaround: Pay by bank transfer\nTicket: OPS-12"
    update = read(text)
    assert update.others == (
        ("Workaround", "Pay by bank transfer"),
        ("Ticket", "OPS-12"),
    )
    assert render(update) == text


def test_a_second_field_of_one_name_survives() -> None:
    text = "[UPDATE] 2:45 PM PST\nSlow.\nImpact: some\nImpact: and more"
    update = read(text)
    assert (update.impact, update.others) == ("some", (("Impact", "and more"),))
    assert render(update) == text


def test_the_order_of_fields_is_fixed_on_output() -> None:
    text = (
        "[UPDATE] 2:45 PM PST\nSlow.\n"
        "ETA: 1 hour to next update\nTeam: looking\nImpact: some"
    )
    assert render(read(text)) == (
        "[UPDATE] 2:45 PM PST\nSlow.\n"
        "Impact: some\nTeam: looking\nETA: 1 hour to next update"
    )


def test_a_text_of_several_paragraphs_keeps_its_colons() -> None:
    text = "[UPDATE] 2:45 PM PST\nNote: this is new.\n\nCards fail.\nImpact: all\nof EU"
    update = read(text)
    assert update.body == "Note: this is new.\n\nCards fail."
    assert update.impact == "all\nof EU"
    assert render(update) == text


@pytest.mark.parametrize(
    ("head", "now", "at", "shown"),
    [
        # July clocks say PDT; who writes PST means the time on the wall.
        ("2:45 PM PST", SUMMER, "2024-07-15T21:45", "2:45 PM PDT"),
        ("2:45 PM PDT", SUMMER, "2024-07-15T21:45", "2:45 PM PDT"),
        ("02:45 pm pst", WINTER, "2024-01-15T22:45", "2:45 PM PST"),
        ("14:45 PST", WINTER, "2024-01-15T22:45", "14:45 PST"),
        ("12:05 AM PST", WINTER, "2024-01-16T08:05", "12:05 AM PST"),
        ("12:00 PM PST", WINTER, "2024-01-15T20:00", "12:00 PM PST"),
        # Shortly after midnight, 11:58 PM was yesterday.
        ("11:58 PM PST", datetime(2024, 1, 16, 8, 3, tzinfo=UTC), "2024-01-16T07:58", "11:58 PM PST"),
        # The day after the change to summer time, with winter's habit.
        ("2:45 PM PST", datetime(2024, 3, 10, 21, 50, tzinfo=UTC), "2024-03-10T21:45", "2:45 PM PDT"),
        # The repeated hour of 3 November: the abbreviation tells which.
        ("1:30 AM PDT", datetime(2024, 11, 3, 9, 0, tzinfo=UTC), "2024-11-03T08:30", "1:30 AM PDT"),
        ("1:30 AM PST", datetime(2024, 11, 3, 9, 0, tzinfo=UTC), "2024-11-03T09:30", "1:30 AM PST"),
    ],
)  # fmt: skip
def test_a_time_is_the_nearest_one_of_the_incidents_zone(head, now, at, shown) -> None:
    update = read(f"[UPDATE] {head}\nSlow.", now=now)
    assert update.at == datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert render(update).splitlines()[0] == f"[UPDATE] {shown}"


def test_zones_without_letters_have_their_offset_for_a_name() -> None:
    text = "[UPDATE] 14:45 +04\nSlow."
    update = read(text, zone="Asia/Dubai", now=datetime(2024, 1, 15, 11, tzinfo=UTC))
    assert update.at == datetime(2024, 1, 15, 10, 45, tzinfo=UTC)
    assert render(update) == text


def test_abbreviations_are_those_of_the_year() -> None:
    assert abbreviations_of(ZoneInfo(LOS_ANGELES), 2024) == ("PST", "PDT")
    assert abbreviations_of(ZoneInfo("Africa/Casablanca"), 2024) == ("+01", "+00")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("We look into it.", "first line: 'We look into it.': expected [UPDATE] and a time"),
        ("[UPDATE] 2:45 PM\nSlow.", "time: '2:45 PM': expected a time such as '2:45 PM PST'"),
        ("[UPDATE] 2:45 PM CET\nSlow.", "expected a time in America/Los_Angeles, where clocks say PST or PDT"),
        ("[UPDATE] 13:45 PM PST\nSlow.", "time: '13:45 PM PST'"),
        ("[UPDATE] 25:45 PST\nSlow.", "time: '25:45 PST'"),
        ("[UPDATE] 2:45 PM PST", "text: missing"),
        ("[UPDATE] 2:45 PM PST\nImpact: all", "text: missing"),
        ("[UPDATE] 2:45 PM PST\nSlow.\nETA: soon", "ETA: 'soon': expected '30 minutes to next update'"),
        ("[UPDATE] 2:45 PM PST\nSlow.\nETA: soon to next update", "ETA: 'soon to next update'"),
        ("[UPDATE] 2:45 PM PST\nSlow.\nETA: 0 minutes to next update", "to come within 7 days"),
        ("[UPDATE] 2:45 PM PST\nSlow.\nETA: 8 days to next update", "to come within 7 days"),
        ("[UPDATE] 2:45 PM PST\nSlow.\nETA: 3:15 PM CET", "ETA: '3:15 PM CET'"),
    ],
)  # fmt: skip
def test_what_is_no_update_is_refused_with_the_part_and_what_is_expected(
    text, said
) -> None:
    with pytest.raises(BadUpdate) as refused:
        read(text)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("eta", "at", "shown"),
    [
        ("30 min to next update", "23:15", "30 minutes to next update"),
        ("90 minutes", "2024-01-16T00:15", "1 hour 30 minutes to next update"),
        ("3:15 PM PST", "23:15", "3:15 PM PST"),
        ("3:15 PM", "23:15", "3:15 PM PST"),
        # A time that was is meant for tomorrow.
        ("2:45 PM PST", "2024-01-16T22:45", "2:45 PM PST"),
    ],
)
def test_an_eta_is_a_duration_or_a_time(eta, at, shown) -> None:
    update = read(f"[UPDATE] 2:45 PM PST\nSlow.\nETA: {eta}")
    expected = at if "T" in at else f"2024-01-15T{at}"
    assert update.next_update_at == datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert render(update).splitlines()[-1] == f"ETA: {shown}"


WORDS = st.text("abc XYZ.,~%15-:/ü", min_size=1, max_size=30).map(
    lambda text: ("We " + " ".join(text.split()).replace(":", "")).strip()
)
ZONES = st.sampled_from(
    [LOS_ANGELES, "Europe/Berlin", "Asia/Kolkata", "Asia/Dubai", "Australia/Lord_Howe"]
)


@st.composite
def updates(draw):
    minutes = draw(st.integers(0, 60 * 24 * 365))
    at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    after = timedelta(minutes=draw(st.integers(1, 20 * 60)))
    eta = draw(st.sampled_from([None, after, at + after]))
    keys = st.sampled_from(["Workaround", "Ticket", "Status page"])
    shows_fields = draw(st.booleans())
    return Update(
        at=at,
        zone=draw(ZONES),
        body="\n".join(draw(st.lists(WORDS, min_size=1, max_size=3))),
        impact=draw(WORDS) if shows_fields else "",
        team=draw(st.sampled_from(["", "Looking"])),
        eta=eta,
        others=tuple(draw(st.lists(st.tuples(keys, WORDS), max_size=2)))
        if shows_fields
        else (),
        clock=draw(st.sampled_from([12, 24])),
    )


@pytest.mark.slow  # a hundred updates in five zones
@given(updates(), st.integers(-300, 300))
def test_every_update_is_read_back_as_it_was_written(update, late) -> None:
    now = update.at + timedelta(minutes=late)
    assert parse(render(update), zone=update.zone, now=now) == update
