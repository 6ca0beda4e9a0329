"""What a change of turns does to what was agreed on, and to other rotations."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tocsin.core.building.directory_building import build
from tocsin.core.directory import Directory
from tocsin.core.oncall.rota_effect import Clash, effect, effect_among
from tocsin.core.rotas.schedules import Rotation

NOW = datetime(2024, 3, 4, 9, tzinfo=UTC)
PEOPLE = ("alice", "bob", "carol", "dave")
DAY = timedelta(days=1)
OTHERS = {"kind": "replace", "start": "2024-03-11T09:00Z", "end": "2024-03-18T09:00Z"}
TAKEN = {"id": "o", **OTHERS, "user": "dave", "for_user": "bob"}


def known(*users: str, overrides: tuple[dict[str, Any], ...] = ()) -> Rotation:
    """Weekly turns from NOW on."""
    found = company(
        [{**turns(*users), "name": "Primary", "overrides": list(overrides)}]
    )
    rotation = found.rotation("web/Primary")
    assert rotation is not None
    return rotation


def turns(*users: str, **more: Any) -> dict[str, Any]:
    layer = {
        "id": "t", "participants": list(users), "anchor": "2024-03-04T09:00",
        "turn": {"unit": "week", "count": 1}, "start": "2000-01-01T00:00", **more,
    }  # fmt: skip
    return {"layers": [layer]}


def company(rotations: list[dict[str, Any]]) -> Directory:
    documents = {
        "people": {n: {"name": n, "email": f"{n}@example.com"} for n in PEOPLE},
        "schedules": {
            "web": {"name": "web", "time_zone": "UTC", "rotations": rotations}
        },
    }
    directory, problems = build(documents, version=1, ids={})
    assert not problems, problems
    return directory


def test_an_override_that_finds_nobody_any_more_is_told() -> None:
    before = known("alice", "bob", overrides=(TAKEN,))
    after = known("alice", "carol", overrides=(TAKEN,))
    (found,) = effect(before, after, now=NOW).stranded
    assert found.override.id == "o"
    assert (found.start, found.hours) == (NOW + 7 * DAY, 7 * DAY)


def test_of_one_that_has_begun_only_what_is_to_come_counts() -> None:
    before = known("alice", "bob", overrides=(TAKEN,))
    after = known("alice", "carol", overrides=(TAKEN,))
    (found,) = effect(before, after, now=NOW + 12 * DAY).stranded
    assert (found.start, found.hours) == (NOW + 12 * DAY, 2 * DAY)
    assert not effect(before, after, now=NOW + 14 * DAY).stranded, "it is over"


def test_one_that_still_finds_whom_it_names_is_not() -> None:
    before = known("alice", "bob", overrides=(TAKEN,))
    after = known("carol", "bob", overrides=(TAKEN,))
    assert not effect(before, after, now=NOW).stranded
    cover = {**OTHERS, "id": "c", "kind": "cover", "user": "dave"}
    before, after = (
        known("alice", "bob", overrides=(cover,)),
        known("carol", "alice", overrides=(cover,)),
    )
    assert not effect(before, after, now=NOW).stranded, "a cover needs nobody"


def test_one_that_never_found_anybody_is_no_news() -> None:
    taken = {**TAKEN, "for_user": "alice"}
    before = known("alice", "bob", overrides=(taken,))
    after = known("alice", "carol", overrides=(taken,))
    assert not effect(before, after, now=NOW).stranded


def test_a_chain_and_what_takes_somebody_off() -> None:
    # Dave has Bob's week, Carol has a day of Dave's, and for an hour nobody is on call.
    chain = (
        {**TAKEN, "seq": 0},
        {"id": "p", "seq": 1, "kind": "replace", "user": "carol", "for_user": "dave",
         "start": "2024-03-12T09:00Z", "end": "2024-03-13T09:00Z"},
        {"id": "q", "seq": 2, "kind": "remove", "for_user": "carol",
         "start": "2024-03-12T10:00Z", "end": "2024-03-12T11:00Z"},
    )  # fmt: skip
    before, after = (
        known("alice", "bob", overrides=chain),
        known("alice", "alice", overrides=chain),
    )
    found = effect(before, after, now=NOW).stranded
    assert [(one.override.id, one.hours) for one in found] == [
        ("o", 7 * DAY), ("p", DAY), ("q", timedelta(hours=1)),
    ]  # fmt: skip


def primary_with(*others: dict[str, Any]) -> tuple[Clash, ...]:
    """Clashes of a new Primary of Alice and Bob beside other rotations."""
    directory = company([{**turns("alice", "bob"), "name": "Primary"}, *others])
    new = directory.rotation("web/Primary")
    assert new is not None
    return effect_among(directory, "web", None, new, now=NOW).clashes


def test_who_would_be_on_call_in_two_rotations_is_told_once_with_all_hours() -> None:
    behind = {**turns("alice", "carol"), "name": "Secondary"}
    found = primary_with(behind)
    assert found == (Clash("alice", "web", "Secondary", NOW, 28 * DAY),)


def test_who_follows_on_the_other_is_not() -> None:
    assert not primary_with({**turns("bob", "alice"), "name": "Secondary"})
    assert not primary_with({**turns("carol", "dave"), "name": "Secondary"})
