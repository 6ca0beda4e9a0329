"""Who is on call: the worked cases, and properties P1-P7 against a plain evaluator."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.rotas import minute_by_minute
from tocsin.core.rotas import schedule_files
from tocsin.core.rotas.layers import claims
from tocsin.core.rotas.schedules import (
    EditRefused,
    final_schedule,
    on_call_at,
    replace_layer,
)
from tocsin.core.wallclock import UnknownZone, Window, zone_named

CASES = json.loads(
    (Path(__file__).parents[2] / "recordings/oncall_cases.json").read_text()
)["cases"]
# (zone, a UTC day near a clock change of it)
NIGHTS = [
    ("Europe/Berlin", "2024-03-30"), ("Europe/Berlin", "2024-10-26"), ("America/New_York", "2024-03-09"),
    ("America/New_York", "2024-11-02"), ("Australia/Lord_Howe", "2024-10-05"), ("Australia/Lord_Howe", "2024-04-06"),
    ("Pacific/Apia", "2011-12-29"), ("Antarctica/Troll", "2024-03-30"), ("Antarctica/Troll", "2024-10-26"),
    ("Pacific/Chatham", "2024-04-06"), ("Africa/Casablanca", "2024-03-09"), ("Africa/Casablanca", "2024-04-13"),
    ("Asia/Beirut", "2024-03-30"), ("America/Havana", "2024-03-09"), ("America/Havana", "2024-11-02"),
    ("America/Sao_Paulo", "2018-11-03"), ("America/Sao_Paulo", "2018-02-17"), ("Asia/Kolkata", "2024-06-01"),
    ("Asia/Kathmandu", "2024-06-01"), ("Africa/Cairo", "2024-04-25"), ("America/St_Johns", "2011-03-12"),
    ("Europe/Dublin", "2024-10-26"), ("Atlantic/Azores", "2024-03-30"), ("UTC", "2024-02-28"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_worked_cases(case: dict[str, Any]) -> None:
    start, end = (schedule_files.instant(text, "window") for text in case["window"])
    shown = schedule_files.render(case["schedule"], start, end)
    assert _sorted(shown["shifts"]) == _sorted(case["expected"])
    assert shown["gaps"] == case["gaps"]


@pytest.mark.slow  # one process per zone of the machine
@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/Sao_Paulo"])
def test_the_worked_cases_by_the_command_whatever_the_machines_zone(
    zone: str, tmp_path: Path
) -> None:
    for case in CASES[::5]:
        file = tmp_path / f"{case['id']}.json"
        file.write_text(json.dumps(case["schedule"]))
        command = [
            sys.executable,
            "-m",
            "tocsin",
            "schedules",
            "render",
            str(file),
            "--from",
            case["window"][0],
            "--to",
            case["window"][1],
        ]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env={**os.environ, "TZ": zone},
            check=True,
        )
        shown = json.loads(done.stdout)
        assert _sorted(shown["shifts"]) == _sorted(case["expected"])


def _sorted(rows: Any) -> list[Any]:
    return sorted(rows, key=lambda row: (row["start"], row["user"], row["source"]))


NAMES = ["alice", "bob", "carol", "dan"]
TIMES = st.tuples(st.integers(0, 23), st.sampled_from([0, 15, 30, 59])).map(
    lambda t: f"{t[0]:02}:{t[1]:02}"
)


@st.composite
def schedules(draw: st.DrawFn) -> tuple[dict[str, Any], datetime, datetime]:
    """A schedule around a night that a clock changes, and a window of about three days."""
    zone, day = draw(st.sampled_from(NIGHTS))
    night = datetime.fromisoformat(day).replace(tzinfo=UTC)
    start = night - timedelta(minutes=draw(st.integers(0, 1500)))
    end = start + timedelta(minutes=draw(st.integers(600, 4300)))

    def moment() -> datetime:
        return start + timedelta(minutes=draw(st.integers(-300, 4000)))

    def span() -> dict[str, str]:
        first = moment()
        last = first + timedelta(minutes=draw(st.integers(1, 2000)))
        return {
            "start": first.strftime("%Y-%m-%dT%H:%MZ"),
            "end": last.strftime("%Y-%m-%dT%H:%MZ"),
        }

    def restriction() -> dict[str, Any]:
        if draw(st.booleans()):
            return {
                "type": "daily",
                "start": draw(TIMES),
                "end": draw(TIMES),
                "days": sorted(draw(st.sets(st.integers(1, 7), min_size=1))),
            }
        return {
            "type": "weekly",
            "start_day": draw(st.integers(1, 7)),
            "start": draw(TIMES),
            "end_day": draw(st.integers(1, 7)),
            "end": draw(TIMES),
        }

    def layer(index: int) -> dict[str, Any]:
        unit = draw(st.sampled_from(["hour", "day", "week", "month"]))
        count = draw(st.integers(1, 36 if unit == "hour" else 3))
        anchor = (night - timedelta(days=draw(st.integers(0, 40)))).strftime(
            "%Y-%m-%dT"
        ) + draw(TIMES)
        return {
            "id": f"L{index}", "priority": draw(st.integers(0, 2)), "participants": draw(st.lists(st.sampled_from([*NAMES, None]), min_size=1, max_size=4)),
            "anchor": anchor, "turn": {"unit": unit, "count": count}, "restrictions": [restriction() for _ in range(draw(st.integers(0, 2)))],
            "on_unavailable": draw(st.sampled_from(["flag", "gap", "next"])),
        }  # fmt: skip

    def override(seq: int) -> dict[str, Any]:
        kind = draw(st.sampled_from(["cover", "replace", "add", "remove"]))
        user, other = draw(st.permutations(NAMES))[:2]
        return {
            "id": f"o{seq}",
            "seq": seq,
            "kind": kind,
            "user": None if kind == "remove" else user,
            "for_user": other if kind in ("replace", "remove") else None,
            **span(),
        }

    schedule = {
        "tz": zone,
        "layers": [layer(index) for index in range(draw(st.integers(1, 3)))],
        "overrides": [override(seq) for seq in range(draw(st.integers(0, 3)))],
        "unavailability": [
            {"user": draw(st.sampled_from(NAMES)), **span()}
            for _ in range(draw(st.integers(0, 2)))
        ],
    }
    return schedule, start, end


FEW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.slow  # minute by minute
@FEW
@given(schedules())
def test_p4_the_intervals_agree_with_every_single_minute(
    made: tuple[dict[str, Any], datetime, datetime],
) -> None:
    schedule, start, end = made
    final = final_schedule(schedule_files.read(schedule), Window(start, end))
    for at, people in minute_by_minute.on_call(schedule, start, end):
        mine = {one.user for one in final.shifts if one.start <= at < one.end}
        assert mine == people, (at, schedule)


@FEW
@given(schedules())
def test_p1_turns_tile_the_layer(
    made: tuple[dict[str, Any], datetime, datetime],
) -> None:
    schedule, start, end = made
    schedule["layers"][0] |= {
        "restrictions": [],
        "on_unavailable": "flag",
        "participants": ["alice", "bob"],
    }
    layer = schedule_files.read(schedule).layers[0]
    turns = claims(layer, Window(start, end))
    assert all(one.end == two.start for one, two in zip(turns, turns[1:], strict=False))
    assert turns == [] or turns[-1].end == end


@FEW
@given(schedules(), st.integers(0, 2000), st.integers(1, 2000))
def test_p2_a_part_of_the_window_is_the_part_of_the_result(
    made: tuple[dict[str, Any], datetime, datetime], skip: int, length: int
) -> None:
    schedule, start, end = made
    first = min(start + timedelta(minutes=skip), end - timedelta(minutes=1))
    last = min(first + timedelta(minutes=length), end)
    rotation = schedule_files.read(schedule)
    whole = final_schedule(rotation, Window(start, end)).shifts
    part = final_schedule(rotation, Window(first, last)).shifts
    clipped = [
        (max(s.start, first), min(s.end, last), s.user)
        for s in whole
        if s.start < last and s.end > first
    ]
    assert sorted(clipped) == sorted((s.start, s.end, s.user) for s in part)


@FEW
@given(schedules())
def test_p3_shifts_and_gaps_cover_the_window(
    made: tuple[dict[str, Any], datetime, datetime],
) -> None:
    schedule, start, end = made
    final = final_schedule(schedule_files.read(schedule), Window(start, end))
    edges = sorted(
        [(s.start, s.end) for s in final.shifts]
        + [(g.start, g.end) for g in final.gaps]
    )
    reached = start
    for first, last in edges:
        assert first <= reached
        reached = max(reached, last)
    assert reached == end
    for gap in final.gaps:
        assert not any(s.start < gap.end and s.end > gap.start for s in final.shifts)


@FEW
@given(schedules())
def test_p5_an_override_changes_nothing_outside_its_interval(
    made: tuple[dict[str, Any], datetime, datetime],
) -> None:
    schedule, start, end = made
    first = start + (end - start) / 3
    first = first.replace(second=0, microsecond=0)
    last = first + timedelta(minutes=90)
    more = {
        "id": "new",
        "seq": 99,
        "kind": "cover",
        "user": "alice",
        "for_user": None,
        "start": first.isoformat(),
        "end": last.isoformat(),
    }
    before = schedule_files.read(schedule)
    after = schedule_files.read(
        {**schedule, "overrides": [*schedule["overrides"], more]}
    )
    for window in (
        Window(start, first),
        Window(last, max(end, last + timedelta(minutes=1))),
    ):
        assert _people(before, window) == _people(after, window)


def _people(rotation: Any, window: Window) -> list[Any]:
    return sorted(
        (s.start, s.end, s.user) for s in final_schedule(rotation, window).shifts
    )


@FEW
@given(schedules())
def test_who_is_on_call_is_the_same_function(
    made: tuple[dict[str, Any], datetime, datetime],
) -> None:
    schedule, start, end = made
    rotation = schedule_files.read(schedule)
    at = (start + (end - start) / 2).replace(second=0, microsecond=0)
    minute = final_schedule(rotation, Window(at, at + timedelta(minutes=1))).shifts
    assert {s.user for s in on_call_at(rotation, now=at)} == {s.user for s in minute}


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("EST", "America/New_York"),
        ("PST", "America/Los_Angeles"),
        ("+01:00", "offset"),
        ("Europe/Berln", "Europe/Berlin"),
        ("", "IANA"),
    ],
)
def test_zones_are_places(name: str, hint: str) -> None:
    with pytest.raises(UnknownZone, match=hint):
        zone_named(name)


def test_a_bad_file_names_every_field() -> None:
    bad = {
        "tz": "EST",
        "layers": [
            {"participants": [], "anchor": "soon", "turn": {"unit": "fortnight"}}
        ],
        "extra": 1,
    }
    with pytest.raises(schedule_files.BadSchedule) as caught:
        schedule_files.read(bad)
    text = "\n".join(caught.value.problems)
    for field in (
        "schedule.extra",
        "tz:",
        "layers[0].participants",
        "layers[0].anchor",
        "layers[0].turn.unit",
    ):
        assert field in text


@FEW
@given(schedules(), st.integers(60, 3000))
def test_p6_no_edit_changes_the_past(
    made: tuple[dict[str, Any], datetime, datetime], after: int
) -> None:
    schedule, start, end = made
    before = schedule_files.read(schedule)
    at = start + timedelta(minutes=after)
    old = before.layers[0]
    new = replace(old, id="new", participants=("alice",), start=None)
    try:
        edited = replace_layer(before, old.id, new, at=at, now=start)
    except EditRefused:
        return
    assert _people(before, Window(start, at)) == _people(edited, Window(start, at))


@FEW
@given(
    schedules(), st.sampled_from(["Asia/Kolkata", "America/Sao_Paulo", "Pacific/Apia"])
)
def test_p7_the_zone_it_is_asked_in_changes_nothing(
    made: tuple[dict[str, Any], datetime, datetime], zone: str
) -> None:
    schedule, start, end = made
    there = ZoneInfo(zone)
    asked = (start.astimezone(there).isoformat(), end.astimezone(there).isoformat())
    first, last = (schedule_files.instant(text, "window") for text in asked)
    assert schedule_files.render(schedule, first, last) == schedule_files.render(
        schedule, start, end
    )
