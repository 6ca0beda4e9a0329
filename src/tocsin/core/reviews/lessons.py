"""Two tables of the article that turn an incident into work: fixes, and findings.

A fix has a quick form and the long-term item that it leaves behind; a finding of a
review has the action that answers it and what proves that it is done (domain 5.5, 7).
"""

import re

from msgspec import Struct

FIX_HEADINGS = ("Issue", "Quick Fix", "Long-term")
LESSON_HEADINGS = ("Finding", "Action")
KINDS = ("prevent", "detect", "mitigate", "process")


class Fix(Struct, frozen=True):
    """One row of the article's common fixes."""

    issue: str
    quick: str
    long_term: str

    @property
    def cells(self) -> tuple[str, str, str]:
        """The row in the order of the headings."""
        return (self.issue, self.quick, self.long_term)


class Lesson(Struct, frozen=True):
    """One row of the article's lessons; `proof` says when the action is done."""

    finding: str
    action: str
    kind: str
    proof: str

    @property
    def cells(self) -> tuple[str, str]:
        """The row in the order of the headings."""
        return (self.finding, self.action)


FIXES = (
    Fix("Memory leak", "Restart pods", "Fix leak"),
    Fix("DB overload", "Scale up", "Optimize queries"),
    Fix("Bad deploy", "Rollback", "Better testing"),
    Fix("External", "Failover", "Redundancy"),
)
LESSONS = (
    Lesson("Missing alert", "Add monitoring", "detect", "the new rule fired in a test"),
    Lesson(
        "Slow detection",
        "Improve alerts",
        "detect",
        "its detection bound is shorter than this incident's time to detect",
    ),
    Lesson(
        "Unclear process",
        "Update runbook",
        "process",
        "a new version of the runbook was reviewed",
    ),
    Lesson("Bad rollback", "Test rollbacks", "mitigate", "a rollback drill passed"),
)
_SAID = tuple(
    (re.compile(pattern, re.IGNORECASE), fix.long_term)
    for pattern, fix in zip(
        (
            r"\brestart(?:ed|ing|s)? (?:\w+ )*pods?\b",
            r"\bscal(?:ed?|ing) (?:\w+ )*(?:up|out)\b",
            r"\br(?:olled|oll|olling)[ -]?back\b|\brevert(?:ed|ing)?\b",
            r"\bfail(?:ed|ing)?[ -]?over\b",
        ),
        FIXES,
        strict=True,
    )
)


def long_term_of(action: str) -> tuple[str, ...]:
    """The long-term items that a quick fix leaves behind, from what was done."""
    return tuple(item for said, item in _SAID if said.search(action))
