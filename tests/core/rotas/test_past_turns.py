"""A document that changes turns changes them from now on, and says so once."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.core.forms import Plain, Problem
from tocsin.core.rotas import past_turns
from tocsin.core.rotas.rota_patterns import layers_of
from tocsin.core.rotas.schedule_files import read
from tocsin.core.rotas.schedules import final_schedule, spans_of
from tocsin.core.wallclock import Window

NOW = datetime(2026, 3, 25, 10, 30, tzinfo=UTC)  # in the week of Europe's clock change
BERLIN, UTC_ZONE = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")
DAY = timedelta(days=1)
PEOPLE = ("ana", "ben", "caro", "dora")
HELD: Plain = {
    "name": "Primary", "users": ["ana", "ben"], "start": "2026-03-02T09:00",
    "length": "1 week",
}  # fmt: skip


def _settled(
    rotation: Plain, held: Plain, *, now: datetime = NOW, zone: ZoneInfo = BERLIN
) -> Plain:
    return past_turns.settled(rotation, held, zone, BERLIN, now=now)


def _spans(rotation: Plain, window: Window, zone: ZoneInfo = BERLIN) -> dict[str, Any]:
    shifts = final_schedule(
        read({"tz": zone.key, "layers": layers_of(rotation)}), window
    ).shifts
    return {who: spans_of(shifts, who) for who in PEOPLE}


def test_a_file_that_says_the_same_changes_nothing() -> None:
    assert _settled(dict(HELD), HELD) == HELD


def test_other_people_take_turns_from_now_on_and_the_same_file_again_is_no_change() -> (
    None
):
    wanted = {**HELD, "users": ["ben", "caro", "ana"]}
    kept = _settled(wanted, HELD)
    before, after = Window(NOW - 300 * DAY, NOW), Window(NOW, NOW + 300 * DAY)
    assert _spans(kept, before) == _spans(HELD, before)
    assert _spans(kept, after) == _spans(wanted, after)
    assert past_turns.turns_of(kept) == past_turns.turns_of(wanted)
    later = NOW + 9 * DAY
    assert _settled(wanted, kept, now=later) == kept
    # What the API gave out can be sent back.
    assert _settled(kept, kept, now=later) == kept
    # And back to what it was: again from then on only.
    again = _settled(dict(HELD), kept, now=later)
    until = Window(NOW - 300 * DAY, later)
    assert _spans(again, until) == _spans(kept, until)


def test_another_zone_moves_no_hour_that_was() -> None:
    kept = _settled(dict(HELD), HELD, zone=UTC_ZONE)
    before = Window(NOW - 300 * DAY, NOW)
    assert _spans(kept, before, UTC_ZONE) == _spans(HELD, before)
    after = Window(NOW, NOW + 30 * DAY)
    assert _spans(kept, after, UTC_ZONE) == _spans(HELD, after, UTC_ZONE)


def test_turns_that_a_form_changed_are_brought_back_by_the_file_from_now_on() -> None:
    formed = {"name": "Primary", "layers": [
        {**layers_of(HELD)[0], "until": "2026-03-20T09:00Z"},
        {**layers_of(HELD)[0], "id": "turns-1", "participants": ["dora"],
         "start": "2026-03-20T09:00Z"},
    ]}  # fmt: skip
    kept = _settled(dict(HELD), formed)
    before = Window(NOW - 300 * DAY, NOW)
    assert _spans(kept, before) == _spans(formed, before)
    after = Window(NOW, NOW + 30 * DAY)
    assert _spans(kept, after) == _spans(HELD, after)


def test_layers_that_leave_the_past_alone_are_taken_as_they_are() -> None:
    [layer] = layers_of(HELD)
    wanted = {"name": "Primary", "layers": [
        {**layer, "until": "2026-04-06T09:00Z"},
        {**layer, "id": "next", "participants": ["caro"], "start": "2026-04-06T09:00Z"},
    ]}  # fmt: skip
    assert _settled(wanted, HELD) == wanted


@settings(max_examples=200, deadline=None)
@given(
    users=st.lists(
        st.sampled_from(PEOPLE), min_size=1, max_size=4, unique=True
    ),
    length=st.sampled_from(["12 hours", "1 day", "1 week", "2 weeks"]),
    days=st.lists(st.integers(0, 60), min_size=1, max_size=4),
    zones=st.lists(st.sampled_from([BERLIN, UTC_ZONE]), min_size=4, max_size=4),
)  # fmt: skip
def test_whatever_files_say_one_after_the_other_what_has_been_stays(
    users: list[str], length: str, days: list[int], zones: list[ZoneInfo]
) -> None:
    held, zone, now = dict(HELD), BERLIN, NOW
    for step, ahead in enumerate(days):
        now += ahead * DAY + timedelta(minutes=step)
        shifted = users[step % len(users) :] + users[: step % len(users)]
        wanted = {**HELD, "users": shifted, "length": length}
        kept = past_turns.settled(wanted, held, zones[step], zone, now=now)
        before, after = Window(now - 200 * DAY, now), Window(now, now + 60 * DAY)
        assert _spans(kept, before, zones[step]) == _spans(held, before, zone)
        assert _spans(kept, after, zones[step]) == _spans(wanted, after, zones[step])
        held, zone = kept, zones[step]


def _override(id_: str, start: datetime, end: datetime, user: str = "caro") -> Plain:
    return {
        "id": id_, "seq": 0, "kind": "cover", "user": user,
        "start": f"{start:%Y-%m-%dT%H:%MZ}", "end": f"{end:%Y-%m-%dT%H:%MZ}",
    }  # fmt: skip


def test_overrides_that_are_left_out_keep_what_of_them_has_happened() -> None:
    over = _override("over", NOW - 9 * DAY, NOW - 8 * DAY)
    now = _override("now", NOW - DAY, NOW + DAY)
    ahead = _override("ahead", NOW + DAY, NOW + 2 * DAY)
    held = {**HELD, "overrides": [over, now, ahead]}
    problems: list[Problem] = []
    kept = past_turns.overrides(dict(HELD), held, "r", problems, now=NOW)
    assert kept == [over, {**now, "end": f"{NOW:%Y-%m-%dT%H:%MZ}"}]
    assert past_turns.overrides(held, held, "r", problems, now=NOW) == held["overrides"]
    assert not problems


def test_an_override_cannot_rewrite_the_past() -> None:
    held = {**HELD, "overrides": [_override("a", NOW - 9 * DAY, NOW - 8 * DAY)]}
    problems: list[Problem] = []
    new = {**HELD, "overrides": [_override("b", NOW - 3 * DAY, NOW + DAY)]}
    past_turns.overrides(new, held, "r", problems, now=NOW)
    assert [one.where for one in problems] == ["r.overrides[b].start"]
    other = {**HELD, "overrides": [_override("a", NOW - 9 * DAY, NOW - 7 * DAY)]}
    past_turns.overrides(other, held, "r", problems, now=NOW)
    assert [one.where for one in problems][1:] == ["r.overrides[a].start"]


def test_what_becomes_of_turns_on_leave_changes_from_now_on() -> None:
    held = {"name": "Primary", "layers": layers_of(HELD)}
    wanted = {
        "name": "Primary", "layers": [{**layers_of(HELD)[0], "on_unavailable": "next"}],
    }  # fmt: skip
    kept = _settled(wanted, held)
    assert [one.get("on_unavailable") for one in kept["layers"]] == [None, "next"]
    assert kept["layers"][0]["until"] == f"{NOW:%Y-%m-%dT%H:%MZ}"
    assert _settled(wanted, kept) == kept


def test_overrides_without_an_id_are_known_by_what_they_say() -> None:
    def bare(one: Plain) -> Plain:
        return {key: value for key, value in one.items() if key not in ("id", "seq")}

    old = bare(_override("", NOW - 9 * DAY, NOW - 8 * DAY))
    ahead = bare(_override("", NOW + DAY, NOW + 2 * DAY, "dora"))
    later = bare(_override("", NOW + 3 * DAY, NOW + 4 * DAY, "ben"))
    problems: list[Problem] = []

    def kept(given: list[Plain], held: list[Plain]) -> list[Plain]:
        documents = {**HELD, "overrides": given}, {**HELD, "overrides": held}
        return past_turns.overrides(*documents, "r", problems, now=NOW)

    assert kept([old, ahead], [old, ahead]) == [old, ahead]
    # The old line was tidied away: what has been stays, the other keeps its name.
    tidied = kept([ahead], [old, ahead])
    assert [(one["id"], one["user"]) for one in tidied] == [
        ("0", "caro"),
        ("1", "dora"),
    ]
    assert kept([ahead], tidied) == tidied
    # Another one at its place is another one.
    moved = kept([later], [old])
    assert [one["user"] for one in moved] == ["caro", "ben"]
    assert len({one["id"] for one in moved}) == 2
    assert not problems


def test_the_lists_own_leave_keeps_its_past() -> None:
    def away(start: datetime, end: datetime) -> Plain:
        return {
            "user": "ana", "start": f"{start:%Y-%m-%dT%H:%MZ}",
            "end": f"{end:%Y-%m-%dT%H:%MZ}",
        }  # fmt: skip

    over, ahead = away(NOW - 9 * DAY, NOW - 8 * DAY), away(NOW + DAY, NOW + 2 * DAY)
    running = away(NOW - DAY, NOW + DAY)
    held = {**HELD, "leave": [over, running, ahead]}
    assert past_turns.leave(held, held, now=NOW) == held["leave"]
    assert past_turns.leave(HELD, held, now=NOW) == [over, away(NOW - DAY, NOW)]
    new = {**HELD, "leave": [away(NOW - 5 * DAY, NOW + 5 * DAY), over]}
    assert past_turns.leave(new, {**HELD, "leave": [over]}, now=NOW) == [
        away(NOW, NOW + 5 * DAY), over,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "odd",
    [
        {"layers": [5]},
        {"layers": 5},
        {"layers": [None]},
        {"overrides": 5},
        {"overrides": [5]},
        {"overrides": [{"kind": "cover", "user": ["x"], "start": "x", "end": 5}]},
        {"leave": 5},
        {"leave": [{"user": "ana"}]},
        {"given": 5},
        {"given": {"users": 5, "else": 1}},
        {"length": "0s"},
        {"length": "soon"},
    ],
)
def test_what_cannot_be_read_is_left_to_who_says_what_is_wrong(odd: Plain) -> None:
    wanted = {**HELD, "users": ["dora"], **odd}
    problems: list[Problem] = []
    kept = _settled(wanted, HELD)
    if "given" not in odd:
        assert {key: kept[key] for key in odd} == odd
    past_turns.overrides(wanted, HELD, "r", problems, now=NOW)
    past_turns.leave(wanted, HELD, now=NOW)
    past_turns.turns_of(kept)
