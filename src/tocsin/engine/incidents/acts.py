"""What people do in a room: one function per act, whoever's door it came through."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from tocsin.core.incidents import incidents as rules
from tocsin.core.incidents import revisions
from tocsin.core.incidents.cadence import first
from tocsin.core.incidents.entries import LONGEST_TEXT, Entry, EntryKind
from tocsin.core.incidents.impact import Impact
from tocsin.core.incidents.incidents import OVER, Standing, State, entry
from tocsin.core.incidents.roles import release_all
from tocsin.core.severity import Severity
from tocsin.engine.incidents.scene import Outcome, Scene, outcome, refused
from tocsin.store import entries as stored_entries
from tocsin.store import incidents as stored
from tocsin.store import tasks as stored_tasks

_MOST_BACK = timedelta(days=30)
_AHEAD = timedelta(minutes=2)


def note(
    scene: Scene,
    text: str,
    *,
    kind: EntryKind = EntryKind.NOTE,
    at: datetime | None = None,
    key: str = "",
    link: str = "",
) -> Outcome:
    """A line of the log. `key` makes a note that is sent twice one note.

    `at` is when it happened, if that was before.
    """
    text = text.strip()[:LONGEST_TEXT]
    if not text:
        return refused(scene, "text: expected what you saw, heard or did")
    if at is not None and not scene.now - _MOST_BACK < at <= scene.now + _AHEAD:
        return refused(scene, "at: expected a time in the last 30 days")
    made = entry(
        kind, text, scene.by, now=scene.now, occurred_at=at, key=key,
        data={"link": link} if link else None,
    )  # fmt: skip
    return Outcome(scene.incident, (made,))


def decide(
    scene: Scene, text: str, *, options: str = "", dissent: str = "", key: str = ""
) -> Outcome:
    """A decision, with what else was possible and who objected."""
    if not text.strip():
        return refused(scene, "text: expected what was decided")
    data = {"options": options.strip(), "dissent": dissent.strip()}
    made = entry(
        EntryKind.DECISION, text.strip()[:LONGEST_TEXT], scene.by, now=scene.now,
        key=key, data={name: said for name, said in data.items() if said},
    )  # fmt: skip
    return Outcome(scene.incident, (made,))


def correct(scene: Scene, entry_id: int, text: str) -> Outcome:
    """Supersede an entry; the old one stays readable."""
    known = stored_entries.get(scene.tx, scene.incident.number, entry_id)
    if known is None:
        return refused(scene, "There is no entry with this number.")
    if not text.strip():
        return refused(scene, "text: expected what is right")
    made = Entry(
        known.occurred_at, scene.now, EntryKind.CORRECTION,
        text.strip()[:LONGEST_TEXT], scene.by.person, scene.by.source,
        supersedes=entry_id,
    )  # fmt: skip
    return Outcome(scene.incident, (made,))


def rate(scene: Scene, severity: Severity, *, reason: str) -> Outcome:
    """Another severity; the promise is recomputed from its cadence."""
    ruling = revisions.rated(
        scene.incident, severity, scene.by, now=scene.now, reason=reason
    )
    if ruling.refused:
        return outcome(ruling)
    return _promised_sooner(scene, outcome(ruling))


def revise_impact(scene: Scene, impact: Impact) -> Outcome:
    """Another view of the impact."""
    ruling = revisions.revised(scene.incident, impact, scene.by, now=scene.now)
    return (
        outcome(ruling) if ruling.refused else _promised_sooner(scene, outcome(ruling))
    )


def stand(scene: Scene, standing: Standing) -> Outcome:
    """Where we are, in three lines."""
    return outcome(revisions.stands(scene.incident, standing, scene.by, now=scene.now))


def retitle(scene: Scene, title: str) -> Outcome:
    """Another title."""
    title = title.strip()[: rules.LONGEST_TITLE]
    if not title or title == scene.incident.title:
        return refused(
            scene, "title: expected another sentence that says what is wrong"
        )
    said = f"Title: {title} (was: {scene.incident.title})"
    made = entry(EntryKind.NOTE, said, scene.by, now=scene.now)
    return Outcome(replace(scene.incident, title=title), (made,))


def move(scene: Scene, to: State, *, reason: str = "", review: str = "") -> Outcome:
    """To another state. `review` at the close: "yes", or why there will be none."""
    if to is State.CLOSED:
        return _close(scene, reason, review)
    ruling = rules.advanced(scene.incident, to, scene.by, now=scene.now, reason=reason)
    done = outcome(ruling)
    if ruling.refused or not ruling.incident.is_open:
        return done
    return _promised_sooner(scene, done)


def merge(scene: Scene, into: int) -> Outcome:
    """It is the same as another; its alerts go there."""
    other = stored.get(scene.tx, into)
    if other is None:
        return refused(scene, "There is no such incident.")
    ruling = revisions.merged(scene.incident, other, scene.by, now=scene.now)
    if ruling.refused:
        return outcome(ruling)
    stored.move_alerts(scene.tx, scene.incident.number, into=into)
    said = f"{scene.incident.name} is the same: {scene.incident.title}"
    told = entry(EntryKind.STATE, said, scene.by, now=scene.now)
    stored_entries.append(scene.tx, into, [told])
    return replace(outcome(ruling), holdings=release_all(scene.holdings, now=scene.now))


def recurs(scene: Scene, of: int) -> Outcome:
    """An earlier one has happened again."""
    earlier = stored.get(scene.tx, of)
    if earlier is None:
        return refused(scene, "There is no such incident.")
    return outcome(revisions.recurs(scene.incident, earlier, scene.by, now=scene.now))


def _close(scene: Scene, reason: str, review: str) -> Outcome:
    if scene.incident.state in OVER:
        return refused(scene, f"{scene.incident.name} is over.")
    if scene.incident.state is not State.RESOLVED:
        return refused(scene, "Resolve it first; only what is over can be closed.")
    left = [
        t
        for t in stored_tasks.of_incident(scene.tx, scene.incident.number)
        if t.is_open
    ]
    if left:
        noun = "task is" if len(left) == 1 else "tasks are"
        said = f"{len(left)} {noun} open: finish, drop or move them to the post-mortem."
        return refused(scene, said)
    if not review.strip():
        said = "review: expected yes, or why there will be no post-mortem"
        return refused(scene, said)
    ruling = rules.advanced(
        scene.incident, State.CLOSED, scene.by, now=scene.now, reason=reason
    )
    if ruling.refused:
        return outcome(ruling)
    said = (
        "A post-mortem will be written."
        if review.strip().casefold() == "yes"
        else f"No post-mortem: {review.strip()}"
    )
    made = entry(EntryKind.DECISION, said, scene.by, now=scene.now)
    return Outcome(
        ruling.incident,
        (*ruling.entries, made),
        release_all(scene.holdings, now=scene.now),
    )


def _promised_sooner(scene: Scene, done: Outcome) -> Outcome:
    """What is new has to be told: the next update is due as soon as a first one was."""
    soon = first(done.incident.severity, declared=scene.now)
    held = done.incident.next_update_at
    sooner = soon if held is None else min(held, soon)
    return replace(done, incident=revisions.promised(done.incident, sooner))
