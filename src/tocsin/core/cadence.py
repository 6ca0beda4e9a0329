"""How often people inside hear of an incident (domain 5.4)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from tocsin.core.severity import Severity

_FIRST: Mapping[Severity, timedelta] = {
    Severity.SEV1: timedelta(minutes=5),
    Severity.SEV2: timedelta(minutes=15),
    Severity.SEV3: timedelta(minutes=60),
    Severity.SEV4: timedelta(hours=4),
}
EVERY: Mapping[Severity, timedelta] = {
    Severity.SEV1: timedelta(minutes=20),
    Severity.SEV2: timedelta(minutes=30),
    Severity.SEV3: timedelta(minutes=60),
    Severity.SEV4: timedelta(hours=4),
}


def first(severity: Severity, *, declared: datetime) -> datetime:
    """When the first update is due."""
    return declared + _FIRST[severity]


def following(
    severity: Severity, *, sent: datetime, promised: datetime | None
) -> datetime:
    """When the next one is due: as was promised, else by the severity's cadence."""
    if promised is not None and promised > sent:
        return promised
    return sent + EVERY[severity]


def is_late_promise(severity: Severity, *, sent: datetime, promised: datetime) -> bool:
    """Whether a promise is later than the cadence, so that the commander is asked."""
    return promised - sent > EVERY[severity]
