"""Words before a first shift that nobody signed off, and after a test nobody answered."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from urllib.parse import quote

from tocsin.core.alerts.alerts import Status
from tocsin.core.directory import Directory, NamedSchedule, trial_of
from tocsin.core.oncall.growing import SIGNED_OFF
from tocsin.core.oncall.own_shifts import people_of, shifts_of_all
from tocsin.core.wallclock import MINUTE, Window, this_minute, wall_time, zone_named
from tocsin.engine.nudging import nudge
from tocsin.engine.trial_pages import AT_SHIFT_START, key_of
from tocsin.store import alerts as stored_alerts
from tocsin.store import readiness as stored
from tocsin.store.database import Tx
from tocsin.store.outbox import Message

# Nearest first: of both that have come only the nearer is said.
_STAGES = (timedelta(days=1), timedelta(days=7))
_LATELY = timedelta(hours=2)


def words(tx: Tx, directory: Directory, *, now: datetime) -> Iterator[Message]:
    """Both; only reads."""
    for schedule in directory.schedules.values():
        if schedule.readiness:
            yield from _unsigned(tx, directory, schedule, now)
        if schedule.contact_test:
            yield from _unanswered(tx, directory, schedule, now)


def _unsigned(
    tx: Tx, directory: Directory, schedule: NamedSchedule, now: datetime
) -> Iterable[Message]:
    signed = {
        one.person
        for one in stored.of_schedule(tx, schedule.name)
        if one.item == SIGNED_OFF
    }
    names = {who for one in schedule.rotations for who in people_of(one)} - signed
    start = this_minute(now)
    people = directory.active(sorted(names))
    window = Window(start, start + _STAGES[-1] + MINUTE)
    for who, shifts in shifts_of_all(directory, people, window).items():
        mine = [s for s in shifts if s.schedule == schedule.name and s.start > start]
        if not mine:
            continue
        first = mine[0]
        stage = next(one for one in _STAGES if first.start - start <= one)
        for to in dict.fromkeys((who, *directory.leads_of(schedule.name))):
            zone = directory.people[to].zone
            local = wall_time(first.start, zone_named(zone))
            is_own = to == who
            yield nudge(
                to,
                key=f"ready:{schedule.name}:{who}:{first.start.isoformat()}:"
                f"{stage.days}:{to}",
                subject=f"{'You are' if is_own else f'{who} is'} not signed off yet: "
                f"{schedule.name}",
                text=f"The first shift begins {local:%a %-d %b, %H:%M} ({zone}). "
                "The checklist says what is missing.",
                url=f"/schedules/{quote(schedule.name, safe='')}/readiness",
            )


def _unanswered(
    tx: Tx, directory: Directory, schedule: NamedSchedule, now: datetime
) -> Iterable[Message]:
    names = {who for one in schedule.rotations for who in people_of(one)}
    for who in directory.active(sorted(names)):
        alert = stored_alerts.newest_of(tx, trial_of(who).id, key_of(who))
        if (
            alert is None
            or alert.status is not Status.RESOLVED
            or alert.acked_at is not None
            or alert.details.get("description") != AT_SHIFT_START
            or now - alert.last_at > _LATELY
        ):
            continue
        for lead in directory.leads_of(schedule.name):
            yield nudge(
                lead,
                key=f"unanswered:{alert.number}:{alert.episode}:{lead}",
                subject=f"{who} did not answer the test page at their shift's start",
                text=f"{schedule.name}: a page may not reach them either. Call them, or "
                "let somebody stand in.",
                url=f"/schedules/{quote(schedule.name, safe='')}",
            )
