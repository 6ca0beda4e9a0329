"""Tasks in an incident: one text, one person, a time-box (domain 5.5)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

STATES = ("open", "accepted", "done", "blocked", "dropped", "moved")
OPEN = frozenset({"open", "accepted", "blocked"})
DEFAULT_BOX = timedelta(minutes=15)
_WORDS: Mapping[str, str] = {
    "open": "is open again",
    "accepted": "is being done",
    "done": "is done",
    "blocked": "is blocked",
    "dropped": "was dropped",
    "moved": "goes to the post-mortem",
}


class Task(Struct, frozen=True):
    """`due_at` is when the time-box ends; `reminded` whether that was said."""

    text: str
    assignee: str
    made_by: str
    made_at: datetime
    due_at: datetime | None = None
    state: str = "open"
    done_at: datetime | None = None
    reminded: bool = False
    id: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it still has to be done."""
        return self.state in OPEN


def moved(task: Task, state: str, *, now: datetime) -> Task | str:
    """The task in another state, or a sentence that says why not."""
    if state not in STATES:
        return f"state: expected one of {', '.join(STATES)}"
    if state == task.state:
        return f"The task {_WORDS[state]} already."
    done_at = None if state in OPEN else now
    return replace(task, state=state, done_at=done_at, reminded=False)


def said(task: Task) -> str:
    """What its state is, as the log says it."""
    return f"{task.text}: {_WORDS[task.state]} ({task.assignee})."
