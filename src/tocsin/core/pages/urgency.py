"""Whether an alert pages loudly now, by its severity and its team's support hours.

Domain 2.2. Asked when somebody is paged, never ahead. Knows no alert and no person.
"""

from datetime import datetime

from tocsin.core.level_times import SupportClock
from tocsin.core.severity import Severity, Urgency


def urgency_of(
    severity: Severity, *, support: SupportClock | None, now: datetime
) -> Urgency:
    """High for SEV1 and SEV2, low for SEV4; SEV3 is high in support hours, else low.

    Who keeps no support hours is there at all hours: SEV3 is high.
    """
    if severity is Severity.SEV3 and support is not None:
        return Urgency.HIGH if support.runs(now=now) else Urgency.LOW
    return urgency_at_all_hours(severity)


def urgency_at_all_hours(severity: Severity) -> Urgency:
    """The urgency where nobody keeps support hours."""
    return Urgency.LOW if severity is Severity.SEV4 else Urgency.HIGH
