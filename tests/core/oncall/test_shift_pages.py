"""A page counts for the shift that it was made for, and for no other."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tocsin.core.building.directory_building import build
from tocsin.core.directory import Directory
from tocsin.core.oncall.oncall_load import loads_of
from tocsin.core.oncall.shift_pages import Paged
from tocsin.core.oncall.shift_records import records
from tocsin.core.wallclock import Window

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = datetime(2024, 3, 4, 9, tzinfo=UTC)
WEEK = Window(START, START + 7 * DAY)


def _rotation(name: str, *users: str) -> dict[str, Any]:
    turn = {"unit": "week", "count": 1}
    layer = {"id": "t", "participants": list(users), "anchor": "2024-03-04T09:00"}
    return {"name": name, "layers": [{**layer, "turn": turn}]}


def _policy(name: str, *targets: str) -> dict[str, Any]:
    levels = [
        {"after": f"{15 * place}m", "page": [{"rotation": one}]}
        for place, one in enumerate(targets)
    ]
    return {
        "name": name, "team": "web", "levels": levels, "fallback": [{"user": "carol"}],
    }  # fmt: skip


def _directory() -> Directory:
    """Alice has both roles of web, and of db the only one; Bob comes next week."""
    documents = {
        "teams": {"web": {"name": "web"}},
        "people": {
            who: {"name": who, "email": f"{who}@example.com", "teams": ["web"]}
            for who in ("alice", "bob", "carol")
        },
        "schedules": {
            name: {"name": name, "team": "web", "rotations": rotations}
            for name, rotations in {
                "web": [
                    _rotation("Backup", "alice", "bob"),
                    _rotation("First", "alice", "bob"),
                ],
                "db": [_rotation("Only", "alice")],
            }.items()
        },
        "escalation_policies": {
            "web": _policy("web", "web/First"),
            "db": _policy("db", "db/Only"),
        },
        "services": {
            "shop": {"name": "shop", "team": "web", "escalation_policy": "web"},
            "store": {"name": "store", "team": "web", "escalation_policy": "db"},
        },
    }
    directory, problems = build(documents, version=1, ids={})
    assert not problems
    return directory


def _rows(*paged: Paged) -> dict[str, int]:
    found = records(_directory(), "web", WEEK, {"alice": paged}, only="alice")
    return {one.shift.rotation: one.load.pages for one in found}


def test_a_page_stands_in_one_row_of_those_that_hold_it() -> None:
    noon = Paged(START + 3 * HOUR, 1, "shop")
    assert _rows(noon) == {"Backup": 0, "First": 1}, "its policy pages First"
    # Nobody knows any more whom a service that is gone paged: the first has it.
    gone = Paged(START + 4 * HOUR, 2, "gone")
    assert _rows(noon, gone) == {"Backup": 1, "First": 1}


def test_a_page_of_another_schedules_service_is_not_of_this_one() -> None:
    assert _rows(Paged(START + HOUR, 1, "store")) == {"Backup": 0, "First": 0}


def test_a_load_counts_what_a_schedule_paged_in_its_hours() -> None:
    directory = _directory()
    pages = [Paged(START + HOUR, 1, "shop"), Paged(START + HOUR, 2, "store")]
    paged = {"alice": pages, "bob": pages}
    loads = {one.person: one for one in loads_of(directory, "web", WEEK, paged)}
    assert loads["alice"].pages == 1, "two roles at once were paged once"
    assert (loads["bob"].hours, loads["bob"].pages) == (0, 0)
    (db,) = loads_of(directory, "db", WEEK, paged)
    assert db.pages == 1


def test_what_was_made_in_a_shift_belongs_to_it_though_it_came_later() -> None:
    late = Paged(WEEK.end + timedelta(minutes=5), 1, "shop", WEEK.end - HOUR)
    both = Window(START, START + 14 * DAY)
    found = records(_directory(), "web", both, {"alice": [late], "bob": []})
    assert [one.load.pages for one in found if one.shift.rotation == "First"] == [1, 0]
