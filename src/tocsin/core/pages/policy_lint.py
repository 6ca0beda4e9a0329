"""What is allowed in a policy and still worth a warning (domain 2.2). Refuses nothing."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from tocsin.core.durations import words
from tocsin.core.level_times import apply_now
from tocsin.core.pages.escalation import Condition, Policy, offset
from tocsin.core.pages.response_targets import RESPONSE_TARGETS
from tocsin.core.severity import Severity
from tocsin.core.wallclock import first_instant, zone_named

# Any week without a clock change stands for all.
_MONDAY, _HALF_HOUR = datetime(2024, 1, 15), timedelta(minutes=30)  # noqa: DTZ001 - on the wall


def lint(policy: Policy) -> tuple[str, ...]:
    """Warnings about a policy, a sentence each."""
    return (*_late(policy), *_never(policy), *_only_fallback(policy))


def first_escalation(policy: Policy, severity: Severity) -> timedelta:
    """How long after the alert the second group of people is paged."""
    if len(policy.levels) > 1:
        return offset(policy.levels[1], severity)
    return offset(policy.levels[0], severity) + policy.wait


def _late(policy: Policy) -> list[str]:
    if not policy.levels:
        return []
    found = []
    for severity, target in RESPONSE_TARGETS.items():
        after = first_escalation(policy, severity)
        if after > target:
            found.append(
                f"{severity.name}: the first escalation comes after {words(after)}, "
                f"later than the {words(target)} in which somebody is to answer."
            )
    return found


def _only_fallback(policy: Policy) -> list[str]:
    """When every level is passed over: the fallback is then paged first and alone."""
    times = [level.times for level in policy.levels if level.times is not None]
    if not times or len(times) < len(policy.levels):
        return []
    ordinary = [replace(one, region="", holiday=None) for one in times]
    week = [_MONDAY + _HALF_HOUR * count for count in range(7 * 48)]
    found = []
    for at in week:
        now = first_instant(at, zone_named(times[0].zone))
        if not any(apply_now(one, now=now) for one in ordinary):
            found.append(
                f"Some hours no level is for, such as {at:%a %H:%M}: only the fallback "
                "is paged then."
            )
            break
    if all(one.holiday is False or (one.region and one.in_hours) for one in times):
        found.append("On public holidays only the fallback is paged.")
    return found


def _never(policy: Policy) -> list[str]:
    """A level that pages at the same moment as the one before it."""
    found = []
    for number, (level, following) in enumerate(
        zip(policy.levels, policy.levels[1:], strict=False), 1
    ):
        same = all(offset(level, s) == offset(following, s) for s in Severity)
        if same and following.condition is Condition.IF_NOT_ACKED:
            found.append(
                f"Levels {number} and {number + 1} are paged together: nobody has "
                "time to answer between them."
            )
    return found
