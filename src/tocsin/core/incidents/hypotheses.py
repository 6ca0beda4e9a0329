"""The hypothesis board: what we think it is, and how we would know (domain 5.5).

Columns follow the article: gather data, identify changes, hypothesise, test, fix.
"""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

# Where a card may go from where it is; refuted cards stay visible.
MOVES: Mapping[str, tuple[str, ...]] = {
    "proposed": ("testing", "supported", "refuted", "inconclusive"),
    "testing": ("supported", "refuted", "inconclusive", "proposed"),
    "inconclusive": ("testing", "supported", "refuted"),
    "supported": ("acted", "refuted", "testing"),
    "refuted": ("testing",),
    "acted": ("supported", "refuted"),
}
COLUMNS = ("Gather data", "Identify changes", "Hypothesis", "Test", "Fix")
NEEDS_FINDING = frozenset({"supported", "refuted", "inconclusive"})


class Hypothesis(Struct, frozen=True):
    """One card. `prediction` is "if true we will see …"; `finding` what was seen.

    `change` is the id of a change that it blames, 0 for none.
    """

    statement: str
    prediction: str
    test: str
    owner: str
    made_by: str
    made_at: datetime
    changed_at: datetime
    state: str = "proposed"
    finding: str = ""
    fix: str = ""
    due_at: datetime | None = None
    change: int = 0
    id: int = 0


def moved(
    card: Hypothesis, state: str, *, finding: str, fix: str, now: datetime
) -> Hypothesis | str:
    """The card in another state, or a sentence that says why not."""
    if state not in MOVES:
        return f"state: expected one of {', '.join(MOVES)}"
    if state not in MOVES[card.state]:
        could = ", ".join(MOVES[card.state])
        return f"A card that is {card.state} can become {could}."
    if state in NEEDS_FINDING and not finding.strip():
        return "finding: expected what was seen, so that nobody tests it again"
    if state == "acted" and not (fix.strip() or card.fix):
        return "fix: expected what was done"
    return replace(
        card,
        state=state,
        finding=finding.strip() or card.finding,
        fix=fix.strip() or card.fix,
        changed_at=now,
    )


def column(card: Hypothesis) -> str:
    """Where it stands on the board."""
    if card.state == "testing":
        return "Test"
    if card.state == "acted" or (card.state == "supported" and card.fix):
        return "Fix"
    return "Hypothesis"
