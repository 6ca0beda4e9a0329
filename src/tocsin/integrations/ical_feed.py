"""Reads a calendar of somebody else's by its address: RFC 5545, recurrences worked out.

With `recurring-ical-events` (extra `ical`), which knows RRULE, EXDATE, RECURRENCE-ID and
clock changes. The address is a secret of whoever gave it, so no message holds it.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from math import prod
from typing import Any
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from tocsin.core.rotas.imported_shifts import Entry
from tocsin.interfaces.failures import DeliveryFailed, DeliveryUnknown
from tocsin.interfaces.machine import CalendarUnreadable, Egress

LARGEST = 5 * 1024 * 1024
_SECONDS = 20.0
_REDIRECTS = 3
MOST = 5000
_IN_A_DAY = {"SECONDLY": 86_400, "MINUTELY": 1440, "HOURLY": 24}
_PARTS = ("BYSECOND", "BYMINUTE", "BYHOUR")
_MOST_A_DAY, _MOST_RULES = 6, 500
_SLICE = timedelta(weeks=4)
_LONGEST_UID = 255
_MOVED = (301, 302, 303, 307, 308)


class IcalReader:
    """A CalendarReader over an Egress that reads up to LARGEST bytes."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress

    def __call__(self, url: str, start: datetime, end: datetime) -> Sequence[Entry]:
        """Every occurrence in [start, end). Raises CalendarUnreadable."""
        return list(entries_of(self._fetched(url), start, end))

    def _fetched(self, url: str) -> bytes:
        # What calendar programs call the address of a feed.
        url = f"https{url[6:]}" if url.startswith("webcal:") else url
        for _ in range(_REDIRECTS + 1):
            try:
                answer = self._egress.request(
                    "GET",
                    url,
                    headers={"accept": "text/calendar", "user-agent": "Tocsin"},
                    timeout_seconds=_SECONDS,
                )
            except (DeliveryFailed, DeliveryUnknown) as error:
                raise CalendarUnreadable(f"no answer: {error}") from None
            if answer.status in _MOVED and answer.headers.get("location"):
                url = _led_to(url, answer.headers["location"])
                continue
            if answer.status != 200:
                raise CalendarUnreadable(f"its server answered {answer.status}")
            if len(answer.body) >= LARGEST:
                raise CalendarUnreadable("it is larger than 5 MB")
            return answer.body
        raise CalendarUnreadable("it leads from one address to the next")


def entries_of(text: bytes, start: datetime, end: datetime) -> Iterator[Entry]:
    """The occurrences in a calendar's text. Raises CalendarUnreadable."""
    try:
        import recurring_ical_events
        from icalendar import Calendar
    except ImportError:
        why = "reading calendars is not installed: pip install 'tocsin[ical]'"
        raise CalendarUnreadable(why) from None
    try:
        # One file may hold several, one after the other.
        calendars = Calendar.from_ical(text, multiple=True)
        _must_be_of_days(calendars)
        found = (
            (event, str(calendar.get("x-wr-timezone") or ""))
            for calendar in calendars
            for event in _in_slices(recurring_ical_events.of(calendar), start, end)
        )
        for event, zone in _few(found):
            entry = _entry(event, zone)
            cancelled = str(event.get("status", "")).upper() == "CANCELLED"
            if entry is not None and not cancelled:
                yield entry
    except CalendarUnreadable:
        raise
    except Exception as error:  # noqa: BLE001 - what others write can fail in any way
        raise CalendarUnreadable(
            f"it is no iCalendar that can be read: {type(error).__name__}"
        ) from None


def _must_be_of_days(calendars: Iterable[Any]) -> None:
    """One line that recurs each second would be millions of events."""
    events = [event for one in calendars for event in one.walk("VEVENT")]
    recurring = [one for one in events if one.get("rrule")]
    if len(recurring) > _MOST_RULES:
        raise CalendarUnreadable(f"more than {_MOST_RULES} of its events recur")
    for event in recurring:
        rules = event["rrule"]
        for rule in rules if isinstance(rules, list) else [rules]:
            if _times_a_day(rule) > _MOST_A_DAY:
                why = f"it has events that recur more than {_MOST_A_DAY} times a day"
                raise CalendarUnreadable(why)


def _times_a_day(rule: Any) -> float:
    """At most: by its frequency, and by each list of parts of a day (RFC 5545, 3.3.10)."""
    often = _IN_A_DAY.get(str(next(iter(rule.get("freq", [])), "")).upper(), 1)
    every = max(1, int(next(iter(rule.get("interval", [])), 1)))
    return prod(len(rule.get(part) or [0]) for part in _PARTS) * max(1, often / every)


def _in_slices(query: Any, start: datetime, end: datetime) -> Iterator[Any]:
    """Each occurrence once, some weeks at a time: so many cannot be made at once."""
    seen = set()
    while start < end:
        until = min(start + _SLICE, end)
        for event in query.between(start, until):
            # By its title too: not everybody gives each event a UID.
            name = tuple(str(event.get(key, "")) for key in ("uid", "summary"))
            name += (str(event["dtstart"].dt),)
            if name not in seen:
                seen.add(name)
                yield event
        start = until


def _few(events: Iterable[Any]) -> Iterator[Any]:
    for count, event in enumerate(events):
        if count >= MOST:
            why = f"it has more than {MOST:,} events"
            raise CalendarUnreadable(why)
        yield event


def _led_to(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        raise CalendarUnreadable("it leads to no address") from None


def _entry(event: Any, zone: str) -> Entry | None:
    first = event.get("dtstart")
    if first is None:
        return None
    start = first.dt
    last = event.get("dtend")
    end = last.dt if last is not None else _end(event, start)
    days = floating = None
    if not isinstance(start, datetime):
        days = (start, max(start, end - timedelta(days=1)))
    elif start.tzinfo is None and isinstance(end, datetime) and not _zone(zone):
        floating = (start, end.replace(tzinfo=None))
    attendees = event.get("attendee") or []
    if not isinstance(attendees, list):
        attendees = [attendees]
    return Entry(
        " ".join(str(event.get("summary", "")).split())[:200],
        _instant(start, zone),
        _instant(end, zone),
        tuple(str(one)[:200] for one in attendees[:50]),
        days=days,
        uid=str(event.get("uid", ""))[:_LONGEST_UID],
        free=str(event.get("transp", "")).upper() == "TRANSPARENT",
        floating=floating,
    )


def _end(event: Any, start: date) -> date:
    length = event.get("duration")
    if length is not None:
        return start + length.dt  # type: ignore[no-any-return]
    return start if isinstance(start, datetime) else start + timedelta(days=1)


def _instant(at: date, zone: str) -> datetime:
    """A day is its midnight, a time without a zone that of the calendar."""
    local = at if isinstance(at, datetime) else datetime.combine(at, time(0))
    if local.tzinfo is None:
        local = local.replace(tzinfo=_zone(zone) or UTC)
    return local.astimezone(UTC)


def _zone(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, KeyError):
        return None
