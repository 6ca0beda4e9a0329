"""Load, fairness and the findings of domain 1.8: each check fails once and passes once."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.core.building.directory_building import build
from tocsin.core.directory import Directory
from tocsin.core.oncall.oncall_findings import Finding, Weight, findings
from tocsin.core.oncall.oncall_load import (
    Load,
    fairness,
    gini,
    load_of,
    loads_of,
)
from tocsin.core.oncall.shift_pages import Paged
from tocsin.core.wallclock import Window

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PHONES = ("email", "sms")
SMS = {"by": "sms", "address": "+4915112345678"}
MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
MANY = [f"p{number}" for number in range(8)]
TURNS: dict[str, Any] = {
    "anchor": "2024-01-01T09:00",
    "turn": {"unit": "week", "count": 1},
}


def made(
    *rotations: list[str],
    zones: dict[str, str] | None = None,
    turns: dict[str, Any] | None = None,
    more: dict[str, dict[str, Any]] | None = None,
    overrides: Sequence[dict[str, Any]] = (),
) -> Directory:
    """The schedule web with a rotation of weekly turns for each list of people."""
    everybody = {who for users in rotations for who in users}
    documents = {
        "teams": {"web": {"name": "web"}},
        "people": {
            who: {
                "name": who,
                "email": f"{who}@example.com",
                "contacts": [SMS],
                "teams": ["web"],
                "time_zone": (zones or {}).get(who, "Europe/Berlin"),
                **(more or {}).get(who, {}),
            }
            for who in sorted(everybody)
        },
        "schedules": {
            "web": {
                "name": "web",
                "team": "web",
                "time_zone": "Europe/Berlin",
                "rotations": [
                    {
                        "name": f"R{number}",
                        "overrides": list(overrides),
                        "layers": [
                            {"id": "t", "participants": users, **(turns or TURNS)}
                        ],
                    }
                    for number, users in enumerate(rotations)
                ],
            }
        },
    }
    directory, problems = build(documents, version=1, ids={})
    assert not problems
    return directory


def _found(
    directory: Directory, check: str, *at: datetime, weeks: int = 13, who: str = "p0"
) -> list[Finding]:
    paged = {who: [Paged(when, number) for number, when in enumerate(at)]}
    window = Window(MONDAY + 9 * HOUR, MONDAY + 9 * HOUR + weeks * 7 * DAY)
    return [
        one
        for one in findings(directory, "web", window, paged, PHONES)
        if one.check == check
    ]


def _weights(found: Sequence[Finding]) -> list[str]:
    return [one.weight.value for one in found]


def test_elapsed_hours_count_so_the_week_of_the_clock_change_has_169() -> None:
    directory = made(["alice", "bob"])
    start = datetime(2024, 10, 21, 7, tzinfo=UTC)  # W03
    window = Window(start, datetime(2024, 11, 4, 8, tzinfo=UTC))
    alice = load_of(directory, "alice", window, ())
    bob = load_of(directory, "bob", window, ())
    assert {alice.hours, bob.hours} == {169.0, 168.0}
    # Seven nights of eight hours; the one in which the clock is set back has nine.
    longer = alice if alice.hours == 169 else bob
    assert longer.night == 57
    assert longer.weekend == 49


def test_night_is_the_persons_own() -> None:
    directory = made(["ana", "kim"], zones={"kim": "Asia/Tokyo"})
    window = Window(MONDAY + 8 * HOUR, MONDAY + 8 * HOUR + 14 * DAY)
    night = datetime(2024, 1, 9, 14, tzinfo=UTC)  # 15:00 in Berlin, 23:00 in Tokyo
    kim = load_of(directory, "kim", window, [Paged(night, 1)])
    ana = load_of(directory, "ana", window, [Paged(night, 1)])
    assert (kim.interruptions, ana.interruptions) == (1, 0)
    assert kim.pages == ana.pages == 1


def test_pages_within_half_an_hour_wake_once() -> None:
    directory = made(["ana"])
    three = datetime(2024, 1, 2, 2, tzinfo=UTC)
    paged = [
        Paged(three + minutes * timedelta(minutes=1), minutes)
        for minutes in (0, 20, 45, 120)
    ]
    window = Window(MONDAY, MONDAY + 7 * DAY)
    found = load_of(directory, "ana", window, paged)
    assert found.interruptions == 2
    assert found.pages == 4


def test_two_roles_at_once_count_their_hours_once() -> None:
    directory = made(["ana"], ["ana"])
    window = Window(MONDAY + 10 * HOUR, MONDAY + 34 * HOUR)
    assert load_of(directory, "ana", window, ()).hours == 24


def test_the_worked_fairness() -> None:
    loads = [
        Load(n, h, 0, 0, 1, 0, 0, 1) for n, h in (("a", 100), ("b", 60), ("c", 40))
    ]
    found = fairness(loads)
    assert found.gini == pytest.approx(0.20)
    assert found.max_to_mean == pytest.approx(1.5)
    assert found.pairwise == pytest.approx(0.556, abs=0.001)
    assert found.is_uneven


def test_whoever_joined_late_is_compared_by_the_day() -> None:
    loads = [Load("a", 100, 0, 0, 1, 0, 0, 90), Load("b", 50, 0, 0, 1, 0, 0, 45)]
    assert fairness(loads).gini == pytest.approx(0)
    stood_in = Load("c", 500, 0, 0, 1, 0, 0, 0)
    assert fairness([*loads, stood_in]).people == ("a", "b")


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30))
def test_the_gini_is_a_share(values: list[float]) -> None:
    assert -1e-9 <= gini(values) < 1
    assert gini([values[0]] * 5) == pytest.approx(0)


@pytest.mark.slow  # a hundred schedules are worked out
@given(
    st.integers(0, 365),
    st.integers(1, 60),
    st.sampled_from(["UTC", "Asia/Tokyo", "Pacific/Chatham", "America/Havana"]),
)
def test_parts_are_never_more_than_the_whole(first: int, days: int, zone: str) -> None:
    directory = made(["ana", "ben"], zones={"ana": zone})
    window = Window(MONDAY + (first + 1) * DAY, MONDAY + (first + 1 + days) * DAY)
    loads = loads_of(directory, "web", window, {})
    assert sum(one.hours for one in loads) == pytest.approx(24 * days)
    for one in loads:
        assert 0 <= one.night <= one.hours
        assert 0 <= one.weekend <= one.hours
        assert one.weighted >= one.hours


def test_who_has_left_keeps_what_they_carried_where_they_lived() -> None:
    gone = {"bob": {"active": False}}
    before = made(["alice", "bob"], zones={"bob": "Asia/Tokyo"})
    after = made(["alice", "bob"], zones={"bob": "Asia/Tokyo"}, more=gone)
    window = Window(MONDAY + 9 * HOUR, MONDAY + 9 * HOUR + 14 * DAY)
    assert loads_of(after, "web", window, {}) == loads_of(before, "web", window, {})
    first = Window(window.start + DAY, window.start + 2 * DAY)
    assert [one.person for one in loads_of(after, "web", first, {})] == ["alice"]


def test_share_of_time_on_call() -> None:
    assert not _found(made(MANY), "share")
    assert set(_weights(_found(made(["p0", "p1", "p2"]), "share"))) == {"warn"}
    assert "error" in _weights(_found(made(["p0"]), "share"))


def test_enough_people_for_two_roles() -> None:
    assert not _found(made(MANY, MANY[::-1]), "crew")
    assert not _found(made(["p0"]), "crew")
    five, three = MANY[:5], MANY[:3]
    assert _weights(_found(made(five, five[::-1]), "crew")) == ["warn"]
    assert _weights(_found(made(three, three[::-1]), "crew")) == ["error"]
    # Ten people, five at each of two sites: too few at each.
    ten = [f"p{number}" for number in range(10)]
    away = dict.fromkeys(ten[5:], "America/New_York")
    assert _weights(_found(made(ten, ten[::-1], zones=away), "crew")) == ["warn"]
    twelve = [f"q{number}" for number in range(12)]
    away = dict.fromkeys(twelve[6:], "America/New_York")
    assert not _found(made(twelve, twelve[::-1], zones=away), "crew")


def test_alerts_within_twelve_hours() -> None:
    noon = MONDAY + 11 * HOUR
    assert not _found(made(MANY), "incidents", noon, noon + HOUR)
    three = [noon, noon + HOUR, noon + 2 * HOUR]
    assert _weights(_found(made(MANY), "incidents", *three)) == ["warn"]
    five = [noon + n * HOUR for n in range(5)]
    twice = [*five, *(one + DAY for one in five)]
    assert _weights(_found(made(MANY), "incidents", *five)) == ["warn"]
    assert _weights(_found(made(MANY), "incidents", *twice)) == ["error"]


def test_sleep_that_is_broken() -> None:
    noon, three = MONDAY + 11 * HOUR, MONDAY + 2 * HOUR
    assert not _found(made(MANY), "sleep", noon)
    assert _weights(_found(made(MANY), "sleep", three)) == ["warn"]
    nights = [three, three + DAY, three + 2 * DAY]
    assert _weights(_found(made(MANY), "sleep", *nights)) == ["error"]
    apart = [three, three + 8 * DAY, three + 16 * DAY]
    assert _weights(_found(made(MANY), "sleep", *apart)) == ["warn"]


def test_rest_after_a_page_at_night() -> None:
    three = MONDAY - 10 * DAY + 2 * HOUR
    assert not _found(made(MANY), "rest", three, three + 12 * HOUR)
    assert not _found(made(MANY), "rest", three + 9 * HOUR, three + 10 * HOUR)
    once = [three, three + 5 * HOUR]
    assert _weights(_found(made(MANY), "rest", *once)) == ["warn"]
    twice = [*once, three + DAY, three + DAY + 5 * HOUR]
    assert _weights(_found(made(MANY), "rest", *twice)) == ["error"]


def test_days_without_a_break() -> None:
    assert not _found(made(MANY), "in_a_row")
    two = {**TURNS, "turn": {"unit": "week", "count": 2}}
    assert set(_weights(_found(made(MANY, turns=two), "in_a_row"))) == {"warn"}
    assert set(_weights(_found(made(["p0"]), "in_a_row"))) == {"error"}


def test_turns_that_are_too_short() -> None:
    assert not _found(made(MANY), "turns")
    four = {**TURNS, "turn": {"unit": "hour", "count": 4}}
    assert _weights(_found(made(MANY, turns=four), "turns")) == ["warn"]


@pytest.mark.parametrize(
    ("anchor", "is_bad"),
    [
        ("2024-01-01T09:00", False),
        ("2024-01-01T03:00", True),
        ("2024-01-01T18:00", True),
        ("2024-01-05T10:00", True),
        ("2024-01-07T10:00", True),
    ],
)
def test_when_hand_overs_are(anchor: str, is_bad: bool) -> None:  # noqa: FBT001
    found = _found(made(MANY, turns={**TURNS, "anchor": anchor}), "handoffs")
    assert bool(found) is is_bad


def test_who_is_on_call_and_cannot_be_reached() -> None:
    assert not _found(made(MANY), "reach")
    cases: list[dict[str, Any]] = [
        {"email": "", "contacts": [{"by": "ntfy", "address": "t", "verified": False}]},
        {
            "notify": {"high": [{"by": "ntfy", "after": "0m"}]},
            "contacts": [{"by": "ntfy", "address": "t", "verified": False}],
        },
        {"teams": [], "role": "viewer"},
        {"contacts": []},
        {"contacts": [{"by": "ntfy", "address": "t"}]},
    ]
    for case in cases:
        found = _found(made(MANY, more={"p3": case}), "reach")
        assert [(one.person, one.weight) for one in found] == [("p3", Weight.ERROR)], (
            case
        )


def test_steps_of_their_own_that_pass_over_what_wakes_them_are_warned_of() -> None:
    asleep = {"notify": {"high": [{"by": "email", "after": "0m"}]}}
    (found,) = _found(made(MANY, more={"p3": asleep}), "reach")
    assert (found.person, found.weight) == ("p3", Weight.WARN)
    assert found.said == "p3 is on call and uses no step that wakes them: sms would."


def test_every_finding_names_its_source_and_errors_come_first() -> None:
    window = Window(MONDAY, MONDAY + 91 * DAY)
    found = findings(made(["p0"], ["p0"]), "web", window, {}, PHONES)
    assert found
    assert all(one.source and one.said.endswith(".") for one in found)
    weights = [one.weight for one in found]
    assert weights == sorted(weights, key=lambda one: one is Weight.WARN)


def test_one_person_in_two_rotations_at_once_is_an_error_with_its_source() -> None:
    (found,) = _found(made(["p0", "p1"], ["p0", "p2"]), "doubles", weeks=3)
    assert (found.weight, found.person) == (Weight.ERROR, "p0")
    assert found.source == "Common practice"
    assert "p0 is on call in R0 and R1 at once" in found.said
    assert "from Mon 1 Jan 2024 on: the second call reaches nobody new." in found.said


def test_who_has_one_rotation_after_the_other_is_not_in_two_at_once() -> None:
    assert not _found(made(["p0", "p1"], ["p1", "p0"]), "doubles")
