"""What is allowed in a policy and still worth a warning (domain 2.2). Refuses nothing."""

from datetime import timedelta

from tocsin.core.durations import words
from tocsin.core.escalation import Condition, Policy, offset
from tocsin.core.severity import Severity

# Within which somebody is to answer (domain 2.2).
RESPONSE_TARGETS = {
    Severity.SEV1: timedelta(minutes=5),
    Severity.SEV2: timedelta(minutes=15),
    Severity.SEV3: timedelta(hours=1),
    Severity.SEV4: timedelta(hours=4),
}


def lint(policy: Policy) -> tuple[str, ...]:
    """Warnings about a policy, a sentence each."""
    return (*_late(policy), *_never(policy))


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
