"""A fair rota: even, with everybody's leave and rest kept, within ten seconds."""

import random
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tocsin.core.building.directory_building import build
from tocsin.core.directory import Directory
from tocsin.core.oncall.fair_documents import accepted
from tocsin.core.oncall.fair_rota import (
    Puzzle,
    as_it_is,
    cannot_be,
    eased,
    puzzle,
    shares,
    unheard,
    unrested,
    violations,
)
from tocsin.core.oncall.rota_effect import effect
from tocsin.core.rotas.schedules import Rotation, final_schedule
from tocsin.core.wallclock import Window
from tocsin.solving import solve

NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)  # Monday 09:00 in Berlin
WEEK = timedelta(weeks=1)
NAMES = [f"p{n:02}" for n in range(12)]


def company_layer(names: list[str]) -> dict[str, Any]:
    return {
        "id": "week", "participants": names, "anchor": "2026-01-05T09:00",
        "turn": {"unit": "week", "count": 1}, "on_unavailable": "next",
    }  # fmt: skip


def company(
    names: list[str],
    *,
    weekend: bool = False,
    more: dict[str, dict[str, Any]] | None = None,
    secondary: dict[str, Any] | None = None,
    overrides: list[dict[str, Any]] | None = None,
    layers: list[dict[str, Any]] | None = None,
) -> Directory:
    base = company_layer(names)
    layers = [base] if layers is None else layers
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
                "rotations": [
                    {"name": "Primary", "layers": layers, "overrides": overrides or []},
                    *([{"name": "Secondary", **secondary}] if secondary else []),
                ],
            }
        },
    }  # fmt: skip
    directory, problems = build(documents, version=1, ids={})
    assert not problems
    return directory


def puzzle_of(directory: Directory, weeks: int, now: datetime = NOW) -> Puzzle:
    rotation = directory.rotation("s/Primary")
    assert rotation is not None
    window = Window(now, now + weeks * WEEK)
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
    asked = puzzle_of(company(NAMES[:4], more=more), 3)
    assert violations(asked, [0, 1, 3]) == ["p00 is not there on 30 Nov."]
    assert violations(asked, [1, 1, 3]) == ["p01 has no rest after 30 Nov."]
    assert violations(asked, [1, 3]) == ["Nobody has some of the turns."]
    assert violations(asked, [1, 7, 3]) == ["Nobody has the turn of 07 Dec."]
    assert violations(asked, [1, 0, 3]) == []


@pytest.mark.slow  # starts the solver
def test_what_has_no_answer_says_so() -> None:
    everybody = {n: {"leave": [away(1)]} for n in NAMES[:3]}
    asked = puzzle_of(company(NAMES[:3], more=everybody), 3)
    assert cannot_be(asked) == "Nobody is there for the turn of Mon 07 Dec 2026."
    assert solve(asked, seconds=3) is None
    alone = puzzle_of(company(["p00"]), 3)
    assert solve(alone, seconds=3) is None, "one person has no rest"


TUESDAY = NOW + timedelta(days=1)


def test_who_is_on_call_until_the_first_turn_or_from_the_last_on_has_rest() -> None:
    # p03 has the week that has begun, and the one after the three that are given out.
    asked = puzzle_of(company(NAMES[:4]), 4, TUESDAY)
    assert [one.now for one in asked.turns] == ["p00", "p01", "p02"]
    assert violations(asked, [3, 1, 2]) == ["p03 has no rest around 07 Dec."]
    assert violations(asked, [0, 1, 3]) == ["p03 has no rest around 21 Dec."]
    assert violations(asked, [0, 3, 2]) == []


@pytest.mark.slow  # starts the solver
def test_the_solver_keeps_the_same_rest() -> None:
    # Only p02 is left for the first turn once p03, who has the week before, needs rest.
    more = {n: {"leave": [away(1)]} for n in NAMES[:2]}
    asked = puzzle_of(company(NAMES[:4], more=more), 4, TUESDAY)
    picked = solve(asked, seconds=3)
    assert picked is not None
    assert violations(asked, picked) == []
    assert picked[0] == 2


@pytest.mark.parametrize(
    ("until", "rests"),
    [("2026-11-30T06:00", False), ("2026-11-29T22:01", False), ("2026-11-29T22:00", True)],
)  # fmt: skip
def test_what_somebody_does_in_another_rotation_is_rested_from(
    until: str, rests: bool
) -> None:
    shift = {
        "id": "s", "participants": ["p01"], "anchor": "2026-11-29T00:00",
        "turn": {"unit": "week", "count": 1}, "until": until,
    }  # fmt: skip
    asked = puzzle_of(company(NAMES[:4], secondary={"layers": [shift]}), 3)
    found = violations(asked, [1, 0, 3])
    assert found == ([] if rests else ["p01 has no rest around 30 Nov."])


@pytest.mark.slow  # starts the solver
def test_where_no_answer_keeps_all_rest_it_is_eased_and_said() -> None:
    # Two people who stand behind each other are always on call.
    both = {"users": ["p01", "p00"], "start": "2026-01-05T09:00"}
    asked = puzzle_of(company(NAMES[:2], secondary=both), 4, TUESDAY)
    assert solve(asked, seconds=3) is None
    less = eased(asked)
    picked = solve(less, seconds=3)
    assert picked == as_it_is(asked), "on call in both roles at once is never eased"
    assert violations(less, picked) == []
    assert [(who, turn.start.day) for who, turn in unrested(less, picked)] == [
        ("p00", 7), ("p01", 14), ("p00", 21),
    ]  # fmt: skip


@pytest.mark.slow  # starts the solver
def test_no_more_rest_is_given_up_than_must_be() -> None:
    # In the first week nobody else is there than whose turn ends when it begins.
    running = 3
    only = {n: {"leave": [away(1)]} for p, n in enumerate(NAMES[:4]) if p != running}
    asked = puzzle_of(company(NAMES[:4], more=only), 6, TUESDAY)
    assert solve(asked, seconds=3) is None
    less = eased(asked)
    picked = solve(less, seconds=3)
    assert picked is not None
    assert len(unrested(less, picked)) == 1
    assert unrested(less, picked)[0][0] == NAMES[running]


def test_a_turn_that_an_override_touches_stays_as_it_is() -> None:
    names = NAMES[:4]
    # Of the turns of p00, p01, p02, p03, … p03 stands in for one night of the second.
    stands_in = {
        "id": "o", "kind": "replace", "user": "p03", "for_user": "p01",
        "start": "2026-12-16T20:00Z", "end": "2026-12-17T06:00Z",
    }  # fmt: skip
    directory = company(names, overrides=[stands_in])
    rotation = directory.rotation("s/Primary")
    assert rotation is not None
    asked = puzzle_of(directory, 6, TUESDAY)
    assert [one.now for one in asked.kept] == ["p01"]
    assert [one.now for one in asked.turns] == ["p00", "p02", "p03", "p00"]
    # Around it its holder has rest; who has the night has the week before and after free.
    assert violations(asked, [1, 2, 3, 0])[0] == "p01 has no rest around 07 Dec."
    picked = [2, 0, 3, 2]
    assert violations(asked, picked) == []

    document = {"name": "Primary", "layers": [company_layer(names)]}
    after = accepted(document, rotation, asked, picked, tag="new")
    then = company(names, layers=after["layers"], overrides=[stands_in])
    new = then.rotation("s/Primary")
    assert new is not None
    kept = asked.kept[0]
    for window in (
        Window(NOW, asked.turns[0].start),
        Window(kept.start, kept.end),
        Window(asked.turns[-1].end, asked.turns[-1].end + 20 * WEEK),
    ):
        assert who_in(new, window) == who_in(rotation, window)
    for turn, p in zip(asked.turns, picked, strict=True):
        assert who_in(new, Window(turn.start, turn.end)) == [
            (names[p], turn.start, turn.end)
        ]
    assert not effect(rotation, new, now=NOW).stranded


def who_in(rotation: Rotation, window: Window) -> list[tuple[str, datetime, datetime]]:
    found = final_schedule(rotation, window).shifts
    return [(one.user, one.start, one.end) for one in found]


def test_where_every_turn_is_touched_it_says_so() -> None:
    all_of_it = {
        "id": "o", "kind": "cover", "user": "p00",
        "start": "2026-12-01T20:00Z", "end": "2026-12-30T06:00Z",
    }  # fmt: skip
    asked = puzzle_of(company(NAMES[:3], overrides=[all_of_it]), 4, TUESDAY)
    assert "stands in during every turn" in cannot_be(asked)


@pytest.mark.slow  # starts the solver
def test_two_people_take_turns_with_rest_around_what_is_fixed() -> None:
    asked = puzzle_of(company(NAMES[:2]), 9, TUESDAY)
    assert solve(asked, seconds=3) == as_it_is(asked)


def test_layers_without_an_id_are_split_as_well() -> None:
    layer = {key: one for key, one in company_layer(NAMES[:2]).items() if key != "id"}
    directory = company(NAMES[:2], layers=[layer])
    rotation = directory.rotation("s/Primary")
    assert rotation is not None
    asked = puzzle_of(directory, 5)
    other = [1 - one for one in as_it_is(asked)]
    document = {"name": "Primary", "layers": [layer]}
    after = accepted(document, rotation, asked, other, tag="x")
    assert [one["id"] for one in after["layers"]] == [
        "layers[0]", "layers[0]-fair-x", "layers[0]-x",
    ]  # fmt: skip
