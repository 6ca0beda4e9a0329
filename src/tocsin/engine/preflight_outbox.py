"""Preflight of what pages nobody: whether the outbox moves, and what it gave up."""

from datetime import datetime, timedelta
from typing import Protocol

from tocsin.engine.checks import BAD, OFF, OK, WARN, Check
from tocsin.store import outbox_lists as stored
from tocsin.store.database import Database
from tocsin.store.instants import from_micros

_STUCK_AFTER = timedelta(minutes=10)
_STILL_AFTER = timedelta(seconds=60)
_LATELY = timedelta(days=1)


class Seen(Protocol):
    """What only a running process knows (preflight.Seen)."""

    @property
    def posted_at(self) -> datetime | None: ...
    @property
    def started_at(self) -> datetime | None: ...
    @property
    def pages_here(self) -> bool: ...


def outbox(database: Database, seen: Seen, *, now: datetime) -> list[Check]:
    """Whether chat, mails to subscribers, posts and webhooks go out."""
    at = seen.posted_at or seen.started_at or now
    if seen.pages_here and now - at > _STILL_AFTER:
        says = f"has not looked since {at:%H:%M:%S} UTC"
        return [Check("outbox", BAD, says, "Read the log and start Tocsin again.")]
    stuck = database.read(lambda tx: stored.stuck(tx, before=now - _STUCK_AFTER))
    failed = database.read(lambda tx: stored.failed(tx, since=now - _LATELY))
    found = [
        f"{count} {_named(lane, channel)} wait since {from_micros(since):%d %b %H:%M} UTC"
        for lane, channel, count, since in stuck
    ]
    found += [
        f"{count} {_named(lane, channel)} failed in the last day"
        for lane, channel, count in failed
    ]
    if found:
        todo = "Read their answers in the outbox (Admin, Messages)."
        return [Check("outbox", WARN, "; ".join(found), todo)]
    if not seen.pages_here and seen.started_at is not None:
        return [Check("outbox", OFF, "this process sends nothing; nothing waits")]
    return [Check("outbox", OK, "nothing waits")]


def _named(lane: str, channel: str) -> str:
    return f"{lane} messages by {channel}" if channel != "person" else f"{lane}s"
