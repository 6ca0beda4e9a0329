"""The proof of 13 months: it finds what was planted, and claims nothing that is not so."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.core.oncall.test_oncall_load import MANY, TURNS, made
from tocsin.core.directory import Directory
from tocsin.core.oncall.oncall_proof import Limits, Proof, proofs
from tocsin.core.rotas.schedules import final_schedule
from tocsin.core.wallclock import Window

NOW = datetime(2024, 1, 1, 8, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _proofs(directory: Directory, **limits: Any) -> list[Proof]:
    return proofs(directory, "web", Limits(**limits), now=NOW)


def test_a_sound_rota_is_proved() -> None:
    delayed = [*MANY[4:], *MANY[:4]]
    assert [one.holds for one in _proofs(made(MANY, delayed))] == [True] * 4


def test_a_hole_planted_eleven_months_ahead_is_found() -> None:
    hole = {
        "kind": "remove", "for_user": "p0", "id": "x",
        "start": "2024-11-18T10:00Z", "end": "2024-11-18T12:00Z",
    }  # fmt: skip
    directory = made(["p0"], overrides=[hole])
    covered, *_ = _proofs(directory)
    assert covered.broken_at == datetime(2024, 11, 18, 10, tzinfo=UTC)
    assert "2 h" in covered.said


def test_one_night_too_many_is_found() -> None:
    extra = {
        "kind": "cover", "user": "p0", "id": "x",
        "start": "2024-01-08T08:00Z", "end": "2024-01-09T08:00Z",
    }  # fmt: skip
    directory = made(MANY, overrides=[extra])
    nights = _proofs(directory)[2]
    assert nights.broken_at == datetime(2024, 1, 8, 21, tzinfo=UTC)
    assert nights.said == "p0 has night number 8 in a row."
    assert nights.person == "p0", "pages put the name there"
    assert _proofs(directory, nights=8)[2].holds


def test_nights_count_from_the_first_one_though_it_is_behind() -> None:
    directory = made(
        ["p0", "p1"], turns={**TURNS, "turn": {"unit": "week", "count": 2}}
    )
    for day in (9, 13):
        nights = proofs(directory, "web", Limits(), now=NOW + day * DAY + 14 * HOUR)[2]
        assert nights.said == f"p0 has night number {day + 1} in a row."
        assert nights.broken_at == NOW + day * DAY + 14 * HOUR
    held = proofs(directory, "web", Limits(nights=14), now=NOW + 9 * DAY)[2]
    assert held.holds


def test_gaps_that_are_meant_break_no_claim() -> None:
    hole = {
        "kind": "remove", "for_user": "p0", "id": "x",
        "start": "2024-01-08T10:00Z", "end": "2024-01-08T12:00Z",
    }  # fmt: skip
    directory = made(["p0"], overrides=[hole])
    web = replace(directory.schedules["web"], gaps_allowed=frozenset({"R0"}))
    meant = Directory(schedules={"web": web}, people=directory.people)
    covered = _proofs(meant)[0]
    assert covered.holds
    assert covered.claim.endswith("but for gaps that are meant")


def test_a_short_rest_and_a_double_are_found() -> None:
    again = {
        "kind": "add", "user": "p0", "id": "x",
        "start": "2024-01-08T16:00Z", "end": "2024-01-08T20:00Z",
    }  # fmt: skip
    rest = _proofs(made(MANY, overrides=[again]))[3]
    assert rest.broken_at == datetime(2024, 1, 8, 16, tzinfo=UTC)
    assert "8 h" in rest.said
    assert _proofs(made(MANY, overrides=[again]), rest=8 * HOUR)[3].holds
    double = _proofs(made(MANY, MANY))[1]
    assert double.broken_at == NOW
    assert "R0 and R1" in double.said


@pytest.mark.slow  # thirteen months, thirty times
@settings(max_examples=30)
@given(
    start=st.integers(0, 390 * 24),
    hours=st.integers(1, 30),
    turn=st.sampled_from(["day", "week"]),
)
def test_the_first_hole_is_where_the_timeline_has_it(
    start: int, hours: int, turn: str
) -> None:
    begins = NOW + start * HOUR
    hole = {
        "kind": "cover", "user": "p1", "id": "c",
        "start": f"{begins:%Y-%m-%dT%H:%MZ}",
        "end": f"{begins + hours * HOUR:%Y-%m-%dT%H:%MZ}",
    }  # fmt: skip
    gone = {**hole, "kind": "remove", "for_user": "p1", "id": "r"}
    del gone["user"]
    turns = {**TURNS, "turn": {"unit": turn, "count": 1}}
    directory = made(["p0", "p1"], turns=turns, overrides=[hole, gone])
    covered = _proofs(directory)[0]
    rotation = directory.schedules["web"].rotations[0]
    gaps = final_schedule(rotation, Window(NOW, NOW + 400 * DAY)).gaps
    assert covered.broken_at == (gaps[0].start if gaps else None)
    assert not covered.holds
