"""Writes one Outcome: incident, roles, log, pages and the next reminder, in one commit.

The only place where what was decided about an incident becomes rows. Whoever follows
(chat, status pages, reviews) writes what goes out in the same transaction.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec.structs import replace

from tocsin.core.directory import Directory
from tocsin.core.incidents import reminders
from tocsin.core.incidents.entries import SPOKEN
from tocsin.core.incidents.incidents import Incident, State
from tocsin.core.incidents.reminders import Seen
from tocsin.core.incidents.roles import Holding
from tocsin.engine.incidents import calling
from tocsin.engine.incidents.scene import Happened, Outcome, Scene
from tocsin.store import entries as stored_entries
from tocsin.store import incidents as stored
from tocsin.store import roles as stored_roles
from tocsin.store import tasks as stored_tasks
from tocsin.store import updates as stored_updates
from tocsin.store.database import Tx

Follower = Callable[[Tx, Happened], None]
CHANGED_MEANWHILE = "Somebody else changed this at the same moment; look and try again."


def carry_out(
    scene: Scene, done: Outcome, followers: Sequence[Follower]
) -> tuple[Incident, str]:
    """Write an outcome; the incident as it is then, and why not (then roll back)."""
    tx, now = scene.tx, scene.now
    stored_roles.save(tx, done.incident.number, done.holdings)
    known = stored_entries.append(tx, done.incident.number, done.entries)
    for call in done.calls:
        calling.call(scene, done.incident, call)
    after, kept = timed(tx, done.incident, now=now)
    if not stored.save(tx, after):
        return scene.incident, CHANGED_MEANWHILE
    if not known:
        stored_entries.mark(tx, after.number, now=now)
    tell(
        tx, scene.incident, after, done, kept,
        known=known, directory=scene.directory, followers=followers, now=now,
    )  # fmt: skip
    return replace(after, version=after.version + 1), ""


def tell(
    tx: Tx,
    before: Incident | None,
    after: Incident,
    done: Outcome,
    holdings: Sequence[Holding],
    *,
    known: Sequence[int],
    directory: Directory,
    followers: Sequence[Follower],
    now: datetime,
) -> None:
    """Let whoever follows write what goes out."""
    entries = [
        replace(one, id=number)
        for one, number in zip(done.entries, known, strict=False)
    ]
    happened = Happened(before, after, entries, holdings, done.update, directory, now)
    for follow in followers:
        follow(tx, happened)


def timed(
    tx: Tx, incident: Incident, *, now: datetime
) -> tuple[Incident, Sequence[Holding]]:
    """With the instant of the next reminder, which is the incident's only timer."""
    holdings = stored_roles.of_incident(tx, incident.number)
    seen = seen_of(tx, incident, holdings)
    ready, later = reminders.due(incident, seen, now=now)
    return replace(incident, due_at=now if ready else later), holdings


def seen_of(tx: Tx, incident: Incident, holdings: Sequence[Holding]) -> Seen:
    """What the rule of reminders looks at."""
    paged, answered = stored.answers(tx, incident.number)
    return Seen(
        holdings=holdings,
        tasks=stored_tasks.of_incident(tx, incident.number),
        last_update_at=stored_updates.last_published(tx, incident.number),
        # What it has just raised is paged by the loop's next step.
        first_page_at=paged or _declared(incident),
        is_answered=answered or not stored.alerts_of(tx, incident.number),
        last_spoken_at=stored_entries.last_spoken(tx, incident.number, SPOKEN),
    )


def _declared(incident: Incident) -> datetime:
    return incident.times.get(State.DECLARED, incident.made_at)
