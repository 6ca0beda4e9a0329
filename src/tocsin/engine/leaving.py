"""What depends on a person: told before somebody takes them away."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.configuration import Documents
from tocsin.core.directory import Directory
from tocsin.core.forms import Plain
from tocsin.core.rotas.layers import Shift, effective
from tocsin.core.rotas.schedules import Rotation, final_schedule
from tocsin.core.wallclock import Window

AHEAD = timedelta(days=30)


class Gap(Struct, frozen=True):
    """A time in which nobody would be on call in a rotation."""

    rotation: str  # schedule/rotation
    start: datetime
    end: datetime


class Leaving(Struct, frozen=True):
    """`named_by` says in words which documents name the person: (noun, name, how)."""

    named_by: tuple[tuple[str, str, str], ...] = ()
    gaps: tuple[Gap, ...] = ()

    @property
    def may_be_deleted(self) -> bool:
        """Whether nothing names them."""
        return not self.named_by


def leaving(
    documents: Documents, directory: Directory, person: str, *, now: datetime
) -> Leaving:
    """What would be missing without `person` in the next 30 days."""
    naming = _naming(documents, directory, person, now)
    return Leaving(tuple(naming), tuple(_gaps(directory, person, now)))


def _naming(
    documents: Documents, directory: Directory, person: str, now: datetime
) -> Iterable[tuple[str, str, str]]:
    for name, one in documents.get("teams", {}).items():
        if person in one.get("leads", []):
            yield "teams", name, "leads it"
    yield from _on_call(directory, person, now)
    for name, one in documents.get("escalation_policies", {}).items():
        levels = one.get("levels", [])
        for index, level in enumerate(levels):
            if any(_means(target, person) for target in level.get("page", [])):
                yield "policies", name, f"is paged at level {index + 1}"
        if any(_means(target, person) for target in one.get("fallback", [])):
            yield "policies", name, "is the fallback"


def _on_call(
    directory: Directory, person: str, now: datetime
) -> Iterable[tuple[str, str, str]]:
    for schedule in directory.schedules.values():
        for rotation in schedule.rotations:
            if _takes_turns(rotation, person, now):
                yield "schedules", schedule.name, f"takes turns in {rotation.name}"
        if any(one.user == person for one in schedule.shadows):
            yield "schedules", schedule.name, "follows somebody"


def _takes_turns(rotation: Rotation, person: str, now: datetime) -> bool:
    """Whether they are on call in it from now on; what has been binds nobody."""
    for layer in rotation.layers:
        _, until = effective(layer)
        if person in layer.participants and (until is None or until > now):
            return True
    return any(
        person in (one.user, one.for_user) and one.end > now
        for one in rotation.overrides
    )


def _means(target: Plain, person: str) -> bool:
    return target.get("user") == person or person in target.get("round_robin", [])


def _gaps(directory: Directory, person: str, now: datetime) -> Iterable[Gap]:
    start = now.replace(second=0, microsecond=0)
    window = Window(start, start + AHEAD)
    for schedule in directory.schedules.values():
        for rotation in schedule.rotations:
            shifts = final_schedule(rotation, window).shifts
            name = f"{schedule.name}/{rotation.name}"
            yield from _alone(directory, name, shifts, person)


def _alone(
    directory: Directory, rotation: str, shifts: Iterable[Shift], person: str
) -> Iterable[Gap]:
    """The parts of their shifts that nobody else has too."""
    others = sorted(
        (one.start, one.end)
        for one in shifts
        if one.user != person and directory.person(one.user) is not None
    )
    for shift in shifts:
        if shift.user != person:
            continue
        at = shift.start
        for start, end in others:
            if end <= at or start >= shift.end:
                continue
            if start > at:
                yield Gap(rotation, at, start)
            at = max(at, end)
        if at < shift.end:
            yield Gap(rotation, at, shift.end)
