"""A schedule's weeks as lanes to be drawn: shifts, gaps and what they are made from.

Places are thousandths of the window's width, so that an SVG needs no other numbers.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.directory import NamedSchedule
from tocsin.core.rotas.layers import Layer, Leave, Shift, claims, effective
from tocsin.core.rotas.overrides import kind_of
from tocsin.core.rotas.schedules import Rotation
from tocsin.core.rotas.whole_shifts import whole_schedule
from tocsin.core.wallclock import Window, first_instant

WIDTH = 1000
DAYS = {"week": 7, "2w": 14, "month": 28, "list": 28}


class Piece(Struct, frozen=True):
    """One bar. `person` is empty where nobody is.

    `kind`: turn, override, calendar, gap, away.
    """

    x: float
    width: float
    person: str
    kind: str
    start: datetime
    end: datetime


class Lane(Struct, frozen=True):
    """One row. `big` where it says who is paged."""

    label: str
    pieces: tuple[Piece, ...]
    big: bool = False
    # Of which rotation it shows who is paged.
    rotation: str = ""


class Day(Struct, frozen=True):
    """One column."""

    on: date
    x: float
    width: float
    is_today: bool
    is_weekend: bool


class Entry(Struct, frozen=True):
    """One line of the list: somebody is on call in a rotation, or nobody is."""

    start: datetime
    end: datetime
    rotation: str
    person: str
    kind: str
    # The override that it is from.
    override: str = ""
    # Whether it began before, or goes on after, as far as anybody looked.
    always_before: bool = False
    always_after: bool = False


class Calendar(Struct, frozen=True):
    """A schedule between two dates of a zone."""

    first: date
    last: date
    zone: str
    window: Window
    days: tuple[Day, ...]
    paged: tuple[Lane, ...]
    made_from: tuple[Lane, ...]
    now_x: float | None
    entries: tuple[Entry, ...]
    # The window in milliseconds since 1970, as scripts count.
    begins: int
    ends: int

    @property
    def gaps(self) -> list[Entry]:
        """When nobody is on call."""
        return [one for one in self.entries if not one.person]


def calendar(
    schedule: NamedSchedule, first: date, days: int, *, zone: ZoneInfo, now: datetime
) -> Calendar:
    """`days` days of a schedule from midnight of `first` in `zone`."""
    dates = [first + timedelta(days=number) for number in range(days + 1)]
    midnights = [first_instant(datetime.combine(one, time()), zone) for one in dates]
    window = Window(midnights[0], midnights[-1])
    scale = _Scale(window)
    paged, made_from, entries = [], [], []
    several = len(schedule.rotations) > 1
    for rotation in schedule.rotations:
        lane, found = _paged(rotation, scale, since=_first(rotation, now))
        paged.append(lane)
        entries += found
        made_from += _made_from(rotation, scale, prefix=several)
    for rotation in schedule.retired:
        lane, found = _was(rotation, scale, now)
        if found:
            paged.append(lane)
            entries += found
    inside = window.start <= now < window.end
    return Calendar(
        first,
        dates[-2],
        zone.key,
        window,
        tuple(_columns(dates, midnights, scale, now.astimezone(zone).date())),
        tuple(paged),
        tuple(made_from),
        scale.x(now) if inside else None,
        tuple(sorted(entries, key=lambda one: (one.start, one.rotation, one.person))),
        int(window.start.timestamp() * 1000),
        int(window.end.timestamp() * 1000),
    )


def _columns(
    dates: Sequence[date],
    midnights: Sequence[datetime],
    scale: "_Scale",
    today: date,
) -> Iterator[Day]:
    for on, begin, end in zip(dates, midnights, midnights[1:], strict=False):
        x = scale.x(begin)
        yield Day(on, x, scale.x(end) - x, on == today, on.weekday() > 4)


class _Scale:
    """Where an instant is."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self._length = window.end - window.start

    def x(self, at: datetime) -> float:
        return round((at - self.window.start) / self._length * WIDTH, 2)

    def piece(self, start: datetime, end: datetime, person: str, kind: str) -> Piece:
        x = self.x(max(start, self.window.start))
        width = round(self.x(min(end, self.window.end)) - x, 2)
        return Piece(x, width, person, kind, start, end)

    def holds(self, start: datetime, end: datetime) -> bool:
        return start < self.window.end and end > self.window.start


def _first(rotation: Rotation, now: datetime) -> datetime:
    """Since when it is there: before, nobody was to be on call in it."""
    begins = [effective(one)[0] for one in rotation.layers]
    begins += [one.start for one in rotation.overrides]
    return min([*begins, now])


def _paged(
    rotation: Rotation, scale: _Scale, *, since: datetime
) -> tuple[Lane, list[Entry]]:
    final = whole_schedule(rotation, scale.window)
    shifts = _joined(final.shifts)
    pieces = [scale.piece(s, e, who, kind) for s, e, who, kind in shifts]

    def entry(one: Shift | Window, person: str, kind: str, override: str = "") -> Entry:
        return Entry(
            one.start, one.end, rotation.name, person, kind, override,
            always_before=one.start == final.seen.start,
            always_after=one.end == final.seen.end,
        )  # fmt: skip

    entries = [
        entry(one, one.user, kind, _override_of(one, kind))
        for one, (_, _, _, kind) in zip(final.shifts, shifts, strict=True)
    ]
    for whole in final.gaps:
        if whole.end <= since:
            continue
        gap = Window(max(whole.start, since), whole.end)
        pieces.append(scale.piece(gap.start, gap.end, "", "gap"))
        entries.append(entry(gap, "", "gap"))
    return Lane(rotation.name, tuple(pieces), big=True, rotation=rotation.name), entries


def _was(rotation: Rotation, scale: _Scale, now: datetime) -> tuple[Lane, list[Entry]]:
    """The same of a rotation that is gone, in which an empty hour is no gap."""
    lane, found = _paged(rotation, scale, since=now)
    was = replace(
        lane,
        label=f"{rotation.name} (gone)",
        pieces=tuple(one for one in lane.pieces if one.person),
        rotation="",  # nobody can stand in any more
    )
    return was, [one for one in found if one.person]


def _joined(shifts: Iterable[Shift]) -> list[tuple[datetime, datetime, str, str]]:
    """Shifts with the kind of their source."""
    return [
        (
            one.start,
            one.end,
            one.user,
            kind_of(one.source),
        )
        for one in shifts
    ]


def _override_of(shift: Shift, kind: str) -> str:
    return shift.source.removeprefix("override:") if kind == "override" else ""


def _made_from(rotation: Rotation, scale: _Scale, *, prefix: bool) -> list[Lane]:
    name = f"{rotation.name}: " if prefix else ""
    lanes = []
    here = [one for one in rotation.overrides if scale.holds(one.start, one.end)]
    for label, kind in (("overrides", "override"), ("calendar", "calendar")):
        found = [
            scale.piece(one.start, one.end, one.user or "", kind)
            for one in here
            if kind_of(one.source) == kind
        ]
        if found:
            lanes.append(Lane(f"{name}{label}", tuple(found)))
    for layer in sorted(rotation.layers, key=lambda one: -one.priority):
        held = [
            scale.piece(s, e, who, kind)
            for s, e, who, kind in _joined(claims(layer, scale.window, rotation.leave))
        ]
        if not held and len(rotation.layers) > 1:
            continue  # a layer of the past, or of later
        lanes.append(Lane(f"{name}{_called(layer, rotation)}", tuple(held)))
    away = _away(rotation.leave, scale)
    if away:
        lanes.append(Lane(f"{name}away", tuple(away)))
    return lanes


# How layers are called that a form or a file wrote, with what made their ids unique.
_WRITTEN = re.compile(r"(turns|weekend)-[0-9a-f]{8}(-\d{12})?")


def _called(layer: Layer, rotation: Rotation) -> str:
    """What people call a layer: the rotation's own turns, weekends, or its id."""
    found = _WRITTEN.fullmatch(layer.id)
    if found is not None:
        return "weekends" if found[1] == "weekend" else "turns"
    rest = layer.id.removeprefix(rotation.name)
    is_own = not rest or re.fullmatch(r"-\d{12}", rest) is not None
    return "turns" if is_own else layer.id


def _away(leave: Sequence[Leave], scale: _Scale) -> list[Piece]:
    return [
        scale.piece(one.start, one.end, one.user, "away")
        for one in leave
        if scale.holds(one.start, one.end)
    ]
