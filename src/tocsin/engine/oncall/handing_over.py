"""What the loop does when a rotation changes hands: open alerts, the note, a word.

Who was on call is kept, so that a hand-over during a downtime is noticed after it. Open
alerts hear of it in batches; where that stands is kept too.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import quote

from tocsin.core.directory import Directory, OnCallRow
from tocsin.core.level_times import is_night
from tocsin.core.oncall import handoffs as notes
from tocsin.core.oncall.crews import next_turnover
from tocsin.core.oncall.handoffs import Handoff, State
from tocsin.core.pages import escalation as rules
from tocsin.core.pages.escalation_steps import TRANSITIONS
from tocsin.core.severity import Severity
from tocsin.core.wallclock import this_minute, wall_time, zone_named
from tocsin.engine import escalation, trial_pages
from tocsin.engine.alerts import Intake
from tocsin.engine.nudging import nudge
from tocsin.store import alert_lists, outbox
from tocsin.store import alerts as stored_alerts
from tocsin.store import escalation as stored_runs
from tocsin.store import handoffs as stored_notes
from tocsin.store import on_call as stored
from tocsin.store.database import Tx
from tocsin.store.on_call import Move, Seen
from tocsin.store.outbox import Message

# Alerts that hear of hand-overs in one transaction.
_AT_ONCE = 200
_MOST_WAITING = 1000
_HEAR = frozenset(state.value for state in TRANSITIONS[rules.HandedOver])


def look(
    tx: Tx,
    directory: Directory,
    *,
    intake: Intake,
    public_url: str,
    now: datetime,
) -> datetime | None:
    """Notice who came on call and who went; returns when the next will."""
    known, rows = stored.seen(tx), directory.who(now=now)
    for row in rows:
        place = f"{row.schedule}/{row.rotation}"
        people = directory.active(row.people)
        before = known.pop(place, None)
        if before is None:
            stored.first_seen(tx, place, people, now=now)
        elif before.people != people:
            on = _changed(tx, directory, row, before, people, public_url, now)
            _test(tx, directory, row.schedule, on, intake, now)
    for gone in known:
        stored.forget(tx, gone)
    return min((row.until for row in rows if row.until is not None), default=None)


def move_open(tx: Tx, directory: Directory, *, now: datetime) -> bool:
    """Tell open alerts of the hand-overs; whether more are to be told."""
    left = _AT_ONCE
    for move in stored.moves(tx):
        once = directory.once_called(move.rotation)
        event = rules.HandedOver(move.rotation, move.off, move.on, once)
        numbers = alert_lists.open_after(tx, move.reached, limit=left)
        found = stored_alerts.get_many(tx, numbers)
        stored_runs.hold(tx, numbers)
        for number in numbers:
            alert, run = found.get(number), stored_runs.get(tx, number)
            if alert is not None and run is not None and run.state in _HEAR:
                escalation.apply(tx, alert, event, directory=directory, now=now)
        left -= len(numbers)
        if left <= 0:
            stored.moved(tx, move, reached=numbers[-1])
            return True
        stored.moved(tx, move, reached=None)
    return False


# long because: everything that one hand-over brings with it.
def _changed(
    tx: Tx,
    directory: Directory,
    row: OnCallRow,
    before: Seen,
    people: tuple[str, ...],
    public_url: str,
    now: datetime,
) -> tuple[str, ...]:
    """Returns who came, as far as this node is the one that saw it."""
    place = f"{row.schedule}/{row.rotation}"
    if not stored.changed(tx, place, before, people, now=now):
        return ()
    # Across a gap it is the last crew that hands over.
    last, since = before.last
    off = tuple(name for name in last if name not in people)
    on = tuple(name for name in people if name not in before.people)
    came = tuple(name for name in on if name not in last)
    at = this_minute(now)
    if not on:
        return ()
    key = sha256(f"{place} {now.isoformat()}".encode()).hexdigest()[:20]
    stored.put_move(tx, Move(key, place, off, on, at))
    note = None
    if last and came:
        draft = stored_notes.coming(tx, row.schedule, row.rotation, lock=True)
        new = Handoff(
            key, row.schedule, row.rotation, at, State.MADE,
            outgoing=last, incoming=came, since=since,
        )  # fmt: skip
        note = notes.made(draft or new, at=at, outgoing=last, incoming=came)
        stored_notes.put(tx, note)
    # Who comes back after a gap takes over from nobody, and is told nothing.
    words = [_began(one, row, note, directory, public_url, key) for one in came]
    outbox.put(tx, words, now=now)
    return on


def _test(
    tx: Tx,
    directory: Directory,
    schedule: str,
    people: Sequence[str],
    intake: Intake,
    now: datetime,
) -> None:
    """A test page for who came, where the schedule wants it and nobody sleeps."""
    if not directory.schedules[schedule].contact_test:
        return
    for name in people:
        known = directory.people.get(name)
        if known is None or is_night(now, zone_named(known.zone)):
            continue
        page = trial_pages.arrival(
            name, Severity.SEV2, trial_pages.AT_SHIFT_START, now=now
        )
        intake.accept(tx, [page], directory=directory, now=now)


def _began(
    person: str,
    row: OnCallRow,
    note: Handoff | None,
    directory: Directory,
    public_url: str,
    key: str,
) -> Message:
    known = directory.people.get(person)
    until = "from now on"
    if row.until is not None:
        zone = known.zone if known is not None else directory.zone
        local = wall_time(row.until, zone_named(zone))
        until = f"until {local:%a %-d %b, %H:%M} ({zone})"
    text = f"{row.schedule}, {row.rotation}: you are on call {until}."
    url = f"{public_url}/schedules/{quote(row.schedule, safe='')}"
    if note is not None:
        url = address(public_url, note.id)
        whose = " and ".join(note.outgoing)
        text += f" Read what {whose} hands over to you, and accept it."
    return nudge(
        person,
        key=f"on-call:{key}:{person}",
        subject=f"You are on call: {row.schedule}, {row.rotation}",
        text=text,
        url=url,
    )


def address(public_url: str, note: str) -> str:
    """Where a note is read."""
    return f"{public_url}/handoffs/{note}"


def reminders(
    tx: Tx, directory: Directory, *, public_url: str, now: datetime
) -> tuple[list[Message], list[Handoff]]:
    """Asks the incoming once more to accept; and what has waited for too long."""
    words, late = [], []
    for one in stored_notes.waiting(
        tx, before=now - notes.REMINDED_AFTER, limit=_MOST_WAITING
    ):
        if one.at <= now - notes.LAPSES_AFTER:
            late.append(one)
            continue
        words += [
            nudge(
                person,
                key=f"handoff:{one.id}:{person}",
                subject=f"Not accepted yet: the hand-over of {one.place}",
                text="It takes a minute to read what is open and what was said.",
                url=address(public_url, one.id),
            )
            for person in directory.active(one.incoming)
        ]
    return words, late


def asked_for_words(
    directory: Directory, *, public_url: str, now: datetime
) -> Iterator[Message]:
    """Half an hour before a rotation changes hands its people are asked for words."""
    for row in directory.who(now=now):
        if row.until is None or not row.people or not _is_near(row.until - now):
            continue
        coming = next_turnover(directory, row.schedule, row.rotation, now=now)
        # Across a gap whoever goes is asked when they go.
        if coming is None or coming.left != row.until:
            continue
        leaving = [name for name in row.people if name not in coming.incoming]
        place = f"{row.schedule}/{row.rotation}"
        for person in directory.active(leaving):
            yield nudge(
                person,
                key=f"words:{place}:{row.until.isoformat()}:{person}",
                subject=f"You hand over {place} to {' and '.join(coming.incoming)} soon",
                text="The note is drafted. Say in a few words what they should know.",
                url=f"{public_url}/schedules/{quote(row.schedule, safe='')}/handoff"
                f"?rotation={quote(row.rotation, safe='')}",
            )


def _is_near(ahead: timedelta) -> bool:
    # The watch looks every ten minutes.
    return timedelta(0) < ahead <= notes.DRAFTED_BEFORE + timedelta(minutes=5)
