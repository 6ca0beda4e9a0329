"""Rotas by pattern: the preview is what holds after saving, and the past never moves."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.core.building.directory_building import build
from tocsin.core.directory import Directory
from tocsin.core.oncall.rota_effect import LOOKED_AHEAD, effect
from tocsin.core.rotas.layers import OnUnavailable, Unit
from tocsin.core.rotas.rota_patterns import (
    WEEKEND,
    Hours,
    Pattern,
    layers,
    layers_of,
    revised,
)
from tocsin.core.rotas.rota_reading import shown as shown_of
from tocsin.core.rotas.schedules import Rotation, final_schedule, on_call_at
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
        document = revised(document, new, begins=begins, zone=ZoneInfo(zone))
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


every_pattern = st.builds(
    Pattern,
    people=st.permutations(PEOPLE).flatmap(
        lambda names: st.integers(1, 5).map(lambda n: tuple(names[:n]))
    ),
    unit=st.sampled_from(Unit),
    count=st.integers(1, 5),
    weekday=st.integers(1, 7),
    at=st.builds(time, st.integers(0, 23), st.sampled_from((0, 30))),
    month_day=st.integers(1, 28),
    hours=st.none()
    | st.builds(
        Hours,
        st.builds(time, st.integers(0, 23)),
        st.builds(time, st.integers(0, 23)),
        workdays=st.booleans(),
    ),
    away=st.sampled_from(OnUnavailable),
) | patterns.filter(lambda one: one.weekend)


@given(every_pattern, st.sampled_from(ZONES))
def test_an_editor_reads_back_what_it_wrote(pattern: Pattern, zone: str) -> None:
    new = layers(pattern, begins=NOW, zone=ZoneInfo(zone), tag="t")
    held = shown_of({"layers": new}, now=NOW, zone=ZoneInfo(zone))
    assert held.pattern is not None, held.beyond
    again = layers(held.pattern, begins=held.begins, zone=ZoneInfo(zone), tag="u")
    for one, other in zip(new, again, strict=True):
        for key in ("turn", "restrictions", "on_unavailable", "priority"):
            assert one.get(key) == other.get(key)
        assert sorted(one["participants"]) == sorted(other["participants"])


@given(every_pattern, st.sampled_from(ZONES), st.integers(0, 60 * 24 * 40))
def test_who_comes_first_is_on_call_from_the_moment_it_begins(
    pattern: Pattern, zone: str, later: int
) -> None:
    begins = NOW + timedelta(minutes=later)
    new = layers(pattern, begins=begins, zone=ZoneInfo(zone), tag="t")
    base = new[0] | {"restrictions": []}
    _, rotation = known(zone, {"name": "Primary", "layers": [base]})
    (found,) = on_call_at(rotation, now=begins)
    assert found.user == pattern.people[0]


restrictions = st.one_of(
    st.none(),
    st.just([{"type": "daily", "start": "09:00", "end": "17:00"}]),
    st.just(
        [{"type": "daily", "start": "22:00", "end": "06:00", "days": [1, 2, 3, 4, 5]}]
    ),
    st.just([{"type": "daily", "start": "09:00", "end": "12:00", "days": [1, 3]}]),
    st.just([WEEKEND]),
    st.just([{"type": "daily", "start": "09:00", "end": "12:00"}, WEEKEND]),
)


@st.composite
def any_layer(draw: st.DrawFn, number: int) -> dict[str, Any]:
    """Anything that a document may hold."""
    names: list[str | None] = list(draw(st.permutations(PEOPLE)))
    names = names[: draw(st.integers(1, 4))]
    if draw(st.integers(0, 9)) == 0:
        names.append(draw(st.sampled_from((None, "ana"))))
    unit = draw(st.sampled_from(("day", "week", "week", "hour", "month")))
    day = draw(st.integers(1, 31 if unit == "month" else 28))
    found: dict[str, Any] = {
        "id": f"l{number}",
        "participants": names,
        "anchor": f"2026-01-{day:02}T{draw(st.integers(0, 23)):02}:30",
        "turn": {"unit": unit, "count": draw(st.integers(1, 4))},
        "priority": draw(st.integers(0, 2)),
        "on_unavailable": draw(st.sampled_from(("next", "flag", "gap"))),
    }
    if unit != "month" and draw(st.integers(0, 9)) == 0:
        found["clock"] = "absolute"
    if draw(st.integers(0, 9)) == 0:
        found["tz"] = "Asia/Tokyo"
    mask = draw(restrictions)
    if mask is not None:
        found["restrictions"] = mask
    ends = draw(st.integers(0, 5))
    if ends == 0:
        found["until"] = f"2026-0{draw(st.integers(2, 5))}-11T08:00Z"
    elif ends == 1:
        found["until"] = f"2026-0{draw(st.integers(2, 5))}-11T08:00"
    return found


@settings(max_examples=300)
@given(
    st.lists(st.integers(), min_size=1, max_size=3).flatmap(
        lambda ids: st.tuples(*(any_layer(n) for n in range(len(ids))))
    )
    | short.map(lambda one: tuple(layers_of(one)))
    | every_pattern.map(
        lambda one: tuple(
            layers(one, begins=NOW - 3 * WEEK, zone=ZoneInfo("Europe/Berlin"), tag="t")
        )
    ),
    st.sampled_from(ZONES),
    st.integers(0, 60 * 24 * 60),
    st.booleans(),
)
def test_what_the_form_shows_is_all_of_it_or_it_shows_nothing(
    held: tuple[dict[str, Any], ...], zone: str, later: int, is_away: bool
) -> None:
    away = [{"user": "ana", "start": "2026-03-20T08:00Z", "end": "2026-04-02T08:00Z"}]
    document = {"name": "Primary", "layers": list(held)}
    if is_away:
        document["leave"] = away
    now = NOW + timedelta(minutes=later)
    _, before = known(zone, document)
    found = shown_of(document, now=now, zone=ZoneInfo(zone))
    assert (found.pattern is None) == bool(found.beyond)
    assert found.begins >= now
    if found.pattern is None or not found.pattern.people:
        return
    new = layers(found.pattern, begins=found.begins, zone=ZoneInfo(zone), tag="new")
    changed = revised(document, new, begins=found.begins, zone=ZoneInfo(zone))
    _, after = known(zone, changed)
    for window in (
        Window(NOW - 20 * WEEK, found.begins),
        Window(found.begins, found.begins + 30 * WEEK),
    ):
        assert rows(before, window) == rows(after, window)


BASE = {
    "id": "base", "participants": ["ana", "ben"], "anchor": "2026-03-02T09:00",
    "turn": {"unit": "week", "count": 1},
}  # fmt: skip
LEAD = {**BASE, "id": "lead", "participants": ["caro"], "priority": -1}


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ([BASE, LEAD], "more than one layer at a time: base, lead"),
        ([{**BASE, "tz": "Asia/Tokyo"}], "a time zone of its own: base (Asia/Tokyo)"),
        ([{**BASE, "clock": "absolute"}], "turns by elapsed time: base"),
        ([{**BASE, "participants": ["ana", None]}], "turns that nobody has: base"),
        (
            [{**BASE, "participants": ["ana", "ben", "ana"]}],
            "somebody more than once in the order: base",
        ),
        (
            [{**BASE, "restrictions": [WEEKEND]}],
            "hours other than one span a day, every day or Monday to Friday: base",
        ),
        (
            [{**BASE, "anchor": "2026-01-31T09:00", "turn": {"unit": "month"}}],
            "months that change hands after the 28th: base",
        ),
        ([{**BASE, "turn": {"unit": "hour", "count": 60}}], "turns of more than 52 hours: base"),
        ([{**BASE, "anchor": "2026-03-02T09:00:30"}], "turns that the form would move: base"),
    ],
)  # fmt: skip
def test_what_the_form_cannot_show_is_named(
    held: list[dict[str, Any]], said: str
) -> None:
    found = shown_of({"layers": held}, now=NOW, zone=ZoneInfo("Europe/Berlin"))
    assert found.pattern is None
    assert found.beyond == (said,)


def test_turns_that_were_agreed_with_an_end_come_before_the_edit() -> None:
    agreed = {
        **BASE,
        "participants": ["ben"],
        "id": "fair",
        "until": "2026-05-04T07:00Z",
    }
    after = {**BASE, "start": "2026-05-04T07:00Z"}
    found = shown_of(
        {"layers": [agreed, after]}, now=NOW, zone=ZoneInfo("Europe/Berlin")
    )
    assert found.begins == datetime(2026, 5, 4, 7, tzinfo=UTC)
    assert found.pattern is not None
    assert found.pattern.people == ("ben", "ana"), "whose turn begins then comes first"


def test_what_ended_by_the_clock_on_the_wall_is_not_opened_again() -> None:
    zone = ZoneInfo("Europe/Berlin")
    ended = {
        **BASE,
        "participants": ["caro"],
        "priority": 5,
        "until": "2026-03-01T09:00",
    }
    new = layers(Pattern(("dora",)), begins=NOW, zone=zone, tag="t")
    changed = revised({"layers": [ended, BASE]}, new, begins=NOW, zone=zone)
    assert changed["layers"][0] == ended


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
