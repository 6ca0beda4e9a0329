"""Hand-over notes: what one shift tells the next (domain 1.9). Pure.

A note is a draft until the rotation changes hands; then it is made, until somebody who
came on call accepts it, or nobody has for long and it lapses.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

LONGEST_NOTE = 4000
# The outgoing are asked for words this long before; the incoming reminded as long after.
DRAFTED_BEFORE = timedelta(minutes=30)
REMINDED_AFTER = timedelta(minutes=30)
LAPSES_AFTER = timedelta(days=1)


class State(StrEnum):
    """What has become of a note."""

    DRAFT = "draft"
    MADE = "made"
    ACCEPTED = "accepted"
    LAPSED = "lapsed"


class Handoff(Struct, frozen=True):
    """`outgoing` were on call since `since` and handed over at `at`.

    `facts` is what was open, frozen with the note's end; "" while it is looked up.
    """

    id: str
    schedule: str
    rotation: str
    at: datetime
    state: State
    outgoing: tuple[str, ...]
    incoming: tuple[str, ...]
    since: datetime
    note: str = ""
    noted_by: str = ""
    noted_at: datetime | None = None
    accepted_by: str = ""
    accepted_at: datetime | None = None
    facts: str = ""

    @property
    def place(self) -> str:
        """The rotation as schedules are named everywhere."""
        return f"{self.schedule}/{self.rotation}"


class Refused(Struct, frozen=True):
    """Why nothing was done."""

    said: str


def drafted(held: Handoff, planned: Handoff) -> Handoff:
    """What was written already, of the hand-over as it is planned by now."""
    return replace(
        held, at=planned.at, outgoing=planned.outgoing, incoming=planned.incoming
    )


def made(
    draft: Handoff,
    *,
    at: datetime,
    outgoing: tuple[str, ...],
    incoming: tuple[str, ...],
) -> Handoff:
    """The rotation changed hands; a draft's own idea of when and to whom is past."""
    return replace(draft, state=State.MADE, at=at, outgoing=outgoing, incoming=incoming)


def noted(one: Handoff, text: str, by: str, *, now: datetime) -> Handoff | Refused:
    """Words are added; until it is accepted they can be changed."""
    if one.state in (State.ACCEPTED, State.LAPSED):
        return Refused("This hand-over is over; its words stay as they are.")
    return replace(one, note=text, noted_by=by, noted_at=now)


def accepted(one: Handoff, by: str, facts: str, *, now: datetime) -> Handoff | Refused:
    """Whoever came on call has read it."""
    if one.state is State.DRAFT:
        return Refused("The rotation has not changed hands yet.")
    if one.state is State.ACCEPTED:
        return Refused(f"{one.accepted_by} has accepted it already.")
    if by not in one.incoming:
        return Refused(f"It is for {' and '.join(one.incoming)} to accept.")
    return replace(
        one,
        state=State.ACCEPTED,
        accepted_by=by,
        accepted_at=now,
        facts=one.facts or facts,
    )


def lapsed(one: Handoff, facts: str) -> Handoff:
    """Nobody accepted it in a day; whoever looks later sees what was open then."""
    return replace(one, state=State.LAPSED, facts=one.facts or facts)
