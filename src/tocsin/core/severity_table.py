"""What each severity means, in the article's words. Decides nothing; people read it.

`severity.py` has the grades themselves and `policy_lint.py` the minutes behind the
words of the last column.
"""

from msgspec import Struct

from tocsin.core.severity import Severity

HEADINGS = ("Severity", "Impact", "Example", "Response Time")


class Meaning(Struct, frozen=True):
    """One row of the table."""

    severity: Severity
    impact: str
    example: str
    response_time: str

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """The row in the order of the headings."""
        return (self.severity.name, self.impact, self.example, self.response_time)


TABLE = (
    Meaning(Severity.SEV1, "Critical - Full outage", "All users affected", "Immediate"),
    Meaning(Severity.SEV2, "Major - Partial outage", "50% users affected", "15 min"),
    Meaning(Severity.SEV3, "Moderate - Degradation", "Slow response times", "1 hour"),
    Meaning(Severity.SEV4, "Minor - Small impact", "Few users affected", "4 hours"),
)


def meaning_of(severity: Severity) -> Meaning:
    """The row of a severity."""
    return TABLE[severity - 1]
