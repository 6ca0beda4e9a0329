"""Days away and public holidays, by the person's own document."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tocsin.core import public_holidays
from tocsin.core.building.directory_building import build
from tocsin.core.oncall.oncall_load import load_of
from tocsin.core.rotas.schedules import final_schedule
from tocsin.core.wallclock import Window, zone_named

MONDAY = datetime(2026, 12, 21, tzinfo=UTC)
DAY = timedelta(days=1)


def documents(policy: str = "next", **ana: Any) -> dict[str, Any]:
    layer = {
        "id": "t", "participants": ["ana", "ben"], "anchor": "2026-12-21T00:00",
        "turn": {"unit": "week", "count": 1}, "on_unavailable": policy,
    }  # fmt: skip
    return {
        "people": {
            "ana": {"name": "ana", "email": "a@x.example", "time_zone": "Europe/Berlin", **ana},
            "ben": {"name": "ben", "email": "b@x.example"},
        },
        "schedules": {
            "s": {
                "name": "s", "time_zone": "UTC",
                "rotations": [{"name": "Primary", "layers": [layer]}],
            }
        },
    }  # fmt: skip


def shifts(**given: Any) -> list[tuple[datetime, datetime, str]]:
    directory, problems = build(documents(**given), version=1, ids={})
    assert not problems
    rotation = directory.rotation("s/Primary")
    assert rotation is not None
    final = final_schedule(rotation, Window(MONDAY, MONDAY + 7 * DAY))
    return [(one.start, one.end, one.user) for one in final.shifts]


def test_days_away_are_days_of_their_own_calendar() -> None:
    away = [{"from": "2026-12-24", "to": "2026-12-25"}]
    # Midnight in Berlin is 23:00 UTC the day before.
    start, end = (
        datetime(2026, 12, 23, 23, tzinfo=UTC),
        datetime(2026, 12, 25, 23, tzinfo=UTC),
    )
    assert shifts(leave=away) == [
        (MONDAY, start, "ana"),
        (start, end, "ben"),
        (end, MONDAY + 7 * DAY, "ana"),
    ]


def test_a_wish_and_a_layer_that_only_warns_take_nobody_off() -> None:
    whole = [(MONDAY, MONDAY + 7 * DAY, "ana")]
    assert shifts(leave=[{"from": "2026-12-24", "rather_not": True}]) == whole
    assert shifts(leave=[{"from": "2026-12-24"}], policy="flag") == whole


@pytest.mark.parametrize(
    ("ana", "where"),
    [
        ({"leave": [{"from": "2026-12-24", "to": "2026-12-01"}]}, "leave[0].to"),
        ({"leave": [{"from": "2026-12-24", "to": "2028-12-24"}]}, "leave[0].to"),
        ({"leave": [{"from": "2026-01-01"}] * 61}, "leave"),
        ({"region": "XX"}, "region"),
        ({"region": "DE-XX"}, "region"),
    ],
)
def test_what_cannot_be_is_said(ana: dict[str, Any], where: str) -> None:
    _, problems = build(documents(**ana), version=1, ids={})
    assert [one.where for one in problems] == [f"people[ana].{where}"]


def test_holidays_are_those_of_where_they_live() -> None:
    zone = zone_named("Europe/Berlin")
    week = Window(MONDAY, MONDAY + 7 * DAY)
    found = [start for start, _ in public_holidays.days("DE", week, zone)]
    # Christmas day and the day after.
    assert found == [
        datetime(2026, 12, 24, 23, tzinfo=UTC),
        datetime(2026, 12, 25, 23, tzinfo=UTC),
    ]
    assert not list(public_holidays.days("", week, zone))
    epiphany = Window(
        datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 8, tzinfo=UTC)
    )
    assert list(public_holidays.days("DE-BY", epiphany, zone))
    assert not list(public_holidays.days("DE-HH", epiphany, zone))


def test_hours_on_a_holiday_weigh_more() -> None:
    window = Window(MONDAY, MONDAY + 7 * DAY)
    plain, _ = build(documents(), version=1, ids={})
    bound, _ = build(documents(region="DE"), version=1, ids={})
    before = load_of(plain, "ana", window, ())
    after = load_of(bound, "ana", window, ())
    assert (before.holiday, after.holiday) == (0.0, 48.0)
    assert after.weighted - before.weighted == 48.0


def test_leave_of_somebody_takes_nothing_from_a_schedule() -> None:
    given = documents(leave=[{"from": "2026-12-24"}])
    given["schedules"]["s"] |= {
        "contact_test": True,
        "readiness": ["Access tested"],
        "shadows": [
            {
                "rotation": "Primary", "user": "ben",
                "from": "2026-12-21T00:00:00+00:00", "until": "2026-12-22T00:00:00+00:00",
            }
        ],
    }  # fmt: skip
    directory, problems = build(given, version=1, ids={})
    assert not problems
    held = directory.schedules["s"]
    assert held.contact_test
    assert held.readiness == ("Access tested",)
    assert [one.user for one in held.shadows] == ["ben"]
