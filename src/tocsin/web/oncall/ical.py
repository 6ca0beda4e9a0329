"""A calendar as bytes: RFC 5545, one event per shift, in UTC."""

from datetime import timedelta

from icalendar import Calendar, Event

from tocsin.core.oncall.calendar_events import CalendarEvent
from tocsin.engine.oncall.calendars import PERSON, TEAM, Fetched

# Programs that honour it look again after an hour; some never do more than daily.
_REFRESH = timedelta(hours=1)


def rendered(fetched: Fetched, public_url: str) -> bytes:
    """What a program that subscribed reads."""
    calendar = Calendar()
    calendar.add("prodid", "-//Tocsin//On call//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _title(fetched))
    calendar.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for one in fetched.events:
        calendar.add_component(_event(fetched, one, public_url))
    text: bytes = calendar.to_ical()
    return text


def _event(fetched: Fetched, one: CalendarEvent, public_url: str) -> Event:
    event = Event()
    event.add("uid", one.uid)
    event.add("dtstamp", one.changed_at.replace(microsecond=0))
    event.add("last-modified", one.changed_at.replace(microsecond=0))
    event.add("sequence", one.sequence)
    event.add("dtstart", one.start)
    event.add("dtend", one.end)
    event.add("summary", _summary(fetched, one))
    event.add("status", "CANCELLED" if one.cancelled else "CONFIRMED")
    # Being on call does not make somebody busy for a meeting.
    event.add("transp", "TRANSPARENT")
    event.add("url", f"{public_url}/schedules/{one.schedule}")
    return event


def _summary(fetched: Fetched, one: CalendarEvent) -> str:
    if fetched.calendar.kind == PERSON:
        return f"On call: {one.schedule}, {one.rotation}"
    person = fetched.directory.people.get(one.person)
    who = (person.full_name if person else "") or one.person
    if fetched.calendar.kind == TEAM:
        return f"{who}: {one.schedule}, {one.rotation}"
    return f"{who}: {one.rotation}"


def _title(fetched: Fetched) -> str:
    if fetched.calendar.kind == PERSON:
        return "My shifts on call"
    return f"On call: {fetched.calendar.name}"
