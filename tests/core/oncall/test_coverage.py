"""Hours ahead that nobody answers in: gaps that are not meant, and turns on leave."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tocsin.core.building.directory_building import build
from tocsin.core.directory import Directory
from tocsin.core.oncall.coverage import Hole, answered, holes
from tocsin.core.rotas.schedules import final_schedule
from tocsin.core.wallclock import Window

NOW = datetime(2026, 11, 30, 9, 0, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def _directory(rotation: dict[str, Any], **ana: object) -> Directory:
    people = {n: {"name": n, "email": f"{n}@example.com"} for n in ("ana", "ben")}
    people["ana"] |= ana  # type: ignore[arg-type]
    schedule = {"name": "web", "rotations": [{"name": "Primary", **rotation}]}
    directory, problems = build(
        {"people": people, "schedules": {"web": schedule}}, version=1, ids={}
    )
    assert not problems
    return directory


def _layers(**more: object) -> dict[str, Any]:
    layer = {
        "id": "t", "participants": ["ana", "ben"], "anchor": "2026-11-23T09:00",
        "turn": {"unit": "week", "count": 1}, **more,
    }  # fmt: skip
    return {"layers": [layer]}


def test_a_gap_is_a_hole_unless_it_is_meant() -> None:
    ends = _layers(until="2026-12-02T09:00")
    found = holes(_directory(ends), now=NOW)
    assert [(one.start, one.person) for one in found] == [
        (datetime(2026, 12, 2, 9, tzinfo=UTC), "")
    ]
    assert found[0].end == NOW.replace(second=0) + 30 * DAY
    assert holes(_directory({**ends, "gaps_allowed": True}), now=NOW) == []
    assert holes(_directory(_layers()), now=NOW) == []


def test_a_hole_that_has_begun_keeps_its_start() -> None:
    nights = {
        "restrictions": [{"type": "daily", "start": "18:00", "end": "08:00"}],
    }
    for minutes in (0, 90):
        found = holes(
            _directory(_layers(**nights)), now=NOW + timedelta(minutes=minutes)
        )
        assert found[0].start == datetime(2026, 11, 30, 8, tzinfo=UTC)
        assert found[0].end == datetime(2026, 11, 30, 18, tzinfo=UTC)


def test_a_turn_on_leave_that_nobody_takes_over_is_a_hole_of_theirs() -> None:
    leave = [{"from": "2026-12-08", "to": "2026-12-09"}]
    start = datetime(2026, 12, 8, tzinfo=UTC)
    mine = Hole("web", "Primary", start, start + 2 * DAY, "ana")
    assert holes(_directory(_layers(), leave=leave), now=NOW) == [mine]
    passed = _layers(on_unavailable="next")
    assert holes(_directory(passed, leave=leave), now=NOW) == []


def test_what_began_long_ago_has_the_start_that_it_had_at_each_look() -> None:
    ended = _directory(_layers(anchor="2026-01-05T09:00", until="2026-07-01T09:00"))
    alone = _layers(participants=["ana"], anchor="2026-01-05T09:00")
    away = _directory(alone, leave=[{"from": "2026-11-05", "to": "2026-12-30"}])
    for minutes in (0, 10, 24 * 60):
        now = NOW + timedelta(minutes=minutes)
        [gap] = holes(ended, now=now)
        assert gap.start == datetime(2026, 7, 1, 9, tzinfo=UTC)
        [leave] = holes(away, now=now)
        assert (leave.start, leave.person) == (datetime(2026, 11, 5, tzinfo=UTC), "ana")
    never = _directory(_layers(anchor="2023-01-02T09:00", until="2023-07-01T09:00"))
    assert {holes(never, now=NOW + n * DAY)[0].start.year for n in (0, 1)} == {2000}


def test_hours_of_whoever_has_left_are_nobodys() -> None:
    gone = _directory(_layers(), active=False)
    first = holes(gone, now=NOW)[0]
    assert (first.rotation, first.person) == ("Primary", "")
    # Their week, and after ben's the next one of theirs.
    weeks = [one.start for one in holes(gone, now=NOW)]
    assert [b - a for a, b in zip(weeks, weeks[1:], strict=False)] == [14 * DAY]
    rotation = gone.schedules["web"].rotations[0]
    window = Window(NOW, NOW + 60 * DAY)
    assert {one.user for one in answered(gone, rotation, window).shifts} == {"ben"}
    whole = _directory(_layers())
    assert answered(whole, rotation, window) == final_schedule(rotation, window)
