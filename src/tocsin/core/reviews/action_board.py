"""An action item once it is promised: who owes it until when, and when to remind them.

The line it was written as is in `action_items.py`; this is what the board shows.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.reviews.action_items import WEEK, reminder_days
from tocsin.core.wallclock import first_instant

# A reminder is read where a day begins.
_HOUR = time(9)
STATES = ("open", "done", "removed")


class Action(Struct, frozen=True):
    """One action. `owner` is a person's handle, or what was written if nobody is known.

    `due` is as written and `due_on` the day that it means. `removed`: its line is gone
    from the review. `proof` says what shows that it is done, or why nothing does.
    """

    id: str
    incident: int
    text: str
    owner: str
    due: str
    due_on: date | None
    made_at: datetime
    priority: str = ""
    type: str = ""
    ticket: str = ""
    state: str = "open"
    proof: str = ""
    done_at: datetime | None = None
    remind_at: datetime | None = None
    position: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return self.state == "open"

    def is_overdue(self, today: date) -> bool:
        """Whether its day has passed."""
        return self.is_open and self.due_on is not None and self.due_on < today


def finished(action: Action, proof: str, *, now: datetime) -> Action | str:
    """The action done, or why not: closing without a proof needs a reason."""
    if action.state == "removed":
        return f"{action.id} is no longer in its review."
    if action.state == "done":
        return f"{action.id} is done already."
    if not proof.strip():
        return "proof: expected what shows that it is done, or why nothing does"
    return replace(
        action, state="done", proof=proof.strip(), done_at=now, remind_at=None
    )


def reopened(action: Action, zone: ZoneInfo, *, now: datetime) -> Action | str:
    """The action to be done again."""
    if action.state != "done":
        return f"{action.id} is not done."
    opened = replace(action, state="open", proof="", done_at=None)
    return with_reminder(opened, zone, now=now)


def with_reminder(action: Action, zone: ZoneInfo, *, now: datetime) -> Action:
    """With the next instant at which its owner is reminded, at nine on their wall."""
    if not action.is_open or action.due_on is None:
        return replace(action, remind_at=None)
    far = max(now.astimezone(zone).date(), action.due_on) + 2 * WEEK
    days = reminder_days(action.due_on, until=far)
    instants = (first_instant(datetime.combine(day, _HOUR), zone) for day in days)
    at = next((one for one in instants if one > now), None)
    return replace(action, remind_at=at.astimezone(UTC) if at else None)


def said_of(action: Action, today: date) -> str:
    """What a reminder says."""
    assert action.due_on is not None
    days = (action.due_on - today).days
    if days > 1:
        when = f"is due in {days} days"
    elif days == 1:
        when = "is due tomorrow"
    elif days == 0:
        when = "is due today"
    else:
        late = timedelta(days=-days).days
        when = f"was due {late} {'day' if late == 1 else 'days'} ago"
    return f"{action.id} {when}: {action.text}"


def counts(actions: Iterable[Action], today: date) -> Mapping[str, int]:
    """How many are open, overdue, and without an owner or a day."""
    known = [one for one in actions if one.is_open]
    return {
        "open": len(known),
        "overdue": sum(one.is_overdue(today) for one in known),
        "unowned": sum(not one.owner for one in known),
        "undated": sum(one.due_on is None for one in known),
    }
