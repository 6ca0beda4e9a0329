"""The log of an incident: one entry for each thing that happened, never edited.

A correction supersedes an entry and leaves it readable (domain 5.5). Knows no incident.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct

LONGEST_TEXT = 8000


class EntryKind(StrEnum):
    """The kinds of domain 5.5; `reminder` is what the clock says to the room."""

    ALERT = "alert"
    PAGE = "page"
    ACK = "ack"
    JOIN = "join"
    ROLE = "role"
    STATE = "state"
    SEVERITY = "severity"
    IMPACT = "impact"
    UPDATE_INTERNAL = "update_internal"
    UPDATE_EXTERNAL = "update_external"
    NOTE = "note"
    DECISION = "decision"
    ACTION = "action"
    HYPOTHESIS = "hypothesis"
    EVIDENCE = "evidence"
    CHANGE = "change"
    RUNBOOK_STEP = "runbook_step"
    TASK = "task"
    CHAT = "chat"
    CORRECTION = "correction"
    REMINDER = "reminder"


# What a person saw, decided or did gets room; the rest is one grey line.
SPOKEN = frozenset(
    {
        EntryKind.NOTE,
        EntryKind.DECISION,
        EntryKind.EVIDENCE,
        EntryKind.CHAT,
        EntryKind.CORRECTION,
        EntryKind.UPDATE_INTERNAL,
        EntryKind.UPDATE_EXTERNAL,
    }
)


class Entry(Struct, frozen=True):
    """One entry. `source` is the door it came by: web, API, CLI, engine, matrix, …

    `occurred_at` is when it happened, `recorded_at` when it was written here. `key`
    makes an entry that is sent twice one entry. `id` is 0 until the store gives one.
    """

    occurred_at: datetime
    recorded_at: datetime
    kind: EntryKind
    text: str
    author: str = "engine"
    source: str = "engine"
    visibility: str = "room"  # or "public": customers have seen it
    data: Mapping[str, Any] = {}
    supersedes: int = 0
    key: str = ""
    id: int = 0


class Line(Struct, frozen=True):
    """An entry as it is read: with what corrected it since."""

    entry: Entry
    corrected_by: Entry | None = None


def in_order(entries: Iterable[Entry]) -> list[Line]:
    """The log, oldest first by when things happened; a corrected entry says by what."""
    known = sorted(entries, key=lambda one: (one.occurred_at, one.recorded_at, one.id))
    corrections = {one.supersedes: one for one in known if one.supersedes}
    return [Line(one, corrections.get(one.id) if one.id else None) for one in known]


def newest_spoken(entries: Sequence[Entry]) -> datetime | None:
    """When a person last said something."""
    return max((one.recorded_at for one in entries if one.kind in SPOKEN), default=None)
