"""Which shifts somebody has shadowed: they count, and not how often it was written."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from tocsin.core.building.directory_building import build
from tocsin.core.directory import NamedSchedule
from tocsin.core.oncall.growing import shadowed

MONDAY = datetime(2024, 3, 4, 9, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
LATER = MONDAY + 6 * WEEK


def followed(
    *spans: tuple[timedelta, timedelta], users: tuple[str, ...] = ("ana", "bo"),
    **more: Any,
) -> NamedSchedule:  # fmt: skip
    """Weekly turns from Monday on; Eve shadows in these spans since then."""
    people = {
        name: {"name": name, "email": f"{name}@example.com"}
        for name in ("ana", "bo", "eve")
    }
    layer = {
        "id": "turns", "participants": list(users), "anchor": "2024-03-04T09:00",
        "turn": {"unit": "week", "count": 1}, **more,
    }  # fmt: skip
    shadows = [
        {
            "rotation": "P", "user": "eve", "from": (MONDAY + start).isoformat(),
            "until": (MONDAY + end).isoformat(),
        }
        for start, end in spans
    ]  # fmt: skip
    document = {
        "name": "s", "time_zone": "UTC", "shadows": shadows,
        "rotations": [{"name": "P", "layers": [layer]}],
    }  # fmt: skip
    directory, problems = build(
        {"people": people, "schedules": {"s": document}}, version=1, ids={}
    )
    assert not problems, problems
    return directory.schedules["s"]


@pytest.mark.parametrize(
    ("spans", "shifts"),
    [
        ([(0 * DAY, WEEK)], 1),
        ([(0 * DAY, 2 * WEEK)], 2),  # one record, two shifts
        ([(0 * DAY, WEEK), (0 * DAY, WEEK)], 1),  # the same shift twice
        ([(0 * DAY, 2 * DAY), (2 * DAY, 4 * DAY)], 1),  # in two parts
        ([(0 * DAY, DAY), (DAY, 2 * DAY), (2 * DAY, 3 * DAY)], 0),  # less than half
        ([(0 * DAY, 3.5 * DAY)], 1),  # half of it
        ([(4 * DAY, WEEK + 3 * DAY)], 0),  # a part of each of two
        ([], 0),
    ],
)
def test_a_shift_counts_when_at_least_half_of_it_was_followed(
    spans: list[tuple[timedelta, timedelta]], shifts: int
) -> None:
    assert shadowed(followed(*spans), "eve", now=LATER) == shifts


def test_a_shift_counts_once_it_is_over() -> None:
    schedule = followed((0 * DAY, 2 * WEEK))
    over = MONDAY + WEEK
    counts = [
        shadowed(schedule, "eve", now=now) for now in (over - DAY / 24, over, LATER)
    ]
    assert counts == [0, 1, 2]


def test_ones_own_shift_is_no_shadow_shift_and_nobodys_is_none() -> None:
    own = followed((0 * DAY, 2 * WEEK), users=("eve", "bo"))
    assert shadowed(own, "eve", now=LATER) == 1
    office = {"type": "daily", "start": "09:00", "end": "17:00", "days": [1, 2]}
    days = followed((0 * DAY, WEEK), restrictions=[office])
    assert shadowed(days, "eve", now=LATER) == 2
    assert shadowed(days, "bo", now=LATER) == 0


def test_two_who_are_on_call_together_have_one_shift_to_follow() -> None:
    schedule = followed((0 * DAY, WEEK))
    (rotation,) = schedule.rotations
    (layer,) = rotation.layers
    beside = replace(layer, id="beside", participants=("bo", "ana"))
    both = replace(rotation, layers=(layer, beside))
    together = msgspec.structs.replace(schedule, rotations=(both,))
    assert shadowed(together, "eve", now=LATER) == 1
