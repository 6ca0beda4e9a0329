"""Tasks in a room: asked of one person, within a time."""

from datetime import timedelta

from msgspec.structs import replace

from tocsin.core.incidents import tasks as rules
from tocsin.core.incidents.entries import EntryKind
from tocsin.core.incidents.incidents import entry
from tocsin.core.incidents.tasks import DEFAULT_BOX, Task
from tocsin.engine.incidents.scene import Outcome, Scene, refused
from tocsin.store import tasks as stored

_LONGEST = 500
_LONGEST_BOX = timedelta(days=7)


def make(
    scene: Scene, text: str, assignee: str, *, within: timedelta = DEFAULT_BOX
) -> Outcome:
    """A new task. Somebody has to be named: "can someone" is nobody's task."""
    text = text.strip()[:_LONGEST]
    if not text:
        return refused(scene, "text: expected what is to be done")
    if scene.directory.person(assignee) is None:
        known = ", ".join(list(scene.directory.people)[:8])
        return refused(scene, f"assignee: expected one person ({known}, …)")
    if not timedelta(0) < within <= _LONGEST_BOX:
        return refused(scene, "within: expected a time-box such as 15m, at most a week")
    state = "accepted" if assignee == scene.by.person else "open"
    task = Task(text, assignee, scene.by.person, scene.now, scene.now + within, state)
    number = stored.insert(scene.tx, scene.incident.number, task)
    minutes = int(within.total_seconds() // 60)
    said = f"{assignee}: {text} ({minutes} min)"
    made = entry(
        EntryKind.TASK, said, scene.by, now=scene.now,
        data={"task": number, "state": state},
    )  # fmt: skip
    return Outcome(scene.incident, (made,), made=number)


def move(scene: Scene, task_id: int, state: str, *, assignee: str = "") -> Outcome:
    """Another state, or another person."""
    known = next(
        (
            t
            for t in stored.of_incident(scene.tx, scene.incident.number)
            if t.id == task_id
        ),
        None,
    )
    if known is None:
        return refused(scene, "There is no task with this number.")
    if assignee and assignee != known.assignee:
        if scene.directory.person(assignee) is None:
            return refused(scene, f"assignee: {assignee} is nobody who is known")
        known = replace(known, assignee=assignee, state="open")
        moved: Task | str = known
    else:
        moved = rules.moved(known, state, now=scene.now)
    if isinstance(moved, str):
        return refused(scene, moved)
    stored.save(scene.tx, moved)
    made = entry(
        EntryKind.TASK, rules.said(moved), scene.by, now=scene.now,
        data={"task": task_id, "state": moved.state},
    )  # fmt: skip
    return Outcome(scene.incident, (made,), made=task_id)
