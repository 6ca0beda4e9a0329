"""Severity and urgency, the field's four grades (domain 2.2). No policy, no delay."""

from enum import IntEnum, StrEnum


class Severity(IntEnum):
    """1 is worst. Compare with `worse_than`, never with `<`, so it reads right."""

    SEV1 = 1
    SEV2 = 2
    SEV3 = 3
    SEV4 = 4

    def worse_than(self, other: "Severity") -> bool:
        """Whether this severity is more severe than `other`."""
        return int(self) < int(other)


class Urgency(StrEnum):
    """Which of a person's two lists of notification rules is followed."""

    HIGH = "high"
    LOW = "low"
