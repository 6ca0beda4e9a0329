"""What can be done about being on call, as the finder offers it: each schedule's own acts.

Only what the viewer may do, and first where they take turns themselves. Knows no query.
"""

from collections.abc import Collection, Iterator
from urllib.parse import quote

from msgspec import Struct

from tocsin.core.directory import Directory, NamedSchedule
from tocsin.core.oncall.own_shifts import people_of
from tocsin.core.people.permissions import LEAD, RESPONDER, VIEWER
from tocsin.core.rotas.schedules import Rotation
from tocsin.engine.signing_in.sign_in import Viewer


class Verb(Struct, frozen=True):
    """One act; `note` holds other words that people look for."""

    href: str
    label: str
    note: str
    icon: str


# (path below the schedule, label, other words, icon, role, only for who takes turns)
_OF_A_SCHEDULE = (
    ("/cover", "Ask for cover", "swap, give a shift away", "hand", RESPONDER, True),
    ("/override", "Stand in", "override, take over", "user-round", RESPONDER, False),
    ("/handoff", "Write the hand-over", "handover, handoff, note", "pencil", RESPONDER, True),
    ("/load", "Load", "fairness, nights, report", "users-round", VIEWER, False),
    ("/readiness", "Readiness", "checklist, first shift, shadow", "list-checks", VIEWER, False),
    ("/fair", "Plan a fair rota", "fair rota, proposal", "users-round", LEAD, False),
)  # fmt: skip
_OF_ONES_OWN = (
    Verb("/new/rota", "New rota", "make a schedule, rotation", "plus"),
    Verb("/me#away", "Be away", "leave, holiday, vacation, rather not", "calendar-days"),
    Verb("/me/calendars", "Subscribe to a calendar", "shifts, iCal, webcal", "calendar-days"),
    Verb("/thanks", "Say thanks", "recognition, to a colleague", "star"),
)  # fmt: skip


def verbs(viewer: Viewer, directory: Directory, known: Collection[str]) -> list[Verb]:
    """Everything that the viewer may do about shifts, on pages that exist."""
    schedules = sorted(
        directory.schedules.values(),
        key=lambda one: (not _takes_turns(viewer, one), one.name),
    )
    found = [act for one in schedules for act in _of(viewer, one, known)]
    return [*_own(viewer, known), *found]


def _own(viewer: Viewer, known: Collection[str]) -> Iterator[Verb]:
    roles = {"/new/rota": LEAD, "/thanks": RESPONDER}
    for one in _OF_ONES_OWN:
        path = one.href.partition("#")[0]
        if path in known and viewer.may_somewhere(roles.get(path, VIEWER)):
            yield one


def _of(
    viewer: Viewer, schedule: NamedSchedule, known: Collection[str]
) -> Iterator[Verb]:
    for below, label, note, icon, role, needs_turns in _OF_A_SCHEDULE:
        if f"/schedules/{{name}}{below}" not in known or not schedule.rotations:
            continue
        if needs_turns and not _takes_turns(viewer, schedule):
            continue
        if viewer.may(role, schedule.team):
            href = f"/schedules/{quote(schedule.name, safe='')}{below}"
            if below == "/handoff":
                own = next(o for o in schedule.rotations if _is_in(viewer, o))
                href += f"?rotation={quote(own.name, safe='')}"
            yield Verb(href, f"{label}: {schedule.name}", note, icon)


def _takes_turns(viewer: Viewer, schedule: NamedSchedule) -> bool:
    return any(_is_in(viewer, one) for one in schedule.rotations)


def _is_in(viewer: Viewer, rotation: Rotation) -> bool:
    return viewer.person in people_of(rotation)
