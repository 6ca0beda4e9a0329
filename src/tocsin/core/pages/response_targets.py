"""Within what time somebody is to answer, per severity, and when that is over.

Measured, never scaled into the delays of a policy (domain 2.2). Knows no alert.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from tocsin.core.level_times import SupportClock, after_support_time
from tocsin.core.severity import Severity

RESPONSE_TARGETS: Mapping[Severity, timedelta] = {
    Severity.SEV1: timedelta(minutes=5),
    Severity.SEV2: timedelta(minutes=15),
    Severity.SEV3: timedelta(hours=1),
    Severity.SEV4: timedelta(hours=4),
}


def answer_by(
    severity: Severity, *, since: datetime, support: SupportClock | None = None
) -> datetime:
    """When the time to answer what began `since` is over.

    SEV4 counts the support hours only, where there are any.
    """
    target = RESPONSE_TARGETS[severity]
    if severity is not Severity.SEV4 or support is None:
        return since + target
    return after_support_time(support, since=since, length=target)
