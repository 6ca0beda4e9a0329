"""Cover requests: open, then taken, withdrawn or expired; reminded while open."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from tocsin.core.rotas.cover_requests import (
    CoverRequest,
    Refused,
    State,
    asked,
    expired,
    stage,
    taken,
    withdrawn,
)
from tocsin.core.rotas.layers import Layer, Turn, Unit
from tocsin.core.rotas.schedules import Rotation

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
DAY = timedelta(days=1)
REQUEST = CoverRequest("r1", "s", "Primary", "ana", NOW + 8 * DAY, NOW + 9 * DAY, NOW)
WEEKLY = Rotation(
    "Primary",
    (
        Layer(
            "t", ("ben", "ana"), datetime(2026, 11, 30), Turn(Unit.WEEK),  # noqa: DTZ001
            ZoneInfo("UTC"),
        ),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({}, ""),
        ({"start": NOW - DAY}, "start"),
        ({"start": NOW + 8 * DAY + timedelta(seconds=1)}, "start"),
        ({"end": NOW + 8 * DAY}, "end"),
        ({"end": NOW + 200 * DAY}, "end"),
        ({"person": "eve"}, "start"),
        ({"start": NOW + DAY, "end": NOW + 2 * DAY}, "start"),
    ],
)
def test_only_coming_hours_of_ones_own_can_be_asked_for(
    change: dict[str, Any], field: str
) -> None:
    found = asked(replace(REQUEST, **change), WEEKLY, now=NOW)
    assert (found.field if isinstance(found, Refused) else "") == field


def test_a_request_ends_once() -> None:
    done = taken(REQUEST, "ben", "o1", now=NOW)
    assert isinstance(done, CoverRequest)
    assert (done.state, done.taker, done.override) == (State.TAKEN, "ben", "o1")
    assert taken(done, "caro", "o2", now=NOW) == Refused("ben has taken it.")
    assert withdrawn(done, now=NOW) == Refused("ben has taken it.")
    assert isinstance(taken(REQUEST, "ana", "o1", now=NOW), Refused)
    gone = withdrawn(REQUEST, now=NOW)
    assert isinstance(gone, CoverRequest)
    assert isinstance(taken(gone, "ben", "o1", now=NOW), Refused)
    assert isinstance(taken(REQUEST, "ben", "o", now=REQUEST.start), Refused)
    assert expired(REQUEST, now=REQUEST.start).state is State.EXPIRED


@pytest.mark.parametrize(
    ("ahead", "due"),
    [
        (timedelta(weeks=5), ""),
        (timedelta(weeks=4), "672 h"),
        (timedelta(days=20), "504 h"),
        (timedelta(days=3), "72 h"),
        (timedelta(hours=13), "24 h"),
        (timedelta(hours=12), "12 h"),
    ],
)
def test_the_nearest_reminder_that_has_come(ahead: timedelta, due: str) -> None:
    early = replace(REQUEST, made_at=REQUEST.start - timedelta(weeks=6))
    assert stage(early, now=REQUEST.start - ahead) == due
    # What was asked just now is not said again at once.
    fresh = replace(REQUEST, made_at=REQUEST.start - ahead)
    assert stage(fresh, now=REQUEST.start - ahead) == ""


def test_only_hours_that_are_wholly_ones_own_are_asked_for() -> None:
    # Ana has the second week, from Monday 7 December on.
    early = replace(REQUEST, start=NOW + 6 * DAY, end=NOW + 9 * DAY)
    found = asked(early, WEEKLY, now=NOW)
    assert isinstance(found, Refused)
    assert "only from Mon 7 Dec 2026, 00:00" in found.said
