"""Who is on call: layers and overrides of a rotation as one timeline (domain 1.5).

Knows nothing of how to reach anybody. Preview, API and pager all call
`final_schedule`; there is no second way to compute who is on call.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from operator import attrgetter, itemgetter
from zoneinfo import ZoneInfo

from tocsin.core.rotas.layers import Layer, Leave, Shift, claims, effective
from tocsin.core.rotas.overrides import Override, apply_overrides
from tocsin.core.wallclock import MINUTE, Window, this_minute, union

# As far ahead as coverage is checked for layers with zones of their own (domain 1.7).
HORIZON = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Rotation:
    """One track of a schedule, such as Primary (domain 1.1)."""

    name: str
    layers: tuple[Layer, ...]
    overrides: tuple[Override, ...] = ()
    leave: tuple[Leave, ...] = ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """A team's rotations and the zone they are read in (domain 1.1)."""

    name: str
    zone: ZoneInfo
    rotations: tuple[Rotation, ...]


@dataclass(frozen=True, slots=True)
class FinalSchedule:
    """Shifts by start, then user; gaps are when nobody is on call (domain 1.5)."""

    shifts: tuple[Shift, ...]
    gaps: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class Handoff:
    """At `at` these people stop and start; `on_call` are all who are on call after."""

    at: datetime
    leaving: tuple[str, ...]
    taking_over: tuple[str, ...]
    on_call: tuple[str, ...]


class EditProblem(StrEnum):
    """Why an edit of a rotation's layers is refused."""

    UNKNOWN_LAYER = "unknown_layer"
    ID_TAKEN = "id_taken"
    ENDED_ALREADY = "ended_already"
    CHANGES_THE_PAST = "changes_the_past"
    NOT_WHOLE_MINUTES = "not_whole_minutes"


class EditRefused(ValueError):
    """The edit would change what has happened, or does not fit the rotation."""

    def __init__(self, reason: EditProblem) -> None:
        super().__init__(reason.value)
        self.reason = reason


def final_schedule(rotation: Rotation, window: Window) -> FinalSchedule:
    """The one timeline of `rotation` within `window` (domain 1.5)."""
    shifts: list[Shift] = []
    gaps: list[Window] = []
    since: dict[tuple[str, str], datetime] = {}
    empty_since: datetime | None = None
    for instant, on_call in _changes(rotation, window):
        for user, source in [row for row in since if row not in on_call.items()]:
            start = since.pop((user, source))
            shifts.append(Shift(start, instant, user, source))
        for row in on_call.items():
            since.setdefault(row, instant)
        if empty_since is None and not on_call:
            empty_since = instant
        elif empty_since is not None and on_call:
            gaps.append(Window(empty_since, instant))
            empty_since = None
    for (user, source), start in since.items():
        shifts.append(Shift(start, window.end, user, source))
    if empty_since is not None:
        gaps.append(Window(empty_since, window.end))
    shifts.sort(key=attrgetter("start", "user", "source"))
    return FinalSchedule(tuple(shifts), tuple(gaps))


def on_call_at(rotation: Rotation, *, now: datetime) -> tuple[Shift, ...]:
    """Who is on call in the minute of `now`: final_schedule on it (domain 1.5).

    The shifts are that minute long; `next_handoffs` says when it changes.
    """
    minute = this_minute(now)
    return final_schedule(rotation, Window(minute, minute + MINUTE)).shifts


def next_handoffs(
    rotation: Rotation, *, now: datetime, count: int = 3
) -> tuple[Handoff, ...]:
    """The next changes of who is on call, within 400 days (domain 1.4, 1.9).

    Shown before and after an edit, and the times reminders are sent for. A change of
    source alone is none.
    """
    start = this_minute(now)
    found: list[Handoff] = []
    ahead = timedelta(weeks=1)
    # Most rotations hand off weekly: look a little ahead first, then further.
    while len(found) < count and ahead < 4 * HORIZON:
        window = Window(start, start + min(ahead, HORIZON))
        found = list(_handoffs(rotation, window))
        ahead *= 4
    return tuple(found[:count])


def spans_of(shifts: Sequence[Shift], person: str) -> list[tuple[datetime, datetime]]:
    """When somebody is on call, joined where their shifts abut; `shifts` are in order."""
    return union((one.start, one.end) for one in shifts if one.user == person)


def shifts_on_leave(rotation: Rotation, window: Window) -> tuple[Shift, ...]:
    """What `flag` warns of: the parts of shifts whose user is away (domain 1.3)."""
    return tuple(
        replace(shift, start=max(shift.start, away.start), end=min(shift.end, away.end))
        for shift in final_schedule(rotation, window).shifts
        for away in rotation.leave
        if away.user == shift.user and away.start < shift.end and shift.start < away.end
    )


def replace_layer(
    rotation: Rotation, layer_id: str, new: Layer, *, at: datetime, now: datetime
) -> Rotation:
    """Close a layer at `at` and open `new` there (domain 1.4). Raises EditRefused."""
    closed = close_layer(rotation, layer_id, at=at, now=now)
    return open_layer(closed, new, at=at, now=now)


def close_layer(
    rotation: Rotation, layer_id: str, *, at: datetime, now: datetime
) -> Rotation:
    """End a layer at `at`; nothing before changes (domain 1.4). Raises EditRefused."""
    _refuse_unless_ahead(at, now)
    old = next((layer for layer in rotation.layers if layer.id == layer_id), None)
    if old is None:
        raise EditRefused(EditProblem.UNKNOWN_LAYER)
    _, until = effective(old)
    if until is not None and until <= at:
        raise EditRefused(EditProblem.ENDED_ALREADY)
    # A layer that had not begun stays, empty: its id is not given out again.
    layers = (
        replace(layer, until=at) if layer is old else layer for layer in rotation.layers
    )
    return replace(rotation, layers=tuple(layers))


def open_layer(
    rotation: Rotation, new: Layer, *, at: datetime, now: datetime
) -> Rotation:
    """Add a layer that counts from `at`, or later if it says so (domain 1.4).

    Raises EditRefused.
    """
    _refuse_unless_ahead(at, now)
    if any(layer.id == new.id for layer in rotation.layers):
        raise EditRefused(EditProblem.ID_TAKEN)
    begin = at if new.start is None else max(at, effective(new)[0])
    return replace(rotation, layers=(*rotation.layers, replace(new, start=begin)))


def _changes(
    rotation: Rotation, window: Window
) -> Iterator[tuple[datetime, dict[str, str]]]:
    """Each instant in `window` at which something may change, and who -> why then."""
    # Sorted by priority and stable: of equals the first listed names the source.
    layers = sorted(rotation.layers, key=lambda layer: -layer.priority)
    held: list[Shift | None] = [None] * len(layers)
    edges: list[tuple[datetime, int, Shift]] = []
    for place, layer in enumerate(layers):
        for shift in claims(layer, window, rotation.leave):
            edges += (shift.start, place, shift), (shift.end, place, shift)
    overrides = [
        o for o in rotation.overrides if o.start < window.end and o.end > window.start
    ]
    instants = {window.start, *_edges_within(window, overrides)}
    idle = ((instant, -1, None) for instant in instants)
    by_instant = sorted([*edges, *idle], key=itemgetter(0))
    for instant, group in groupby(by_instant, key=itemgetter(0)):
        if instant >= window.end:
            return
        for _, place, claim in group:
            # A claim that ends here never displaces the next, which starts here.
            if claim is not None and instant == claim.start:
                held[place] = claim
            elif claim is not None and held[place] is claim:
                held[place] = None
        in_force = [o for o in overrides if o.start <= instant < o.end]
        on_call = _highest(layers, held)
        yield instant, apply_overrides(on_call, in_force) if in_force else on_call


def _edges_within(window: Window, overrides: Sequence[Override]) -> set[datetime]:
    """Where overrides begin and end inside `window`."""
    edges = {edge for o in overrides for edge in (o.start, o.end)}
    return {edge for edge in edges if window.start < edge < window.end}


def _highest(layers: Sequence[Layer], held: Sequence[Shift | None]) -> dict[str, str]:
    """User -> source of the claims of the highest priority present (domain 1.1)."""
    on_call: dict[str, str] = {}
    highest: int | None = None
    for layer, claim in zip(layers, held, strict=True):
        if claim is None:
            continue
        if highest is not None and layer.priority < highest:
            break
        highest = layer.priority
        on_call.setdefault(claim.user, claim.source)
    return on_call


def _handoffs(rotation: Rotation, window: Window) -> Iterator[Handoff]:
    """Every change of who is on call inside `window`."""
    before: set[str] | None = None
    for instant, on_call in _changes(rotation, window):
        after = set(on_call)
        if before is not None and after != before:
            yield Handoff(
                at=instant,
                leaving=tuple(sorted(before - after)),
                taking_over=tuple(sorted(after - before)),
                on_call=tuple(sorted(after)),
            )
        before = after


def _refuse_unless_ahead(at: datetime, now: datetime) -> None:
    """An edit takes effect at a whole minute that is not past."""
    if at != this_minute(at):
        raise EditRefused(EditProblem.NOT_WHOLE_MINUTES)
    if at < this_minute(now):
        raise EditRefused(EditProblem.CHANGES_THE_PAST)
