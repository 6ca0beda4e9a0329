"""What depends on a person: told before somebody takes them away."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.configuration import Documents
from tocsin.core.directory import Directory
from tocsin.core.forms import Plain
from tocsin.core.rotas.layers import Shift
from tocsin.core.rotas.schedules import final_schedule
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
    return Leaving(
        tuple(_naming(documents, person)), tuple(_gaps(directory, person, now))
    )


def _naming(documents: Documents, person: str) -> Iterable[tuple[str, str, str]]:
    for name, one in documents.get("teams", {}).items():
        if person in one.get("leads", []):
            yield "teams", name, "leads it"
    for name, one in documents.get("schedules", {}).items():
        for rotation in one.get("rotations", []):
            if _is_in(rotation, person):
                yield "schedules", name, f"takes turns in {rotation.get('name')}"
    for name, one in documents.get("escalation_policies", {}).items():
        levels = one.get("levels", [])
        for index, level in enumerate(levels):
            if any(_means(target, person) for target in level.get("page", [])):
                yield "policies", name, f"is paged at level {index + 1}"
        if any(_means(target, person) for target in one.get("fallback", [])):
            yield "policies", name, "is the fallback"


def _is_in(value: object, person: str) -> bool:
    """Whether a rotation's lists name them, in whatever form they are written."""
    if isinstance(value, str):
        return value == person
    if isinstance(value, dict):
        inner = (held for key, held in value.items() if key != "name")
        return any(_is_in(held, person) for held in inner)
    return isinstance(value, list) and any(_is_in(one, person) for one in value)


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
