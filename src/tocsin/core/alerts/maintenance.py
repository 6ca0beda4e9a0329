"""Maintenance windows: services that are worked on (domain 3.8). Alerts are recorded.

A window that has begun can only be ended. What still fires at its end is everybody's
trouble again after a hold-off; what came and went meanwhile is told once.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

LONGEST = timedelta(days=30)
# Whatever was restarted at the very end of the work gets this long to recover.
HOLD_OFF = timedelta(minutes=5)


class Maintenance(Struct, frozen=True):
    """`[starts_at, ends_at)`; `public_text` is what a status page may say."""

    id: str
    services: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    author: str
    reason: str
    ticket: str = ""
    public_text: str = ""
    # What came and went, once it is over.
    summary: str = ""
    made_at: datetime | None = None


class Passed(Struct, frozen=True):
    """An alert that came and went within a window."""

    number: int
    title: str
    service: str


def state(window: Maintenance, *, now: datetime) -> str:
    """pending, active or expired."""
    if now >= window.ends_at:
        return "expired"
    return "active" if now >= window.starts_at else "pending"


def covering(
    service: str, windows: Sequence[Maintenance], *, now: datetime
) -> tuple[str, ...]:
    """The ids of the active windows that a service is in."""
    return tuple(
        one.id
        for one in windows
        if service in one.services and one.starts_at <= now < one.ends_at
    )


def problems(
    window: Maintenance, *, services: Collection[str], now: datetime
) -> tuple[str, ...]:
    """What is wrong with it, each with the field and what was expected."""
    found = []
    if not window.services:
        found.append("services: expected at least one")
    unknown = [name for name in window.services if name not in services]
    if unknown:
        found.append(f"services: expected known ones, not {', '.join(unknown)}")
    if window.starts_at < now:
        found.append("starts_at: expected now or a time in the future")
    if window.ends_at <= window.starts_at:
        found.append("ends_at: expected a time after the start")
    elif window.ends_at - window.starts_at > LONGEST:
        found.append("ends_at: expected at most 30 days after the start")
    if not window.reason.strip():
        found.append("reason: expected why, for who looks at night")
    return tuple(found)


def told(passed: Sequence[Passed], *, still: int) -> str:
    """The one summary of a window."""
    if not passed:
        came = "Nothing came and went."
    else:
        shown = "; ".join(f"ALR-{one.number} {one.title}" for one in passed[:20])
        more = f"; and {len(passed) - 20} more" if len(passed) > 20 else ""
        noun = "alert" if len(passed) == 1 else "alerts"
        came = f"{len(passed)} {noun} came and went: {shown}{more}."
    if not still:
        return came
    verb = "alert still fires" if still == 1 else "alerts still fire"
    return f"{came} {still} {verb} and may page now."
