"""Asking others to take hours: open, then taken, withdrawn or expired (domain 1.4).

Until somebody takes them the requester stays responsible: only `taken` changes who is on
call, by one override that replaces them. A swap asks one person, and gives hours of
theirs back: two overrides or none.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.rotas.schedules import Rotation, final_schedule, spans_of
from tocsin.core.wallclock import Window, this_minute

LONGEST = timedelta(days=92)
LONGEST_WHY = 300
# How long before its start a request that is still open is said again (domain 1.4).
REMINDED = (
    *(timedelta(weeks=n) for n in (4, 3, 2, 1)),
    *(timedelta(days=n) for n in (3, 2, 1)),
    timedelta(hours=12),
)


class State(StrEnum):
    """Where a request is."""

    OPEN = "open"
    TAKEN = "taken"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class CoverRequest(Struct, frozen=True):
    """`person` asks others to take [start, end) of a rotation."""

    id: str
    schedule: str
    rotation: str
    person: str
    start: datetime
    end: datetime
    made_at: datetime
    why: str = ""
    state: State = State.OPEN
    taker: str = ""
    override: str = ""
    ended_at: datetime | None = None
    # Of a swap: whom it is asked of, and which hours of theirs the requester takes.
    of: str = ""
    back: tuple[datetime, datetime] | None = None

    @property
    def begins(self) -> datetime:
        """When it is too late: as soon as either part begins."""
        return min(self.start, self.back[0]) if self.back else self.start


class Refused(Struct, frozen=True):
    """What was asked cannot be; `field` where it belongs to one."""

    said: str
    field: str = ""


def asked(
    request: CoverRequest, rotation: Rotation, *, now: datetime
) -> CoverRequest | Refused:
    """A new request, or what is wrong with it."""
    if request.start != this_minute(request.start) or request.end != this_minute(
        request.end
    ):
        return Refused("Enter whole minutes.", "start")
    if request.start < this_minute(now):
        return Refused("Enter a start that is ahead; what has been stays.", "start")
    if not request.start < request.end <= request.start + LONGEST:
        return Refused("Enter an end after the start, at most 92 days later.", "end")
    spans = _held(rotation, request.person, request.start, request.end)
    if not spans:
        return Refused(
            "You are not on call then, so there is nothing to take.", "start"
        )
    if spans != [(request.start, request.end)]:
        return Refused(_only(spans), "start")
    refused = _wrong_swap(request, rotation, now)
    return refused or replace(request, why=request.why[:LONGEST_WHY])


def _wrong_swap(
    request: CoverRequest, rotation: Rotation, now: datetime
) -> Refused | None:
    if request.back is None:
        return None
    start, end = request.back
    if request.of == request.person or not this_minute(now) <= start < end:
        return Refused("Choose a coming shift of somebody else.", "back")
    if start < request.end and request.start < end:
        return Refused("Choose a shift that does not meet your own.", "back")
    if _held(rotation, request.of, start, end) != [(start, end)]:
        return Refused("They are not on call then any more; choose again.", "back")
    return None


def _held(
    rotation: Rotation, person: str, start: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    return spans_of(final_schedule(rotation, Window(start, end)).shifts, person)


def _only(spans: list[tuple[datetime, datetime]]) -> str:
    """Which of the hours can be asked for."""
    first = spans[0]
    times = f"{first[0]:%a %-d %b %Y, %H:%M} to {first[1]:%a %-d %b %Y, %H:%M} UTC"
    return f"Of these hours you are on call only from {times}; ask for those."


def taken(
    request: CoverRequest, by: str, override: str, *, now: datetime
) -> CoverRequest | Refused:
    """`by` has the hours."""
    refused = _unless_open(request, now)
    if refused is not None:
        return refused
    if by == request.person:
        return Refused("They are yours already; withdraw the request instead.")
    if request.of not in ("", by):
        return Refused(f"This swap is offered to {request.of}.")
    return replace(
        request, state=State.TAKEN, taker=by, override=override, ended_at=now
    )


def withdrawn(request: CoverRequest, *, now: datetime) -> CoverRequest | Refused:
    """Nobody is asked any more."""
    refused = _unless_open(request, now)
    if refused is not None:
        return refused
    return replace(request, state=State.WITHDRAWN, ended_at=now)


def expired(request: CoverRequest, *, now: datetime) -> CoverRequest:
    """Its hours have begun: they are the requester's."""
    return replace(request, state=State.EXPIRED, ended_at=now)


def stage(request: CoverRequest, *, now: datetime) -> str:
    """Which reminder is due: the nearest that has come since it was made, "" for none."""
    ahead = request.start - now
    due = [one for one in REMINDED if ahead <= one < request.start - request.made_at]
    return str(int(min(due).total_seconds() // 3600)) + " h" if due else ""


def _unless_open(request: CoverRequest, now: datetime) -> Refused | None:
    if request.state is State.TAKEN:
        return Refused(f"{request.taker} has taken it.")
    if request.state is not State.OPEN or request.begins <= now:
        return Refused("It is over.")
    return None
