"""Preflight of what pages: channels, people, engines, the watch and its dead-man's switch."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Protocol

from tocsin.core.directory import Directory
from tocsin.core.pages.paging import methods
from tocsin.engine import watch
from tocsin.engine.checks import BAD, OFF, OK, WARN, Check
from tocsin.store import messages, nodes
from tocsin.store.database import Database
from tocsin.store.instants import from_micros, to_micros

DEAD_MAN_NOTE = "dead_man_at"
_LATELY = timedelta(days=30)
_BEATS_WITHIN = timedelta(seconds=60)
_WATCHED_WITHIN = timedelta(minutes=3)
_STUCK_AFTER = timedelta(seconds=60)
_MOST_NAMED = 5


class Seen(Protocol):
    """What only a running process knows (preflight.Seen)."""

    @property
    def stepped_at(self) -> datetime | None: ...
    @property
    def started_at(self) -> datetime | None: ...
    @property
    def pages_here(self) -> bool: ...
    @property
    def clock_steps(self) -> int | None: ...
    @property
    def problems(self) -> tuple[str, ...]: ...


def channels(
    database: Database, directory: Directory, ready: Collection[str], *, now: datetime
) -> list[Check]:
    """Mail first, then whether people can be reached by what is set up."""
    rows = database.read(lambda tx: messages.channels(tx, since=now - _LATELY))
    last = {(channel, outcome): from_micros(at) for channel, outcome, at, _ in rows}
    checks = []
    for channel in dict.fromkeys(["email", *sorted({key[0] for key in last})]):
        good = last.get((channel, "accepted"))
        bad = max(
            (
                at
                for (one, how), at in last.items()
                if one == channel and how in _FAILED
            ),
            default=None,
        )
        checks.append(_channel(channel, good, bad, is_ready=channel in ready))
    return [*checks, _missing(directory, ready), _people(directory, ready)]


_FAILED = ("permanent", "temporary", "unknown")


def _channel(
    channel: str, good: datetime | None, bad: datetime | None, *, is_ready: bool
) -> Check:
    name = "mail" if channel == "email" else channel
    if not is_ready:
        todo = "Set TOCSIN_SMTP_URL." if channel == "email" else "Set the channel up."
        return Check(name, WARN, "not set up", todo)
    said = [
        f"last taken {good:%Y-%m-%d %H:%M} UTC" if good else "nothing was taken yet"
    ]
    if bad is not None:
        said.append(f"last failed {bad:%Y-%m-%d %H:%M} UTC")
    if bad is not None and (good is None or bad > good):
        return Check(name, BAD, "; ".join(said), "Read its answer in the message log.")
    todo = "" if good else "Send a test page."
    return Check(name, OK if good else WARN, "; ".join(said), todo)


def _missing(directory: Directory, ready: Collection[str]) -> Check:
    wanted = {
        channel
        for person in directory.people.values()
        for channel in [
            *(one.channel for one in person.contacts),
            *(["email"] if person.email else []),
        ]
    }
    missing = sorted(wanted - set(ready))
    if not missing:
        shown = ", ".join(sorted(set(ready) - {"canary"}))
        return Check("channels", OK, shown)
    says = f"people are reached by {', '.join(missing)}, which is not set up"
    says += " (TOCSIN_SMTP_URL)" if "email" in missing else ""
    return Check("channels", BAD, says, "Set it up, or give them another contact.")


def _people(directory: Directory, ready: Collection[str]) -> Check:
    if not directory.people:
        return Check("people", BAD, "nobody is configured", "Add people under Admin.")
    lost = [
        person.full_name or name
        for name, person in directory.people.items()
        if not any(one.channel in ready for one in methods(person))
    ]
    if not lost:
        return Check("people", OK, f"all {len(directory.people)} can be reached")
    more = f" and {len(lost) - _MOST_NAMED} more" if len(lost) > _MOST_NAMED else ""
    says = f"nothing reaches {', '.join(lost[:_MOST_NAMED])}{more}"
    return Check(
        "people", WARN, says, "Give them a contact by a channel that is set up."
    )


def engines(database: Database, seen: Seen, *, now: datetime) -> list[Check]:
    """What runs, whether it is late, and who watches it."""
    rows = database.read(nodes.nodes)
    alive = [row for row in rows if now - from_micros(row[3]) <= _BEATS_WITHIN]
    checks = [_stepping(seen, now), _beating(len(alive), len(rows), seen)]
    late = database.read(lambda tx: watch.audit(tx, now=now))
    todo = "Is an engine running, and is the database quick?" if late else ""
    says = "; ".join(late) or "nothing is late"
    checks.append(Check("punctuality", BAD if late else OK, says, todo))
    checks.append(_watched(database, seen, now))
    checks.append(_dead_man(database, now))
    if seen.clock_steps is not None:
        state = WARN if seen.clock_steps else OK
        todo = (
            "Let the clock be slewed (chrony), not stepped." if seen.clock_steps else ""
        )
        says = f"stepped {seen.clock_steps} times since the start"
        checks.append(Check("clock", state, says, todo))
    return checks


def _stepping(seen: Seen, now: datetime) -> Check:
    if not seen.pages_here:
        return Check("engine", OFF, "this process does not page; see nodes")
    at = seen.stepped_at or seen.started_at or now
    if now - at > _STUCK_AFTER:
        says = f"has not stepped since {at:%H:%M:%S} UTC"
        return Check("engine", BAD, says, "Read its log and start it again.")
    return Check("engine", OK, "steps")


def _beating(alive: int, known: int, seen: Seen) -> Check:
    if alive:
        return Check("nodes", OK, f"{alive} of {known} known beat")
    state = BAD if seen.started_at is not None else WARN
    return Check("nodes", state, "no engine beats now", "Start one: tocsin serve")


def _watched(database: Database, seen: Seen, now: datetime) -> Check:
    note = database.read(lambda tx: nodes.note(tx, watch.NOTE))
    if not note:
        return Check("watch", OFF, "the auditor has not looked yet")
    at = from_micros(int(note))
    if seen.problems:
        todo = "What it found is paged to the admins; read the log."
        return Check("watch", BAD, "; ".join(seen.problems), todo)
    if now - at > _WATCHED_WITHIN:
        says = f"auditor and canary were last seen {at:%Y-%m-%d %H:%M} UTC"
        return Check("watch", WARN, says, "Start an engine.")
    return Check("watch", OK, "auditor and canary look every minute")


def _dead_man(database: Database, now: datetime) -> Check:
    note = database.read(lambda tx: nodes.note(tx, DEAD_MAN_NOTE))
    todo = "Set TOCSIN_DEAD_MAN_URL to a heartbeat that somebody else watches."
    if not note:
        says = "no ping has left yet: if Tocsin dies, nobody outside notices"
        return Check("dead man", WARN, says, todo)
    at = from_micros(int(note))
    if now - at > _WATCHED_WITHIN:
        says = f"last ping {at:%Y-%m-%d %H:%M} UTC"
        return Check(
            "dead man", WARN, says, "Is its address reachable? Is the watch green?"
        )
    return Check("dead man", OK, f"last ping {at:%H:%M:%S} UTC")


def dead_man_heard(database: Database, *, now: datetime) -> None:
    """A ping has left the house and was taken."""
    database.write(lambda tx: nodes.put_note(tx, DEAD_MAN_NOTE, str(to_micros(now))))
