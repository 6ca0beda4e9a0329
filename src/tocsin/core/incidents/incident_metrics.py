"""Times of an incident, with fixed definitions and sources (domain 5.6)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from tocsin.core.severity import Severity

DEFINITIONS: Mapping[str, str] = {
    "TTD": "detected − start of the impact",
    "TTN": "first page − detected",
    "TTA": "first answer of a person − first page",
    "TTE": "commander and lead both there − detected",
    "TTI": "identified − detected",
    "TTM": "mitigated − start of the impact",
    "TTR": "resolved − start of the impact",
}


# Within which somebody has answered (domain 2.2): immediately is five minutes.
ANSWER_WITHIN: Mapping[Severity, timedelta] = {
    Severity.SEV1: timedelta(minutes=5),
    Severity.SEV2: timedelta(minutes=15),
    Severity.SEV3: timedelta(hours=1),
    Severity.SEV4: timedelta(hours=4),
}


class Moments(Struct, frozen=True):
    """The instants that count; None is not known or not yet."""

    start: datetime | None = None
    detected: datetime | None = None
    first_page: datetime | None = None
    first_answer: datetime | None = None
    staffed: datetime | None = None
    identified: datetime | None = None
    mitigated: datetime | None = None
    resolved: datetime | None = None


class Figure(Struct, frozen=True):
    """One time. `at_least`: the start is not known, so it is counted from detected.

    `target` is what it should have been, where the severity says so.
    """

    name: str
    value: timedelta
    at_least: bool = False
    target: timedelta | None = None

    @property
    def is_met(self) -> bool:
        """Whether it is within its target; without one it is."""
        return self.target is None or self.value <= self.target


def figures(moments: Moments, severity: Severity | None = None) -> list[Figure]:
    """What can be said, in the order of DEFINITIONS; TTD needs a known start."""
    targets = {"TTA": ANSWER_WITHIN[severity]} if severity is not None else {}
    begin = moments.start or moments.detected
    unknown = moments.start is None
    spans = (
        ("TTD", moments.start, moments.detected, False),
        ("TTN", moments.detected, moments.first_page, False),
        ("TTA", moments.first_page, moments.first_answer, False),
        ("TTE", moments.detected, moments.staffed, False),
        ("TTI", moments.detected, moments.identified, False),
        ("TTM", begin, moments.mitigated, unknown),
        ("TTR", begin, moments.resolved, unknown),
    )
    return [
        Figure(name, max(end - start, timedelta(0)), at_least, targets.get(name))
        for name, start, end, at_least in spans
        if start is not None and end is not None
    ]
