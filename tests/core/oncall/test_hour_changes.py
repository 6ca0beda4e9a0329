"""Whose hours a change moves: eight weeks, and overrides of people wherever they lie."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tocsin.core.directory import Directory, NamedSchedule
from tocsin.core.oncall.hour_changes import moves
from tocsin.core.rotas.layers import Layer, Turn, Unit
from tocsin.core.rotas.overrides import Override, OverrideKind
from tocsin.core.rotas.schedules import Rotation

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
WEEK = timedelta(weeks=1)
WEEKLY = Layer(
    "t",
    ("ana", "ben"),
    datetime(2026, 11, 2, 9),
    Turn(Unit.WEEK),
    ZoneInfo("UTC"),  # noqa: DTZ001
)


def _directory(*overrides: Override) -> Directory:
    schedule = NamedSchedule("web", "", "UTC", (Rotation("P", (WEEKLY,), overrides),))
    return Directory(schedules={"web": schedule})


def _override(name: str, weeks: int) -> Override:
    start = NOW + weeks * WEEK
    return Override(name, 0, OverrideKind.COVER, start, start + WEEK, "caro")


def test_an_override_is_told_however_far_it_lies() -> None:
    [moved] = moves(_directory(), _directory(_override("o", 30)), now=NOW)
    assert [(one.person, one.starts) for one in moved.changes] == [
        ("caro", True),
        ("ana", False),
    ]


def test_a_calendar_that_reaches_farther_is_no_news() -> None:
    near, far = _override("ical:a", 3), _override("ical:b", 50)
    assert moves(_directory(near), _directory(near, far), now=NOW) == []
    [moved] = moves(_directory(), _directory(near), now=NOW)
    assert "caro" in {one.person for one in moved.changes}
