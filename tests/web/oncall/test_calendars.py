"""Calendars to subscribe to: what a calendar program reads is the schedule that pages."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar as Parsed
from recurring_ical_events import of as occurrences

from tests.core.oncall.test_oncall_load import MANY, TURNS, made
from tests.web.pages import Desk, desk
from tocsin.core.oncall.calendar_events import (
    CalendarEvent,
    events_of,
    published_window,
    reconciled,
)
from tocsin.core.rotas.schedules import final_schedule
from tocsin.core.wallclock import Window
from tocsin.engine.oncall.calendars import SCHEDULE, Fetched
from tocsin.store.calendars import Calendar
from tocsin.web.oncall.ical import rendered

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = datetime(2024, 3, 15, 10, tzinfo=UTC)  # both of Europe's clock changes are ahead


def _parsed(events: list[CalendarEvent], directory: Any) -> Any:
    calendar = Calendar("c", "p0", SCHEDULE, "web", NOW)
    return Parsed.from_ical(rendered(Fetched(calendar, directory, events), "http://t"))


@pytest.mark.slow  # thirteen months are written and read back
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    turn=st.sampled_from([("hour", 12), ("day", 1), ("week", 1), ("month", 1)]),
    users=st.lists(st.sampled_from(MANY[:4]), min_size=1, max_size=4, unique=True),
    at=st.integers(0, 380 * 24 * 2),
    length=st.integers(1, 72),
    anchor=st.sampled_from(["2024-01-01T02:30", "2024-01-01T09:00"]),
)
def test_what_is_read_back_is_the_final_schedule(
    turn: tuple[str, int], users: list[str], at: int, length: int, anchor: str
) -> None:
    start = NOW + at * HOUR / 2
    override = {
        "kind": "cover", "user": "p3", "id": "x",
        "start": f"{start:%Y-%m-%dT%H:%MZ}",
        "end": f"{start + length * HOUR:%Y-%m-%dT%H:%MZ}",
    }  # fmt: skip
    turns = {**TURNS, "anchor": anchor, "turn": {"unit": turn[0], "count": turn[1]}}
    directory = made(
        [*users, "p3"] if "p3" not in users else users,
        turns=turns,
        overrides=[override],
    )
    schedule = directory.schedules["web"]
    window = published_window(NOW)
    events = events_of(schedule, now=NOW)
    assert len({one.uid for one in events}) == len(events)
    found = sorted(
        # A shift that the window cuts is published as it began.
        (max(one["DTSTART"].dt, window.start), one["DTEND"].dt, str(one["SUMMARY"]))
        for one in occurrences(_parsed(events, directory)).between(
            window.start, window.end
        )
    )
    shifts = final_schedule(schedule.rotations[0], window).shifts
    assert found == sorted((one.start, one.end, f"{one.user}: R0") for one in shifts)


def _known(events: list[CalendarEvent]) -> dict[str, CalendarEvent]:
    return {one.uid: one for one in events}


def test_an_event_keeps_its_name_and_what_vanished_is_cancelled() -> None:
    first = events_of(made(MANY).schedules["web"], now=NOW)
    again = events_of(made(MANY).schedules["web"], now=NOW + 3 * DAY)
    assert reconciled({}, first, now=NOW) == first
    assert reconciled(_known(first), again, now=NOW + 3 * DAY) == []
    # p1 takes a day out of the middle of p3's week: one is cut, one new, one new after it.
    cover = {
        "kind": "cover", "user": "p1", "id": "x",
        "start": "2024-03-27T08:00Z", "end": "2024-03-28T08:00Z",
    }  # fmt: skip
    later = events_of(made(MANY, overrides=[cover]).schedules["web"], now=NOW + DAY)
    changed = reconciled(_known(first), later, now=NOW + DAY)
    cut = [one for one in changed if one.sequence == 1]
    assert [(one.end, one.cancelled) for one in cut] == [
        (datetime(2024, 3, 27, 8, tzinfo=UTC), False)
    ]
    assert sorted(one.person for one in changed if not one.sequence) == sorted(
        ["p1", cut[0].person]
    )
    # Taken back: the new ones are cancelled, the cut one is whole again.
    held = {**_known(first), **_known(changed)}
    back = reconciled(held, first, now=NOW + 2 * DAY)
    assert sorted((one.sequence, one.cancelled) for one in back) == [
        (1, True), (1, True), (2, False),
    ]  # fmt: skip


def test_what_has_been_is_never_cancelled() -> None:
    first = events_of(made(MANY).schedules["web"], now=NOW)
    gone = reconciled(_known(first), [], now=NOW)
    assert all(one.end > NOW for one in gone)
    assert len(gone) < len(first)


def test_a_shift_without_an_end_is_one_event_all_month() -> None:
    alone = made(["p0"]).schedules["web"]
    first = events_of(alone, now=datetime(2024, 3, 1, tzinfo=UTC))
    later = events_of(alone, now=datetime(2024, 3, 31, 23, tzinfo=UTC))
    assert [one.uid for one in first] == [one.uid for one in later]
    assert reconciled(_known(first), later, now=NOW) == []


@pytest.mark.parametrize(
    "turns",
    [
        {"anchor": "2024-01-01T09:00", "turn": {"unit": "week", "count": 2}},
        {"anchor": "2024-01-01T09:00", "turn": {"unit": "month", "count": 5}},
    ],
)
def test_when_the_month_turns_a_shift_across_the_edge_stays_one_event(
    turns: dict[str, Any],
) -> None:
    schedule = made(MANY, turns=turns).schedules["web"]
    before = datetime(2024, 4, 30, 23, tzinfo=UTC)
    after = datetime(2024, 5, 1, 1, tzinfo=UTC)
    first, later = (events_of(schedule, now=now) for now in (before, after))
    # One of the first is over before April; one goes across its beginning.
    edge = published_window(after).start
    across = [one for one in first if one.start < edge < one.end]
    assert len(across) == 1
    assert [one.uid for one in later if one.start < edge] == [across[0].uid]
    changed = reconciled(_known(first), later, now=after)
    # What is new lies a month further ahead; what the far edge cut is only longer.
    far = published_window(before).end
    assert all(one.end > far for one in changed)
    assert not any(one.cancelled for one in changed)


@pytest.mark.parametrize("unit", ["hour", "day", "week", "month"])
def test_who_is_always_on_call_has_one_event_for_ever(unit: str) -> None:
    turns = {"anchor": "2024-01-01T09:00", "turn": {"unit": unit, "count": 1}}
    alone = made(["p0"], turns=turns).schedules["web"]
    march, may = (
        events_of(alone, now=datetime(2024, month, 15, tzinfo=UTC)) for month in (3, 5)
    )
    assert [one.uid for one in march] == [one.uid for one in may]
    (longer,) = reconciled(_known(march), may, now=datetime(2024, 5, 15, tzinfo=UTC))
    assert (longer.sequence, longer.cancelled) == (1, False)
    # The rotation's own beginning: its anchor, here.
    assert longer.start == datetime(2024, 1, 1, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk(tmp_path_factory.mktemp("calendars")) as found:
        yield found


def _fetch(site: Desk, url: str) -> Any:
    return site.at("localhost", "/ical/" + url.rsplit("/", 1)[-1])


def _names(answer: Any) -> set[str]:
    return {
        str(one["SUMMARY"]) for one in Parsed.from_ical(answer.content).walk("VEVENT")
    }


@pytest.mark.slow  # a whole edge is started
def test_a_secret_address_is_made_turned_and_ended(site: Desk) -> None:
    answer = site.json("/api/v1/me/calendars", {"kind": "person"}, "alice")
    assert answer.status_code == 201
    url, number = answer.json()["url"], answer.json()["calendar"]["id"]
    mine = _fetch(site, url)
    assert mine.status_code == 200
    assert mine.headers["content-type"] == "text/calendar; charset=utf-8"
    assert _names(mine) == {
        "On call: payments, Primary", "On call: payments, Secondary",
    }  # fmt: skip
    turned = site.json(f"/api/v1/me/calendars/{number}/turn", {}, "alice").json()["url"]
    assert _fetch(site, url).status_code == 404
    assert _fetch(site, turned).status_code == 200
    # Nobody else's.
    assert (
        site.json(f"/api/v1/me/calendars/{number}/turn", {}, "bob").status_code == 404
    )
    page = site.get("/me/calendars", "alice").text
    assert "My own shifts" in page
    assert turned.rsplit("/", 1)[-1] not in page
    assert site.form(f"/me/calendars/{number}", {"do": "end"}, "bob").status_code == 404
    ended = site.form(f"/me/calendars/{number}", {"do": "end"}, "alice")
    assert ended.status_code == 303
    assert _fetch(site, turned).status_code == 404
    assert site.get("/ical/none.ics").status_code == 404


@pytest.mark.slow  # a whole edge is started
def test_an_override_reaches_who_subscribed(site: Desk) -> None:
    shown = site.form("/me/calendars", {"of": "schedule:payments"}, "viewer").text
    address = shown.split("/ical/")[1].split(".ics")[0]
    before = _fetch(site, f"{address}.ics")
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + 2 * DAY
    body = {
        "rotation": "Primary",
        "start": start.isoformat(),
        "end": (start + HOUR).isoformat(),
        "person": "carol",
    }
    answer = site.json("/api/v1/schedules/payments/overrides", body)
    assert answer.status_code == 201, answer.text
    after = _fetch(site, f"{address}.ics")
    assert "carol: Primary" in _names(after) - _names(before)
    window = Window(start, start + HOUR)
    found = [
        str(one["SUMMARY"])
        for one in occurrences(Parsed.from_ical(after.content)).between(
            window.start, window.end
        )
        if str(one["SUMMARY"]).endswith("Primary")
    ]
    assert "carol: Primary" in found
    override = answer.json()["override"]["id"]
    site.form(
        "/schedules/payments/override/end",
        {"rotation": "Primary", "override": override},
    )
    gone = Parsed.from_ical(_fetch(site, f"{address}.ics").content)
    states = [
        str(one["STATUS"])
        for one in gone.walk("VEVENT")
        if str(one["SUMMARY"]) == "carol: Primary"
    ]
    assert states == ["CANCELLED"]
    for bad in ("team:none", "", "person", "x:y"):
        answer = site.form("/me/calendars", {"of": bad}, "viewer")
        assert answer.status_code == (200 if bad == "person" else 422), bad


@pytest.mark.slow  # a whole edge is started
def test_what_a_team_has_no_more_is_cancelled_in_its_calendar(site: Desk) -> None:
    path = "/api/v1/schedules/nights"
    turns = {"name": "Nights", "users": ["alice", "bob"], "length": "1 day"}
    nights = {"name": "nights", "team": "payments", "rotations": [turns]}

    def put(**more: str) -> None:
        answer = site.replace(path, {**nights, **more}, "carol")
        assert answer.status_code < 300, answer.text

    def states() -> list[str]:
        """Of what is ahead."""
        return [
            str(one.get("STATUS"))
            for one in Parsed.from_ical(_fetch(site, url).content).walk("VEVENT")
            if str(one["SUMMARY"]).endswith("Nights")
            and one["DTEND"].dt > datetime.now(UTC) + DAY
        ]

    assert site.put(path, nights, "carol").status_code < 300
    wanted = {"kind": "team", "name": "payments"}
    url = site.json("/api/v1/me/calendars", wanted, "alice").json()["url"]
    assert set(states()) == {"CONFIRMED"}
    put(team="search")
    assert set(states()) == {"CANCELLED"}
    put()
    assert "CONFIRMED" in states(), "it came back"
    assert site.replace(path, None, "carol").status_code < 300
    assert set(states()) == {"CANCELLED"}
