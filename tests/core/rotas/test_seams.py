"""The weeks in which clocks change apart: found, and what they do to hand-overs (W20)."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tocsin.core.rotas.layers import Layer, Turn, Unit
from tocsin.core.rotas.restrictions import Daily
from tocsin.core.rotas.schedules import Rotation
from tocsin.core.rotas.seams import seams
from tocsin.core.wallclock import Window

NOW = datetime(2024, 1, 15, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
TOKYO, BERLIN, NEW_YORK = "Asia/Tokyo", "Europe/Berlin", "America/New_York"


def place(who: str, zone: str, opens: int, closes: int) -> Layer:
    return Layer(
        id=who,
        participants=(who,),
        anchor=datetime(2024, 1, 1),  # noqa: DTZ001 - local
        turn=Turn(Unit.WEEK),
        zone=ZoneInfo(zone),
        restrictions=(Daily(time(opens), time(closes)),),
    )


# Around the clock in winter: 00-08, 08-14 and 14-24 UTC.
SUN = Rotation(
    "Primary",
    (
        place("tokyo", TOKYO, 9, 17),
        place("berlin", BERLIN, 9, 15),
        place("newyork", NEW_YORK, 9, 19),
    ),
)


def at(month: int, day: int, hour: int) -> datetime:
    return datetime(2024, month, day, hour, tzinfo=UTC)


def test_new_york_changes_first_and_meets_berlin_an_hour_early() -> None:
    first, second = seams([SUN], now=NOW)
    assert (first.start, first.end) == (at(3, 10, 7), at(3, 17, 7))
    assert first.changed == (NEW_YORK,)
    (found,) = first.crossings
    assert found.rotation == "Primary"
    # Both 13-14, and nobody 23-24, each day.
    assert found.overlaps[0] == Window(at(3, 10, 13), at(3, 10, 14))
    assert found.gaps[0] == Window(at(3, 10, 23), at(3, 11, 0))
    assert len(found.overlaps) == len(found.gaps) == 7
    assert [(one.user, one.start.hour) for one in found.shifts[:4]] == [
        ("tokyo", 7), ("berlin", 8), ("newyork", 13), ("tokyo", 0),
    ]  # fmt: skip
    # Then Berlin does, and Tokyo never.
    assert second.start == at(3, 31, 1)
    assert second.changed == (BERLIN,)


def test_two_zones_have_a_seam_in_spring_and_one_in_autumn() -> None:
    two = Rotation("Primary", (SUN.layers[1], SUN.layers[2]))
    spring, autumn = seams([two], now=NOW)
    assert (spring.start, spring.end) == (at(3, 10, 7), at(3, 17, 7))
    assert (autumn.start, autumn.end) == (at(10, 27, 1), at(11, 3, 1))
    assert autumn.changed == (BERLIN,)


def test_within_a_seam_it_has_begun() -> None:
    two = Rotation("Primary", (SUN.layers[1], SUN.layers[2]))
    first, autumn = seams([two], now=at(3, 26, 9))
    assert (first.start, first.end) == (at(3, 26, 9), at(3, 31, 1))
    assert first.changed == ()
    assert autumn.start == at(10, 27, 1)


def test_rotations_of_their_own_zones_are_shown_together() -> None:
    parts = [Rotation(one.id, (one,)) for one in SUN.layers[1:]]
    spring, _ = seams(parts, now=NOW)
    assert [one.rotation for one in spring.crossings] == ["berlin", "newyork"]


@pytest.mark.parametrize(
    "zones", [(BERLIN, "Europe/Paris"), (BERLIN, BERLIN), (TOKYO, "Asia/Kolkata")]
)
def test_zones_that_change_together_or_never_have_none(zones: tuple[str, str]) -> None:
    layers = tuple(place(str(n), zone, 9, 17) for n, zone in enumerate(zones))
    assert seams([Rotation("Primary", layers)], now=NOW) == ()


def test_a_layer_that_is_over_makes_no_seam() -> None:
    over = Layer(
        **{
            name: getattr(SUN.layers[2], name)
            for name in ("id", "participants", "anchor", "turn", "zone", "restrictions")
        },
        until=NOW - HOUR,
    )
    assert seams([Rotation("Primary", (SUN.layers[1], over))], now=NOW) == ()
