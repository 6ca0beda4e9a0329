"""Calendars of others: shifts of a rotation and one's own leave, over real HTTP."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar as Parsed

from tests.cast import MONDAY_9AM
from tests.stories.stage import Stage
from tests.web.signed_in import SignedIn
from tocsin.core.rotas.imported_shifts import leave_days
from tocsin.integrations.ical_feed import entries_of
from tocsin.interfaces.machine import CalendarUnreadable
from tocsin.store import calendar_imports as stored

pytestmark = pytest.mark.slow  # a whole installation is started

PLACE = "/schedules/payments/calendar/Primary"


class Calendars(BaseHTTPRequestHandler):
    """Answers with what a test wants to be read."""

    status, text, moved = 200, b"", ""
    during = staticmethod(lambda: None)

    def do_GET(self) -> None:
        if self.path == "/moved" and type(self).moved:
            self.send_response(302)
            self.send_header("location", type(self).moved)
            self.end_headers()
            return
        type(self).during()
        self.send_response(type(self).status)
        self.end_headers()
        self.wfile.write(type(self).text)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def feed() -> Iterator[tuple[type[Calendars], str]]:
    class Own(Calendars):
        pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Own)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Own, f"http://127.0.0.1:{server.server_port}/secret.ics"
    server.shutdown()


def calendar(*events: str) -> bytes:
    body = "".join(f"BEGIN:VEVENT\r\n{one}\r\nEND:VEVENT\r\n" for one in events)
    return (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n{body}END:VCALENDAR\r\n"
    ).encode()


def event(uid: str, start: datetime, hours: float, summary: str, *more: str) -> str:
    end = start + timedelta(hours=hours)
    return "\r\n".join(
        [
            f"UID:{uid}", "DTSTAMP:20240101T000000Z",
            f"DTSTART:{start:%Y%m%dT%H%M%SZ}", f"DTEND:{end:%Y%m%dT%H%M%SZ}",
            f"SUMMARY:{summary}", *more,
        ]
    )  # fmt: skip


def on_call(stage: Stage, start: datetime, hours: float) -> list[tuple[int, int, str]]:
    """(from, to, who) of Primary in hours since `start`."""
    end = start + timedelta(hours=hours)
    path = f"/schedules/payments/final?from={start:%Y-%m-%dT%H:%MZ}&to={end:%Y-%m-%dT%H:%MZ}"
    found = stage.ask("carol", "GET", path).json()["rotations"]["Primary"]["shifts"]

    def since(text: str) -> int:
        return round((datetime.fromisoformat(text) - start).total_seconds() / 3600)

    return [(since(one["start"]), since(one["end"]), one["user"]) for one in found]


def test_events_are_shifts_above_the_turns_and_the_last_good_copy_stays(
    stage: Stage, feed: tuple[type[Calendars], str]
) -> None:
    pages, url = feed
    start = MONDAY_9AM + timedelta(days=1)
    pages.text = calendar(
        event("1", start, 8, "On call: Bob"),
        event("2", start + timedelta(hours=8), 8, "x", "ATTENDEE:mailto:carol@example.com"),
        event("3", start + timedelta(hours=20), 2, "Party"),
        event("4", start + timedelta(days=1), 2, "bob", "RRULE:FREQ=DAILY;COUNT=3"),
    )  # fmt: skip
    put = stage.ask("carol", "PUT", PLACE, {"url": url})
    assert put.status_code == 200, put.text
    assert put.json()["found"] == 5
    assert put.json()["unknown"] == ["Party"]
    assert on_call(stage, start, 28) == [
        (0, 8, "bob"), (8, 16, "carol"), (16, 24, "alice"), (24, 26, "bob"),
        (26, 28, "alice"),
    ]  # fmt: skip
    # It cannot be read: everything stays, and it is said at the place.
    pages.status = 500
    stage.clock.at += timedelta(hours=7)
    stage.installation.imports.refresh()
    seen = stage.ask("carol", "GET", PLACE).json()
    assert seen["error"] == "its server answered 500"
    assert len(on_call(stage, start, 28)) == 5
    stage.clock.at += timedelta(hours=1)
    stage.installation.imports.refresh()
    rows = stage.installation.database.read(
        lambda tx: tx.all("select target from outbox where key like 'calendar:%'")
    )
    assert [row[0] for row in rows] == ["carol"]


def test_a_calendars_shift_is_shown_as_one_and_changed_where_it_comes_from(
    stage: Stage, feed: tuple[type[Calendars], str]
) -> None:
    pages, url = feed
    start = MONDAY_9AM + timedelta(days=1)
    later = event("2", start, 8, "bob")
    pages.text = calendar(later)
    assert stage.ask("carol", "PUT", PLACE, {"url": url}).status_code == 200
    made = stage.do("carol", "/me/calendars", kind="schedule", name="payments")
    before = published(stage, made)
    path = f"/schedules/payments/final?from={start:%Y-%m-%dT%H:%MZ}&to={start + timedelta(hours=8):%Y-%m-%dT%H:%MZ}"
    final = stage.ask("carol", "GET", path).json()
    (shift,) = final["rotations"]["Primary"]["shifts"]
    assert shift["kind"] == "calendar"
    assert shift["source"].startswith("ical:")
    refused = stage.ask(
        "carol", "DELETE", f"/schedules/payments/overrides/Primary/{shift['source']}"
    )
    assert refused.status_code == 422, refused.text
    assert "change it in the calendar that it comes from" in refused.text
    assert on_call(stage, start, 8) == [(0, 8, "bob")]
    # An earlier event renames none of what was published.
    pages.text = calendar(
        event("1", MONDAY_9AM + timedelta(hours=3), 2, "carol"), later
    )
    stage.clock.at += timedelta(minutes=11)
    stage.installation.imports.refresh()
    after = published(stage, made)
    key = (start, "bob")
    assert after[key] == before[key]
    page = SignedIn(stage, stage.client, "carol").get(
        "/schedules/payments?from=2024-03-04&view=week"
    )
    assert "Primary, calendar" in page
    assert "Take back" not in page


def published(
    stage: Stage, made: dict[str, Any]
) -> dict[tuple[datetime, str], tuple[str, int]]:
    """(start, handle) of what a feed holds: (UID, SEQUENCE)."""
    text = stage.client.get(urlsplit(made["url"]).path).text
    return {
        (one["DTSTART"].dt, str(one["SUMMARY"]).split(":")[0].casefold()): (
            str(one["UID"]), int(one.get("SEQUENCE", 0)),
        )
        for one in Parsed.from_ical(text).walk("VEVENT")
    }  # fmt: skip


def test_what_has_been_stays_when_the_calendar_says_otherwise(
    stage: Stage, feed: tuple[type[Calendars], str]
) -> None:
    pages, url = feed
    start = MONDAY_9AM + timedelta(hours=2)
    pages.text = calendar(event("1", start, 8, "bob"))
    assert stage.ask("carol", "PUT", PLACE, {"url": url}).status_code == 200
    stage.clock.at = start + timedelta(hours=3)
    pages.text = calendar(event("1", start, 8, "carol"))
    stage.installation.imports.refresh()
    assert on_call(stage, start, 8) == [(0, 3, "bob"), (3, 8, "carol")]
    audit = stage.ask("carol", "GET", "/audit?noun=schedules").json()["entries"]
    assert audit[0]["actor"] == "a subscribed calendar"
    # Reading the same once more changes and records nothing.
    stage.clock.at += timedelta(hours=1)
    stage.installation.imports.refresh()
    again = stage.ask("carol", "GET", "/audit?noun=schedules").json()["entries"]
    assert len(again) == len(audit)
    # A file that knows nothing of it takes nothing away.
    held = stage.ask("carol", "GET", "/schedules/payments")
    document = held.json()
    for rotation in document["rotations"]:
        rotation.pop("imported", None)
    document.pop("etag", None)
    etag = held.headers["etag"].strip('"')
    put = stage.ask("carol", "PUT", "/schedules/payments", document, if_match=etag)
    assert put.status_code == 200, put.text
    assert on_call(stage, start, 8) == [(0, 3, "bob"), (3, 8, "carol")]
    assert stage.ask("carol", "DELETE", PLACE).status_code == 204
    assert on_call(stage, start, 8) == [(0, 3, "bob"), (3, 4, "carol"), (4, 8, "alice")]
    assert stage.ask("carol", "GET", PLACE).json() == {"subscribed": False}


def test_own_leave_is_read_in_whole_days(
    stage: Stage, feed: tuple[type[Calendars], str]
) -> None:
    pages, url = feed
    pages.text = calendar(
        "UID:1\r\nDTSTAMP:20240101T000000Z\r\nDTSTART;VALUE=DATE:20240318\r\n"
        "DTEND;VALUE=DATE:20240323\r\nSUMMARY:Skiing"
    )
    put = stage.ask("alice", "PUT", "/me/leave-calendar", {"url": url})
    assert put.json()["found"] == 1, put.text
    me = stage.ask("alice", "GET", "/people/alice").json()
    assert me["leave_imported"] == [{"from": "2024-03-18", "to": "2024-03-22"}]
    assert stage.ask("alice", "DELETE", "/me/leave-calendar").status_code == 204
    assert "leave_imported" not in stage.ask("alice", "GET", "/people/alice").json()


MEETINGS = (
    event("m", MONDAY_9AM + timedelta(days=2), 0.5, "Stand-up"),
    event("o", MONDAY_9AM + timedelta(days=3), 9, "Offsite"),
    event("f", MONDAY_9AM + timedelta(days=4), 9, "Bo is away", "TRANSP:TRANSPARENT"),
    event("c", MONDAY_9AM + timedelta(days=7), 9, "Fair", "STATUS:CANCELLED"),
)


def test_a_meeting_is_no_leave_and_the_days_are_shown_before_they_are_taken(
    stage: Stage, feed: tuple[type[Calendars], str]
) -> None:
    pages, url = feed
    pages.text = calendar(*MEETINGS)
    shown = stage.do("alice", "/me/leave-calendar/preview", url=url)
    assert shown == {
        "days": [{"from": "2024-03-07", "to": "2024-03-07"}],
        "left_out": ["Bo is away", "Stand-up"],
    }
    browser = SignedIn(stage, stage.client, "alice")
    _, page = browser.post("/me/leave", 200, url=url, do="show")
    assert "Thu 7 Mar 2024" in page
    assert "Not taken, as they are shorter than 8 hours or marked as free" in page
    assert "Stand-up" in page
    # Nothing is written or subscribed yet.
    assert "leave_imported" not in stage.ask("alice", "GET", "/people/alice").json()
    assert "Read it now" not in browser.get("/me/leave")
    browser.post("/me/leave", url=url, do="read")
    me = stage.ask("alice", "GET", "/people/alice").json()
    assert me["leave_imported"] == [{"from": "2024-03-07", "to": "2024-03-07"}]


def test_a_calendar_without_leave_says_so_before_it_is_taken(
    stage: Stage, feed: tuple[type[Calendars], str]
) -> None:
    pages, url = feed
    pages.text = calendar(MEETINGS[0])
    browser = SignedIn(stage, stage.client, "alice")
    _, page = browser.post("/me/leave", 200, url=url, do="show")
    assert "It holds no days away ahead." in page
    pages.status = 404
    _, page = browser.post("/me/leave", 422, url=url, do="show")
    assert "It cannot be read: its server answered 404." in page
    refused = stage.ask("alice", "POST", "/me/leave-calendar/preview", {"url": "ftp:x"})
    assert refused.status_code == 422


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        (b"<html>sign in</html>", 200, "no iCalendar"),
        (b"", 404, "answered 404"),
        (b"x" * 5_300_000, 200, "larger than 5 MB"),
    ],
)
def test_what_is_no_calendar_is_refused_and_nothing_kept(
    stage: Stage, feed: tuple[type[Calendars], str], text: bytes, status: int, said: str
) -> None:
    pages, url = feed
    pages.text, pages.status = text, status
    put = stage.ask("carol", "PUT", PLACE, {"url": url})
    assert put.status_code == 409
    assert said in put.json()["detail"]
    assert url not in put.text
    assert stage.ask("carol", "GET", PLACE).json() == {"subscribed": False}


def test_addresses_are_asked_for_and_followed(
    stage: Stage, feed: tuple[type[Calendars], str]
) -> None:
    pages, url = feed
    assert stage.ask("carol", "PUT", PLACE, {"url": "ftp://x"}).status_code == 422
    assert stage.ask("bob", "PUT", PLACE, {"url": url}).status_code == 403
    pages.text, pages.moved = calendar(), url
    moved = url.replace("secret.ics", "moved")
    assert stage.ask("carol", "PUT", PLACE, {"url": moved}).status_code == 200
    pages.moved = moved
    looped = stage.ask("carol", "PUT", PLACE, {"url": moved})
    assert "from one address to the next" in looped.json()["detail"]
    sealed = stage.installation.database.read(
        lambda tx: tx.one("select url from calendar_imports")
    )
    assert sealed is not None
    assert "http" not in sealed[0]


def test_an_end_during_the_reading_is_an_end(
    stage: Stage, feed: tuple[type[Calendars], str]
) -> None:
    pages, url = feed
    start = MONDAY_9AM + timedelta(days=1)
    pages.text = calendar(event("1", start, 8, "bob"))
    assert stage.ask("carol", "PUT", PLACE, {"url": url}).status_code == 200
    stage.clock.at += timedelta(hours=1)
    database = stage.installation.database
    pages.during = lambda: database.write(
        lambda tx: stored.drop(tx, "payments/Primary")
    )
    pages.text = calendar(event("1", start, 8, "carol"))
    stage.installation.imports.refresh()
    assert stage.ask("carol", "GET", PLACE).json() == {"subscribed": False}
    assert on_call(stage, start, 8) == [(0, 8, "bob")]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=HOURLY",
        "FREQ=DAILY;BYHOUR=1,2,3,4,5,6,7",
        "FREQ=NONSENSE",
    ],
)
def test_events_that_recur_without_measure_are_refused(rule: str) -> None:
    text = calendar(event("1", MONDAY_9AM, 1, "bob", f"RRULE:{rule}"))
    with pytest.raises(CalendarUnreadable):
        list(entries_of(text, MONDAY_9AM, MONDAY_9AM + timedelta(days=400)))


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=HOURLY;INTERVAL=12",
        "FREQ=MINUTELY;INTERVAL=720",
        "FREQ=HOURLY;INTERVAL=48",
    ],
)
def test_shifts_that_are_counted_in_hours_are_read(rule: str) -> None:
    text = calendar(event("1", MONDAY_9AM, 1, "bob", f"RRULE:{rule};COUNT=4"))
    found = list(entries_of(text, MONDAY_9AM, MONDAY_9AM + timedelta(days=400)))
    assert len(found) == 4


def _read(text: bytes) -> list[Any]:
    return list(entries_of(text, MONDAY_9AM, MONDAY_9AM + timedelta(days=60)))


FLOATING = "\r\n".join(
    ["UID:f", "DTSTART:20240325T090000", "DTEND:20240325T170000", "SUMMARY:bob"]
)


def test_two_events_without_a_name_at_one_time_are_two() -> None:
    nameless = [
        FLOATING.replace("UID:f\r\n", ""),
        FLOATING.replace("UID:f\r\n", "").replace("bob", "carol"),
    ]
    found = _read(calendar(*nameless))
    assert sorted(one.summary for one in found) == ["bob", "carol"]


def test_a_time_without_a_zone_is_one_where_it_is_read() -> None:
    (found,) = _read(calendar(FLOATING))
    tokyo = ZoneInfo("Asia/Tokyo")
    assert found.hours(tokyo)[0] == datetime(2024, 3, 25, tzinfo=UTC)
    assert found.hours(ZoneInfo("UTC"))[1] == datetime(2024, 3, 25, 17, tzinfo=UTC)
    assert leave_days([found], ZoneInfo("Pacific/Auckland")) == [
        (date(2024, 3, 25), date(2024, 3, 25))
    ]
    # Unless the calendar says where.
    (found,) = _read(
        calendar(FLOATING).replace(
            b"VERSION:2.0", b"VERSION:2.0\r\nX-WR-TIMEZONE:Europe/Berlin"
        )
    )
    assert found.hours(tokyo)[0] == datetime(2024, 3, 25, 8, tzinfo=UTC)


def test_calendars_one_after_the_other_are_all_read() -> None:
    other = FLOATING.replace("UID:f", "UID:g").replace("bob", "carol")
    found = _read(calendar(FLOATING) + calendar(other))
    assert sorted(one.summary for one in found) == ["bob", "carol"]


def test_a_shift_that_never_ends_and_one_after_the_other_are_read_at_once() -> None:
    end = MONDAY_9AM + timedelta(days=400)
    long = event("1", MONDAY_9AM, 24 * 365 * 70, "bob")
    found = list(entries_of(calendar(long), MONDAY_9AM, end))
    assert [one.summary for one in found] == ["bob"]
    daily = event("2", MONDAY_9AM, 24, "carol", "RRULE:FREQ=DAILY")
    found = list(entries_of(calendar(long, daily), MONDAY_9AM, end))
    assert len(found) == 401


def test_clock_changes_are_those_of_the_event() -> None:
    text = (
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\n"
        b"DTSTART;TZID=Europe/Berlin:20240329T090000\r\n"
        b"DTEND;TZID=Europe/Berlin:20240329T170000\r\n"
        b"RRULE:FREQ=DAILY;COUNT=4\r\nSUMMARY:bob\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    found = list(
        entries_of(
            text, datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 5, 1, tzinfo=UTC)
        )
    )
    assert [one.start.hour for one in found] == [8, 8, 7, 7]
