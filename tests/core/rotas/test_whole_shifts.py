"""Shifts with the ends that they really have, wherever somebody began to look."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tocsin.core.directory import Directory, NamedSchedule
from tocsin.core.oncall.own_shifts import OwnShift, whole_shifts_of
from tocsin.core.rotas.layers import Layer, Shift, Turn, Unit
from tocsin.core.rotas.schedules import Rotation
from tocsin.core.rotas.whole_shifts import whole_schedule
from tocsin.core.wallclock import Window

MONDAY = datetime(2024, 3, 4, 9)
THURSDAY = Window(
    datetime(2024, 3, 7, 0, 0, tzinfo=UTC), datetime(2024, 3, 8, 0, 0, tzinfo=UTC)
)


def _weekly(
    *people: str | None, weeks: int = 1, until: datetime | None = None
) -> Rotation:
    layer = Layer(
        "week", people, MONDAY, Turn(Unit.WEEK, weeks), ZoneInfo("UTC"), until=until
    )  # fmt: skip
    return Rotation("Primary", (layer,))


def _on(day: int, month: int = 3) -> datetime:
    return datetime(2024, month, day, 9, 0, tzinfo=UTC)


def test_a_shift_that_began_before_the_window_and_ends_after_it_is_whole() -> None:
    found = whole_schedule(_weekly("alice", "bob"), THURSDAY)
    assert found.shifts == (Shift(_on(4), _on(11), "alice", "layer:week"),)
    assert not found.gaps


def test_what_is_longer_than_a_month_is_whole_too() -> None:
    found = whole_schedule(_weekly("alice", "bob", weeks=10), THURSDAY)
    assert [(one.start, one.end) for one in found.shifts] == [(_on(4), _on(13, 5))]
    assert found.seen.end > _on(13, 5)


def test_a_gap_is_whole_too() -> None:
    found = whole_schedule(_weekly(None, "bob"), THURSDAY)
    [gap] = found.gaps
    assert gap.end == _on(11)


def test_what_has_no_end_touches_the_end_of_what_was_seen() -> None:
    found = whole_schedule(_weekly("alice"), THURSDAY)
    [shift] = found.shifts
    assert shift.start == _on(4)
    assert shift.end == found.seen.end == THURSDAY.end + timedelta(days=400)


def _directory(*rotations: Rotation) -> Directory:
    made = NamedSchedule("payments", "payments", "UTC", rotations)
    return Directory(schedules={"payments": made})


def test_ones_own_shifts_are_whole_and_say_when_they_have_no_end() -> None:
    weekly = _directory(_weekly("alice", "bob"))
    assert whole_shifts_of(weekly, "alice", THURSDAY) == [
        OwnShift("payments", "Primary", _on(4), _on(11))
    ]
    alone = _directory(_weekly("alice"))
    [shift] = whole_shifts_of(alone, "alice", THURSDAY)
    assert shift.is_endless
    ending = _directory(_weekly("alice", until=_on(11, 11)))
    [shift] = whole_shifts_of(ending, "alice", THURSDAY)
    assert (shift.end, shift.is_endless) == (_on(11, 11), False)
