"""What an incident does to customers, and which severity that is (domain 5.2)."""

from datetime import datetime

from msgspec import Struct

from tocsin.core.severity import Severity


class Impact(Struct, frozen=True):
    """One revision. `share` is the percentage of users affected, None if unknown.

    `start` is when it began, with its source (an alert, a graph, a customer) and how
    sure that is; unknown is None.
    """

    text: str = ""
    share: float | None = None
    users: int | None = None
    journeys: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    start: datetime | None = None
    start_source: str = ""
    start_confidence: str = ""  # sure | likely | guess
    revenue: str = ""
    data_loss: bool = False
    safety: bool = False
    tier1_down: bool = False
    slow: bool = False


class Thresholds(Struct, frozen=True):
    """Percentages of users from which on an incident is SEV1, 2 and 3."""

    sev1: float = 90
    sev2: float = 25
    sev3: float = 5


DEFAULTS = Thresholds()


def derived(impact: Impact, thresholds: Thresholds = DEFAULTS) -> tuple[Severity, str]:
    """The severity that an impact has, and why: the first match counts.

    An unknown share takes the worse of the two in doubt, which is SEV2.
    """
    if impact.data_loss or impact.safety:
        return Severity.SEV1, "data or people are in danger"
    if impact.tier1_down:
        return Severity.SEV1, "a journey that everybody needs is down"
    share = impact.share
    if share is None:
        if impact.slow:
            return Severity.SEV3, "it is slow; how many notice is not known"
        return Severity.SEV2, "how many are affected is not known: the worse is taken"
    if share >= thresholds.sev1:
        return Severity.SEV1, f"{share:g}% of users are affected"
    if share >= thresholds.sev2:
        return Severity.SEV2, f"{share:g}% of users are affected"
    if share >= thresholds.sev3 or impact.slow:
        why = "it is slow" if share < thresholds.sev3 else f"{share:g}% are affected"
        return Severity.SEV3, why
    return Severity.SEV4, f"{share:g}% of users are affected"


def told(impact: Impact) -> str:
    """One line, as the masthead says it; "" when nothing is known."""
    parts = [impact.text] if impact.text else []
    if impact.share is not None:
        parts.append(f"{impact.share:g}% of users")
    if impact.users is not None:
        parts.append(f"{impact.users:,} users")
    if impact.journeys:
        parts.append(", ".join(impact.journeys))
    if impact.regions:
        parts.append(f"in {', '.join(impact.regions)}")
    if impact.revenue:
        parts.append(f"revenue: {impact.revenue}")
    return " · ".join(parts)
