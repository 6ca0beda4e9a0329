"""A fair rota: even, with everybody's leave and rest kept, within ten seconds."""

import random
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tocsin.core.directory import Directory
from tocsin.core.directory_building import build
from tocsin.core.fair_rota import (
    Puzzle,
    as_it_is,
    cannot_be,
    puzzle,
    shares,
    unheard,
    violations,
)
from tocsin.core.wallclock import Window
from tocsin.solving import solve

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)  # Monday 09:00 in Berlin
WEEK = timedelta(weeks=1)
NAMES = [f"p{n:02}" for n in range(12)]


def company(
    names: list[str],
    *,
    weekend: bool = False,
    more: dict[str, dict[str, Any]] | None = None,
) -> Directory:
    base: dict[str, Any] = {
        "id": "week", "participants": names, "anchor": "2026-01-05T09:00",
        "turn": {"unit": "week", "count": 1}, "on_unavailable": "next",
    }  # fmt: skip
    layers = [base]
    if weekend:
        split = {
            "type": "weekly", "start_day": 5, "start": "17:00", "end_day": 1,
            "end": "09:00",
        }  # fmt: skip
        half = names[len(names) // 2 :] + names[: len(names) // 2]
        layers.append(
            {
                **base,
                "id": "weekend",
                "participants": half,
                "priority": 1,
                "restrictions": [split],
            }
        )
    documents = {
        "people": {
            n: {"name": n, "email": f"{n}@x.example", "time_zone": "Europe/Berlin", **(more or {}).get(n, {})}
            for n in names
        },
        "schedules": {
            "s": {
                "name": "s", "time_zone": "Europe/Berlin",
                "rotations": [{"name": "Primary", "layers": layers}],
            }
        },
    }  # fmt: skip
    directory, problems = build(documents, version=1, ids={})
    assert not problems
    return directory


def puzzle_of(directory: Directory, weeks: int) -> Puzzle:
    rotation = directory.rotation("s/Primary")
    assert rotation is not None
    window = Window(NOW, NOW + weeks * WEEK)
    return puzzle(directory, directory.schedules["s"], rotation, window)


def away(week: int, *, days: int = 3, rather_not: bool = False) -> dict[str, Any]:
    first = (NOW + week * WEEK + timedelta(days=1)).date()
    last = first + timedelta(days=days)
    return {"from": first.isoformat(), "to": last.isoformat(), "rather_not": rather_not}


@pytest.mark.slow  # the solver's own time
@pytest.mark.parametrize("seed", range(3))
def test_twelve_people_and_26_weeks_with_leave_and_wishes(seed: int) -> None:
    dice = random.Random(seed)
    more: dict[str, dict[str, Any]] = {}
    for name in NAMES:
        more[name] = {
            "leave": [away(w) for w in sorted(dice.sample(range(26), 3))]
            + [away(dice.randrange(26), rather_not=True) for _ in range(2)]
        }
    asked = puzzle_of(company(NAMES, weekend=seed == 2, more=more), 26)
    assert len(asked.turns) == (52 if seed == 2 else 26)
    began = time.monotonic()
    # The longest is the one that is offered; shorter ones are as good here.
    picked = solve(asked) if seed == 2 else solve(asked, seconds=2)
    assert time.monotonic() - began < 10
    assert picked is not None
    assert violations(asked, picked) == []
    assert unheard(asked, picked) <= 2
    assert shares(asked, picked).spread <= max(map(max, asked.weight))


def test_what_is_even_already_stays() -> None:
    asked = puzzle_of(company(NAMES[:4]), 8)
    assert solve(asked, seconds=4) == as_it_is(asked)


def test_turns_know_their_hours_and_whose_they_are() -> None:
    asked = puzzle_of(company(NAMES[:4], weekend=True), 4)
    first, weekend = asked.turns[:2]
    assert (first.layer, weekend.layer) == ("week", "weekend")
    assert first.end == weekend.start
    assert (weekend.end - weekend.start) == timedelta(hours=64)
    assert first.now != weekend.now
    # A weekend weighs more by the hour.
    hours = timedelta(hours=1)
    assert asked.weight[0][1] / ((weekend.end - weekend.start) / hours) > (
        asked.weight[0][0] / ((first.end - first.start) / hours)
    )


def test_hard_rules_are_checked_by_other_code() -> None:
    more = {"p00": {"leave": [away(0)]}}
    asked = puzzle_of(company(NAMES[:3], more=more), 3)
    assert violations(asked, [0, 1, 2]) == ["p00 is not there on 30 Nov."]
    assert violations(asked, [1, 1, 2]) == ["p01 has no rest after 30 Nov."]
    assert violations(asked, [1, 2]) == ["Not every turn has somebody."]
    assert violations(asked, [1, 7, 2]) == ["Nobody has the turn of 07 Dec."]
    assert violations(asked, [1, 0, 2]) == []


@pytest.mark.slow  # starts the solver
def test_what_has_no_answer_says_so() -> None:
    everybody = {n: {"leave": [away(1)]} for n in NAMES[:3]}
    asked = puzzle_of(company(NAMES[:3], more=everybody), 3)
    assert cannot_be(asked) == "Nobody is there for the turn of Mon 07 Dec 2026."
    assert solve(asked, seconds=3) is None
    alone = puzzle_of(company(["p00"]), 3)
    assert solve(alone, seconds=3) is None, "one person has no rest"
