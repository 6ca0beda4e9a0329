"""Who takes over from whom, and when: also where nobody is on call between."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tocsin.core.building.directory_building import build
from tocsin.core.directory import Directory
from tocsin.core.oncall.crews import Turnover, next_turnover

# A Monday; the schedule is in UTC.
MONDAY = datetime(2024, 3, 4, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OFFICE = {
    "type": "daily", "start": "09:00", "end": "17:00", "days": [1, 2, 3, 4, 5],
}  # fmt: skip


def company(
    users: list[str], *, restrictions: list[dict[str, Any]], **more: object
) -> Directory:
    layer = {
        "id": "turns", "participants": users, "anchor": "2024-03-04T09:00",
        "turn": {"unit": "week", "count": 1}, "restrictions": restrictions,
    }  # fmt: skip
    people = {
        name: {"name": name, "email": f"{name}@example.com"}
        for name in ("ana", "bo", "cy")
    }
    rotation = {"name": "P", "layers": [layer], **more}
    directory, problems = build(
        {
            "people": people,
            "schedules": {
                "s": {"name": "s", "time_zone": "UTC", "rotations": [rotation]}
            },
        },
        version=1,
        ids={},
    )
    assert not problems, problems
    return directory


def coming(directory: Directory, now: datetime, *last: str) -> Turnover | None:
    return next_turnover(directory, "s", "P", last=last, now=now)


def test_without_a_gap_it_is_the_next_change() -> None:
    found = coming(company(["ana", "bo"], restrictions=[]), MONDAY + 10 * HOUR)
    change = MONDAY + 7 * DAY + 9 * HOUR
    assert found == Turnover(change, change, ("ana",), ("bo",))


@pytest.mark.parametrize("hour", [10, 20])  # on call, and in the night between
def test_the_same_person_before_and_after_the_night_hands_over_to_nobody(
    hour: int,
) -> None:
    directory = company(["ana", "bo"], restrictions=[OFFICE])
    found = coming(directory, MONDAY + hour * HOUR, "ana")
    # Ana goes on Friday at 17:00, Bo comes on Monday at 9:00.
    assert found == Turnover(
        MONDAY + 7 * DAY + 9 * HOUR, MONDAY + 4 * DAY + 17 * HOUR, ("ana",), ("bo",)
    )


def test_in_the_gap_the_last_crew_hands_over_to_who_comes() -> None:
    directory = company(["ana", "bo"], restrictions=[OFFICE])
    saturday = MONDAY + 5 * DAY
    found = coming(directory, saturday, "ana")
    assert found == Turnover(MONDAY + 7 * DAY + 9 * HOUR, saturday, ("ana",), ("bo",))
    # Nobody was ever seen there: nobody hands over.
    assert coming(directory, saturday) is None


def test_a_gap_of_more_than_a_week_has_no_handover_in_sight() -> None:
    weekly = {
        "type": "weekly", "start_day": 1, "start": "09:00",
        "end_day": 1, "end": "10:00",
    }  # fmt: skip
    directory = company(["ana", None, "bo"], restrictions=[weekly])  # type: ignore[list-item]
    assert coming(directory, MONDAY + 9 * HOUR) is None
    # Bo comes on Monday in a fortnight; a week before that the gap is short enough.
    found = coming(directory, MONDAY + 8 * DAY, "ana")
    assert found is not None
    assert found.incoming == ("bo",)


def test_one_person_alone_never_hands_over() -> None:
    directory = company(["ana"], restrictions=[OFFICE])
    assert coming(directory, MONDAY + 10 * HOUR) is None
    assert coming(directory, MONDAY + 20 * HOUR, "ana") is None


def test_who_goes_while_others_stay_hands_over_to_nobody() -> None:
    both = {
        "id": "b", "kind": "add", "user": "cy",
        "start": "2024-03-04T09:00Z", "end": "2024-03-04T12:00Z",
    }  # fmt: skip
    directory = company(["ana", "bo"], restrictions=[OFFICE], overrides=[both])
    found = coming(directory, MONDAY + 10 * HOUR)
    assert found is not None
    assert (found.outgoing, found.incoming) == (("ana",), ("bo",))
