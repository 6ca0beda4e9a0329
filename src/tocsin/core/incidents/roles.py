"""Roles in an incident: who may hold them, offer → accept, intervals (domain 5.3).

The giver stays until the other has accepted, so that no role is ever between two people.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from tocsin.core.severity import Severity

# After this long as commander somebody fresh should take over.
LONGEST_COMMAND = timedelta(hours=4)
# Nobody leads more people than this at once.
MOST_REPORTS = 7
FILL_WITHIN = timedelta(minutes=5)


class Role(StrEnum):
    """The four roles of the article."""

    IC = "IC"
    LEAD = "Lead"
    COMMS = "Comms"
    SCRIBE = "Scribe"


TITLES: Mapping[Role, str] = {
    Role.IC: "Incident commander",
    Role.LEAD: "Lead",
    Role.COMMS: "Comms",
    Role.SCRIBE: "Scribe",
}
RESPONSIBILITY: Mapping[Role, str] = {
    Role.IC: "Overall coordination",
    Role.LEAD: "Technical investigation",
    Role.COMMS: "Internal/external comms",
    Role.SCRIBE: "Document timeline",
}
DUTIES: Mapping[Role, tuple[str, ...]] = {
    Role.IC: (
        "Decide, delegate, time-box; own the severity and the end.",
        "Touch no system and read no graph: ask who does.",
        "Ask for strong objections, then decide.",
        "Keep the promised time of the next update.",
    ),
    Role.LEAD: (
        "Run the hypothesis board: data, changes, hypothesis, test, fix.",
        "Say what you are about to change before you change it.",
        "Ask the commander for the people you need.",
    ),
    Role.COMMS: (
        "Write the updates, inside and outside, in words of customers.",
        "Get the commander's approval for what goes outside.",
        "Tell the room what customers say.",
    ),
    Role.SCRIBE: (
        "Write down what is seen, decided and done, with its time.",
        "Ask when a decision or its owner is not clear.",
    ),
}
_REQUIRED: Mapping[Severity, tuple[Role, ...]] = {
    Severity.SEV1: (Role.IC, Role.LEAD, Role.COMMS),
    Severity.SEV2: (Role.IC, Role.LEAD),
    Severity.SEV3: (Role.IC,),
    Severity.SEV4: (),
}


class Holding(Struct, frozen=True):
    """A role that somebody was offered, holds or held: `[since, until)`."""

    role: Role
    person: str
    state: str  # offered | held | ended | declined
    offered_by: str
    offered_at: datetime
    since: datetime | None = None
    until: datetime | None = None
    id: int = 0


class Changed(Struct, frozen=True):
    """Holdings that are new or differ, and a sentence; `refused` says why not."""

    holdings: tuple[Holding, ...] = ()
    text: str = ""
    refused: str = ""


def role_named(word: str) -> Role | None:
    """A role by its name or a usual word for it, whatever the case."""
    folded = word.strip().casefold()
    words = {
        "ic": Role.IC, "commander": Role.IC, "incident commander": Role.IC,
        "lead": Role.LEAD, "ops": Role.LEAD, "comms": Role.COMMS,
        "communications": Role.COMMS, "scribe": Role.SCRIBE,
    }  # fmt: skip
    return words.get(folded)


def required(severity: Severity) -> tuple[Role, ...]:
    """Roles that somebody has to hold."""
    return _REQUIRED[severity]


def holder(holdings: Sequence[Holding], role: Role) -> str:
    """Who holds a role now, "" when nobody does."""
    found = (one.person for one in holdings if one.role == role and one.state == "held")
    return next(found, "")


def roles_of(holdings: Sequence[Holding], person: str) -> tuple[Role, ...]:
    """The roles that somebody holds now."""
    return tuple(
        one.role for one in holdings if one.person == person and one.state == "held"
    )


def unfilled(holdings: Sequence[Holding], severity: Severity) -> tuple[Role, ...]:
    """Required roles that nobody holds."""
    return tuple(role for role in required(severity) if not holder(holdings, role))


def crowded(
    holdings: Sequence[Holding], severity: Severity, busy: Collection[str] = ()
) -> str:
    """What is wrong with who does what, "" when nothing is.

    In a SEV1 the commander holds no other role, and nobody leads more than seven
    people: who holds a role or is `busy` with a task reports to the commander (domain 5.3).
    """
    commander = holder(holdings, Role.IC)
    if not commander:
        return ""
    held = {one.person for one in holdings if one.state == "held"}
    reports = len((held | set(busy)) - {commander})
    if reports > MOST_REPORTS:
        return (
            f"{reports} people report to the commander: let somebody lead a part of "
            "them, or hand over."
        )
    if severity is not Severity.SEV1:
        return ""
    also = [
        TITLES[role]
        for role in (Role.LEAD, Role.COMMS)
        if holder(holdings, role) == commander
    ]
    if not also:
        return ""
    return f"In a SEV1 the commander does nothing else: hand {' and '.join(also)} on."


def offer(
    holdings: Sequence[Holding], role: Role, to: str, *, by: str, now: datetime
) -> Changed:
    """`to` is asked to take a role; whoever holds it holds it until then."""
    if holder(holdings, role) == to:
        return Changed(refused=f"{to} is {TITLES[role]} already.")
    if any(_is_offer(one, role) and one.person == to for one in holdings):
        return Changed(refused=f"{to} was asked already.")
    # A new offer takes the place of an older one to somebody else.
    older = [
        replace(one, state="declined", until=now)
        for one in holdings
        if _is_offer(one, role)
    ]
    new = Holding(role, to, "offered", by, now)
    return Changed((*older, new), f"{by} asks {to} to be {TITLES[role]}.")


def accept(
    holdings: Sequence[Holding], role: Role, *, by: str, now: datetime
) -> Changed:
    """Whoever was asked takes the role; who held it is free."""
    asked = next((h for h in holdings if _is_offer(h, role) and h.person == by), None)
    if asked is None:
        return Changed(refused=f"Nobody has asked {by} to be {TITLES[role]}.")
    return _taken(holdings, replace(asked, state="held", since=now), now)


def decline(
    holdings: Sequence[Holding], role: Role, *, by: str, now: datetime
) -> Changed:
    """Whoever was asked says no."""
    asked = next((h for h in holdings if _is_offer(h, role) and h.person == by), None)
    if asked is None:
        return Changed(refused=f"Nobody has asked {by} to be {TITLES[role]}.")
    gone = replace(asked, state="declined", until=now)
    return Changed((gone,), f"{by} cannot be {TITLES[role]}.")


def take(
    holdings: Sequence[Holding], role: Role, *, by: str, now: datetime, reason: str = ""
) -> Changed:
    """`by` takes an empty role; one that is held only with a reason."""
    current = holder(holdings, role)
    if current == by:
        return Changed(refused=f"You are {TITLES[role]} already.")
    if current and not reason.strip():
        said = (
            f"{current} is {TITLES[role]}. Ask to hand it over, or say why you take it."
        )
        return Changed(refused=said)
    changed = _taken(holdings, Holding(role, by, "held", by, now, now), now)
    if not current:
        return changed
    return replace(
        changed, text=f"{changed.text[:-1]} from {current}: {reason.strip()}."
    )


def release(
    holdings: Sequence[Holding], role: Role, *, by: str, now: datetime
) -> Changed:
    """Whoever holds a role lays it down; it is empty then."""
    held = next(
        (
            h
            for h in holdings
            if h.role == role and h.state == "held" and h.person == by
        ),
        None,
    )
    if held is None:
        return Changed(refused=f"{by} is not {TITLES[role]}.")
    ended = replace(held, state="ended", until=now)
    return Changed((ended,), f"{by} is no longer {TITLES[role]}.")


def release_all(holdings: Sequence[Holding], *, now: datetime) -> tuple[Holding, ...]:
    """Everybody is free, every offer void: at the close."""
    return tuple(
        replace(one, state="ended" if one.state == "held" else "declined", until=now)
        for one in holdings
        if one.state in ("held", "offered")
    )


def _taken(holdings: Sequence[Holding], new: Holding, now: datetime) -> Changed:
    others = [
        replace(one, state="ended" if one.state == "held" else "declined", until=now)
        for one in holdings
        if one.role == new.role
        and one.state in ("held", "offered")
        and one.id != new.id
    ]
    return Changed((*others, new), f"{new.person} is {TITLES[new.role]}.")


def _is_offer(one: Holding, role: Role) -> bool:
    return one.role == role and one.state == "offered"
