"""Which of somebody's shifts a page belongs to: the one that it was made for. Pure.

A page does not say by which rotation its person was found. Where several shifts could be
it, one is: no page counts twice.
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from tocsin.core.directory import Directory
from tocsin.core.oncall.own_shifts import OwnShift


class Paged(Struct, frozen=True):
    """A person was paged about an alert at an instant."""

    at: datetime
    alert: int
    service: str = ""
    # When the page was made, which may be a while before it reached anybody.
    decided_at: datetime | None = None

    @property
    def made(self) -> datetime:
        """The instant that says for which shift."""
        return self.decided_at or self.at


def pages_by_shift(
    directory: Directory, paged: Sequence[Paged], shifts: Sequence[OwnShift]
) -> list[list[Paged]]:
    """The pages of each of one person's `shifts`; what belongs to none is left out."""
    found: list[list[Paged]] = [[] for _ in shifts]
    for one in paged:
        places = [
            place
            for place, shift in enumerate(shifts)
            if shift.start <= one.made < shift.end
            and _is_paged(directory, one.service, shift.schedule)
        ]
        meant = [p for p in places if _is_meant(directory, one.service, shifts[p])]
        for place in (meant or places)[:1]:
            found[place].append(one)
    return found


def _is_paged(directory: Directory, service: str, schedule: str) -> bool:
    """Of a service that is gone nobody can tell any more: then the hours decide."""
    if service not in directory.services:
        return True
    return schedule in directory.policy_of(service).schedules()


def _is_meant(directory: Directory, service: str, shift: OwnShift) -> bool:
    rotation = f"{shift.schedule}/{shift.rotation}"
    return service in directory.services and directory.policy_of(service).means(
        rotation
    )
