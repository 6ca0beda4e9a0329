"""`cover me`: the request for cover that the page makes too, in words for a chat."""

from datetime import datetime, timedelta
from urllib.parse import quote

from tocsin.core.chat.command_words import BadCommand
from tocsin.core.chat.cover_words import Cover, hours
from tocsin.core.oncall.own_shifts import OwnShift, shifts_of
from tocsin.core.people.permissions import RESPONDER
from tocsin.core.rotas.cover_requests import LONGEST
from tocsin.core.wallclock import Window, this_minute, wall_time, zone_named
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.oncall.cover_requests import CoverRequests
from tocsin.engine.signing_in.sign_in import Viewer

_AHEAD = timedelta(weeks=8)
_FARTHEST = timedelta(days=400)
# Each stretch without a break is a request of its own.
_MOST = 8
_OFTEN = "Say which hours are meant: cover me FROM TO, such as cover me 18:00 22:00."


def ask(desk: FrontDesk, cover: Cover, viewer: Viewer) -> str:
    """Ask who could take the hours; says what was asked, or why nothing was."""
    now = desk.clock.now()
    try:
        meant = hours(cover, zone_named(viewer.zone), now=now)
    except BadCommand as bad:
        return f"{bad}."
    if meant is None:
        found = _next(desk, viewer, now)
        if isinstance(found, str):
            return found
        return _asked(desk, found, cover.why, viewer)
    if meant.end - meant.start > LONGEST or meant.start > now + _FARTHEST:
        return f"Ask for at most {LONGEST.days} days, within the next year."
    own = shifts_of(desk.directory(), viewer.person, meant)[:_MOST]
    if not own:
        when = _told(meant.start, meant.end, viewer.zone)
        return f"You are not on call {when}, so there is nothing to take."
    return "\n".join(_asked(desk, one, cover.why, viewer) for one in own)


def _next(desk: FrontDesk, viewer: Viewer, now: datetime) -> OwnShift | str:
    """The first shift of theirs that is ahead; or that there is none."""
    start = this_minute(now)
    # As far as a shift can be asked for, so that its end is the real one.
    window = Window(start, start + _AHEAD + LONGEST)
    shifts = shifts_of(desk.directory(), viewer.person, window)
    ahead = [one for one in shifts if start < one.start <= start + _AHEAD]
    if ahead:
        return ahead[0]
    if any(one.start == start for one in shifts):
        return f"You are on call now, and no other shift of yours begins soon. {_OFTEN}"
    return "You are not on call in the next 8 weeks, so there is nothing to take."


def _asked(desk: FrontDesk, one: OwnShift, why: str, viewer: Viewer) -> str:
    """Ask for one rotation; what became of it."""
    requests = CoverRequests(desk)
    place = f"{one.schedule}, {one.rotation}"
    when = _told(one.start, one.end, viewer.zone)
    url = f"{desk.public_url}/schedules/{quote(one.schedule, safe='')}#cover"
    if not viewer.may(RESPONDER, desk.directory().schedules[one.schedule].team):
        return f"{place}: asking for cover needs the role responder."
    same = viewer.person, one.rotation, one.start, one.end
    for held in requests.open_ones(one.schedule):
        if (held.person, held.rotation, held.start, held.end) == same:
            return f"You have asked already who could take {place} {when}: {url}"
    asked = requests.ask(viewer, one.schedule, one.rotation, one.start, one.end, why)
    if not asked.done:
        return f"{place}: {asked.refused}"
    return (
        f"Whoever is free is asked to take {place} {when}. Until somebody does the "
        f"hours are yours: {url}"
    )


def _told(start: datetime, end: datetime, zone: str) -> str:
    first, last = (wall_time(at, zone_named(zone)) for at in (start, end))
    name = start.astimezone(zone_named(zone)).tzname() or "UTC"
    return f"from {first:%a %-d %b, %H:%M} to {last:%a %-d %b, %H:%M} {name}"
