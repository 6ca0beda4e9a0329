"""How often people hear of an incident, inside and outside (domain 5.4)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.severity import Severity


class Cadence(Struct, frozen=True):
    """What is owed: the first by a moment, then one at least `every` so long.

    `first_by` is None where the commander decides or a change of state calls for it.
    """

    first_by: datetime | None
    every: timedelta
    # The longer interval of a long incident is told to who waits for updates.
    is_announced: bool = False


class Pace(Struct, frozen=True):
    """One row of the cadence table (domain 5.4)."""

    first_internal: timedelta | None
    first_external: timedelta | None
    every: timedelta
    # Outside, once LONG has passed; None: as before.
    external_later: timedelta | None = None
    # What is affected, in numbers or names, is told outside by then.
    scope_within: timedelta | None = None


LONG = timedelta(hours=2)
_MINUTE = timedelta(minutes=1)
PACES: Mapping[Severity, Pace] = {
    Severity.SEV1: Pace(
        5 * _MINUTE, 5 * _MINUTE, 20 * _MINUTE, 60 * _MINUTE, 10 * _MINUTE
    ),
    Severity.SEV2: Pace(15 * _MINUTE, 20 * _MINUTE, 30 * _MINUTE, 60 * _MINUTE),
    Severity.SEV3: Pace(60 * _MINUTE, None, 60 * _MINUTE),
    Severity.SEV4: Pace(None, None, 240 * _MINUTE),
}


def cadence(
    severity: Severity, started_at: datetime, now: datetime, *, external: bool
) -> Cadence:
    """What is owed to colleagues, or outside, by an incident that began then."""
    pace = PACES[severity]
    first = pace.first_external if external else pace.first_internal
    is_long = external and pace.external_later and now - started_at >= LONG
    return Cadence(
        first_by=None if first is None else started_at + first,
        every=pace.external_later if is_long and pace.external_later else pace.every,
        is_announced=bool(is_long),
    )


def owed_by(
    severity: Severity,
    started_at: datetime,
    last_at: datetime | None,
    *,
    external: bool,
) -> datetime | None:
    """When the next update is due at the latest; None: when somebody decides so.

    The interval is that of the moment of the last update, since that was promised.
    """
    if last_at is not None:
        then = cadence(severity, started_at, last_at, external=external)
        return last_at + then.every
    first = cadence(severity, started_at, started_at, external=external)
    if first.first_by is None and not external:
        return started_at + first.every
    return first.first_by


def first(severity: Severity, *, declared: datetime) -> datetime:
    """When the first update inside is due; SEV4 has the time of a following one."""
    due = owed_by(severity, declared, None, external=False)
    assert due is not None
    return due


def following(
    severity: Severity, *, sent: datetime, promised: datetime | None
) -> datetime:
    """When the next one inside is due: as was promised, else by the severity."""
    if promised is not None and promised > sent:
        return promised
    return sent + PACES[severity].every


def is_late_promise(severity: Severity, *, sent: datetime, promised: datetime) -> bool:
    """Whether a promise is later than the cadence, so that the commander is asked."""
    return promised - sent > PACES[severity].every
