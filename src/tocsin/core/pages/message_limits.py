"""How many text messages and calls one contact takes (domain 2.4). Pure.

Over a limit a page waits and joins the next message to its contact; it is never
dropped, and never waits longer than the window of the limit that it met.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.severity import Severity


class Limit(Struct, frozen=True):
    """At most so many messages to one contact within a time."""

    most: int
    within: timedelta


class SentPage(Struct, frozen=True):
    """A message that went to a contact lately."""

    at: datetime
    service: str
    severity: Severity = Severity.SEV1


_QUARTER, _HOUR = timedelta(minutes=15), timedelta(hours=1)
LONGEST = 3 * _HOUR
LIMITS: Mapping[str, tuple[Limit, ...]] = {
    "sms": (Limit(5, _QUARTER), Limit(11, _HOUR), Limit(21, LONGEST)),
    "voice": (Limit(3, _QUARTER), Limit(7, _HOUR), Limit(15, LONGEST)),
}
# First alerts that go over a budget: in a minute, or in the window of a limit.
JUMPS = 5


def waits_until(
    channel: str,
    recent: Sequence[SentPage],
    *,
    services: Iterable[str],
    severity: Severity = Severity.SEV4,
    waited: bool,
    now: datetime,
) -> datetime | None:
    """Until when a message about `services` waits; None: it goes now, with all.

    `severity` is that of the worst it tells of. `waited`: one of its pages has waited as long as it was told.
    """
    limits = [
        one for one in LIMITS[channel] if _within(recent, one.within, now) >= one.most
    ]
    if waited or not limits or _may_jump(limits, recent, services, severity, now):
        return None
    # Each limit has lost its oldest message by then.
    newest = sorted((one.at for one in recent), reverse=True)
    return max(newest[one.most - 1] + one.within for one in limits)


def _may_jump(
    limits: Sequence[Limit],
    recent: Sequence[SentPage],
    services: Iterable[str],
    severity: Severity,
    now: datetime,
) -> bool:
    """Whether it tells of a new service, or of something worse than all; few may."""
    longest = max(one.within for one in limits)
    lately = [one for one in recent if now - one.at < longest]
    is_new = not {one.service for one in lately}.issuperset(services)
    is_worse = all(severity.worse_than(one.severity) for one in lately)
    return (is_new or is_worse) and all(
        _within(recent, one.within, now) < one.most + JUMPS for one in limits
    )


def _within(recent: Sequence[SentPage], length: timedelta, now: datetime) -> int:
    return sum(now - one.at < length for one in recent)
