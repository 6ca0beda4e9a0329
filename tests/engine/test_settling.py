"""Whatever a document does to a schedule's rotations, what has been stays."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.core.building.directory_building import build
from tocsin.core.configuration import Documents
from tocsin.core.directory import Directory
from tocsin.core.forms import Plain, Problem
from tocsin.core.oncall.growing import shadowed
from tocsin.core.oncall.own_shifts import OwnShift, shifts_of_all
from tocsin.core.pages.escalation import Target, TargetKind
from tocsin.core.rotas import rotation_names as rules
from tocsin.core.wallclock import Window
from tocsin.engine.leaving import leaving
from tocsin.engine.settling import settle

NOW = datetime(2026, 3, 25, 10, 30, tzinfo=UTC)  # in the week of Europe's clock change
DAY = timedelta(days=1)
PEOPLE = ("ana", "ben", "caro", "dora")
PRIMARY: Plain = {"name": "Primary", "users": ["ana", "ben"], "start": "Mon 9am"}
SECOND: Plain = {"name": "Second", "users": ["caro", "dora"], "start": "Wed 9am"}


def documents(*rotations: Plain, people: tuple[str, ...] = PEOPLE) -> Documents:
    schedule = {"name": "payments", "time_zone": "Europe/Berlin"}
    return {
        "people": {one: {"name": one, "email": f"{one}@x.example"} for one in people},
        "schedules": {"payments": {**schedule, "rotations": list(rotations)}},
    }


def settled(
    before: Documents, after: Documents, now: datetime = NOW
) -> tuple[Documents, list[Problem]]:
    problems: list[Problem] = []
    after = deepcopy(after)
    settle(
        before, after, "schedules", "payments", problems, now=now, new_key=lambda: "k"
    )
    return after, problems


def made(*rotations: Plain, now: datetime = NOW - 90 * DAY) -> Documents:
    return settled({}, documents(*rotations), now)[0]


def directory(held: Documents) -> Directory:
    found, problems = build(held, version=1, ids={})
    assert not problems
    return found


def hours(held: Documents, window: Window) -> dict[str, list[tuple[Any, ...]]]:
    every = shifts_of_all(directory(held), PEOPLE, window)
    return {who: sorted(_plain(one) for one in shifts) for who, shifts in every.items()}


def _plain(one: OwnShift) -> tuple[Any, ...]:
    return one.rotation, one.start, one.end


BEFORE, AFTER = Window(NOW - 60 * DAY, NOW), Window(NOW, NOW + 60 * DAY)


def test_a_rotation_that_goes_keeps_its_past_and_pages_nobody() -> None:
    held = made(PRIMARY, SECOND)
    kept, problems = settled(held, documents(PRIMARY))
    assert not problems
    assert hours(kept, BEFORE) == hours(held, BEFORE)
    assert not hours(kept, AFTER)["caro"]
    assert [one.name for one in directory(kept).schedules["payments"].rotations] == [
        "Primary"
    ]
    again, _ = settled(kept, documents(PRIMARY), NOW + DAY)
    assert again == kept, "the same file is no change"
    sent_back, _ = settled(kept, kept, NOW + DAY)
    assert sent_back == kept, "nor is what the API gave out"


def test_a_new_name_is_an_end_and_a_beginning() -> None:
    held = made(PRIMARY)
    kept, _ = settled(held, documents({**PRIMARY, "name": "Main"}))
    assert hours(kept, BEFORE) == hours(held, BEFORE)
    renamed = {
        who: [("Main", *t[1:]) for t in every]
        for who, every in hours(held, AFTER).items()
    }
    assert hours(kept, AFTER) == renamed, "nobody's turn moves"
    again, _ = settled(kept, documents({**PRIMARY, "name": "Main"}), NOW + DAY)
    assert again == kept


def test_a_name_that_is_given_back_leaves_every_name_with_its_own_hours() -> None:
    cover = {
        "id": "o", "kind": "cover", "user": "dora",
        "start": f"{NOW - DAY:%Y-%m-%dT%H:%MZ}", "end": f"{NOW + 9 * DAY:%Y-%m-%dT%H:%MZ}",
    }  # fmt: skip
    first = made({**PRIMARY, "overrides": [cover]})

    def named(held: Documents, old: str, new: str, now: datetime) -> Documents:
        [(_, _, document)] = rules.renamed(held, "payments", old, new, now=now)
        kept, problems = settled(
            held, {**held, "schedules": {"payments": document}}, now
        )
        assert not problems
        past = Window(NOW - 60 * DAY, now)
        assert hours(kept, past) == hours(held, past)
        return kept

    second = named(first, "Primary", "Main", NOW)
    third = named(second, "Main", "Primary", NOW + 2 * DAY)
    ahead = Window(NOW + 2 * DAY, NOW + 60 * DAY)
    assert hours(third, ahead) == hours(first, ahead), "nobody's turn or cover moves"
    for name in ("Primary", "Main"):
        target = Target(TargetKind.ROTATION, f"payments/{name}")
        assert directory(third).resolve(target, now=NOW + 3 * DAY) == ("dora",)
    assert directory(third).once_called("payments/Primary") == ("payments/Main",)


def test_one_that_comes_has_no_past_and_one_that_comes_back_has_its_own() -> None:
    held = made(PRIMARY)
    more, _ = settled(held, documents(PRIMARY, SECOND))
    assert hours(more, BEFORE) == hours(held, BEFORE)
    assert hours(more, AFTER)["caro"] == hours(made(SECOND, now=NOW), AFTER)["caro"]
    assert settled(more, documents(PRIMARY, SECOND), NOW + DAY)[0] == more
    later, latest = NOW + 20 * DAY, NOW + 40 * DAY
    gone, _ = settled(more, documents(PRIMARY), later)
    back, _ = settled(gone, documents(PRIMARY, SECOND), latest)
    was = Window(NOW - 60 * DAY, latest)
    assert hours(back, was) == hours(gone, was)
    ahead = Window(latest, latest + 60 * DAY)
    assert hours(back, ahead)["caro"] == hours(made(SECOND, now=latest), ahead)["caro"]
    assert "retired" not in back["schedules"]["payments"]


def test_overrides_go_with_their_rotation_but_what_was_of_them_stays() -> None:
    def cover(start: datetime, end: datetime, user: str) -> Plain:
        return {
            "kind": "cover", "user": user,
            "start": f"{start:%Y-%m-%dT%H:%MZ}", "end": f"{end:%Y-%m-%dT%H:%MZ}",
        }  # fmt: skip

    agreed = [cover(NOW - 9 * DAY, NOW - 8 * DAY, "dora"),
              cover(NOW - DAY, NOW + DAY, "caro"),
              cover(NOW + 2 * DAY, NOW + 3 * DAY, "dora")]  # fmt: skip
    held = made({**PRIMARY, "overrides": agreed}, SECOND)
    kept, problems = settled(held, documents(SECOND))
    assert not problems
    assert hours(kept, BEFORE) == hours(held, BEFORE)
    assert not [t for t in hours(kept, AFTER)["dora"] if t[0] == "Primary"]
    moved, problems = settled(
        held, documents({**PRIMARY, "name": "Main", "overrides": agreed}, SECOND)
    )
    assert not problems
    assert hours(moved, BEFORE) == hours(held, BEFORE)
    assert ("Main", NOW, NOW + DAY) in hours(moved, AFTER)["caro"]


def test_whoever_has_left_was_on_call_all_the_same() -> None:
    held = made(PRIMARY, SECOND)
    without = {**PRIMARY, "users": ["ben"]}
    kept, _ = settled(held, documents(without, people=("ben",)))
    assert hours(kept, BEFORE) == hours(held, BEFORE)


def test_leave_that_a_file_says_late_is_cut_once() -> None:
    away = {"user": "ana", "start": "2026-03-20T00:00Z", "end": "2026-04-20T00:00Z"}
    said = documents({**PRIMARY, "leave": [away]})
    kept, _ = settled(made(PRIMARY), said)
    [found] = kept["schedules"]["payments"]["rotations"][0]["leave"]
    assert found["start"] == "2026-03-25T10:30Z"
    assert settled(kept, said, NOW + DAY)[0] == kept, "the same file is no change"


def test_what_a_calendar_said_of_the_past_stays_whatever_a_document_says() -> None:
    shifts = [
        {"start": "2026-03-01T09:00Z", "end": "2026-03-02T09:00Z", "user": "caro"},
        {"start": "2026-03-25T09:00Z", "end": "2026-03-26T09:00Z", "user": "caro"},
        {"start": "2026-04-01T09:00Z", "end": "2026-04-02T09:00Z", "user": "caro"},
    ]
    held = made({**PRIMARY, "imported": shifts})
    kept, _ = settled(held, documents({**PRIMARY, "imported": []}))
    assert hours(kept, BEFORE) == hours(held, BEFORE)
    assert not hours(kept, AFTER)["caro"]
    assert settled(held, documents(PRIMARY))[0] == held, "it need not be mentioned"


def _shift(start: str, end: str, user: str) -> Plain:
    return {"start": f"2026-{start}", "end": f"2026-{end}", "user": user}


def test_what_a_calendar_alone_said_stays_when_its_rotation_goes() -> None:
    shifts = [
        _shift("03-01T09:00Z", "03-02T09:00Z", "caro"),
        _shift("04-01T09:00Z", "04-02T09:00Z", "caro"),
    ]
    held = made(PRIMARY, {"name": "Third", "imported": shifts})
    kept, problems = settled(held, documents(PRIMARY))
    assert not problems
    assert hours(kept, BEFORE) == hours(held, BEFORE)
    assert hours(kept, BEFORE)["caro"] and not hours(kept, AFTER)["caro"]


def test_a_rotation_that_comes_brings_no_past_of_a_calendar_or_of_layers() -> None:
    shifts = [
        _shift("03-01T09:00Z", "03-02T09:00Z", "caro"),
        _shift("04-01T09:00Z", "04-02T09:00Z", "caro"),
    ]
    over = settled(made(SECOND), documents({**SECOND, "users": ["dora"]}))[0]
    [ended, _] = over["schedules"]["payments"]["rotations"][0]["layers"]
    held = made(PRIMARY)
    kept, problems = settled(
        held,
        documents(
            PRIMARY,
            {"name": "Third", "imported": shifts},
            {"name": "Fourth", "layers": [ended]},
        ),
        NOW + DAY,
    )
    assert not problems
    was = Window(NOW - 60 * DAY, NOW + DAY)
    assert hours(kept, was) == hours(held, was)
    assert [start.day for _, start, _ in hours(kept, AFTER)["caro"]] == [1]


def test_a_shadow_of_the_past_belongs_to_the_name_of_the_past() -> None:
    shadow = {
        "rotation": "Primary", "user": "dora",
        "from": (NOW - 9 * DAY).isoformat(), "until": (NOW + 9 * DAY).isoformat(),
    }  # fmt: skip
    held = made(PRIMARY)
    held["schedules"]["payments"]["shadows"] = [shadow]
    schedule = directory(held).schedules["payments"]
    before = shadowed(schedule, "dora", now=NOW)
    assert before
    [(_, _, document)] = rules.renamed(held, "payments", "Primary", "Main", now=NOW)
    kept, problems = settled(held, {**held, "schedules": {"payments": document}})
    assert not problems
    after = directory(kept).schedules["payments"]
    # The shift that runs ends under the old name, so it counts there already.
    assert shadowed(after, "dora", now=NOW) == before + 1
    assert [one.rotation for one in after.shadows] == ["Primary", "Main"]


PASSING: Plain = {
    "name": "Primary", "layers": [{
        "id": "t", "participants": ["ana", "ben"], "anchor": "2026-03-02T09:00",
        "turn": {"unit": "week", "count": 1}, "on_unavailable": "next",
    }],
}  # fmt: skip


def edited(
    before: Documents, noun: str, name: str, now: datetime, **more: object
) -> Documents:
    """The documents once one of them says something else, or (no `more`) is deleted."""
    after = deepcopy(before)
    if more:
        after.setdefault(noun, {}).setdefault(name, {"name": name}).update(more)
    else:
        del after[noun][name]
    problems: list[Problem] = []
    settle(before, after, noun, name, problems, now=now, new_key=lambda: "k")
    assert not problems
    return after


def away(held: Documents, first: str, last: str, now: datetime) -> Documents:
    leave = [{"from": f"2026-{first}", "to": f"2026-{last}"}]
    return edited(held, "people", "ana", now, leave=leave)


def test_days_away_that_have_been_stay_whatever_becomes_of_zone_team_and_person() -> (
    None
):
    teams = {"pay": {"name": "pay", "time_zone": "Europe/Berlin"}}
    held: Documents = {**made(PASSING), "teams": teams, "organisation": {}}
    held["people"]["ana"]["teams"] = ["pay"]
    held = away(held, "03-17", "03-20", NOW - 30 * DAY)
    was = hours(held, BEFORE)
    assert was != hours(made(PASSING), BEFORE), "ben stood in"
    moved = edited(held, "people", "ana", NOW, time_zone="Asia/Tokyo")
    assert hours(moved, BEFORE) == was
    inherited = edited(held, "teams", "pay", NOW, time_zone="Asia/Tokyo")
    assert hours(inherited, BEFORE) == was
    assert "leave_past" in inherited["people"]["ana"]
    everywhere = deepcopy({**held, "teams": {}})
    del everywhere["people"]["ana"]["teams"]
    moved = edited(
        everywhere, "organisation", "organisation", NOW, time_zone="Asia/Tokyo"
    )
    assert hours(moved, BEFORE) == hours(everywhere, BEFORE)
    ended = settled(held, {**documents({**PRIMARY, "users": ["ben"]}), "teams": teams})[
        0
    ]
    ended = {**held, "schedules": ended["schedules"]}
    assert hours(ended, BEFORE) == was
    gone = edited(ended, "people", "ana", NOW)
    assert hours(gone, BEFORE) == was


def test_days_away_of_a_day_in_progress_count_from_when_they_are_said() -> None:
    held = made(PASSING)
    on = NOW + 6 * DAY  # ana's week, and Tuesday in the middle of the day
    later, latest = on + timedelta(hours=3), on + timedelta(hours=5)
    said = away(held, "03-31", "04-02", on)
    was = Window(on - 30 * DAY, on)
    assert hours(said, was) == hours(held, was)
    assert hours(said, Window(on, later)) != hours(held, Window(on, later))
    back = edited(said, "people", "ana", later, leave=[])
    was = Window(on - 30 * DAY, later)
    assert hours(back, was) == hours(said, was)
    ahead = Window(later, latest + 9 * DAY)
    assert hours(back, ahead) == hours(held, ahead)
    again = edited(back, "people", "ana", latest, full_name="Ana")
    assert hours(again, was) == hours(back, was)


def test_shifts_of_a_calendar_stay_with_whoever_is_deleted() -> None:
    shifts = [
        _shift("03-01T09:00Z", "03-02T09:00Z", "dora"),
        _shift("04-01T09:00Z", "04-02T09:00Z", "dora"),
    ]
    held = made({**PRIMARY, "imported": shifts})
    gone = edited(held, "people", "dora", NOW)
    assert hours(gone, BEFORE) == hours(held, BEFORE)
    assert not hours(gone, AFTER)["dora"]
    noon = datetime(2026, 4, 1, 12, tzinfo=UTC)
    [row] = directory(gone).who(now=noon)
    assert row.people == ("ana",), "the turns hold where the calendar's shift was"


def test_only_what_is_ahead_keeps_somebody_from_being_deleted() -> None:
    held = made(PRIMARY)
    assert leaving(held, directory(held), "ana", now=NOW).named_by
    kept, _ = settled(held, documents({**PRIMARY, "users": ["ben"]}))
    assert leaving(kept, directory(kept), "ana", now=NOW).may_be_deleted
    assert not leaving(kept, directory(kept), "ben", now=NOW).may_be_deleted


def test_somebody_unknown_in_layers_that_are_ahead_is_a_problem() -> None:
    held = made(PRIMARY)
    [layer] = settled(held, documents({**PRIMARY, "users": ["caro"]}))[0]["schedules"][
        "payments"
    ]["rotations"][0]["layers"][-1:]
    ahead = {**layer, "id": "x", "participants": ["zoe"], "until": "2026-12-01T09:00"}
    _, problems = settled(held, documents({"name": "Primary", "layers": [ahead]}))
    assert [(one.given, one.where.rpartition(".")[2]) for one in problems] == [
        ("zoe", "layers")
    ]


def test_who_has_turns_ahead_that_end_is_not_deleted_before() -> None:
    held = made(PRIMARY)
    [layer] = settled(held, documents({**PRIMARY, "users": ["caro"]}))[0]["schedules"][
        "payments"
    ]["rotations"][0]["layers"][-1:]
    ahead = {**layer, "id": "x", "until": "2026-12-01T09:00"}
    kept, problems = settled(held, documents({"name": "Primary", "layers": [ahead]}))
    assert not problems
    without = {
        **kept,
        "people": {k: v for k, v in kept["people"].items() if k != "caro"},
    }

    def deleted(now: datetime) -> list[Problem]:
        found: list[Problem] = []
        settle(kept, without, "people", "caro", found, now=now, new_key=lambda: "k")
        return found

    assert [one.given for one in deleted(NOW)] == ["caro"]
    assert not deleted(NOW + 300 * DAY)
    # Old troubles stop nobody from mending.
    again, problems = settled(without, without)
    assert not problems


def test_what_is_retired_is_over_also_where_an_export_says_it() -> None:
    kept, _ = settled(made(PRIMARY, SECOND), documents(PRIMARY))
    [gone] = kept["schedules"]["payments"]["retired"]
    assert settled({}, kept)[0] == kept, "as it was exported"
    [layer] = gone["layers"]
    endless = {**gone, "layers": [{**layer, "until": None}]}
    del endless["layers"][0]["until"]
    schedule = {**kept["schedules"]["payments"], "retired": [endless]}
    taken, problems = settled({}, {**kept, "schedules": {"payments": schedule}})
    assert not problems
    assert not hours(taken, AFTER)["caro"]


ROTATIONS = st.lists(
    st.fixed_dictionaries({
        "name": st.sampled_from(["Primary", "Second", "Main"]),
        "users": st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=4, unique=True),
        "length": st.sampled_from(["12 hours", "1 day", "1 week"]),
        "start": st.sampled_from(["2026-03-01T02:00", "2026-03-02T09:00"]),
    }),
    min_size=1, max_size=3, unique_by=lambda one: one["name"],
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    edits=st.lists(ROTATIONS, min_size=2, max_size=5),
    days=st.lists(st.integers(0, 30), min_size=5, max_size=5),
)
def test_whatever_comes_and_goes_what_has_been_stays(
    edits: list[list[Plain]], days: list[int]
) -> None:
    held, now = made(*edits[0]), NOW
    for step, rotations in enumerate(edits[1:]):
        now += days[step] * DAY + timedelta(minutes=1)
        kept, problems = settled(held, documents(*rotations), now)
        assert not problems
        past = Window(NOW - 60 * DAY, now)
        assert hours(kept, past) == hours(held, past)
        ahead = Window(now, now + 20 * DAY)
        assert hours(kept, ahead) == hours(made(*rotations, now=now), ahead)
        again, _ = settled(kept, documents(*rotations), now + timedelta(hours=7))
        assert again == kept
        held = kept
