"""What an override would change: the preview is what the schedule is after saving."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.core.building.directory_building import build
from tocsin.core.directory import Directory
from tocsin.core.oncall.override_effect import (
    candidates,
    effect_of,
    sentences,
    with_override,
)
from tocsin.core.rotas import override_documents as documents
from tocsin.core.rotas.overrides import Override, OverrideKind
from tocsin.core.rotas.schedules import Rotation, final_schedule
from tocsin.core.wallclock import Window

PEOPLE = ("ana", "ben", "caro", "dora")
PHONES = ("email", "sms")
SMS = {"by": "sms", "address": "+4915112345678"}
MONDAY = datetime(2026, 3, 23, tzinfo=UTC)  # the week of Europe's clock change
HOUR = timedelta(hours=1)
NAMES = st.sampled_from(PEOPLE)


def _documents(
    turn: dict[str, Any], users: list[str], more: list[dict[str, Any]]
) -> dict[str, Any]:
    layer: dict[str, Any] = {
        "id": "turns", "participants": users, "anchor": "2026-03-02T09:00", "turn": turn,
    }  # fmt: skip
    days = {
        **layer,
        "restrictions": [{"type": "daily", "start": "06:00", "end": "22:00"}],
    }
    rotations = [
        {"name": "Primary", "layers": [days], "overrides": more},
        {"name": "Secondary", "layers": [{**layer, "participants": users[::-1]}]},
    ]
    return {
        "people": {n: {"name": n, "email": f"{n}@example.com"} for n in PEOPLE},
        "teams": {"web": {"name": "web"}},
        "schedules": {
            "web": {
                "name": "web",
                "team": "web",
                "time_zone": "Europe/Berlin",
                "rotations": rotations,
            }
        },
    }


def _directory(found: dict[str, Any]) -> Directory:
    directory, problems = build(found, version=1, ids={})
    assert not problems
    return directory


@st.composite
def _overrides(draw: st.DrawFn) -> Override:
    start = MONDAY + draw(st.integers(0, 14 * 24 * 4)) * HOUR / 4
    kind = draw(st.sampled_from(OverrideKind))
    user, other = draw(st.permutations(PEOPLE))[:2]
    return Override(
        id=f"o{draw(st.integers(0, 10**6))}",
        seq=draw(st.integers(0, 9)),
        kind=kind,
        start=start,
        end=start + draw(st.integers(1, 96)) * HOUR,
        user=None if kind is OverrideKind.REMOVE else user,
        for_user=other if kind in (OverrideKind.REPLACE, OverrideKind.REMOVE) else None,
    )


def _minutes(rotation: Rotation, window: Window) -> set[tuple[str, datetime]]:
    """(person, quarter) of all quarters in which somebody is on call."""
    found = set()
    for shift in final_schedule(rotation, window).shifts:
        at = shift.start
        while at < shift.end:
            found.add((shift.user, at))
            at += HOUR / 4
    return found


@settings(max_examples=150)
@given(
    turn=st.sampled_from(
        [
            {"unit": "day", "count": 1},
            {"unit": "week", "count": 1},
            {"unit": "hour", "count": 12},
        ]
    ),
    users=st.lists(NAMES, min_size=1, max_size=4, unique=True),
    held=st.lists(_overrides(), max_size=3, unique_by=lambda one: one.id),
    new=_overrides(),
)
def test_the_preview_is_the_schedule_after_saving_and_nothing_else_moves(
    turn: dict[str, Any], users: list[str], held: list[Override], new: Override
) -> None:
    before = _documents(turn, users, [documents.written(one) for one in held])
    directory = _directory(before)
    schedule = directory.schedules["web"]
    rotation = schedule.rotations[0]
    new = Override(
        "new",
        documents.next_seq(rotation),
        new.kind,
        new.start,
        new.end,
        new.user,
        new.for_user,
    )
    effect = effect_of(directory, schedule, rotation, new)
    document = documents.placed(before["schedules"]["web"], "Primary", new)
    saved = _directory({**before, "schedules": {"web": document}})
    after = saved.schedules["web"].rotations[0]
    window = Window(MONDAY - 7 * 24 * HOUR, MONDAY + 30 * 24 * HOUR)
    assert final_schedule(after, window) == final_schedule(
        with_override(rotation, new), window
    )
    # The effect holds exactly the quarters that differ.
    old, now = _minutes(rotation, window), _minutes(after, window)
    told = {True: set(), False: set()}
    for one in effect.changes:
        at = one.start
        while at < one.end:
            told[one.starts].add((one.person, at))
            at += HOUR / 4
    assert told == {True: now - old, False: old - now}
    # Nothing outside its hours moves, the past least of all.
    assert all(new.start <= at < new.end for _, at in old ^ now)
    inside = Window(new.start, new.end)
    gaps = final_schedule(after, inside).gaps
    assert effect.gap_after == sum((g.end - g.start for g in gaps), timedelta(0))
    assert set(effect.told) == {who for who, _ in old ^ now}
    # Taken back before it begins, it leaves no trace.
    gone = documents.ended(document, after, "new", now=MONDAY - HOUR)
    again = _directory({**before, "schedules": {"web": gone}})
    assert _minutes(again.schedules["web"].rotations[0], window) == old


def test_an_override_that_began_is_cut_and_not_forgotten() -> None:
    one = Override("a1", 0, OverrideKind.COVER, MONDAY, MONDAY + 8 * HOUR, "caro")
    found = _documents({"unit": "day", "count": 1}, ["ana"], [documents.written(one)])
    rotation = _directory(found).schedules["web"].rotations[0]
    left = documents.ended(
        found["schedules"]["web"], rotation, "a1", now=MONDAY + 3 * HOUR
    )
    (kept,) = left["rotations"][0]["overrides"]
    assert kept["end"] == "2026-03-23T03:00Z"


def test_overrides_of_a_file_keep_their_places_when_another_comes() -> None:
    bare = [
        {
            "kind": "cover",
            "user": "ana",
            "start": "2026-03-24T00:00Z",
            "end": "2026-03-25T00:00Z",
        },
        {
            "type": "cover",
            "user": "ben",
            "start": "2026-03-24T00:00Z",
            "end": "2026-03-25T00:00Z",
        },
    ]
    found = _documents({"unit": "day", "count": 1}, ["dora"], bare)
    rotation = _directory(found).schedules["web"].rotations[0]
    new = Override(
        "n", documents.next_seq(rotation), OverrideKind.COVER,
        MONDAY + 30 * HOUR, MONDAY + 31 * HOUR, "caro",
    )  # fmt: skip
    document = documents.placed(found["schedules"]["web"], "Primary", new)
    after = _directory({**found, "schedules": {"web": document}}).schedules["web"]
    window = Window(MONDAY + 24 * HOUR, MONDAY + 48 * HOUR)
    who = [one.user for one in final_schedule(after.rotations[0], window).shifts]
    assert who == ["ben", "caro", "ben"]


def test_who_is_free_and_had_least_comes_first() -> None:
    found = _documents({"unit": "week", "count": 1}, ["ana", "ben"], [])
    found["people"]["caro"] |= {"teams": ["web"], "contacts": [SMS]}
    directory = _directory(found)
    schedule = directory.schedules["web"]
    # Primary's night, in which its layer is closed; Secondary is ana's this week.
    night = Window(MONDAY + 22 * HOUR, MONDAY + 24 * HOUR)
    best, *others = candidates(
        directory, schedule, schedule.rotations[0], night, PHONES
    )
    assert best.person == "caro"
    assert best.free
    assert best.hours == timedelta(0)
    busy = [one for one in others if one.busy]
    assert [one.busy for one in busy] == ["web, Secondary"]


def test_who_does_not_count_as_reachable_comes_later_and_it_is_said_why() -> None:
    found = _documents({"unit": "week", "count": 1}, ["ana", "ben"], [])
    for who in ("caro", "dora"):
        found["people"][who]["teams"] = ["web"]
    found["people"]["dora"]["contacts"] = [SMS]
    directory = _directory(found)
    schedule = directory.schedules["web"]
    night = Window(MONDAY + 22 * HOUR, MONDAY + 24 * HOUR)
    best, *others = candidates(
        directory, schedule, schedule.rotations[0], night, PHONES
    )
    assert (best.person, best.free) == ("dora", True)
    caro = next(one for one in others if one.person == "caro")
    assert (caro.free, caro.available) == (False, True)
    assert caro.unreachable == "has one verified contact, and two are needed"


def test_the_effect_is_told_in_words() -> None:
    found = _documents({"unit": "week", "count": 1}, ["ana", "ben"], [])
    directory = _directory(found)
    schedule = directory.schedules["web"]
    night = Override(
        "n", 0, OverrideKind.COVER, MONDAY + 22 * HOUR, MONDAY + 28 * HOUR, "caro"
    )
    effect = effect_of(directory, schedule, schedule.rotations[0], night)
    lines = sentences(effect, str.title)
    assert ("ok", "Caro takes over 6 h.") in lines
    assert ("ok", "A gap of 6 h is closed.") in lines
    assert ("ok", "Told by message: Caro.") in lines
    gone = Override(
        "g", 0, OverrideKind.REMOVE, MONDAY + 10 * HOUR, MONDAY + 12 * HOUR,
        for_user="ana",
    )  # fmt: skip
    removed = sentences(
        effect_of(directory, schedule, schedule.rotations[0], gone), str.title
    )
    assert any(
        kind == "bad" and "Nobody is on call" in said for kind, said in removed
    ) or (("warn", "Nothing changes: it is so already.") in removed)


def _weekly(**people: dict[str, Any]) -> Directory:
    """Ana and Ben take turns of a week from Monday 09:00; Caro and Dora are of the team."""
    found = _documents({"unit": "week", "count": 1}, ["ana", "ben"], [])
    found["schedules"]["web"]["rotations"] = [
        {"name": "Primary", "layers": [
            {"id": "turns", "participants": ["ana", "ben"], "anchor": "2026-03-02T09:00",
             "turn": {"unit": "week", "count": 1}},
        ]},
    ]  # fmt: skip
    for name, more in people.items():
        found["people"][name] |= more
    found["people"]["caro"] |= {"teams": ["web"]}
    found["people"]["dora"] |= {"teams": ["web"]}
    return _directory(found)


def test_who_is_in_the_team_only_and_on_leave_is_not_free() -> None:
    away = {"leave": [{"from": "2026-03-24", "to": "2026-03-26"}]}
    directory = _weekly(dora=away)
    schedule = directory.schedules["web"]
    hours = Window(MONDAY + 30 * HOUR, MONDAY + 34 * HOUR)
    found = {
        one.person: one
        for one in candidates(directory, schedule, schedule.rotations[0], hours, PHONES)
    }
    assert (found["dora"].away, found["dora"].available) == (True, False)
    assert found["caro"].available
    new = Override("n", 0, OverrideKind.COVER, hours.start, hours.end, "dora")
    assert effect_of(directory, schedule, schedule.rotations[0], new).away == ("dora",)


def test_who_would_have_no_rest_or_was_woken_comes_after_who_is_rested() -> None:
    directory = _weekly()
    schedule = directory.schedules["web"]
    [rotation] = schedule.rotations
    monday = MONDAY + 8 * HOUR  # 09:00 in Berlin: Ana hands over to Ben
    hours = Window(monday + 2 * HOUR, monday + 6 * HOUR)
    found = candidates(directory, schedule, rotation, hours, PHONES, woken={"caro"})
    by_name = {one.person: one for one in found}
    assert (by_name["caro"].rested, by_name["dora"].rested) == (False, True)
    off = next(one for one in found if one.rest is not None)
    assert off.rest == 2 * HOUR
    names = [one.person for one in found if one.available]
    assert names[0] == "dora"
    new = Override("n", 0, OverrideKind.COVER, hours.start, hours.end, off.person)
    effect = effect_of(directory, schedule, rotation, new)
    assert effect.rests == ((off.person, 2 * HOUR),)
    said = [text for _, text in sentences(effect, str)]
    assert f"{off.person} is off call for only 2 h next to it." in said


def test_two_overrides_of_one_id_are_refused_and_take_nothing_over() -> None:
    one = documents.written(
        Override("1", 0, OverrideKind.COVER, MONDAY, MONDAY + HOUR, "caro")
    )
    found = _documents({"unit": "week", "count": 1}, ["ana"], [one])
    held = found["schedules"]["web"]
    sneaked = documents.placed(held, "Primary", Override(
        "1", 0, OverrideKind.COVER, MONDAY, MONDAY + 99 * HOUR, "ben"
    ))  # fmt: skip
    assert not documents.is_taking_over("ana", held, sneaked)
    _, problems = build({**found, "schedules": {"web": sneaked}}, version=1, ids={})
    assert "ids that are used once" in str(problems)


def test_odd_overrides_and_hours_are_problems_not_crashes() -> None:
    odd = {"kind": "cover", "start": "2026-03-24T09:00Z", "end": "2026-03-24T10:00Z"}
    for more in ({"user": ["caro"]}, {"user": "caro", "seq": "abc"}, {"user": {}}):
        found = _documents({"unit": "week", "count": 1}, ["ana"], [{**odd, **more}])
        assert build(found, version=1, ids={})[1]
    found = _documents({"unit": "week", "count": 1}, ["ana"], [])
    layer = found["schedules"]["web"]["rotations"][0]["layers"][0]
    layer["restrictions"] = [{"type": "daily", "start": "09:00+01:00", "end": "17:00"}]
    assert "without a zone" in str(build(found, version=1, ids={})[1])


def test_who_leads_the_team_can_be_asked_though_they_take_no_turns() -> None:
    found = _documents({"unit": "week", "count": 1}, ["ana", "ben"], [])
    found["teams"]["web"]["leads"] = ["dora"]
    directory = _directory(found)
    schedule = directory.schedules["web"]
    hours = Window(MONDAY + 30 * HOUR, MONDAY + 34 * HOUR)
    names = candidates(directory, schedule, schedule.rotations[0], hours, PHONES)
    assert "dora" in {one.person for one in names}
