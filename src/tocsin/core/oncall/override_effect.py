"""What an override would change, before it is saved: the form and the API both ask here.

Computed by `final_schedule`, which is what pages. Knows no document and no page.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace as with_

from tocsin.core.directory import Directory, NamedSchedule
from tocsin.core.durations import words
from tocsin.core.oncall.hour_changes import Change
from tocsin.core.oncall.hour_changes import changes as hour_changes
from tocsin.core.oncall.leave_documents import leaves
from tocsin.core.oncall.own_shifts import people_of, shifts_of, shifts_of_all
from tocsin.core.oncall.reachability import unreachable
from tocsin.core.rotas.overrides import Override
from tocsin.core.rotas.schedules import Rotation, final_schedule
from tocsin.core.wallclock import Window

# Longer on call without a break is told (domain 1.8).
LONGEST_IN_A_ROW = timedelta(days=7)
# So long somebody is off call before and after, or their rest is too short (domain 1.8).
LEAST_REST = timedelta(hours=11)
_AROUND = timedelta(days=15)
# As far back as a candidate's load is counted.
LOOKED_BACK = timedelta(days=28)
_NOTHING = timedelta(0)


class Double(Struct, frozen=True):
    """`person` is on call in another rotation as well in [start, end)."""

    person: str
    schedule: str
    rotation: str
    start: datetime
    end: datetime


class Effect(Struct, frozen=True):
    """`gap_*` is how long nobody is on call within the override's hours."""

    changes: tuple[Change, ...]
    gap_before: timedelta
    gap_after: timedelta
    doubles: tuple[Double, ...]
    # How long who takes over would be on call without a break.
    in_a_row: timedelta
    away: tuple[str, ...]
    # Who would have less rest than is due, and how much.
    rests: tuple[tuple[str, timedelta], ...]
    # Whose hours change.
    told: tuple[str, ...]


class Candidate(Struct, frozen=True):
    """Somebody who could take the hours; `hours` were theirs in the 28 days before."""

    person: str
    hours: timedelta
    in_a_row: timedelta
    busy: str = ""  # the rotation in which they are on call then
    away: bool = False
    # Why they do not count as reachable.
    unreachable: str = ""
    # The shortest time off call next to the hours, where it is less than is due.
    rest: timedelta | None = None
    woken: bool = False  # paged in the night before the hours

    @property
    def available(self) -> bool:
        """Whether they can be asked: they have these hours to themselves."""
        return not self.busy and not self.away

    @property
    def free(self) -> bool:
        """Whether they can have them: available, and reachable."""
        return self.available and not self.unreachable

    @property
    def rested(self) -> bool:
        """Whether their nights and breaks do not speak against them."""
        return self.rest is None and not self.woken


def effect_of(
    directory: Directory, schedule: NamedSchedule, rotation: Rotation, new: Override
) -> Effect:
    """What saving `new` on top of the rotation's overrides changes."""
    hours = Window(new.start, new.end)
    after = with_override(rotation, new)
    first, then = final_schedule(rotation, hours), final_schedule(after, hours)
    changes = tuple(hour_changes(first, then))
    comes = {one.person for one in changes if one.starts}
    later = _with_rotation(directory, schedule, after)
    return Effect(
        changes=changes,
        gap_before=_length(first.gaps),
        gap_after=_length(then.gaps),
        doubles=tuple(doubles(later, schedule.name, rotation.name, changes)),
        in_a_row=max((_in_a_row(later, who, hours) for who in comes), default=_NOTHING),
        away=tuple(
            sorted(who for who in comes if _away(directory, rotation, who, hours))
        ),
        rests=tuple(
            (who, rest)
            for who in sorted(comes)
            if (rest := _rest(later, who, hours)) is not None and rest
        ),
        told=tuple(sorted({one.person for one in changes})),
    )


def with_override(rotation: Rotation, new: Override) -> Rotation:
    """The rotation once `new` is saved."""
    kept = [one for one in rotation.overrides if one.id != new.id]
    return Rotation(rotation.name, rotation.layers, (*kept, new), rotation.leave)


def doubles(
    directory: Directory, schedule: str, rotation: str, changes: Sequence[Change]
) -> Iterator[Double]:
    """Where who starts is on call in another rotation than this one as well."""
    comes = [one for one in changes if one.starts]
    if not comes:
        return
    hull = Window(min(one.start for one in comes), max(one.end for one in comes))
    shifts = shifts_of_all(directory, sorted({one.person for one in comes}), hull)
    for one in comes:
        for other in shifts[one.person]:
            start, end = max(one.start, other.start), min(one.end, other.end)
            is_here = (other.schedule, other.rotation) == (schedule, rotation)
            if start < end and not is_here:
                yield Double(one.person, other.schedule, other.rotation, start, end)


def candidates(
    directory: Directory,
    schedule: NamedSchedule,
    rotation: Rotation,
    hours: Window,
    channels: Collection[str],
    *,
    woken: Collection[str] = (),
) -> list[Candidate]:
    """Who could take `hours` of a rotation, best first: free, rested, least load.

    `channels` are those by which people can be reached here; `woken` are those whose
    sleep before the hours was broken.
    """
    names = dict.fromkeys(who for one in schedule.rotations for who in people_of(one))
    team = directory.teams.get(schedule.team)
    names |= dict.fromkeys(team.people if team is not None else ())
    found = [
        _candidate(directory, rotation, who, hours, channels, woken=who in woken)
        for who in directory.active(names)
    ]
    return sorted(
        found, key=lambda one: (not one.free, not one.rested, one.hours, one.person)
    )


def sentences(effect: Effect, called: Callable[[str], str]) -> list[tuple[str, str]]:
    """The effect in words, (ok | warn | bad, sentence); `called` names a person."""
    lines = []
    if not effect.changes:
        lines.append(("warn", "Nothing changes: it is so already."))
    for starts in (True, False):
        for who in effect.told:
            total = sum(
                (
                    one.end - one.start
                    for one in effect.changes
                    if one.person == who and one.starts is starts
                ),
                _NOTHING,
            )
            does = "takes over" if starts else "is off call for"
            if total:
                lines.append(("ok", f"{called(who)} {does} {words(total)}."))
    if effect.gap_after:
        nobody = f"Nobody is on call for {words(effect.gap_after)} of it."
        lines.append(("bad", nobody))
    elif effect.gap_before:
        lines.append(("ok", f"A gap of {words(effect.gap_before)} is closed."))
    for double in effect.doubles:
        place = f"{double.schedule}, {double.rotation}"
        lasts = words(double.end - double.start)
        said = f"{called(double.person)} is on call in {place} too, for {lasts}."
        lines.append(("warn", said))
    lines += [("warn", f"{called(who)} is on leave then.") for who in effect.away]
    lines += [
        ("warn", f"{called(who)} is off call for only {words(rest)} next to it.")
        for who, rest in effect.rests
    ]
    if effect.in_a_row > LONGEST_IN_A_ROW:
        said = f"That makes {words(effect.in_a_row)} on call without a break."
        lines.append(("warn", said))
    if effect.told:
        names = ", ".join(called(who) for who in effect.told)
        lines.append(("ok", f"Told by message: {names}."))
    return lines


def _candidate(
    directory: Directory,
    rotation: Rotation,
    who: str,
    hours: Window,
    channels: Collection[str],
    *,
    woken: bool,
) -> Candidate:
    window = Window(hours.start - LOOKED_BACK, hours.end)
    shifts = shifts_of(directory, who, window)
    before = [
        min(one.end, hours.start) - one.start
        for one in shifts
        if one.start < hours.start
    ]
    then = [one for one in shifts if one.end > hours.start]
    return Candidate(
        person=who,
        hours=sum(before, _NOTHING),
        in_a_row=_in_a_row(directory, who, hours),
        busy=f"{then[0].schedule}, {then[0].rotation}" if then else "",
        away=_away(directory, rotation, who, hours),
        rest=_rest(directory, who, hours),
        woken=woken,
        unreachable=unreachable(directory.person(who), channels),
    )


def _in_a_row(directory: Directory, who: str, hours: Window) -> timedelta:
    """How long somebody is on call anywhere without a break, `hours` included."""
    window = Window(hours.start - _AROUND, hours.end + _AROUND)
    start, end = hours.start, hours.end
    shifts = shifts_of(directory, who, window)
    for one in [*reversed(shifts), *shifts]:
        if one.start <= end and one.end >= start:
            start, end = min(start, one.start), max(end, one.end)
    return end - start


def _rest(directory: Directory, who: str, hours: Window) -> timedelta | None:
    """The shortest time off call next to `hours`, None where it is long enough.

    Hours that follow at once on a shift of theirs, or come right before one, leave none.
    """
    around = Window(hours.start - LEAST_REST, hours.end + LEAST_REST)
    gaps = [
        hours.start - one.end if one.end <= hours.start else one.start - hours.end
        for one in shifts_of(directory, who, around)
        if one.end <= hours.start or one.start >= hours.end
    ]
    return min(gaps, default=None)


def _away(directory: Directory, rotation: Rotation, who: str, hours: Window) -> bool:
    """As the rotation knows it, or as their own document says it."""
    person = directory.people.get(who)
    own = leaves(person) if person is not None else ()
    return any(
        one.user == who and one.start < hours.end and hours.start < one.end
        for one in (*rotation.leave, *own)
    )


def _with_rotation(
    directory: Directory, schedule: NamedSchedule, after: Rotation
) -> Directory:
    rotations = tuple(
        after if one.name == after.name else one for one in schedule.rotations
    )
    changed = with_(schedule, rotations=rotations)
    return Directory(
        people=directory.people,
        schedules={**directory.schedules, schedule.name: changed},
    )


def _length(gaps: Sequence[Window]) -> timedelta:
    return sum((one.end - one.start for one in gaps), _NOTHING)
