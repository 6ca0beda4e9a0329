"""What a schedule asks of its people: their load behind, and what the checks find."""

from datetime import timedelta

from msgspec import Struct

from tocsin.core.directory import Directory
from tocsin.core.oncall.oncall_findings import Finding, findings
from tocsin.core.oncall.oncall_load import Fairness, Load, fairness, loads_of
from tocsin.core.oncall.own_shifts import people_of
from tocsin.core.oncall.shift_records import ShiftRecord, records
from tocsin.core.wallclock import MINUTE, Window, this_minute
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer
from tocsin.store import oncall_load as stored
from tocsin.store import response_targets

# The checks look at a quarter ahead, and at the pages of four weeks (domain 1.8).
AHEAD = timedelta(days=91)
BEHIND = timedelta(days=28)


class Report(Struct, frozen=True):
    """`window` is the time behind that the loads are of."""

    directory: Directory
    window: Window
    loads: list[Load]
    fairness: Fairness
    findings: list[Finding]
    # How often nobody answered in time, by service that pages the schedule.
    missed: dict[str, int]

    @property
    def is_judged(self) -> bool:
        """Whether evenness means something: a quarter, half of it with somebody on call.

        In four weeks of weekly turns not everybody has had one (domain 1.8: a quarter).
        """
        length = self.window.end - self.window.start
        covered = timedelta(hours=sum(one.hours for one in self.loads))
        return length >= AHEAD and covered * 2 >= length


def report(
    desk: FrontDesk, schedule: str, *, days: int, viewer: Viewer
) -> Report | None:
    """The last `days` days of a schedule; None when there is none of that name."""
    directory = desk.directory()
    known = directory.schedules.get(schedule)
    if known is None:
        return None
    now = this_minute(desk.clock.now())
    # The minute in progress counts: who was paged just now sees it here.
    behind = Window(now - timedelta(days=days), now + MINUTE)
    people = {who for one in known.ever for who in people_of(one)}
    since = min(behind.start, now - BEHIND)
    paged, counts = desk.database.read(
        lambda tx: (
            stored.paged_since(tx, sorted(people), since=since),
            response_targets.missed_since(tx, since=behind.start),
        )
    )
    missed = {
        name: count
        for name, count in counts.items()
        if _is_shown(directory, name, schedule, viewer)
    }
    loads = loads_of(directory, schedule, behind, paged)
    lately = {
        who: [one for one in pages if one.at >= now - BEHIND]
        for who, pages in paged.items()
    }
    channels = desk.contacts.channels()
    found = findings(directory, schedule, Window(now, now + AHEAD), lately, channels)
    # Nobody can mend what somebody who has left carried too much or too little.
    here = [one for one in loads if directory.person(one.person) is not None]
    return Report(directory, behind, loads, fairness(here), found, missed)


def _is_shown(
    directory: Directory, service: str, schedule: str, viewer: Viewer
) -> bool:
    known = directory.services.get(service)
    if known is None or not viewer.sees(known):
        return False
    return schedule in directory.schedules_of(service)


def record(
    desk: FrontDesk, schedule: str, window: Window, *, only: str = ""
) -> list[ShiftRecord] | None:
    """Every shift of a schedule (of one person) in the window; None without one."""
    directory = desk.directory()
    known = directory.schedules.get(schedule)
    if known is None:
        return None
    people = {who for one in known.ever for who in people_of(one)}
    paged = desk.database.read(
        lambda tx: stored.paged_since(tx, sorted(people), since=window.start)
    )
    return list(records(directory, schedule, window, paged, only=only))
