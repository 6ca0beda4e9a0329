"""Whoever's hours on call an edit changes hears of it, whatever door the edit came by.

Written in the transaction of the edit, so that nobody is on call, or off call, unawares.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from urllib.parse import quote

from tocsin.core.building.directory_building import build
from tocsin.core.configuration import Documents
from tocsin.core.directory import Directory
from tocsin.core.durations import words
from tocsin.core.forms import Plain
from tocsin.core.oncall.hour_changes import Change, Moved, moves
from tocsin.core.wallclock import local_words
from tocsin.engine.audit import Actor
from tocsin.engine.nudging import nudge
from tocsin.store import outbox
from tocsin.store.database import Tx
from tocsin.store.outbox import Message

# What of a document decides who is on call; all of it where nothing is said.
_DECIDES: Mapping[str, tuple[str, ...]] = {
    "schedules": (),
    "people": ("leave", "leave_imported", "active", "time_zone", "region"),
    "teams": ("time_zone",),
    "organisation": ("time_zone",),
}
_MOST_LINES = 8


def tell(
    tx: Tx,
    actor: Actor,
    noun: str,
    name: str,
    before: Plain | None,
    documents: Documents,
    *,
    now: datetime,
) -> None:
    """Say what the edit of one document changed; `documents` are all of them after it.

    Who made the edit is not told.
    """
    after = documents.get(noun, {}).get(name)
    if not _decides(noun, before or {}, after or {}):
        return
    rest = {k: one for k, one in documents.get(noun, {}).items() if k != name}
    if before is not None:
        rest[name] = before
    about = name if noun == "schedules" else ""
    later = _built(documents, about)
    moved = moves(_built({**documents, noun: rest}, about), later, now=now)
    outbox.put(tx, list(_messages(moved, later, actor, now)), now=now)


def _decides(noun: str, before: Plain, after: Plain) -> bool:
    if noun not in _DECIDES or before == after:
        return False
    keys = _DECIDES[noun]
    return not keys or any(before.get(key) != after.get(key) for key in keys)


def _built(documents: Documents, schedule: str) -> Directory:
    """Only what schedules are made of, and of them one where one is named."""
    schedules = documents.get("schedules", {})
    if schedule:
        schedules = {n: one for n, one in schedules.items() if n == schedule}
    kept = {n: documents.get(n, {}) for n in ("organisation", "teams", "people")}
    return build({**kept, "schedules": schedules}, version=0, ids={})[0]


def _messages(
    moved: Sequence[Moved], directory: Directory, actor: Actor, now: datetime
) -> Iterator[Message]:
    known = directory.people.get(actor.person)
    by = (known.full_name if known is not None else "") or actor.person
    for one in moved:
        for who in sorted({change.person for change in one.changes}):
            person = directory.people.get(who)
            if person is None or who == actor.person:
                continue
            mine = sorted(
                (change for change in one.changes if change.person == who),
                key=lambda change: change.start,
            )
            lines = [_line(it, one.until, person.zone) for it in mine[:_MOST_LINES]]
            if len(mine) > _MOST_LINES:
                lines.append(f"and {len(mine) - _MOST_LINES} changes more.")
            lines.append(f"Times are in {person.zone}. Changed by {by}.")
            text = "\n".join(lines)
            # Two changes of one instant are two words.
            said = f"{now.isoformat()}:{sha256(text.encode()).hexdigest()[:8]}"
            yield nudge(
                who,
                key=f"hours:{one.schedule}:{one.rotation}:{said}:{who}",
                subject=f"Your hours on call change: {one.schedule}, {one.rotation}",
                text=text,
                url=f"/schedules/{quote(one.schedule, safe='')}",
            )


def _line(change: Change, until: datetime, zone: str) -> str:
    begins = f"{'On' if change.starts else 'Off'} call from "
    begins += local_words(change.start, zone)
    if change.end >= until:
        return f"{begins} on"
    return f"{begins} for {words(change.end - change.start)}"
