"""Broken nights: when a lead is offered cover, for whom, and when nothing is said."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.core.oncall.test_oncall_load import made
from tocsin.core.directory import Directory
from tocsin.core.oncall.relief import reliefs
from tocsin.core.oncall.shift_pages import Paged
from tocsin.core.oncall.shift_reminders import reminders

# A Thursday; in Berlin it is an hour later. P0 has this week, p1 the next.
MORNING = datetime(2024, 1, 4, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
PHONES = ("email", "sms")


def four(**more: object) -> Directory:
    return made(["p0", "p1", "p2", "p3"], more={"p0": dict(more)})


def woken(*hours_ago: float) -> dict[str, list[Paged]]:
    pages = [Paged(MORNING - HOUR * one, 1) for one in sorted(hours_ago, reverse=True)]
    return {"p0": pages}


def test_two_wakings_in_a_night_are_a_reason_to_offer_cover() -> None:
    (found,) = reliefs(four(), woken(4, 6), PHONES, now=MORNING)
    assert (found.person, found.tonight, found.this_week) == ("p0", 2, 2)
    assert found.start == MORNING
    assert found.end == MORNING + 24 * HOUR
    # P1 comes on Monday; all three are free today.
    assert set(found.names) == {"p1", "p2", "p3"}


def test_a_morning_that_holds_the_midnight_of_utc_is_one_morning() -> None:
    tokyo = four(time_zone="Asia/Tokyo")
    midnight = datetime(2024, 1, 5, tzinfo=UTC)
    pages = {"p0": [Paged(midnight - HOUR * one, 1) for one in (6, 4)]}
    (before,), (after,) = (
        reliefs(tokyo, pages, PHONES, now=midnight + timedelta(minutes=one))
        for one in (-30, 30)
    )
    assert before.morning == after.morning == midnight.date()


def test_who_counts_as_reachable_is_named_first() -> None:
    mail_only: dict[str, Any] = {"contacts": []}
    everybody = made(["p0", "p1", "p2", "p3"], more={"p1": mail_only, "p2": mail_only})
    (found,) = reliefs(everybody, woken(4, 6), PHONES, now=MORNING)
    assert found.names[0] == "p3"
    assert set(found.names) == {"p1", "p2", "p3"}


@pytest.mark.parametrize(
    "pages",
    [
        woken(5),  # once
        woken(4, 4.2),  # twice within half an hour is one waking
        woken(1, 0.5),  # by day
        woken(30, 32, 54),  # nights before
    ],
)
def test_less_is_no_broken_night(pages: dict[str, list[Paged]]) -> None:
    assert reliefs(four(), pages, PHONES, now=MORNING) == []


def test_the_third_of_a_week_counts_alone() -> None:
    (found,) = reliefs(four(), woken(4, 30, 54), PHONES, now=MORNING)
    assert (found.tonight, found.this_week) == (1, 3)


def test_it_is_said_in_their_morning_and_only_while_they_are_on_call() -> None:
    assert reliefs(four(), woken(4, 6), PHONES, now=MORNING - 2 * HOUR) == []
    assert reliefs(four(), woken(4, 6), PHONES, now=MORNING + 3 * HOUR) == []
    # P2 is not on call before the week after next.
    other = {"p2": woken(4, 6)["p0"]}
    assert reliefs(four(), other, PHONES, now=MORNING) == []


def test_who_wants_no_reminders_gets_none() -> None:
    monday = datetime(2024, 1, 8, 8, tzinfo=UTC)  # p1 takes over at 09:00 in Berlin
    directory = four()
    (found,) = reminders(directory, now=monday - 20 * HOUR)
    assert (found.person, found.start, found.stage) == ("p1", monday, 24 * HOUR)
    assert reminders(directory, now=monday - HOUR / 2)[0].stage == HOUR
    assert reminders(directory, now=monday) == []
    quiet = made(["p0", "p1"], more={"p1": {"shift_reminders": False}})
    assert reminders(quiet, now=monday - 20 * HOUR) == []
