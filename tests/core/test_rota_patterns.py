"""Rotas by pattern: the preview is what holds after saving, and the past never moves."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.core.directory import Directory
from tocsin.core.directory_building import build
from tocsin.core.layers import Unit
from tocsin.core.rota_effect import LOOKED_AHEAD, effect
from tocsin.core.rota_patterns import Pattern, layers, layers_of, pattern_of, revised
from tocsin.core.schedules import Rotation, final_schedule
from tocsin.core.wallclock import Window, wall_time

PEOPLE = ("ana", "ben", "caro", "dora", "emil")
# Clocks change within the eight weeks that follow.
NOW = datetime(2026, 3, 9, 10, 30, tzinfo=UTC)
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "UTC",
)
WEEK = timedelta(weeks=1)

patterns = st.builds(
    Pattern,
    people=st.permutations(PEOPLE).flatmap(
        lambda names: st.integers(2, 5).map(lambda n: tuple(names[:n]))
    ),
    unit=st.just(Unit.WEEK),
    weekday=st.integers(1, 7),
    at=st.builds(time, st.integers(0, 23), st.sampled_from((0, 30))),
    weekend=st.booleans(),
) | st.builds(
    Pattern,
    people=st.permutations(PEOPLE).map(lambda names: tuple(names[:3])),
    unit=st.sampled_from((Unit.DAY, Unit.HOUR, Unit.WEEK)),
    count=st.integers(1, 20),
    at=st.builds(time, st.integers(0, 23)),
)
short = st.fixed_dictionaries(
    {
        "name": st.just("Primary"),
        "users": st.permutations(PEOPLE).map(list),
        "start": st.sampled_from(("2026-03-02T09:00", "2026-02-27T17:30")),
        "length": st.sampled_from(("1 week", "2 days", "12 hours")),
    }
)


def known(zone: str, rotation: dict[str, Any]) -> tuple[Directory, Rotation]:
    documents = {
        "people": {n: {"name": n, "email": f"{n}@example.com"} for n in PEOPLE},
        "schedules": {"s": {"name": "s", "time_zone": zone, "rotations": [rotation]}},
    }
    directory, problems = build(documents, version=1, ids={})
    assert not problems, problems
    found = directory.rotation("s/Primary")
    assert found is not None
    return directory, found


def rows(rotation: Rotation, window: Window) -> list[tuple[datetime, datetime, str]]:
    """Who is on call when, whatever layer it comes from."""
    cut: list[tuple[datetime, datetime, str]] = []
    for one in sorted(
        final_schedule(rotation, window).shifts, key=lambda s: (s.user, s.start)
    ):
        if cut and cut[-1][2] == one.user and cut[-1][1] >= one.start:
            cut[-1] = (cut[-1][0], max(cut[-1][1], one.end), one.user)
        else:
            cut.append((one.start, one.end, one.user))
    return cut


@pytest.mark.slow  # a thousand edits, of eight weeks each
@settings(max_examples=1000)
@given(
    st.sampled_from(ZONES), short, st.lists(patterns, min_size=1, max_size=2), st.data()
)
def test_a_thousand_edits_do_what_they_showed_and_leave_the_past_alone(
    zone: str, document: dict[str, Any], edits: list[Pattern], data: st.DataObject
) -> None:
    now = NOW
    for number, pattern in enumerate(edits):
        begins = now + timedelta(minutes=30 * data.draw(st.integers(0, 24 * 14)))
        _, before = known(zone, document)
        new = layers(pattern, begins=begins, zone=ZoneInfo(zone), tag=f"t{number}")
        document = revised(document, new, begins=begins)
        _, after = known(zone, document)
        # Nothing before the instant moves, however far back.
        past = Window(NOW - 4 * WEEK, begins)
        assert rows(before, past) == rows(after, past)
        # What was shown is what is there: the change, and nothing but the change.
        shown = effect(before, after, now=now)
        ahead = Window(now, now + LOOKED_AHEAD)
        for at in (now + timedelta(minutes=h * 1350) for h in range(60)):
            was = sorted({s for a, b, s in rows_at(before, at)})
            will = sorted({s for a, b, s in rows_at(after, at)})
            moved = [m for m in shown.moved if m.start <= at < m.end]
            if moved:
                assert (list(moved[0].before), list(moved[0].after)) == (was, will)
            else:
                assert was == will
            if at.minute == 0 and at >= ahead.end:
                break
        # From there on the pattern's people alone take turns, and somebody always does.
        later = Window(begins, begins + LOOKED_AHEAD)
        assert {one[2] for one in rows(after, later)} <= set(pattern.people)
        assert not final_schedule(after, later).gaps
        now += timedelta(days=1)


_cache: dict[int, tuple[Rotation, list[tuple[datetime, datetime, str]]]] = {}


def rows_at(rotation: Rotation, at: datetime) -> list[tuple[datetime, datetime, str]]:
    held = _cache.get(id(rotation))
    if held is None or held[0] is not rotation:
        window = Window(NOW - WEEK, NOW + 2 * LOOKED_AHEAD)
        held = _cache[id(rotation)] = (rotation, rows(rotation, window))
        while len(_cache) > 4:
            _cache.pop(next(iter(_cache)))
    return [one for one in held[1] if one[0] <= at < one[1]]


@given(patterns.filter(lambda one: one.unit is Unit.WEEK), st.sampled_from(ZONES))
def test_an_editor_reads_back_what_it_wrote(pattern: Pattern, zone: str) -> None:
    new = layers(pattern, begins=NOW, zone=ZoneInfo(zone), tag="t")
    held = pattern_of({"layers": new}, now=NOW, zone=ZoneInfo(zone))
    assert held == pattern


def test_a_weekend_is_somebody_elses() -> None:
    zone = ZoneInfo("Europe/Berlin")
    pattern = Pattern(PEOPLE, weekend=True)
    document = {
        "name": "Primary",
        "layers": layers(pattern, begins=NOW, zone=zone, tag="t"),
    }
    _, rotation = known("Europe/Berlin", document)
    found = final_schedule(rotation, Window(NOW, NOW + 10 * WEEK)).shifts
    for one, following in zip(found, found[1:], strict=False):
        assert one.user != following.user
        local = wall_time(one.end, zone)
        assert (local.isoweekday(), local.hour) in ((5, 17), (1, 9))
    # The first week's holder is not whose weekend it is, nor the week's after.
    assert [one.user for one in found[:4]] == ["ana", "dora", "ben", "emil"]


def test_a_short_form_becomes_layers_that_mean_the_same() -> None:
    document = {
        "name": "Primary", "users": ["ana", "ben"], "start": "2026-03-02T09:00",
        "length": "2 days",
    }  # fmt: skip
    _, before = known("Europe/Berlin", document)
    _, after = known(
        "Europe/Berlin", {"name": "Primary", "layers": layers_of(document)}
    )
    window = Window(NOW - 8 * WEEK, NOW + 8 * WEEK)
    assert rows(before, window) == rows(after, window)
