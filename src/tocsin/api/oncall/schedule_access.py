"""Who may do what with a schedule, for all routes below one."""

from fastapi import HTTPException

from tocsin.core.directory import NamedSchedule
from tocsin.core.excerpts import clean
from tocsin.engine.front_desk import FrontDesk
from tocsin.engine.signing_in.sign_in import Viewer


def schedule_of(desk: FrontDesk, name: str) -> NamedSchedule:
    """The schedule; 404 where there is none of that name."""
    found = desk.directory().schedules.get(name)
    if found is None:
        raise HTTPException(404, f"There is no schedule {clean(name)}.")
    return found


def must_hold(desk: FrontDesk, name: str, caller: Viewer, role: str) -> NamedSchedule:
    """The schedule, for who holds `role` in its team; 403 for others."""
    found = schedule_of(desk, name)
    if not caller.may(role, found.team):
        raise HTTPException(403, f"This needs the role {role}.")
    return found
